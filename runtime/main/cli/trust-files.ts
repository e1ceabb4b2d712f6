// Signed lists given as files: opened as a terminal opens them, against a pinned root set.
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { openDocument } from '../../../sync/wire/document.ts';
import { parseHead } from '../../../sync/wire/heads.ts';
import { type UnixSeconds, unixSeconds } from '../../core/brand.ts';
import { type Bytes, equal, fromHex, hex } from '../../core/bytes.ts';
import { decodeCbor, documentProfile, isBytes } from '../../core/cbor.ts';
import { StileError } from '../../core/errors.ts';
import { type DenyLookup, decodeDenySnapshot, denySnapshotHash } from '../../tokens/deny.ts';
import { openTrustList, type RootSet } from '../../tokens/trust-list.ts';
import type { TrustView } from '../../tokens/trust-view.ts';
import { readNamedFile, readNamedJson, unreadable } from './file.ts';

const rootsSchema = z.object({
  operator: z.string(),
  gen: z.int().min(1),
  need: z.int().min(1).max(4),
  keys: z
    .array(z.object({ kid: z.string().regex(/^[0-9a-f]{8}$/), publicKey: z.string().regex(/^[0-9a-f]{64}$/) }))
    .min(1)
    .max(4),
});

export interface PinnedRoots {
  readonly operator: string;
  readonly roots: RootSet;
}

/** `roots.json`, or an identity file: both name operator and roots. */
export function readRoots(path: string | undefined, trustFile: string): PinnedRoots {
  const file = path ?? join(dirname(trustFile), 'roots.json');
  const json = readNamedJson('--roots', file) as { operator?: unknown; roots?: object } | null;
  const parsed = rootsSchema.safeParse(json?.roots ? { ...json.roots, operator: json.operator } : json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw unreadable('--roots', file, `${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'not a root set'}`);
  }
  const { operator, gen, need, keys } = parsed.data;
  return {
    operator,
    roots: {
      gen,
      need,
      keys: keys.map(({ kid, publicKey }) => ({ kid: fromHex(kid), publicKey: fromHex(publicKey) })),
    },
  };
}

/** @throws StileError DOCUMENT_REFUSED with the terminal's own reason. */
export function readTrustFile(path: string, { operator, roots }: PinnedRoots): TrustView {
  const opened = openTrustList(readNamedFile('--trust', path), operator, roots, null);
  if (!opened.ok) throw refusedFile(path, `${opened.refusal}: ${opened.detail}`);
  return opened.view;
}

/** A file of two byte strings in one CBOR array: the signed head, and the list whose hash it names. */
export function readDenyFile(path: string, operator: string, trust: TrustView, now: UnixSeconds): DenyLookup {
  const [head, snapshot] = partsOf(path);
  const opened = openDocument(head, {
    kind: 'deny',
    operator,
    targets: ['*'],
    keyOf: (kid) => trust.documentKey(kid),
    now,
  });
  if (!opened.ok) throw refusedFile(path, opened.refusal);
  const named = parseHead(opened.body);
  const entries = decodeDenySnapshot(snapshot);
  if (!named.ok || !entries || !equal(named.value.hash, denySnapshotHash(snapshot))) {
    throw refusedFile(path, 'the list is not the one that its signed head names');
  }
  const byId = new Map(entries.map((entry) => [`${entry.issuer} ${entry.type} ${hex(entry.id)}`, entry]));
  return {
    version: opened.header.version,
    issuedAt: unixSeconds(opened.header.iat),
    find: (issuer, type, id) => byId.get(`${issuer} ${type} ${hex(id)}`) ?? null,
  };
}

function partsOf(path: string): readonly [Bytes, Bytes] {
  const bytes = readNamedFile('--deny', path);
  try {
    const value = decodeCbor(bytes, documentProfile);
    if (Array.isArray(value) && value.length === 2 && isBytes(value[0]) && isBytes(value[1]))
      return [value[0], value[1]];
  } catch {
    // The same answer as for any other content that is no deny list.
  }
  throw unreadable('--deny', path, 'is not a deny list file');
}

const refusedFile = (path: string, why: string): StileError =>
  new StileError('DOCUMENT_REFUSED', `${path}: ${why}`, {
    remedy: 'Give the list that belongs to this root set and operator, signed by a key the trust list names.',
  });

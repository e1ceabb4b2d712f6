// The envelope of everything that flows down: COSE_Sign1 (RFC 9052) whose external data names the kind,
// and a payload that names kind, operator, target, version and life. A pipe can repeat or withhold such a
// document, but not change, redirect or relabel it.
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type UnixSeconds, unixSeconds } from '../../runtime/core/brand.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import {
  type CborInput,
  type CborValue,
  decodeCbor,
  documentProfile,
  encodeCbor,
  isMap,
} from '../../runtime/core/cbor.ts';
import {
  type Cose1,
  type CoseSigner,
  documentContext,
  readCose1,
  sealCose1,
  signedBytes,
} from '../../runtime/tokens/cose.ts';
import { algorithms, signatureHolds } from '../../runtime/tokens/keys.ts';
import { count, idText } from './fields.ts';
import { parseValue } from './parsed.ts';

/** Kinds that keys of the trust list sign; the trust list itself is signed by root keys. */
export const documentKinds = ['deny', 'fares', 'rules', 'ack', 'lease', 'command'] as const;
export type DocumentKind = (typeof documentKinds)[number];

/** Uses a document key may carry, as bits. */
export const keyUses = { deny: 1, config: 2, fares: 4, commands: 8, updates: 16, receipts: 32 } as const;
const useOf = {
  deny: keyUses.deny,
  fares: keyUses.fares,
  rules: keyUses.config,
  ack: keyUses.receipts,
  lease: keyUses.receipts,
  command: keyUses.commands,
} as const satisfies Record<DocumentKind, number>;

export const documentRefusals = [
  'MALFORMED',
  'WRONG_KIND',
  'WRONG_OPERATOR',
  'WRONG_TARGET',
  'UNKNOWN_KEY',
  'WRONG_USE',
  'KEY_EXPIRED',
  'BAD_SIGNATURE',
  'EXPIRED',
] as const;
export type DocumentRefusal = (typeof documentRefusals)[number];

export interface DocumentHeader {
  readonly kind: DocumentKind;
  readonly operator: string;
  /** A terminal, a site, or `*`. */
  readonly target: string;
  readonly version: number;
  readonly iat: UnixSeconds;
  /** First second at which it is no longer taken. */
  readonly exp: UnixSeconds;
}

/** Ed25519, as the trust list names it. */
export interface DocumentKey {
  readonly key: KeyObject;
  /** Bitmap of {@link keyUses}. */
  readonly uses: number;
  readonly from: number;
  readonly until: number;
}

export interface Expected {
  readonly kind: DocumentKind;
  readonly operator: string;
  readonly targets: readonly string[];
  readonly keyOf: (kid: Bytes) => DocumentKey | null;
  /** Null where the document itself brings the time: its life is then not judged. */
  readonly now: UnixSeconds | null;
}

export type OpenedDocument =
  | { readonly ok: true; readonly header: DocumentHeader; readonly body: CborValue; readonly kid: Bytes }
  | { readonly ok: false; readonly refusal: DocumentRefusal };

const payloadSchema = z.object({
  k: z.string(),
  o: idText,
  tgt: z.union([idText, z.literal('*')]),
  v: count,
  iat: count,
  exp: count,
});
const refuse = (refusal: DocumentRefusal): OpenedDocument => ({ ok: false, refusal });

export function sealDocument(header: DocumentHeader, body: CborInput, signer: CoseSigner): Bytes {
  const payload = encodeCbor({
    k: header.kind,
    o: header.operator,
    tgt: header.target,
    v: header.version,
    iat: header.iat,
    exp: header.exp,
    body,
  });
  return sealCose1(signer, documentContext(header.kind), payload);
}

/** Any bytes: the document, or the first reason for which it is refused. */
export function openDocument(bytes: Bytes, expected: Expected): OpenedDocument {
  const parts = readCose1(bytes, documentProfile);
  if (!parts) return refuse('MALFORMED');
  const payload = decoded(parts.payload);
  if (!isMap(payload)) return refuse('MALFORMED');
  const body = payload.get('body');
  const header = parseValue(Object.fromEntries(payload), payloadSchema);
  if (!header.ok || body === undefined) return refuse('MALFORMED');
  const { k, o, tgt, v, iat, exp } = header.value;
  if (k !== expected.kind) return refuse('WRONG_KIND');
  if (o !== expected.operator) return refuse('WRONG_OPERATOR');
  if (!expected.targets.includes(tgt)) return refuse('WRONG_TARGET');
  const refusal = keyRefusal(parts, expected, iat);
  if (refusal) return refuse(refusal);
  if (expected.now !== null && exp <= expected.now) return refuse('EXPIRED');
  return {
    ok: true,
    header: { kind: expected.kind, operator: o, target: tgt, version: v, iat: unixSeconds(iat), exp: unixSeconds(exp) },
    body,
    kid: parts.kid,
  };
}

function keyRefusal(parts: Cose1, expected: Expected, iat: number): DocumentRefusal | null {
  const found = expected.keyOf(parts.kid);
  if (!found) return 'UNKNOWN_KEY';
  if ((found.uses & useOf[expected.kind]) === 0) return 'WRONG_USE';
  if (iat < found.from || iat >= found.until) return 'KEY_EXPIRED';
  if (parts.alg !== algorithms.EdDSA) return 'BAD_SIGNATURE';
  const signed = signedBytes(parts.protectedHeader, documentContext(expected.kind), parts.payload);
  return signatureHolds(algorithms.EdDSA, found.key, signed, parts.signature) ? null : 'BAD_SIGNATURE';
}

function decoded(bytes: Bytes): CborValue | undefined {
  try {
    return decodeCbor(bytes, documentProfile);
  } catch {
    return undefined;
  }
}

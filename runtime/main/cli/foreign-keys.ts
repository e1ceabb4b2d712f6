// Keys of foreign formats given as a file, for people who check such codes at a command line. A terminal
// takes the same keys from its signed trust list only.
import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { unixSeconds } from '../../core/brand.ts';
import { type Bytes, fromHex, hex } from '../../core/bytes.ts';
import { messageOf } from '../../core/errors.ts';
import { caKid, jtt1179 } from '../../tokens/jtt1179/jtt1179.ts';
import { readRootRecord } from '../../tokens/jtt1179/root-record.ts';
import { algorithms, ed25519Key, kidOf, rawPublicKey, sm2WithSm3 } from '../../tokens/keys.ts';
import { withoutEnd } from '../../tokens/outcome.ts';
import { pretixSig1 } from '../../tokens/pretix/pretix-sig1.ts';
import { type IssuerFormat, type IssuerKey, type IssuerRecord, kindBits, TrustView } from '../../tokens/trust-view.ts';
import type { TokenVerifier } from '../../tokens/verifier.ts';
import { readNamedJson, unreadable } from './file.ts';

export const foreignFormats = ['pretix_sig1', 'jtt1179'] as const;
export type ForeignFormat = (typeof foreignFormats)[number];

const iss = z.string().regex(/^[A-Za-z0-9_-]{1,16}$/);
const currency = z.string().regex(/^[A-Z]{3}$/);
const pretixFile = z.strictObject({
  /** Base64 of a PEM public key, as the shop exports it. */
  issuers: z.array(z.strictObject({ iss, currency, keys: z.array(z.string()).min(1).max(8) })).min(1),
  items: z
    .array(
      z.strictObject({
        item: z.int().min(0),
        variation: z.int().min(0).nullable().default(null),
        subevent: z.int().min(0).nullable().default(null),
        product: z.int().min(0).max(65_535),
        site: z.int().min(0),
      }),
    )
    .default([]),
});
const transitFile = z.strictObject({
  /** `iss`: the issuer id of the certificate, 8 hexadecimal digits. `roots`: root records of 144 bytes. */
  issuers: z
    .array(
      z.strictObject({
        iss: z.string().regex(/^[0-9a-f]{8}$/),
        currency,
        roots: z.array(z.string().regex(/^[0-9a-f]{288}$/)).min(1),
      }),
    )
    .min(1),
});

export interface ForeignKeys {
  readonly format: TokenVerifier;
  readonly trust: TrustView;
  /** How a line of input becomes the bytes of a code. */
  readonly bytesOf: (line: Bytes) => Bytes;
}

/** @throws StileError FILE_UNREADABLE naming the key that is wrong. */
export function readForeignKeys(format: ForeignFormat, file: string): ForeignKeys {
  const json = readNamedJson('--keys', file);
  switch (format) {
    case 'pretix_sig1': {
      const { issuers, items } = parsed(file, json, pretixFile);
      const records = issuers.map((issuer) =>
        record(
          issuer,
          format,
          issuer.keys.map((key) => shopKey(file, key)),
        ),
      );
      return { format: pretixSig1(items), trust: viewOf(records), bytesOf: (line) => line };
    }
    case 'jtt1179': {
      const { issuers } = parsed(file, json, transitFile);
      const records = issuers.map((issuer) =>
        record(
          issuer,
          format,
          issuer.roots.map((root) => caKey(file, root)),
        ),
      );
      return { format: jtt1179, trust: viewOf(records), bytesOf: binary };
    }
    default:
      return format satisfies never;
  }
}

function parsed<S extends z.ZodType>(file: string, json: unknown, schema: S): z.infer<S> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw unreadable('--keys', file, `${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'not a key file'}`);
}

const always = { scope: [], from: unixSeconds(0), until: withoutEnd, gone: withoutEnd, statusList: null } as const;

function shopKey(file: string, base64Pem: string): IssuerKey {
  try {
    const imported = createPublicKey(Buffer.from(base64Pem, 'base64'));
    const raw = rawPublicKey(imported);
    const key = ed25519Key(raw);
    if (imported.asymmetricKeyType !== 'ed25519' || !key) throw new RangeError('not an Ed25519 key');
    return { ...always, kid: kidOf(imported), alg: algorithms.EdDSA, key, raw, kinds: kindBits.ticket };
  } catch (cause) {
    throw unreadable('--keys', file, `a key is not the Base64 of a PEM Ed25519 public key: ${messageOf(cause)}`, cause);
  }
}

function caKey(file: string, rootRecord: string): IssuerKey {
  const root = readRootRecord(fromHex(rootRecord));
  if (!root) throw unreadable('--keys', file, 'a root record is malformed or not signed by its own key');
  return {
    ...always,
    kid: caKid(root.index),
    alg: sm2WithSm3,
    key: null,
    raw: root.publicKey,
    kinds: kindBits.account,
  };
}

const record = (
  issuer: { readonly iss: string; readonly currency: string },
  format: IssuerFormat,
  keys: readonly IssuerKey[],
): IssuerRecord => ({
  iss: issuer.iss,
  name: issuer.iss,
  currency: issuer.currency,
  format,
  keys: new Map(keys.map((key) => [hex(key.kid), key])),
  lifeSeconds: {},
  presentationMaxAgeSeconds: null,
  fareCapMinor: null,
});

const viewOf = (issuers: readonly IssuerRecord[]): TrustView =>
  new TrustView({ gen: 0, version: 0, iat: unixSeconds(0), exp: withoutEnd, seal: null, issuers, documentKeys: [] });

/** Transit codes hold any byte, line feeds too, so a line gives them in hexadecimal. */
function binary(line: Bytes): Bytes {
  try {
    return fromHex(Buffer.from(line).toString('latin1'));
  } catch {
    return line;
  }
}

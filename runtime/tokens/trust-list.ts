// The trust list: the one document signed by root keys, from which a terminal learns every other key.
// Installed whole or not at all; never an older one than was seen before.
import { createHash } from 'node:crypto';
import { type UnixSeconds, unixSeconds } from '../core/brand.ts';
import { type Bytes, equal, hex } from '../core/bytes.ts';
import {
  type CborInput,
  type CborMap,
  type CborValue,
  decodeCbor,
  documentProfile,
  encodeCbor,
  isBytes,
  isMap,
} from '../core/cbor.ts';
import { type CoseSigner, documentContext, readCose1, sealCose1, signedBytes } from './cose.ts';
import {
  algorithms,
  ed25519Key,
  isSm2Point,
  type KeyAlgorithm,
  kidLength,
  publicKey,
  signatureHolds,
  sm2WithSm3,
} from './keys.ts';
import type { TokenKind } from './outcome.ts';
import {
  type IssuerFormat,
  type IssuerKey,
  type IssuerRecord,
  type TrustedDocumentKey,
  TrustView,
} from './trust-view.ts';

/** Pinned at provisioning. `need` protects changes of the set itself. */
export interface RootSet {
  readonly gen: number;
  readonly need: number;
  readonly keys: readonly { readonly kid: Bytes; readonly publicKey: Bytes }[];
}

/** What a terminal remembers of the list in force: outlives the list itself. */
export interface TrustFloor {
  readonly gen: number;
  readonly version: number;
  /** SHA-256 of the signed list. */
  readonly hash: Bytes;
}

export const trustBounds = { issuers: 256, keysPerIssuer: 16, documentKeys: 64, scope: 256 } as const;

export type TrustRefusal =
  | 'MALFORMED'
  | 'WRONG_OPERATOR'
  | 'WRONG_GENERATION'
  | 'UNKNOWN_KEY'
  | 'BAD_SIGNATURE'
  | 'BAD_RECORD'
  | 'ROLLBACK'
  | 'SPLIT_VIEW';

export type TrustOpened =
  /** `fresh` is false for the list already in force: it proves freshness only. */
  | { readonly ok: true; readonly view: TrustView; readonly floor: TrustFloor; readonly fresh: boolean }
  | { readonly ok: false; readonly refusal: TrustRefusal; readonly detail: string };

export interface IssuerKeyContent {
  readonly kid: Bytes;
  readonly alg: KeyAlgorithm;
  /** Ed25519 32 bytes; P-256 or SM2 compressed, 33. */
  readonly raw: Bytes;
  readonly kinds: number;
  readonly scope?: readonly string[];
  readonly from: UnixSeconds;
  readonly until: UnixSeconds;
  readonly gone: UnixSeconds;
  readonly statusList?: string;
}

export interface IssuerContent {
  readonly iss: string;
  readonly name: string;
  readonly currency: string;
  /** `st1` where it is left out. */
  readonly format?: IssuerFormat;
  readonly keys: readonly IssuerKeyContent[];
  readonly lifeSeconds?: Readonly<Partial<Record<TokenKind, number>>>;
  readonly presentationMaxAgeSeconds?: number;
  readonly fareCapMinor?: number;
}

export interface TrustContent {
  readonly operator: string;
  readonly gen: number;
  readonly version: number;
  readonly iat: UnixSeconds;
  readonly exp: UnixSeconds;
  readonly documentKeys: readonly {
    readonly kid: Bytes;
    readonly raw: Bytes;
    readonly uses: number;
    readonly from: UnixSeconds;
    readonly until: UnixSeconds;
  }[];
  readonly issuers: readonly IssuerContent[];
  readonly seal?: Bytes;
}

const context = documentContext('trust');
/** Which algorithms the keys of an issuer may have, by the format of its codes. */
const algorithmsByFormat: Readonly<Record<IssuerFormat, readonly KeyAlgorithm[]>> = {
  st1: [algorithms.EdDSA, algorithms.ES256],
  pretix_sig1: [algorithms.EdDSA],
  jtt1179: [sm2WithSm3],
};
const isIssuerFormat = (value: CborValue | undefined): value is IssuerFormat =>
  typeof value === 'string' && Object.hasOwn(algorithmsByFormat, value);
const lifeKeys: Readonly<Record<TokenKind, string>> = { account: 'A', bearer: 'S', ticket: 'T', loan: 'L', badge: 'B' };

/** Signs with one key of the root set. */
export function signTrustList(content: TrustContent, root: CoseSigner): Bytes {
  const payload = encodeCbor({
    k: 'trust',
    o: content.operator,
    tgt: '*',
    v: content.version,
    iat: content.iat,
    exp: content.exp,
    body: {
      gen: content.gen,
      roots: [],
      keys: content.documentKeys.map((key) => [key.kid, key.raw, key.uses, key.from, key.until]),
      issuers: content.issuers.map(issuerToCbor),
      ...(content.seal ? { seal: content.seal } : {}),
    },
  });
  return sealCose1(root, context, payload);
}

function issuerToCbor(issuer: IssuerContent): CborInput {
  const life = Object.entries(issuer.lifeSeconds ?? {}).map(
    ([kind, value]) => [lifeKeys[kind as TokenKind], value] as const,
  );
  return {
    iss: issuer.iss,
    name: issuer.name,
    cur: issuer.currency,
    fmt: issuer.format ?? 'st1',
    keys: issuer.keys.map((key) => ({
      kid: key.kid,
      alg: key.alg,
      x: key.raw,
      kinds: key.kinds,
      scope: key.scope ?? [],
      from: key.from,
      until: key.until,
      gone: key.gone,
      list: key.statusList ?? null,
    })),
    lim: {
      life: Object.fromEntries(life),
      age: issuer.presentationMaxAgeSeconds ?? null,
      cap: issuer.fareCapMinor ?? null,
    },
  };
}

/** Verifies `bytes` against the pinned roots and what was in force before. One bad record refuses the whole list. */
export function openTrustList(bytes: Bytes, operator: string, roots: RootSet, stored: TrustFloor | null): TrustOpened {
  const cose = readCose1(bytes, documentProfile);
  const payload = cose && decodedMap(cose.payload);
  if (!cose || !payload || payload.get('k') !== 'trust') return refuse('MALFORMED', 'not a trust list');
  if (payload.get('o') !== operator || payload.get('tgt') !== '*')
    return refuse('WRONG_OPERATOR', 'made for another operator');
  const root = roots.keys.find((key) => equal(key.kid, cose.kid));
  if (!root) return refuse('UNKNOWN_KEY', 'not signed by a pinned root');
  const key = cose.alg === algorithms.EdDSA ? ed25519Key(root.publicKey) : null;
  if (
    !key ||
    !signatureHolds(cose.alg, key, signedBytes(cose.protectedHeader, context, cose.payload), cose.signature)
  ) {
    return refuse('BAD_SIGNATURE', 'root signature does not hold');
  }
  return install(payload, bytes, roots, stored);
}

function install(payload: CborMap, bytes: Bytes, roots: RootSet, stored: TrustFloor | null): TrustOpened {
  const version = payload.get('v');
  const body = payload.get('body');
  if (!isU32(version) || !isU32(payload.get('iat')) || !isU32(payload.get('exp')) || !isMap(body as CborValue)) {
    return refuse('MALFORMED', 'v, iat, exp or body');
  }
  const gen = (body as CborMap).get('gen');
  if (gen !== roots.gen) return refuse('WRONG_GENERATION', `generation ${String(gen)}, pinned is ${roots.gen}`);
  const hash = new Uint8Array(createHash('sha256').update(bytes).digest());
  const order = stored ? gen - stored.gen || version - stored.version : 1;
  if (order < 0) return refuse('ROLLBACK', `version ${version} is older than ${stored?.version}`);
  if (order === 0 && stored && !equal(hash, stored.hash))
    return refuse('SPLIT_VIEW', `two lists of version ${version}`);
  const view = viewOf(payload, body as CborMap, gen, version);
  if (!view) return refuse('BAD_RECORD', 'a key or issuer record is not valid');
  return { ok: true, view, floor: { gen, version, hash }, fresh: order > 0 };
}

function viewOf(payload: CborMap, body: CborMap, gen: number, version: number): TrustView | null {
  const issuers = recordsOf(body.get('issuers'), trustBounds.issuers, issuerFrom);
  const documentKeys = recordsOf(body.get('keys'), trustBounds.documentKeys, documentKeyFrom);
  const roots = body.get('roots');
  const seal = body.get('seal') ?? null;
  if (!issuers || !documentKeys || !Array.isArray(roots) || roots.length > 0) return null;
  if (seal !== null && !(isBytes(seal) && seal.length === 32)) return null;
  if (!unique(issuers.map((issuer) => issuer.iss)) || !unique(documentKeys.map((key) => hex(key.kid)))) return null;
  return new TrustView({
    gen,
    version,
    iat: unixSeconds(payload.get('iat') as number),
    exp: unixSeconds(payload.get('exp') as number),
    seal,
    issuers,
    documentKeys,
  });
}

function issuerFrom(value: CborValue): IssuerRecord | null {
  if (!isMap(value)) return null;
  const [iss, name, currency, format, limits] = ['iss', 'name', 'cur', 'fmt', 'lim'].map((key) => value.get(key));
  if (typeof iss !== 'string' || !/^[A-Za-z0-9_-]{1,16}$/.test(iss)) return null;
  if (typeof name !== 'string' || !isIssuerFormat(format)) return null;
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency) || !isMap(limits as CborValue)) return null;
  const keys = recordsOf(value.get('keys'), trustBounds.keysPerIssuer, issuerKeyFrom);
  const life = lifeFrom((limits as CborMap).get('life'));
  const age = (limits as CborMap).get('age') ?? null;
  const cap = (limits as CborMap).get('cap') ?? null;
  if (!keys || !life || !unique(keys.map((key) => hex(key.kid)))) return null;
  if (!keys.every((key) => algorithmsByFormat[format].includes(key.alg))) return null;
  if ((age !== null && !isU32(age)) || (cap !== null && !isU32(cap))) return null;
  return Object.freeze({
    iss,
    name,
    currency,
    format,
    keys: new Map(keys.map((key) => [hex(key.kid), key])),
    lifeSeconds: life,
    presentationMaxAgeSeconds: age,
    fareCapMinor: cap,
  });
}

function issuerKeyFrom(value: CborValue): IssuerKey | null {
  if (!isMap(value)) return null;
  const [kid, alg, raw, kinds, scope, from, until, gone, list] = [
    'kid',
    'alg',
    'x',
    'kinds',
    'scope',
    'from',
    'until',
    'gone',
    'list',
  ].map((key) => value.get(key));
  const key = isBytes(raw) ? keyFrom(alg, raw) : null;
  if (!isKid(kid) || !key || !isU32(kinds) || !isU32(from) || !isU32(until) || !isU32(gone)) return null;
  if (!Array.isArray(scope) || scope.length > trustBounds.scope || !scope.every((place) => typeof place === 'string'))
    return null;
  if (list !== null && typeof list !== 'string') return null;
  return Object.freeze({
    ...key,
    kid,
    kinds,
    scope: scope as readonly string[],
    from: unixSeconds(from),
    until: unixSeconds(until),
    gone: unixSeconds(gone),
    statusList: list,
  });
}

function documentKeyFrom(value: CborValue): TrustedDocumentKey | null {
  if (!Array.isArray(value) || value.length !== 5) return null;
  const [kid, raw, uses, from, until] = value as readonly CborValue[];
  const key = isBytes(raw) ? ed25519Key(raw) : null;
  if (!isKid(kid) || !key || !isU32(uses) || !isU32(from) || !isU32(until)) return null;
  return Object.freeze({ kid, key, uses, from: unixSeconds(from), until: unixSeconds(until) });
}

function lifeFrom(value: CborValue | undefined): Partial<Record<TokenKind, number>> | null {
  if (!isMap(value as CborValue)) return null;
  const life: Partial<Record<TokenKind, number>> = {};
  for (const [kind, key] of Object.entries(lifeKeys)) {
    const seconds = (value as CborMap).get(key);
    if (seconds === undefined) continue;
    if (!isU32(seconds)) return null;
    life[kind as TokenKind] = seconds;
  }
  return life;
}

/** Null where the value is not an array within `most`, or one record is bad. */
function recordsOf<T>(
  value: CborValue | undefined,
  most: number,
  read: (record: CborValue) => T | null,
): readonly T[] | null {
  if (!Array.isArray(value) || value.length > most) return null;
  const records: T[] = [];
  for (const item of value as readonly CborValue[]) {
    const record = read(item);
    if (record === null) return null;
    records.push(record);
  }
  return records;
}

/** Every key is imported here, once: a bad one must refuse the list, not the passenger. */
function keyFrom(alg: CborValue | undefined, raw: Bytes): KeyPart | null {
  if (alg === sm2WithSm3) return isSm2Point(raw) ? { alg, key: null, raw } : null;
  if (alg !== algorithms.EdDSA && alg !== algorithms.ES256) return null;
  const key = publicKey(alg, raw);
  return key && { alg, key, raw };
}
type Each<T> = T extends IssuerKey ? Pick<T, 'alg' | 'key' | 'raw'> : never;
type KeyPart = Each<IssuerKey>;

const isKid = (value: CborValue | undefined): value is Bytes => isBytes(value) && value.length === kidLength;
const isU32 = (value: CborValue | undefined): value is number =>
  typeof value === 'number' && value >= 0 && value <= 0xffff_ffff;
const unique = (names: readonly string[]): boolean => new Set(names).size === names.length;
const refuse = (refusal: TrustRefusal, detail: string): TrustOpened => ({ ok: false, refusal, detail });

function decodedMap(bytes: Bytes): CborMap | null {
  try {
    const value = decodeCbor(bytes, documentProfile);
    return isMap(value) ? value : null;
  } catch {
    return null;
  }
}

// The claims of native tokens: one table says which claim each kind requires, allows or forbids, and
// one rule per claim says what its value may be. Encoding and decoding both read it.
import type { UnixSeconds } from '../core/brand.ts';
import type { Bytes } from '../core/bytes.ts';
import { type CborInput, type CborMap, type CborValue, encodeCbor, isBytes, isMap } from '../core/cbor.ts';
import type { TokenKind } from './outcome.ts';
import { staffRolesMax } from './staff-roles.ts';

export type HolderKey =
  | { readonly curve: 'P-256'; readonly x: Bytes; readonly ySign: boolean }
  | { readonly curve: 'Ed25519'; readonly x: Bytes };

/** What a native payload says, names in place of numbers. Times in unix seconds, money in minor units. */
export interface Claims {
  readonly kind: TokenKind;
  readonly issuer: string;
  readonly exp: UnixSeconds;
  readonly iat: UnixSeconds;
  readonly nbf?: UnixSeconds;
  /** 8 bytes. */
  readonly cti?: Bytes;
  readonly holder?: HolderKey;
  /** Pseudonymous, 8 bytes. */
  readonly account?: Bytes;
  readonly fareCapMinor?: number;
  readonly presentationMaxAgeSeconds?: number;
  readonly statusIndex?: number;
  readonly product?: number;
  readonly site?: number;
  readonly gates?: Bytes;
  readonly admissions?: number;
  readonly loanMaxSeconds?: number;
  readonly depositMinor?: number;
  readonly language?: string;
  readonly holderCheck?: Bytes;
  /** Bitmap of staff-roles. */
  readonly roles?: number;
  /** The one machine a badge is good at. */
  readonly terminal?: string;
}

export type ClaimName = keyof Claims;
export type ClaimsResult =
  | { readonly ok: true; readonly claims: Claims }
  | { readonly ok: false; readonly reason: 'MALFORMED' | 'UNSUPPORTED_FORMAT'; readonly detail: string };

/** Key of the private claim that holds the application map. */
const appKey = -70_001;
const u32Max = 0xffff_ffff;
const kindNumbers: Readonly<Record<TokenKind, number>> = { account: 1, ticket: 2, loan: 3, bearer: 4, badge: 5 };
const kindsByNumber = new Map(Object.entries(kindNumbers).map(([kind, number]) => [number, kind as TokenKind]));

/** R required, O optional, - forbidden, for account, bearer, ticket, loan, badge in that order. */
interface ClaimRule {
  readonly name: ClaimName;
  readonly map: 'payload' | 'app';
  readonly key: number;
  readonly presence: string;
  readonly valid: (value: CborValue) => boolean;
}

const integer = (from: number, to: number) => (value: CborValue) =>
  typeof value === 'number' && value >= from && value <= to;
const bytesOf =
  (from: number, to = from) =>
  (value: CborValue) =>
    isBytes(value) && value.length >= from && value.length <= to;
const text = (pattern: RegExp) => (value: CborValue) => typeof value === 'string' && pattern.test(value);
const time = integer(0, u32Max);

const rules: readonly ClaimRule[] = [
  { name: 'issuer', map: 'payload', key: 1, presence: 'RRRRR', valid: text(/^[A-Za-z0-9_-]{1,16}$/) },
  { name: 'exp', map: 'payload', key: 4, presence: 'RRRRR', valid: time },
  { name: 'nbf', map: 'payload', key: 5, presence: '--R-R', valid: time },
  { name: 'iat', map: 'payload', key: 6, presence: 'RRRRR', valid: time },
  { name: 'cti', map: 'payload', key: 7, presence: '-RRRR', valid: bytesOf(8) },
  { name: 'holder', map: 'payload', key: 8, presence: 'R---R', valid: (value) => holderFrom(value) !== null },
  { name: 'account', map: 'app', key: 1, presence: 'RR-RR', valid: bytesOf(8) },
  { name: 'fareCapMinor', map: 'app', key: 2, presence: 'RO---', valid: integer(0, 10_000_000) },
  { name: 'presentationMaxAgeSeconds', map: 'app', key: 3, presence: 'R---R', valid: integer(10, 240) },
  { name: 'statusIndex', map: 'app', key: 4, presence: 'OOOOO', valid: integer(0, 0x7fff_ffff) },
  { name: 'product', map: 'app', key: 5, presence: 'RRR--', valid: integer(0, 0xffff) },
  { name: 'site', map: 'app', key: 6, presence: '-ORRO', valid: integer(0, u32Max) },
  { name: 'gates', map: 'app', key: 7, presence: '--O--', valid: bytesOf(1, 8) },
  { name: 'admissions', map: 'app', key: 8, presence: '--O--', valid: integer(1, 1_000) },
  { name: 'loanMaxSeconds', map: 'app', key: 9, presence: '---R-', valid: integer(0, u32Max) },
  { name: 'depositMinor', map: 'app', key: 10, presence: '---R-', valid: integer(0, u32Max) },
  { name: 'language', map: 'app', key: 11, presence: '---O-', valid: text(/^[a-z]{2}$/) },
  { name: 'holderCheck', map: 'app', key: 12, presence: '--O--', valid: bytesOf(8) },
  { name: 'roles', map: 'app', key: 13, presence: '----R', valid: integer(1, staffRolesMax) },
  { name: 'terminal', map: 'app', key: 14, presence: '----O', valid: text(/^[A-Za-z0-9_-]{1,32}$/) },
];
const presenceColumn: Readonly<Record<TokenKind, number>> = { account: 0, bearer: 1, ticket: 2, loan: 3, badge: 4 };
const payloadKeys = new Set(rules.filter((rule) => rule.map === 'payload').map((rule) => rule.key));
const appKeys = new Set(rules.filter((rule) => rule.map === 'app').map((rule) => rule.key));

/** Canonical CBOR of the payload. The caller vouches that the claims fit their kind; the decoder checks. */
export function encodeClaims(claims: Claims): Bytes {
  const payload = new Map<number, CborInput>();
  const app = new Map<number, CborInput>([[0, kindNumbers[claims.kind]]]);
  for (const rule of rules) {
    const value = claims[rule.name];
    if (value === undefined) continue;
    (rule.map === 'payload' ? payload : app).set(
      rule.key,
      rule.name === 'holder' ? holderToCbor(value as HolderKey) : (value as CborInput),
    );
  }
  payload.set(appKey, app);
  return encodeCbor(payload);
}

/** Exactly the claims of the kind: a missing, foreign or ill-typed one is MALFORMED. */
export function decodeClaims(payload: CborValue): ClaimsResult {
  if (!isMap(payload)) return malformed('payload is not a map');
  const app = payload.get(appKey);
  if (!isMap(app)) return malformed('no application map');
  const kindNumber = app.get(0);
  if (typeof kindNumber !== 'number') return malformed('no kind');
  const kind = kindsByNumber.get(kindNumber);
  if (kind === undefined) return { ok: false, reason: 'UNSUPPORTED_FORMAT', detail: 'unknown kind' };
  if (hasForeignKey(payload, payloadKeys, appKey) || hasForeignKey(app, appKeys, 0)) return malformed('unknown claim');
  return readClaims(kind, payload, app);
}

function readClaims(kind: TokenKind, payload: CborMap, app: CborMap): ClaimsResult {
  const claims: Record<string, unknown> = { kind };
  for (const rule of rules) {
    const value = (rule.map === 'payload' ? payload : app).get(rule.key);
    const presence = rule.presence[presenceColumn[kind]];
    if (value === undefined) {
      if (presence === 'R') return malformed(`${rule.name} is missing`);
      continue;
    }
    if (presence === '-') return malformed(`${rule.name} does not belong to this kind`);
    if (!rule.valid(value)) return malformed(`${rule.name} is out of range`);
    claims[rule.name] = rule.name === 'holder' ? holderFrom(value) : value;
  }
  // A badge good everywhere would be good for whoever finds it, everywhere.
  const placed = claims['site'] !== undefined || claims['terminal'] !== undefined;
  if (kind === 'badge' && !placed) return malformed('a badge names its site or its terminal');
  return { ok: true, claims: Object.freeze(claims) as unknown as Claims };
}

const hasForeignKey = (map: CborMap, known: ReadonlySet<number>, also: number): boolean =>
  [...map.keys()].some((key) => typeof key !== 'number' || (key !== also && !known.has(key)));

/** cnf {1: COSE_Key} (RFC 8747): P-256 with the sign of y, or Ed25519. */
function holderToCbor(holder: HolderKey): CborInput {
  const key: readonly (readonly [number, CborInput])[] =
    holder.curve === 'P-256'
      ? [
          [1, 2],
          [-1, 1],
          [-2, holder.x],
          [-3, holder.ySign],
        ]
      : [
          [1, 1],
          [-1, 6],
          [-2, holder.x],
        ];
  return new Map<number, CborInput>([[1, new Map(key)]]);
}

function holderFrom(value: CborValue): HolderKey | null {
  const key = isMap(value) && value.size === 1 ? value.get(1) : null;
  if (!isMap(key as CborValue)) return null;
  const map = key as CborMap;
  const x = map.get(-2);
  const ySign = map.get(-3);
  if (!isBytes(x) || x.length !== 32) return null;
  if (map.size === 4 && map.get(1) === 2 && map.get(-1) === 1 && typeof ySign === 'boolean')
    return { curve: 'P-256', x, ySign };
  if (map.size === 3 && map.get(1) === 1 && map.get(-1) === 6) return { curve: 'Ed25519', x };
  return null;
}

const malformed = (detail: string): ClaimsResult => ({ ok: false, reason: 'MALFORMED', detail });

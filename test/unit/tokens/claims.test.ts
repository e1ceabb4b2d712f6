// Exactly the claims of the kind, each within its range: the table of the format, written here a second time.
import { describe, expect, it } from 'vitest';
import { fromHex, hex } from '../../../runtime/core/bytes.ts';
import { decodeCbor, tokenProfile } from '../../../runtime/core/cbor.ts';
import { type ClaimsResult, decodeClaims, encodeClaims } from '../../../runtime/tokens/claims.ts';
import {
  account,
  array,
  at,
  bool,
  bstr,
  type Content,
  cnf,
  cti,
  holder,
  holderP256,
  int,
  type Kind,
  map,
  payloadOf,
  sortedMap,
  tstr,
} from '../../fixtures/hand-made-codes.ts';

const decode = (payload: Uint8Array): ClaimsResult => decodeClaims(decodeCbor(payload, tokenProfile));
const answer = (payload: Uint8Array): string => {
  const result = decode(payload);
  return result.ok ? 'OK' : result.reason;
};
const bytes = (length: number) => bstr(new Uint8Array(length).fill(7));

type Presence = 'R' | 'O' | '-';
interface Claim {
  readonly name: string;
  readonly place: 'payload' | 'app';
  readonly key: number;
  readonly presence: Readonly<Record<Kind, Presence>>;
  readonly good: readonly Uint8Array[];
  readonly bad: readonly Uint8Array[];
}

const presence = (row: string): Readonly<Record<Kind, Presence>> => {
  const [a, s, t, l] = row.split(' ') as Presence[];
  return { account: a ?? '-', bearer: s ?? '-', ticket: t ?? '-', loan: l ?? '-' };
};
const u32 = { good: [int(0), int(0xffff_ffff)], bad: [int(0x1_0000_0000), int(-1), tstr('1'), bytes(4)] };
const eightBytes = { good: [bytes(8)], bad: [bytes(7), bytes(9), bytes(0), tstr('12345678'), int(8)] };
const numbers = (from: number, to: number) => ({
  good: [int(from), int(to)],
  bad: [int(from - 1), int(to + 1), bool(true), tstr('1')],
});

const claims: readonly Claim[] = [
  {
    name: 'iss',
    place: 'payload',
    key: 1,
    presence: presence('R R R R'),
    good: ['a', 'A-z_0', 'x'.repeat(16)].map(tstr),
    bad: [tstr(''), tstr('x'.repeat(17)), tstr('a b'), tstr('a.b'), tstr('ä'), tstr('a\n'), int(1), bytes(6)],
  },
  { name: 'exp', place: 'payload', key: 4, presence: presence('R R R R'), ...u32 },
  { name: 'nbf', place: 'payload', key: 5, presence: presence('- - R -'), ...u32 },
  { name: 'iat', place: 'payload', key: 6, presence: presence('R R R R'), ...u32 },
  { name: 'cti', place: 'payload', key: 7, presence: presence('- R R R'), ...eightBytes },
  {
    name: 'cnf',
    place: 'payload',
    key: 8,
    presence: presence('R - - -'),
    good: [cnf(holder), cnf(holderP256)],
    bad: [
      map(),
      int(1),
      map([1, int(1)]),
      map([2, map([1, int(1)], [-1, int(6)], [-2, bytes(32)])]),
      map([1, map([1, int(1)], [-1, int(6)])]),
      map([1, map([1, int(1)], [-1, int(6)], [-2, bytes(31)])]),
      map([1, map([1, int(1)], [-1, int(6)], [-2, bytes(33)])]),
      map([1, map([1, int(1)], [-1, int(4)], [-2, bytes(32)])]),
      map([1, map([1, int(1)], [-1, int(6)], [-2, bytes(32)], [-3, bool(true)])]),
      map([1, map([1, int(1)], [3, int(-8)], [-1, int(6)], [-2, bytes(32)])]),
      map([1, map([1, int(2)], [-1, int(1)], [-2, bytes(32)])]),
      map([1, map([1, int(2)], [-1, int(1)], [-2, bytes(32)], [-3, bytes(32)])]),
      map([1, map([1, int(2)], [-1, int(2)], [-2, bytes(32)], [-3, bool(true)])]),
      map([1, map([1, int(4)], [-1, bytes(16)])]),
      map([1, map([1, int(1)], [-1, int(6)], [-2, bytes(32)])], [2, int(0)]),
    ],
  },
  { name: 'account', place: 'app', key: 1, presence: presence('R R - R'), ...eightBytes },
  { name: 'fare cap', place: 'app', key: 2, presence: presence('R O - -'), ...numbers(0, 10_000_000) },
  { name: 'presentation max age', place: 'app', key: 3, presence: presence('R - - -'), ...numbers(10, 240) },
  { name: 'status index', place: 'app', key: 4, presence: presence('O O O O'), ...numbers(0, 2 ** 31 - 1) },
  { name: 'product', place: 'app', key: 5, presence: presence('R R R -'), ...numbers(0, 65_535) },
  { name: 'site', place: 'app', key: 6, presence: presence('- O R R'), ...u32 },
  {
    name: 'gates',
    place: 'app',
    key: 7,
    presence: presence('- - O -'),
    good: [bytes(1), bytes(8)],
    bad: [bytes(0), bytes(9), int(1)],
  },
  { name: 'admissions', place: 'app', key: 8, presence: presence('- - O -'), ...numbers(1, 1_000) },
  { name: 'loan maximum', place: 'app', key: 9, presence: presence('- - - R'), ...u32 },
  { name: 'deposit', place: 'app', key: 10, presence: presence('- - - R'), ...u32 },
  {
    name: 'language',
    place: 'app',
    key: 11,
    presence: presence('- - - O'),
    good: [tstr('en'), tstr('zh')],
    bad: [tstr('e'), tstr('eng'), tstr('EN'), tstr('e1'), tstr(''), int(2)],
  },
  { name: 'holder check', place: 'app', key: 12, presence: presence('- - O -'), ...eightBytes },
];
const kinds: readonly Kind[] = ['account', 'bearer', 'ticket', 'loan'];
const cells = kinds.flatMap((kind) =>
  claims.map((claim) => ({ kind, claim, name: claim.name, rule: claim.presence[kind] })),
);
const withClaim = (kind: Kind, { place, key }: Claim, value: Uint8Array | undefined) =>
  payloadOf(kind, { [place]: { [key]: value } } satisfies Content);

describe.each(cells.filter(({ rule }) => rule !== '-'))('$name of $kind ($rule)', ({ kind, claim, rule }) => {
  it(rule === 'R' ? 'must be there' : 'may be left out', () => {
    expect(answer(withClaim(kind, claim, undefined))).toBe(rule === 'R' ? 'MALFORMED' : 'OK');
  });

  it('has its range', () => {
    expect(claim.good.map((value) => answer(withClaim(kind, claim, value)))).toEqual(claim.good.map(() => 'OK'));
    expect(claim.bad.map((value) => answer(withClaim(kind, claim, value)))).toEqual(claim.bad.map(() => 'MALFORMED'));
  });
});

it.each(cells.filter(({ rule }) => rule === '-'))('$name does not belong to $kind', ({ kind, claim }) => {
  const [value] = claim.good;

  expect(answer(withClaim(kind, claim, value))).toBe('MALFORMED');
});

describe('what is no claim', () => {
  it.each([
    ['a further payload key', payloadOf('bearer', { payload: { 2: tstr('sub') } }), 'MALFORMED'],
    ['a further negative payload key', payloadOf('bearer', { payload: { [-70_002]: int(1) } }), 'MALFORMED'],
    ['a further app key', payloadOf('bearer', { app: { 13: int(1) } }), 'MALFORMED'],
    ['a negative app key', payloadOf('bearer', { app: { [-1]: int(1) } }), 'MALFORMED'],
    ['no app map', payloadOf('bearer', { payload: { [-70_001]: undefined } }), 'MALFORMED'],
    ['an app map that is none', payloadOf('bearer', { payload: { [-70_001]: int(4) } }), 'MALFORMED'],
    ['no kind', payloadOf('bearer', { app: { 0: undefined } }), 'MALFORMED'],
    ['a text for a kind', payloadOf('bearer', { app: { 0: tstr('S') } }), 'MALFORMED'],
    ['kind 0', payloadOf('bearer', { app: { 0: int(0) } }), 'UNSUPPORTED_FORMAT'],
    ['kind 6', payloadOf('bearer', { app: { 0: int(6) } }), 'UNSUPPORTED_FORMAT'],
    ['kind -1', payloadOf('bearer', { app: { 0: int(-1) } }), 'UNSUPPORTED_FORMAT'],
    ['an array', array(int(1)), 'MALFORMED'],
    ['an empty map', sortedMap({}), 'MALFORMED'],
  ])('%s', (_name, payload, reason) => {
    expect(answer(payload)).toBe(reason);
  });
});

describe('the claims', () => {
  it('of a credential have names', () => {
    const result = decode(payloadOf('account', { payload: { 8: cnf(holderP256) } }));

    expect(result).toEqual({
      ok: true,
      claims: {
        kind: 'account',
        issuer: 'metro1',
        exp: at + 259_200,
        iat: at - 3_600,
        holder: { curve: 'P-256', x: holderP256.raw.subarray(1), ySign: holderP256.raw[0] === 3 },
        account,
        fareCapMinor: 500,
        presentationMaxAgeSeconds: 30,
        statusIndex: 70_000,
        product: 1,
      },
    });
    expect(Object.isFrozen(result.ok && result.claims)).toBe(true);
  });

  it.each(kinds)('of %s are written as they are by hand', (kind) => {
    const payload = payloadOf(kind);
    const result = decode(payload);
    if (!result.ok) throw new Error(result.detail);

    expect(hex(encodeClaims(result.claims))).toBe(hex(payload));
  });

  it('of a token id are the bytes it had', () => {
    const result = decode(payloadOf('ticket'));

    expect(result.ok && result.claims.cti).toEqual(cti);
    expect(fromHex('c1c2c3c4c5c6c7c8')).toEqual(cti);
  });
});

// What no attacker may reach by changing bytes, and what no input may do to a terminal.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex, utf8 } from '../../../runtime/core/bytes.ts';
import { CredentialCache } from '../../../runtime/tokens/credential-cache.ts';
import type { Verdict } from '../../../runtime/tokens/outcome.ts';
import {
  asSp1,
  asSt1,
  bearer,
  cnf,
  cose,
  credential,
  holderP256,
  issuerP256,
  payloadOf,
  presentation,
  stranger,
} from '../../fixtures/hand-made-codes.ts';
import { issuerContent, keyContent, moment, trustView, verdictOf } from '../../fixtures/token-world.ts';
import { mutationsOf } from '../../fuzz/mutations.ts';

const seed = 20_260_105;
const mutations = 100_000;

const phone = credential({ payload: { 8: cnf(holderP256) } }, issuerP256);
const tokens = [
  { name: 'presentation, Ed25519', text: asSp1, bytes: presentation() },
  { name: 'presentation, P-256', text: asSp1, bytes: presentation({ credential: phone, holder: holderP256 }) },
  { name: 'bearer code', text: asSt1, bytes: bearer() },
  { name: 'bearer code, P-256', text: asSt1, bytes: bearer({}, issuerP256) },
  { name: 'ticket', text: asSt1, bytes: cose(payloadOf('ticket')) },
  { name: 'loan', text: asSt1, bytes: cose(payloadOf('loan')) },
];
type Token = (typeof tokens)[number];
const digestOf = ({ text, bytes }: Token): string => {
  const verdict = verdictOf(text(bytes));
  if (!verdict.accepted) throw new Error(verdict.reason);
  return hex(verdict.outcome.digest);
};
const digests = new Map(tokens.map((token) => [token, digestOf(token)]));

/** Counts answers; an acceptance of anything but the signed content is what must not be. */
function tally(runs: number, codes: fc.Arbitrary<{ readonly seed: Token; readonly bytes: Uint8Array }>, text: boolean) {
  const answers = new Map<string, number>();
  fc.assert(
    fc.property(codes, ({ seed: token, bytes }) => {
      const verdict = verdictOf(text ? bytes : token.text(bytes));
      const answer = verdict.accepted ? 'OK' : verdict.reason;
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      if (verdict.accepted && hex(verdict.outcome.digest) !== digests.get(token))
        throw new Error(`${token.name} forged`);
    }),
    { seed, numRuns: runs, endOnFailure: true },
  );
  return answers;
}

describe(`${mutations} changed codes, seed ${seed}`, () => {
  const half = mutations / 2;

  it('changed as bytes: none is accepted but for what was signed', { timeout: 120_000 }, () => {
    const answers = tally(
      half,
      mutationsOf(tokens, ({ bytes }) => bytes),
      false,
    );

    expect([...answers.values()].reduce((sum, count) => sum + count)).toBe(half);
    expect(answers.get('BAD_SIGNATURE')).toBeGreaterThan(half / 10);
    expect(answers.get('MALFORMED')).toBeGreaterThan(half / 10);
    expect(answers.get('STALE_CODE')).toBeGreaterThan(10);
    expect(answers.get('UNKNOWN_ISSUER')).toBeGreaterThan(10);
    expect(answers.has('DEVICE_FAULT')).toBe(false);
  });

  it('changed as text: none is accepted but for what was signed', { timeout: 120_000 }, () => {
    const answers = tally(
      half,
      mutationsOf(tokens, ({ text, bytes }) => text(bytes)),
      true,
    );

    expect(answers.get('MALFORMED')).toBeGreaterThan(half / 10);
    expect(answers.get('BAD_SIGNATURE')).toBeGreaterThan(100);
    expect(answers.has('DEVICE_FAULT')).toBe(false);
  });
});

describe(`any bytes up to 64 KiB, seed ${seed}`, () => {
  const most = 65_536;
  const letters = utf8('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:');
  const anything = fc.uint8Array({ maxLength: most, size: 'max' });
  const behindPrefix = fc
    .tuple(fc.constantFrom('ST1:', 'SP1:'), fc.uint8Array({ maxLength: most - 4, size: 'max' }))
    .map(([prefix, bytes]) => Uint8Array.of(...utf8(prefix), ...bytes));
  const base45Text = fc
    .tuple(fc.constantFrom('ST1:', 'SP1:'), fc.uint8Array({ maxLength: 700, size: 'max' }))
    .map(([prefix, bytes]) => Uint8Array.of(...utf8(prefix), ...bytes.map((byte) => letters[byte % 45] ?? 0)));
  const nested = fc
    .tuple(fc.constantFrom(0x81, 0xa1, 0xd2, 0x9f, 0x5f), fc.nat(400))
    .map(([byte, n]) => asSt1(new Uint8Array(n).fill(byte)));

  it.each([
    ['at random', anything, 200],
    ['behind a prefix', behindPrefix, 200],
    ['as Base45', base45Text, 5_000],
    ['nested', nested, 1_000],
  ] as const)('%s are refused without a throw', (_name, bytes, numRuns) => {
    let longest = 0;
    fc.assert(
      fc.property(bytes, (raw) => {
        longest = Math.max(longest, raw.length);
        expect(['MALFORMED', 'UNSUPPORTED_FORMAT']).toContain(reason(verdictOf(raw)));
      }),
      { seed, numRuns },
    );
    expect(longest).toBeGreaterThan(350);
  });

  it('every length is answered', () => {
    const lengths = [...Array(700).keys(), 2_953, 2_954, 4_096, most];
    const answers = new Set(lengths.map((length) => reason(verdictOf(new Uint8Array(length).fill(0x30)))));

    expect([...answers].sort()).toEqual(['MALFORMED', 'UNSUPPORTED_FORMAT']);
  });
});

describe(`the credential cache, seed ${seed}`, () => {
  const strangers = { ...stranger, kid: keyContent(stranger).kid };
  const worlds = [
    trustView(),
    trustView({ issuers: [] }),
    trustView({ issuers: [issuerContent({ keys: [keyContent(strangers)] })] }),
    trustView({ issuers: [issuerContent({ presentationMaxAgeSeconds: 2, fareCapMinor: 1 })] }),
  ];
  const scan = fc.record({
    code: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...tokens).map((token) => token.text(token.bytes)) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }).map((counter) => asSp1(presentation({ counter }))) },
      { weight: 1, arbitrary: fc.constant(asSp1(presentation({ holder: stranger }))) },
      {
        weight: 1,
        arbitrary: mutationsOf(tokens, ({ bytes }) => bytes).map(({ seed: token, bytes }) => token.text(bytes)),
      },
    ),
    trust: fc.oneof({ weight: 3, arbitrary: fc.constant(worlds[0] ?? trustView()) }, fc.constantFrom(...worlds)),
    now: fc.constantFrom(moment(), moment(5), moment(40), moment(0, { state: 'HOLDOVER', uncertaintyMs: 20_000 })),
  });

  it('changes no verdict, whatever was scanned before and whoever is trusted', { timeout: 60_000 }, () => {
    let hits = 0;
    fc.assert(
      fc.property(fc.array(scan, { minLength: 2, maxLength: 12, size: 'max' }), (scans) => {
        const cache = new CredentialCache();
        for (const { code, trust, now } of scans) {
          const held = cache.size;
          const cached = verdictOf(code, { trust, now, cache });
          if (cached.accepted && cached.outcome.format === 'sp1' && held === cache.size) hits++;
          expect(cached).toEqual(verdictOf(code, { trust, now, cache: new CredentialCache() }));
        }
      }),
      { seed, numRuns: 300 },
    );
    expect(hits).toBeGreaterThan(50);
  });
});

const reason = (verdict: Verdict): string => (verdict.accepted ? 'OK' : verdict.reason);

// The replay ring: how long a code is remembered, how many, and that a rewritten signature is no new code.
import { describe, expect, it } from 'vitest';
import { monoMs } from '../../../runtime/core/brand.ts';
import type { Bytes } from '../../../runtime/core/bytes.ts';
import { longestValidityMs, ReplayRing, replayRingLimits } from '../../../runtime/tokens/replay-ring.ts';
import { defaultLimits } from '../../../runtime/tokens/verifier.ts';
import {
  asSp1,
  asSt1,
  at,
  bearer,
  cose,
  issuerP256,
  joined,
  payloadOf,
  presentation,
} from '../../fixtures/hand-made-codes.ts';
import { moment, reasonOf, verdictOf } from '../../fixtures/token-world.ts';

const digest = (nth: number): Bytes => new Uint8Array(Buffer.from(nth.toString(16).padStart(64, '0'), 'hex'));
const entry = (atMs: number) => ({ epoch: 1, seq: 2, atMonoMs: monoMs(atMs) });

describe('an accepted code', () => {
  it.each([
    ['five minutes where the code is shorter', 60_000, 300_000],
    ['its own validity and 20 s where that is longer', 600_000, 620_000],
    ['five minutes where the code has no validity left', 0, 300_000],
  ])('is kept for %s', (_name, validForMs, keptMs) => {
    const ring = new ReplayRing();
    ring.accept(digest(1), entry(1_000), validForMs);

    expect(ring.find(digest(1), monoMs(1_000 + keptMs - 1))).toMatchObject({ epoch: 1, seq: 2, atMonoMs: 1_000 });
    expect(ring.find(digest(1), monoMs(1_000 + keptMs))).toBeNull();
    expect(ring.find(digest(2), monoMs(1_000))).toBeNull();
  });

  it(`is the oldest to go when ${replayRingLimits.accepted} are held`, () => {
    const ring = new ReplayRing();
    for (let nth = 0; nth <= replayRingLimits.accepted; nth++) ring.accept(digest(nth), entry(nth), 0);

    expect(ring.size).toBe(replayRingLimits.accepted);
    expect(ring.find(digest(0), monoMs(5_000))).toBeNull();
    expect(ring.find(digest(1), monoMs(5_000))).not.toBeNull();
  });

  it('that has ended makes room before anything else', () => {
    const ring = new ReplayRing();
    for (let nth = 0; nth < 100; nth++) ring.accept(digest(nth), entry(0), 0);
    ring.accept(digest(100), entry(300_000), 0);

    expect(ring.size).toBe(1);
  });

  it('entered again counts from then', () => {
    const ring = new ReplayRing();
    ring.accept(digest(1), entry(0), 0);
    ring.accept(digest(1), entry(200_000), 0);

    expect(ring.size).toBe(1);
    expect(ring.find(digest(1), monoMs(400_000))).toMatchObject({ atMonoMs: 200_000 });
  });
});

describe('what a doubtful clock would still take', () => {
  it.each([
    ['SYNCED', 0],
    ['HOLDOVER', 100_000],
  ] as const)('is kept: %s, u = %i ms', (state, uncertaintyMs) => {
    // Made as far ahead as is accepted, it is accepted until it is as old as may be.
    const now = moment(0, { state, uncertaintyMs });
    const ahead = at + uncertaintyMs / 1_000 + defaultLimits.skewSeconds;
    const code = asSt1(bearer());
    const longest = longestValidityMs(defaultLimits, now);

    expect(reasonOf(code, { now })).toBe(state === 'SYNCED' ? 'OK' : 'CLOCK_UNTRUSTED');
    expect(longest).toBeGreaterThanOrEqual(
      (ahead - at + defaultLimits.presentationAgeMaxSeconds) * 1_000 + uncertaintyMs,
    );
  });
});

describe('in a verdict', () => {
  const accepted = (raw: Uint8Array) => {
    const verdict = verdictOf(raw);
    if (!verdict.accepted) throw new Error(verdict.reason);
    const ring = new ReplayRing();
    ring.accept(verdict.outcome.digest, entry(0), 60_000);
    return ring;
  };

  it.each([
    ['a presentation', asSp1(presentation())],
    ['a bearer code', asSt1(bearer())],
  ])('%s is REPEAT within 3 s and REPLAYED after', (_name, raw) => {
    const ring = accepted(raw);

    expect([0, 2_999, 3_000, 299_999].map((ms) => reasonOf(raw, { ring, atMonoMs: ms }))).toEqual([
      'REPEAT',
      'REPEAT',
      'REPLAYED',
      'REPLAYED',
    ]);
  });

  it.each(['ticket', 'loan'] as const)('a %s is left to the use ledger', (kind) => {
    const raw = asSt1(cose(payloadOf(kind)));

    expect(reasonOf(raw, { ring: accepted(raw), atMonoMs: 10_000 })).toBe('OK');
  });

  it('the next code of the same phone is a new one', () => {
    expect(
      reasonOf(asSp1(presentation({ counter: 42 })), { ring: accepted(asSp1(presentation())), atMonoMs: 10_000 }),
    ).toBe('OK');
  });

  it('a rewritten ECDSA signature verifies, and is the same code', () => {
    const token = cose(payloadOf('bearer'), issuerP256);
    const s = BigInt(`0x${Buffer.from(token.subarray(-32)).toString('hex')}`);
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const other = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex');
    const rewritten = asSt1(joined(token.subarray(0, -32), other));

    expect(rewritten).not.toEqual(asSt1(token));
    expect(reasonOf(rewritten)).toBe('OK');
    expect(reasonOf(rewritten, { ring: accepted(asSt1(token)), atMonoMs: 10_000 })).toBe('REPLAYED');
  });
});

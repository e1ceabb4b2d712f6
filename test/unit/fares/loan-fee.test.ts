// The fee of a loan: a table of what people are asked, the clocks that must not matter, and what holds for any
// loan whatever.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { monoMs, wallMs } from '../../../runtime/core/brand.ts';
import {
  feeForTime,
  type Loan,
  type LoanMark,
  type LoanTerms,
  loanDefaults,
  loanDuration,
  loanFee,
  lostRefund,
} from '../../../runtime/fares/loan-fee.ts';

const seed = 20_260_107;
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const startWallMs = Date.UTC(2026, 0, 7, 9);

const terms: LoanTerms = {
  ...loanDefaults,
  currency: 'CNY',
  freeMinutes: 5,
  periodMinutes: 30,
  periodMinor: 500,
  dailyMaxMinor: 4_000,
  lostMinor: 20_000,
};

/** A mark `ms` after the start, by a clock that is right unless something else is said. */
const mark = (ms: number, more: Partial<LoanMark> & { boot?: number; stepMs?: number } = {}): LoanMark => ({
  bootId: new Uint8Array(16).fill(more.boot ?? 1),
  monoMs: monoMs(1_000 + ms),
  wallMs: wallMs(startWallMs + ms + (more.stepMs ?? 0)),
  clock: more.clock ?? { state: 'SYNCED', uncertaintyMs: 50 },
  rebuilt: more.rebuilt ?? null,
});
const loan = (ms: number, more: Partial<Loan> = {}): Loan => ({
  taken: mark(0),
  returned: mark(ms),
  presumed: false,
  attempts: [],
  ...more,
});
const feeOf = (subject: Loan, now = mark(0)): number => loanFee(subject, now, terms).amountMinor;

describe('the fee of a loan', () => {
  test.each([
    { ms: 0, minor: 0, why: 'brought back at once' },
    { ms: 5 * minute, minor: 0, why: 'at the end of the free time' },
    { ms: 5 * minute + 1, minor: 500, why: 'a period that has begun' },
    { ms: 35 * minute, minor: 500, why: 'the end of the first period' },
    { ms: 35 * minute + 1, minor: 1_000, why: 'the second' },
    { ms: 4 * hour + 5 * minute, minor: 4_000, why: 'the daily maximum reached' },
    { ms: 20 * hour, minor: 4_000, why: 'and kept' },
    { ms: day + 5 * minute + 1, minor: 4_500, why: 'a second day' },
    { ms: 30 * day, minor: 20_000, why: 'never more than a lost one' },
  ])('$minor after $ms ms: $why', ({ ms, minor }) => {
    expect(feeForTime(ms, terms)).toBe(minor);
    expect(feeOf(loan(ms))).toBe(minor);
  });

  test('of a guide that is still out grows with the clock of whoever asks', () => {
    const out = loan(0, { returned: null });
    expect(feeOf(out, mark(40 * minute))).toBe(1_000);
    expect(loanFee(out, mark(40 * minute), terms)).toMatchObject({ durationMs: 40 * minute, currency: 'CNY' });
  });

  test('of a guide charged as lost is given back but for what it cost', () => {
    expect(lostRefund(20_000, loanFee(loan(2 * day + 10 * minute), mark(0), terms))).toBe(20_000 - 8_500);
    expect(lostRefund(400, loanFee(loan(2 * day), mark(0), terms))).toBe(0);
  });
});

describe('V15: the time of a loan', () => {
  const lost = { state: 'UNTRUSTED', uncertaintyMs: 300_000 } as const;
  const held = { state: 'HOLDOVER', uncertaintyMs: 2 * minute } as const;
  test.each([
    {
      title: 'same boot, the wall clock 3 h ahead',
      from: mark(0),
      to: mark(hour, { stepMs: 3 * hour }),
      ms: hour,
      basis: 'monotonic',
    },
    {
      title: 'same boot, both clocks lost',
      from: mark(0, { clock: lost }),
      to: mark(hour, { clock: lost }),
      ms: hour,
      basis: 'monotonic',
    },
    { title: 'two machines, both synced', from: mark(0), to: mark(hour, { boot: 2 }), ms: hour, basis: 'utc' },
    {
      title: 'two machines, one in holdover',
      from: mark(0),
      to: mark(hour, { boot: 2, clock: held }),
      ms: hour - 2 * minute - 50,
      basis: 'shortest',
    },
    {
      title: 'two machines, one lost and not rebuilt',
      from: mark(0),
      to: mark(hour, { boot: 2, clock: lost, stepMs: 9 * hour }),
      ms: 0,
      basis: 'shortest',
    },
    {
      title: 'two machines, one lost and rebuilt',
      from: mark(0),
      to: mark(hour, {
        boot: 2,
        clock: lost,
        rebuilt: { earliestMs: startWallMs + 20 * minute, latestMs: startWallMs + 2 * hour },
      }),
      ms: 20 * minute - 50,
      basis: 'shortest',
    },
    { title: 'two machines that disagree', from: mark(hour), to: mark(0, { boot: 2 }), ms: 0, basis: 'utc' },
  ])('$title', ({ from, to, ms, basis }) => {
    expect(loanDuration(from, to)).toEqual({ ms, basis });
  });
});

describe('time that is not counted', () => {
  test('a presumed loan is free for ten minutes more', () => {
    expect(feeOf(loan(15 * minute, { presumed: true }))).toBe(0);
    expect(feeOf(loan(15 * minute + 1, { presumed: true }))).toBe(500);
    expect(feeOf(loan(15 * minute))).toBe(500);
  });

  test('V16: an attempt at a full cabinet stops the count for half an hour', () => {
    const attempts = [mark(35 * minute)];
    expect(feeOf(loan(60 * minute, { attempts }))).toBe(500);
    expect(feeOf(loan(65 * minute, { attempts }))).toBe(500);
    expect(feeOf(loan(65 * minute + 1, { attempts }))).toBe(1_000);
  });

  test('attempts one after the other freeze each minute once', () => {
    const attempts = [mark(45 * minute), mark(35 * minute), mark(35 * minute)];
    const fee = loanFee(loan(2 * hour, { attempts }), mark(0), terms);
    expect(fee.uncountedMs).toBe(40 * minute);
  });
});

describe(`any loan (seed ${seed})`, () => {
  const runs = { seed, numRuns: 500 };
  const anyTerms = fc
    .record({
      freeMinutes: fc.nat(120),
      periodMinutes: fc.integer({ min: 1, max: 2_000 }),
      periodMinor: fc.nat(5_000),
      dailyMaxMinor: fc.nat(20_000),
      lostMinor: fc.nat(100_000),
      presumedFreeMinutes: fc.nat(60),
      freezeMinutes: fc.nat(120),
    })
    .map((prices): LoanTerms => ({ ...prices, currency: 'CNY' }));
  const duration = fc.nat(40 * day);
  const clock = fc
    .constantFrom('SYNCED' as const, 'HOLDOVER' as const, 'UNTRUSTED' as const)
    .map((state) => ({ state, uncertaintyMs: 2_000 }));
  const anyMark = fc
    .record({ ms: duration, boot: fc.nat(2), stepMs: fc.integer({ min: -9 * day, max: 9 * day }), clock })
    .map(({ ms, ...more }) => mark(ms, more));

  test('costs more the longer it lasts, never less', () => {
    fc.assert(
      fc.property(
        anyTerms,
        duration,
        duration,
        fc.boolean(),
        fc.array(duration, { maxLength: 4 }),
        (any, a, b, presumed, tries) => {
          const attempts = tries.map((ms) => mark(ms));
          const fee = (ms: number) => loanFee(loan(ms, { presumed, attempts }), mark(0), any).amountMinor;
          expect(fee(Math.min(a, b))).toBeLessThanOrEqual(fee(Math.max(a, b)));
        },
      ),
      runs,
    );
  });

  test('costs at most its days times the daily maximum, at most a lost one, and is a whole number not below zero', () => {
    fc.assert(
      fc.property(anyTerms, anyMark, anyMark, fc.boolean(), (any, taken, returned, presumed) => {
        const fee = loanFee({ taken, returned, presumed, attempts: [] }, mark(0), any);
        expect(Number.isSafeInteger(fee.amountMinor)).toBe(true);
        expect(fee.amountMinor).toBeGreaterThanOrEqual(0);
        expect(fee.amountMinor).toBeLessThanOrEqual(Math.ceil(fee.durationMs / day) * any.dailyMaxMinor);
        expect(fee.amountMinor).toBeLessThanOrEqual(any.lostMinor);
      }),
      runs,
    );
  });

  test('never costs more because a clock that is not trusted was set', () => {
    fc.assert(
      fc.property(
        anyTerms,
        duration,
        fc.integer({ min: -9 * day, max: 9 * day }),
        fc.nat(1),
        (any, ms, stepMs, boot) => {
          const honest = loanFee(loan(ms, { returned: mark(ms, { boot: 1 + boot }) }), mark(0), any);
          const lostClock = { state: 'UNTRUSTED', uncertaintyMs: 300_000 } as const;
          const stepped = mark(ms, { boot: 1 + boot, stepMs, clock: lostClock });
          expect(loanFee(loan(ms, { returned: stepped }), mark(0), any).amountMinor).toBeLessThanOrEqual(
            honest.amountMinor,
          );
        },
      ),
      runs,
    );
  });
});

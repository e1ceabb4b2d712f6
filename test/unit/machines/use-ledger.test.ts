// What is used of a code: an entry is a fold of rows, survives its bytes, and is forgotten only when it may be.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { monoMs, unixSeconds, wallMs } from '../../../runtime/core/brand.ts';
import { type CborInput, encodeCbor } from '../../../runtime/core/cbor.ts';
import {
  decodeTicketUse,
  encodeTicketUse,
  isHeldElsewhere,
  mayForgetUse,
  mergedUse,
  type TicketUse,
  type UseChange,
  type UseTimes,
  unused,
  useAfter,
  useKey,
  useRunsMax,
  useStatusOf,
} from '../../../runtime/machines/shared/use-ledger.ts';

const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);
const tx = (n: number): Uint8Array => bytes(16, n);
const at = (seconds: number): UseTimes => ({
  bootId: tx(99),
  monoMs: monoMs(seconds * 1000),
  wallMs: wallMs(1_782_000_000_000 + seconds * 1000),
});
const held = (n: number, by: string | null = null): UseChange => ({ kind: 'held', tx: tx(n), by });
const entered = (n: number, more = false): UseChange => ({ kind: 'entered', tx: tx(n), more });
const fold = (...changes: readonly UseChange[]): TicketUse =>
  changes.reduce<TicketUse>((use, change, step) => useAfter(use, change, at(step * 60), 1_790_000_000), unused);

describe('the use of a code', () => {
  test.each<{ title: string; changes: readonly UseChange[]; status: ReturnType<typeof useStatusOf> }>([
    { title: 'nothing yet', changes: [], status: { kind: 'FREE' } },
    { title: 'an act under way', changes: [held(1)], status: { kind: 'HELD', tx: tx(1) } },
    { title: 'used', changes: [held(1), entered(1)], status: { kind: 'USED', count: 1 } },
    { title: 'the next of a group', changes: [held(1), entered(1, true)], status: { kind: 'HELD', tx: tx(1) } },
    { title: 'not used', changes: [held(1), { kind: 'released', tx: tx(1) }], status: { kind: 'FREE' } },
    { title: 'in doubt', changes: [held(1), { kind: 'doubted', tx: tx(1) }], status: { kind: 'DOUBT', doubts: 1 } },
    { title: 'another act lets go of nothing', changes: [held(1), entered(2)], status: { kind: 'HELD', tx: tx(1) } },
    { title: 'left without having entered', changes: [{ kind: 'left' }], status: { kind: 'FREE' } },
  ])('$title', ({ changes, status }) => expect(useStatusOf(fold(...changes))).toEqual(status));

  test('keeps entries by the minute, in order even where the clock was set back', () => {
    let use = useAfter(null, entered(1), at(600), null);
    use = useAfter(use, entered(1), at(630), null);
    use = useAfter(use, entered(1), at(0), null);
    expect(use.runs).toEqual([{ minute: (1_782_000_000 + 600) / 60, count: 3 }]);
    expect([use.entries, use.firstEntryAt, use.lastEntryAt]).toEqual([3, 1_782_000_600, 1_782_000_630]);
  });

  test('keeps no more runs than its bound, and forgets no entry', () => {
    let use: TicketUse = unused;
    for (let n = 0; n < useRunsMax + 5; n++) use = useAfter(use, entered(1), at(n * 60), null);
    expect(use.runs.length).toBe(useRunsMax);
    expect(use.entries).toBe(useRunsMax + 5);
    expect(decodeTicketUse(encodeTicketUse(use))).toEqual(use);
  });

  test('is held elsewhere for a time that a boot starts anew, and here until the act ends', () => {
    const here = fold(held(1));
    const there = fold(held(1, 'lane-2'));
    const now = (monoSeconds: number, bootId = tx(99)) => ({
      bootId,
      monoMs: monoMs(monoSeconds * 1000),
      bootMonoMs: monoMs(500_000),
    });
    expect(isHeldElsewhere(here, now(1), 60_000)).toBe(false);
    expect(isHeldElsewhere(there, now(59), 60_000)).toBe(true);
    expect(isHeldElsewhere(there, now(60), 60_000)).toBe(false);
    expect(isHeldElsewhere(there, now(559, tx(98)), 60_000)).toBe(true);
    expect(isHeldElsewhere(there, now(560, tx(98)), 60_000)).toBe(false);
    expect(isHeldElsewhere(null, now(1), 60_000)).toBe(false);
  });

  test('is held on while a group walks through, counted from its newest person', () => {
    const group = fold(held(1, 'lane-1'), entered(1, true));
    const now = (seconds: number) => ({ bootId: tx(99), monoMs: monoMs(seconds * 1000), bootMonoMs: monoMs(0) });
    expect(isHeldElsewhere(group, now(119), 60_000)).toBe(true);
    expect(isHeldElsewhere(group, now(120), 60_000)).toBe(false);
    expect(isHeldElsewhere(fold(held(1, 'lane-1'), entered(2, true)), now(60), 60_000)).toBe(false);
  });

  test("of two accounts the fuller one counts, and a hold stays its machine's own", () => {
    const own = fold(held(1));
    const home = fold(entered(2), held(1, 'lane-1'));
    expect(mergedUse(own, home)).toMatchObject({ entries: 1, hold: own.hold });
    expect(mergedUse(home, own)).toBe(home);
    expect(mergedUse(own, null)).toBe(own);
  });

  test('may be forgotten some time after the end of the ticket, and never while held', () => {
    const use = fold(entered(1));
    expect(mayForgetUse(use, unixSeconds(1_790_000_099), 100)).toBe(false);
    expect(mayForgetUse(use, unixSeconds(1_790_000_100), 100)).toBe(true);
    expect(mayForgetUse(fold(held(1)), unixSeconds(1_790_000_100), 100)).toBe(false);
  });

  test('has one name per issuer and id', () => {
    expect(useKey('museum', tx(1))).not.toEqual(useKey('castle', tx(1)));
  });

  const seed = 20_260_702;
  test(`survives its bytes (seed ${seed})`, () => {
    const change: fc.Arbitrary<UseChange> = fc.oneof(
      fc.record({ kind: fc.constant('held' as const), tx: fc.nat(3).map(tx), by: fc.constantFrom(null, 'lane-2') }),
      fc.record({ kind: fc.constant('entered' as const), tx: fc.nat(3).map(tx), more: fc.boolean() }),
      fc.record({ kind: fc.constantFrom('released' as const, 'doubted' as const), tx: fc.nat(3).map(tx) }),
      fc.constant({ kind: 'left' as const }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const use = fold(...changes);
        expect(decodeTicketUse(encodeTicketUse(use))).toEqual(use);
      }),
      { seed, numRuns: 200 },
    );
  });

  test.each<{ name: string; value: CborInput }>([
    { name: 'a number', value: 1 },
    { name: 'a list too short', value: [null, [], 0, 0] },
    { name: 'half a run', value: [null, [1], 0, 0, 0, null, null, null, 0] },
    { name: 'a negative count', value: [null, [], -1, 0, 0, null, null, null, 0] },
    { name: 'a hold without a transaction', value: [['x', null, tx(1), 0], [], 0, 0, 0, null, null, null, 0] },
    { name: 'a hold by a number', value: [[tx(1), 5, tx(1), 0], [], 0, 0, 0, null, null, null, 0] },
  ])('does not take $name for one', ({ value }) => {
    expect(() => decodeTicketUse(encodeCbor(value))).toThrow(/not the use of a code/);
  });
});

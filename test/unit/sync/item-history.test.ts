// Where an item has been, from rows of machines that know nothing of each other: a table of what clocks and
// journals can say, and a fleet in which every loan is found again whatever the machines' clocks did.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BackWay, ItemEvent } from '../../../sync/headend/loans/item-event.ts';
import { historyLimits, type ItemHistory, joinItem } from '../../../sync/headend/loans/item-history.ts';
import type { EventMark } from '../../../sync/headend/loans/mark.ts';

const seed = 20_261_124;
const minute = 60_000;
const startMs = Date.UTC(2026, 0, 7, 9);

type Clock = 'SYNCED' | 'HOLDOVER' | 'UNTRUSTED';
interface Told {
  readonly at: string;
  readonly seq: number;
  /** Minutes after nine, by the machine's own clock. */
  readonly wall: number;
  readonly clock?: Clock;
  readonly uncertainMinutes?: number;
}

const mark = ({ at, seq, wall, clock = 'SYNCED', uncertainMinutes = 0 }: Told): EventMark => ({
  terminal: at,
  epoch: 1,
  seq,
  bootId: new Uint8Array(16).fill(at.charCodeAt(0)),
  monoMs: seq * minute,
  wallMs: startMs + wall * minute,
  clock: { state: clock, uncertaintyMs: uncertainMinutes * minute },
  afterMs: clock === 'UNTRUSTED' ? null : startMs,
  arrivedMs: startMs + 1_000 * minute,
});
const taken = (told: Told): ItemEvent => ({
  kind: 'taken',
  item: 'A',
  tx: `${told.at}${told.seq}`,
  mark: mark(told),
  order: null,
  code: null,
  digest: null,
  presumed: false,
  ref: '',
});
const back = (told: Told, way: BackWay = 'slot'): ItemEvent => ({
  kind: 'back',
  item: 'A',
  mark: mark(told),
  way,
  ref: '',
});

/** `X1>Y2`: taken at X in row 1, back at Y in row 2; `X1>` still out, `X1!` lent again before. */
const told = ({ loans }: ItemHistory): readonly string[] =>
  loans.map(({ taken: from, returned, overtaken }) => {
    const to = returned === null ? '' : `${returned.mark.terminal}${returned.mark.seq}`;
    return `${from.tx}${overtaken ? '!' : '>'}${to}`;
  });

const join = (events: readonly ItemEvent[]): readonly string[] => told(joinItem(events, () => null));

describe('the history of an item', () => {
  test.each([
    { title: 'taken and still out', events: [taken({ at: 'X', seq: 1, wall: 0 })], loans: ['X1>'] },
    {
      title: 'back where it was taken',
      events: [taken({ at: 'X', seq: 1, wall: 0 }), back({ at: 'X', seq: 2, wall: 5 })],
      loans: ['X1>X2'],
    },
    { title: 'only a return: its order is still to come', events: [back({ at: 'Y', seq: 2, wall: 5 })], loans: [] },
    {
      title: 'one journal is in order whatever its clock said',
      events: [taken({ at: 'X', seq: 1, wall: 500 }), back({ at: 'X', seq: 2, wall: 5 })],
      loans: ['X1>X2'],
    },
    {
      title: 'round the house',
      events: [
        taken({ at: 'X', seq: 1, wall: 0 }),
        back({ at: 'Y', seq: 1, wall: 10 }),
        taken({ at: 'Y', seq: 2, wall: 20 }),
        back({ at: 'X', seq: 2, wall: 30 }),
        taken({ at: 'X', seq: 3, wall: 40 }),
      ],
      loans: ['X1>Y1', 'Y2>X2', 'X3>'],
    },
    {
      title: 'a return long before, by clocks that are right, is not this loan’s',
      events: [back({ at: 'Y', seq: 1, wall: 5 }), taken({ at: 'X', seq: 1, wall: 20 })],
      loans: ['X1>'],
    },
    {
      title: 'a return that seems earlier by a clock in doubt is this loan’s',
      events: [
        back({ at: 'Y', seq: 1, wall: 19, clock: 'HOLDOVER', uncertainMinutes: 3 }),
        taken({ at: 'X', seq: 1, wall: 20 }),
      ],
      loans: ['X1>Y1'],
    },
    {
      title: 'by a clock that is lost, too',
      events: [back({ at: 'Y', seq: 1, wall: -9_000, clock: 'UNTRUSTED' }), taken({ at: 'X', seq: 1, wall: 20 })],
      loans: ['X1>Y1'],
    },
    {
      title: 'stock that was put in proves no return',
      events: [back({ at: 'Y', seq: 1, wall: 10, uncertainMinutes: 5 }, 'found'), taken({ at: 'X', seq: 1, wall: 21 })],
      loans: ['X1>'],
    },
    {
      title: 'lent again elsewhere without a return',
      events: [taken({ at: 'X', seq: 1, wall: 0 }), taken({ at: 'Y', seq: 1, wall: 60 })],
      loans: ['X1!', 'Y1>'],
    },
    {
      title: 'and explained when the return arrives',
      events: [
        taken({ at: 'X', seq: 1, wall: 0 }),
        taken({ at: 'Y', seq: 2, wall: 60 }),
        back({ at: 'Y', seq: 1, wall: 30 }),
      ],
      loans: ['X1>Y1', 'Y2>'],
    },
  ])('$title', ({ events, loans }) => {
    expect(join(events)).toEqual(loans);
    expect(join(events.toReversed())).toEqual(loans);
  });
});

test('however many machines, the orders followed side by side are bounded', () => {
  const events = Array.from({ length: 40 }, (_, at) => at).flatMap((at) => [
    back({ at: `M${at}`, seq: 1, wall: at, clock: 'UNTRUSTED' }),
    taken({ at: `M${at}`, seq: 2, wall: at, clock: 'UNTRUSTED' }),
  ]);
  expect(historyLimits.candidates).toBeLessThan(events.length);
  const { loans, loose } = joinItem(events, () => null);
  expect(loans).toHaveLength(40);
  expect(loose.length + loans.filter(({ returned }) => returned !== null).length).toBe(40);
});

describe(`any fleet (seed ${seed})`, () => {
  const terminals = ['X', 'Y', 'Z'];

  /** One item walks; each machine's clock is off by up to what it says. */
  const walk = fc
    .record({
      moves: fc.array(fc.nat(2), { minLength: 1, maxLength: 16 }),
      offMinutes: fc.tuple(
        fc.integer({ min: -4, max: 4 }),
        fc.integer({ min: -4, max: 4 }),
        fc.integer({ min: -4, max: 4 }),
      ),
    })
    .map(({ moves, offMinutes }) => {
      const seqs = [0, 0, 0];
      const events: ItemEvent[] = [];
      const truth: string[] = [];
      let here = 0;
      const say = (at: number, wall: number): Told => {
        seqs[at] = (seqs[at] ?? 0) + 1;
        const off = offMinutes[at] ?? 0;
        return {
          at: terminals[at] ?? '',
          seq: seqs[at] ?? 0,
          wall: wall + off,
          clock: 'HOLDOVER',
          uncertainMinutes: 4,
        };
      };
      for (const [turn, to] of moves.entries()) {
        // Loans shorter than the clocks' doubt, so that times alone would often say the wrong thing.
        const from = say(here, turn * 24);
        const until = say(to, turn * 24 + 2);
        events.push(taken(from), back(until));
        truth.push(`${from.at}${from.seq}>${until.at}${until.seq}`);
        here = to;
      }
      return { events, truth };
    });

  test('every loan is found, in whatever order its rows come', () => {
    fc.assert(
      fc.property(walk, fc.infiniteStream(fc.nat(1_000)), ({ events, truth }, keys) => {
        const shuffled = events
          .map((event) => ({ event, key: keys.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ event }) => event);
        expect(join(shuffled).toSorted()).toEqual(truth.toSorted());
      }),
      { seed, numRuns: 200 },
    );
  });
});

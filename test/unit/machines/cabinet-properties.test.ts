// What holds for every story at a cabinet, with jams, thefts, power cuts and a board that comes and goes: latches
// move for INTENTs only, nobody is charged for what was not taken, a guide can always be given back, and the
// journal alone gives the state back.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { monoMs, unixSeconds } from '../../../runtime/core/brand.ts';
import { hex } from '../../../runtime/core/bytes.ts';
import { encodeCbor } from '../../../runtime/core/cbor.ts';
import type { CabinetInput, StaffAct } from '../../../runtime/machines/cabinet/input.ts';
import { slotOf } from '../../../runtime/machines/cabinet/ledger.ts';
import { initialState, orderMotion, orderState, unresolved } from '../../../runtime/machines/cabinet/state.ts';
import { step } from '../../../runtime/machines/cabinet/step.ts';
import { payloadToCbor } from '../../../runtime/records/payload.ts';
import type { Row } from '../../../runtime/records/row.ts';
import {
  type Code,
  ctiOf,
  expectFold,
  guideTicket,
  Hall,
  type HallOptions,
  valuableTicket,
} from '../../scenario/cabinet-hall.ts';
import { tokenReasonsForTests } from '../../scenario/validator-reasons.ts';

const seed = 20_260_106;
const runs = { seed, numRuns: 300 };
const slots = 5;

const slot = fc.integer({ min: 1, max: slots });
const item = fc.constantFrom('A', 'B', 'C', 'D', 'E', 'F', 'X');
const codes: fc.Arbitrary<Code> = fc
  .record({
    name: fc.constantFrom('alder', 'birch', 'cedar', 'dogwood'),
    kind: fc.constantFrom('loan' as const, 'ticket' as const),
    product: fc.constantFrom(guideTicket, valuableTicket),
    language: fc.option(fc.constantFrom('en', 'zh'), { nil: undefined }),
  })
  .map(({ language, ...code }) => (language === undefined ? code : { ...code, language }));

const staffActs: fc.Arbitrary<StaffAct> = fc.oneof(
  fc.record({ kind: fc.constantFrom('open' as const, 'release' as const, 'quarantine' as const), slot }),
  fc.record({ kind: fc.constant('identify' as const), slot, item }),
  fc.record({ kind: fc.constant('returnItem' as const), item }),
  fc.record({ kind: fc.constantFrom('endOrder' as const, 'recount' as const) }),
);

const isAbsent = (hall: Hall, tag: string): boolean => hall.bays.every((bay) => bay.item !== tag);
/** An item is in one place only; a slot takes one. */
const bringBack = (hall: Hall, at: number, tag: string, wrongWay: boolean, open: boolean): void => {
  if (hall.bay(at).item !== null || !isAbsent(hall, tag)) return;
  hall.put(at, tag, { wrongWay, ...(open ? { door: 'open' } : {}) });
};

/** Trouble passes, or the stories would soon be about nothing else. */
const mostly = fc.constantFrom(true, true, true, false);

type Act = (hall: Hall) => void;
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: codes.map((code) => (hall: Hall) => void hall.show(code)) },
  {
    weight: 3,
    arbitrary: fc
      .record({ order: fc.constantFrom('o1', 'o2', 'o3'), fresh: fc.boolean() })
      .map(({ order, fresh }) => (hall: Hall) => {
        const nonce = hall.state.shown?.nonce ?? ctiOf('none');
        hall.command(order, fresh ? nonce : ctiOf('old'));
      }),
  },
  { weight: 6, arbitrary: slot.map((at) => (hall: Hall) => void (hall.bay(at).locked || hall.fetch(at))) },
  {
    weight: 6,
    arbitrary: fc.boolean().map((closes) => (hall: Hall) => {
      const presented = orderMotion(hall.state)?.slot;
      if (presented === undefined || hall.bay(presented).locked) return;
      if (closes) hall.fetch(presented);
      else hall.take(presented);
    }),
  },
  { weight: 3, arbitrary: slot.map((at) => (hall: Hall) => hall.closeDoor(at)) },
  { weight: 1, arbitrary: slot.map((at) => (hall: Hall) => hall.rob(at)) },
  {
    weight: 5,
    arbitrary: fc.tuple(slot, item, fc.boolean(), fc.boolean()).map(
      ([at, tag, wrongWay, open]) =>
        (hall: Hall) =>
          bringBack(hall, at, tag, wrongWay, open),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(slot, fc.nat(3)).map(
      ([at, jams]) =>
        (hall: Hall) =>
          hall.alter(at, { jams }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(slot, fc.boolean()).map(
      ([at, dumb]) =>
        (hall: Hall) =>
          hall.alter(at, { dumb }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(slot, fc.nat(100)).map(
      ([at, charge]) =>
        (hall: Hall) =>
          hall.alter(at, { charge }),
    ),
  },
  { weight: 1, arbitrary: slot.map((at) => (hall: Hall) => hall.alter(at, { wrongWay: !hall.bay(at).wrongWay })) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('return' as const, 'openAgain' as const).map((key) => (hall: Hall) => hall.press(key)),
  },
  { weight: 2, arbitrary: staffActs.map((deed) => (hall: Hall) => hall.staff(deed)) },
  { weight: 1, arbitrary: fc.boolean().map((online) => (hall: Hall) => hall.network(online)) },
  { weight: 1, arbitrary: mostly.map((board) => (hall: Hall) => hall.setBoard(board)) },
  { weight: 1, arbitrary: mostly.map((hears) => (hall: Hall) => Object.assign(hall, { deaf: !hears })) },
  { weight: 1, arbitrary: fc.boolean().map((power) => (hall: Hall) => hall.boot(power)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        'normal' as const,
        'normal' as const,
        'warning' as const,
        'restricted' as const,
        'full' as const,
        'unavailable' as const,
      )
      .map((storage) => (hall: Hall) => Object.assign(hall, { storage })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom('before' as const, 'after' as const, 'acted' as const),
        fc.constantFrom('INTENT', 'OUTCOME', 'DECISION'),
        slot,
        fc.boolean(),
      )
      .map(([when, type, at, taken]) => (hall: Hall) => {
        hall.whileDark = taken ? (dark) => void (dark.bay(at).locked || dark.fetch(at)) : null;
        hall.cut = { row: (row) => row.type === type, when };
      }),
  },
);
interface Move {
  readonly waitMs: number;
  readonly act: Act;
}
const wait = fc.oneof(
  { weight: 4, arbitrary: fc.nat(3_000) },
  { weight: 2, arbitrary: fc.nat(15_000) },
  { weight: 1, arbitrary: fc.nat(700_000) },
);
const stories: fc.Arbitrary<readonly Move[]> = fc.array(fc.record({ waitMs: wait, act }), {
  minLength: 1,
  maxLength: 50,
  size: 'max',
});
const options: fc.Arbitrary<HallOptions> = fc.record({
  items: fc.constant(['A', 'B', 'C', 'D', null]),
  canRelatch: fc.boolean(),
  config: fc.record({ hygiene: fc.constantFrom('none' as const, 'device' as const), ejectForeign: fc.boolean() }),
});

async function play(story: readonly Move[], given: HallOptions): Promise<Hall> {
  const hall = new Hall('property', given);
  for (const move of story) {
    await hall.clock.advance(move.waitMs);
    move.act(hall);
  }
  return hall;
}

const endingOf = (row: Row): string | undefined => row.payload.events?.find((event) => event[1] === 'Ended')?.[3];
const isOrderEvent = (row: Row): boolean => row.payload.events?.[0]?.[0] === 'order';

describe(`a cabinet (seed ${seed})`, () => {
  test('moves a latch for an INTENT only, each once, one at a time, and a second for an order after a sensed outcome', async () => {
    let pulses = 0;
    let repeated = 0;
    await fc.assert(
      fc.asyncProperty(stories, options, async (story, given) => {
        // The hall itself asserts INTENT before pulse, no INTENT twice, and one latch at a time.
        const hall = await play(story, given);
        pulses += hall.pulses.length;
        const open = new Map<string, string | null>();
        for (const { type, payload } of hall.rows) {
          if (payload.act !== 'dispense' || payload.tx === undefined) continue;
          const tx = hex(payload.tx);
          if (type === 'INTENT') {
            expect(open.get(tx) ?? null).toBeNull();
            if (open.has(tx)) repeated++;
            open.set(tx, hex(payload.actId ?? new Uint8Array()));
          } else if (payload.actId !== undefined) {
            expect(hex(payload.actId)).toBe(open.get(tx));
            open.set(tx, null);
          }
        }
      }),
      runs,
    );
    expect(pulses).toBeGreaterThan(300);
    expect(repeated).toBeGreaterThan(20);
  });

  test('charges nothing that was not taken: one end per order, done only when the guide is gone from its slot', async () => {
    let taken = 0;
    let free = 0;
    await fc.assert(
      fc.asyncProperty(stories, options, async (story, given) => {
        const hall = new Hall('property', given);
        for (const move of story) {
          await hall.clock.advance(move.waitMs);
          const from = hall.rows.length;
          move.act(hall);
          for (const { payload } of hall.rows.slice(from))
            if (payload.outcome === 'taken') expect(hall.bay(payload.slot ?? 0).item).not.toBe(payload.item);
        }
        const ends = hall.rows.filter((row) => isOrderEvent(row) && endingOf(row) !== undefined);
        const names = ends.map((row) => hex(row.payload.tx ?? new Uint8Array()));
        expect(new Set(names).size).toBe(names.length);
        for (const row of ends) {
          if (endingOf(row) === 'done')
            expect(row.payload.outcome === 'taken' || row.payload.trigger === 'staff').toBe(true);
          else free++;
        }
        const done = ends.filter((row) => endingOf(row) === 'done');
        taken += done.length;
        const entries = ['alder', 'birch', 'cedar', 'dogwood'].map(
          (name) => hall.useOf('museum', ctiOf(name))?.entries ?? 0,
        );
        const byCode = done.filter((row) => row.payload.order === undefined).length;
        expect(entries.reduce((a, b) => a + b, 0)).toBe(byCode);
      }),
      runs,
    );
    expect(taken).toBeGreaterThan(100);
    expect(free).toBeGreaterThan(100);
  });

  test('takes a guide back in every state with a free slot', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(stories, options, async (story, given) => {
        const hall = await play(story, given);
        if (hall.storage === 'unavailable' || !hall.board || hall.state.service === 'recovering') return;
        hall.cut = null;
        const free = hall.bays.findIndex(
          (bay, at) => bay.item === null && slotOf(hall.state.ledger, at + 1).kind === 'EMPTY',
        );
        if (free < 0) return;
        const before = hall.rows.length;
        hall.alter(free + 1, { dumb: false });
        hall.put(free + 1, 'H');
        const back = hall.rows.slice(before).filter((row) => row.payload.act === 'return');
        expect(back.at(-1)?.payload).toMatchObject({ item: 'H', slot: free + 1, contactMonoMs: hall.clock.monoMs() });
        expect(back.map(endingOf)).toEqual([undefined, 'done']);
        accepted++;
      }),
      runs,
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test('is a fold of its rows, also through projections and starts', async () => {
    await fc.assert(
      fc.asyncProperty(stories, options, async (story, given) => {
        const hall = await play(story, given);
        expectFold(hall);
        hall.cut = null;
        hall.boot();
        expectFold(hall);
        for (const order of hall.state.ledger.orders.values())
          expect(orderState(hall.state, order)).not.toBe('RETRYING');
      }),
      runs,
    );
  });

  test('lands in one defined outcome after a cut at any row, and no latch moves to find out', async () => {
    let cuts = 0;
    const moments = fc.constantFrom('before' as const, 'after' as const, 'acted' as const);
    const types = fc.constantFrom('INTENT', 'OUTCOME', 'DECISION');
    const fates = fc.constantFrom('stays', 'goes', 'open');
    await fc.assert(
      fc.asyncProperty(
        moments,
        types,
        fates,
        fc.boolean(),
        fc.nat(45_000),
        async (when, type, fate, silent, waitMs) => {
          const hall = new Hall('cut');
          hall.cut = { row: (row) => row.type === type, when };
          hall.whileDark = (dark) => {
            if (fate === 'goes' && !dark.bay(1).locked) dark.fetch(1);
            if (fate === 'stays') Object.assign(dark.bay(1), { locked: true, doorClosed: true });
            if (silent) dark.tellAll = () => {};
          };
          hall.show({ name: 'alder' });
          await hall.clock.advance(waitMs);
          cuts += hall.cutsFired;
          if (hall.cutsFired === 0) return;
          const pulses = hall.pulses.length;
          await hall.clock.advance(60_000);
          expect(hall.pulses.length).toBe(pulses);
          expect(pulses).toBeLessThanOrEqual(1);
          expect(unresolved(hall.state)).toEqual([]);
          expect(orderMotion(hall.state)).toBeNull();
          const ends = hall.rows.filter((row) => isOrderEvent(row) && endingOf(row) !== undefined);
          const doubts = hall.rows.filter((row) => row.payload.outcome === 'in_doubt');
          const began = hall.rows.some((row) => row.payload.act === 'order');
          expect(ends.length + doubts.length).toBe(began ? 1 : 0);
          if (ends.some((row) => endingOf(row) === 'done')) expect(hall.bay(1).item).toBeNull();
          expectFold(hall);
        },
      ),
      { seed, numRuns: 300 },
    );
    expect(cuts).toBeGreaterThan(100);
  });
});

describe(`any input in any state (seed ${seed})`, () => {
  const bytes = fc.uint8Array({ maxLength: 20 });
  const number = fc.oneof(
    fc.integer({ min: -1, max: 70 }),
    fc.constantFrom(1.5, -0, 2 ** 53 - 1, Number.NaN, Number.POSITIVE_INFINITY),
  );
  const text = fc.constantFrom('A', 'B', 'X', '', '__proto__');
  const claim = {
    claimId: bytes,
    issuer: fc.constantFrom('museum', '', 'a b'),
    cti: bytes,
    uses: number,
    validUntil: number,
    from: text,
  };
  const facts = fc.record({
    slot: number,
    locked: fc.constantFrom(true, false, null),
    doorClosed: fc.constantFrom(true, false, null),
    present: fc.constantFrom(true, false, null),
    tagId: fc.option(text),
    chargePercent: fc.option(fc.integer({ min: 0, max: 100 })),
    fault: fc.constantFrom(null, 'lockJam', 'twoTags'),
    atMonoMs: fc.nat(10_000_000).map(monoMs),
  });
  const verdicts = fc.oneof(
    fc.constant(null),
    codes.map((code) => new Hall('verdict').verdictOf(code)),
    fc
      .constantFrom(...tokenReasonsForTests)
      .map((refused) => new Hall('verdict').verdictOf({ name: 'alder', refused })),
  );
  const inputs = fc.oneof(
    fc.record({ kind: fc.constant('Presentation'), verdict: verdicts, rawDigest: bytes, language: fc.option(text) }),
    fc.record({
      kind: fc.constant('Dispense'),
      commandId: bytes,
      order: bytes,
      nonce: bytes,
      notAfter: fc.nat(2 ** 31).map(unixSeconds),
      language: fc.option(text),
      slot: fc.option(number),
    }),
    fc.record({ kind: fc.constant('SlotChanged'), facts }),
    fc.record({ kind: fc.constant('Actuated'), actId: bytes, sent: fc.boolean() }),
    fc.record({ kind: fc.constant('ClaimRequest'), ...claim }),
    fc.record({
      kind: fc.constant('ClaimSettled'),
      ...claim,
      actId: bytes,
      outcome: fc.constantFrom('used', 'released'),
    }),
    fc.record({ kind: fc.constant('ClaimAnswer'), claimId: bytes, granted: fc.boolean() }),
    fc.record({ kind: fc.constant('HygieneDone'), slot: number, ok: fc.boolean() }),
    fc.record({ kind: fc.constant('Key'), key: fc.constantFrom('return', 'openAgain') }),
    fc.record({ kind: fc.constant('DamageReported'), slot: number }),
    fc.record({ kind: fc.constant('ItemShown'), item: text }),
    fc.record({
      kind: fc.constant('Staff'),
      staff: bytes,
      act: fc.oneof(
        staffActs,
        fc.record({ kind: fc.constantFrom('open', 'release'), slot: number }),
        fc.record({ kind: fc.constant('resolve'), tx: bytes, taken: fc.boolean() }),
      ),
    }),
    fc.record({ kind: fc.constant('Network'), online: fc.boolean() }),
    fc.record({
      kind: fc.constant('Timer'),
      name: fc.constantFrom('motion', 'slots', 'code', 'claim', 'resolve', 'declines'),
    }),
    fc.record({ kind: fc.constant('ClockStepped'), fromMs: number, toMs: number }),
    fc.record({ kind: fc.constant('Committed'), tx: bytes, ref: text }),
    fc.constant({ kind: 'Boot', ledger: initialState.ledger }),
  ) as fc.Arbitrary<Omit<CabinetInput, 'atMonoMs'>>;

  test('throws nothing, and writes only what can be stored', async () => {
    const storages = fc.constantFrom('normal' as const, 'restricted' as const, 'full' as const, 'unavailable' as const);
    await fc.assert(
      fc.asyncProperty(
        stories,
        options,
        fc.array(inputs, { minLength: 1, maxLength: 15 }),
        storages,
        fc.boolean(),
        async (story, given, any, storage, board) => {
          const hall = await play(story.slice(0, 12), given);
          let { state } = hall;
          for (const input of any) {
            const atMonoMs = monoMs(hall.clock.monoMs());
            const result = step(state, { ...input, atMonoMs } as CabinetInput, {
              ...hall.facts(),
              storage,
              device: { online: board, canRelatch: true },
            });
            for (const { payload } of result.records) encodeCbor(payloadToCbor(payload));
            state = result.state;
          }
          expect(
            step(initialState, { ...any[0], atMonoMs: monoMs(0) } as CabinetInput, hall.facts()).state,
          ).toBeDefined();
        },
      ),
      { seed, numRuns: 400 },
    );
  });
});

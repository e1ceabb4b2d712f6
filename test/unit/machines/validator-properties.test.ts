// What holds for every story: nobody is charged twice for one presence, the journal alone gives the state
// back, and no input in any state makes the machine throw or write what it must not.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { monoMs } from '../../../runtime/core/brand.ts';
import { equal, hex } from '../../../runtime/core/bytes.ts';
import { encodeCbor } from '../../../runtime/core/cbor.ts';
import { encodeAccountMemory } from '../../../runtime/machines/validator/account-memory.ts';
import { validatorBounds } from '../../../runtime/machines/validator/config.ts';
import type { ValidatorInput } from '../../../runtime/machines/validator/input.ts';
import { replay } from '../../../runtime/machines/validator/replay.ts';
import { initialState } from '../../../runtime/machines/validator/state.ts';
import { step } from '../../../runtime/machines/validator/step.ts';
import { decodeTrip } from '../../../runtime/machines/validator/trip.ts';
import { payloadToCbor } from '../../../runtime/records/payload.ts';
import { adult, Bus, type Code, concession, digestOf, family, pass, unpriced } from '../../scenario/validator-bus.ts';
import { tokenReasonsForTests } from '../../scenario/validator-reasons.ts';

const seed = 20_260_105;
const runs = { seed, numRuns: 300 };

const codes: fc.Arbitrary<Code> = fc
  .record(
    {
      account: fc.constantFrom('alder', 'birch', 'cedar'),
      n: fc.nat(4),
      product: fc.constantFrom(adult, concession, pass, family, unpriced),
      refused: fc.option(fc.constantFrom(...tokenReasonsForTests), { nil: undefined, freq: 4 }),
      kind: fc.constantFrom('account', 'bearer', 'ticket'),
      issuer: fc.constantFrom('metro', 'rail'),
      capMinor: fc.constantFrom(null, 100, 1_000),
      spelling: fc.constantFrom('', ' other'),
    },
    { requiredKeys: ['account', 'n'] },
  )
  .map(({ refused, ...code }) => (refused === undefined ? code : { ...code, refused })) as fc.Arbitrary<Code>;

type Move = { readonly waitMs: number; readonly act: (bus: Bus) => void };
const wait = fc.oneof(fc.nat(500), fc.nat(4_000), fc.nat(700_000));
const act: fc.Arbitrary<(bus: Bus) => void> = fc.oneof(
  { weight: 8, arbitrary: codes.map((code) => (bus: Bus) => void bus.tap(code)) },
  { weight: 1, arbitrary: fc.constant((bus: Bus) => bus.openTrip()) },
  { weight: 1, arbitrary: fc.constant((bus: Bus) => bus.closeTrip()) },
  { weight: 1, arbitrary: fc.boolean().map((power) => (bus: Bus) => bus.boot(power)) },
  { weight: 1, arbitrary: fc.integer({ min: -1, max: 60 }).map((riders) => (bus: Bus) => bus.riders(riders)) },
  { weight: 1, arbitrary: fc.boolean().map((online) => (bus: Bus) => bus.set({ online: online })) },
  { weight: 1, arbitrary: fc.nat(5).map((visit) => (bus: Bus) => bus.visit(visit)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('normal' as const, 'warning' as const, 'restricted' as const, 'full' as const)
      .map((level) => (bus: Bus) => bus.set({ storage: level })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('before commit' as const, 'after commit' as const)
      .map((cut) => (bus: Bus) => bus.set({ cut: cut })),
  },
);
const stories: fc.Arbitrary<readonly Move[]> = fc.array(fc.record({ waitMs: wait, act }), { maxLength: 40 });

async function play(story: readonly Move[], bus = new Bus('property')): Promise<Bus> {
  bus.openTrip();
  for (const move of story) {
    await bus.clock.advance(move.waitMs);
    move.act(bus);
  }
  return bus;
}

describe(`a validator (seed ${seed})`, () => {
  test('charges an account once, however long its phone stays and whatever codes it shows', async () => {
    const reads = fc.array(fc.record({ gapMs: fc.nat(2_999), n: fc.nat(6), others: fc.nat(2) }), {
      minLength: 2,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(reads, fc.constantFrom(adult, concession, pass, family), async (presence, product) => {
        const bus = new Bus('presence', { config: { groupMax: 50 } });
        bus.openTrip();
        for (const { gapMs, n, others } of presence) {
          await bus.clock.advance(gapMs);
          const told = bus.tap({ account: 'alder', n, product });
          expect(['accepted', 'repeat']).toContain(told?.cue);
          for (let other = 0; other < others; other++) bus.tap({ account: `other ${other}`, n });
        }
        const alder = bus
          .rides()
          .filter((row) => equal(row.payload.account ?? digestOf(''), digestOf('alder').slice(0, 8)));
        expect(alder.length).toBe(1);
        const tones = bus.signals.filter((signal) => signal.cue === 'accepted');
        expect(tones.length).toBe(bus.rides().length);
      }),
      { seed, numRuns: 100 },
    );
  });

  test('is a fold of its rows: trip and accounts come back from the journal alone', async () => {
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        const bus = await play(story);
        const { trip, accounts } = replay(bus.replayRows(), bus.config);
        const kept = [...bus.projections].filter(([key]) => key.startsWith('account/'));
        expect(
          new Map(
            [...accounts.values()].map(({ key, memory }) => [`account/${hex(key)}`, encodeAccountMemory(memory)]),
          ),
        ).toEqual(new Map(kept));
        const open = bus.projections.get(`trip/${hex(new TextEncoder().encode('open'))}`);
        expect(trip).toEqual(open === undefined ? null : decodeTrip(open));
        expect(bus.state.service.kind).toBe(trip === null ? 'closed' : 'open');
      }),
      runs,
    );
  });

  test('writes money as whole minor units, and nothing about who was refused', async () => {
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        const bus = await play(story);
        for (const { payload } of bus.rows) {
          if (payload.act === 'ride') {
            expect(Number.isSafeInteger(payload.fareMinor) && (payload.fareMinor ?? -1) >= 0).toBe(true);
            continue;
          }
          if (payload.act === 'decline') refusals++;
          expect([payload.account, payload.digest, payload.sealed, payload.counter, payload.presentedAt]).toEqual(
            Array(5).fill(undefined),
          );
        }
      }),
      runs,
    );
    expect(refusals).toBeGreaterThan(100);
  });

  test('shows no green before its row, and no reference without one', async () => {
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        const bus = await play(story);
        const known = new Set(bus.replayRows().map((row) => row.ref));
        for (const reference of bus.references) if (reference !== null) expect(known.has(reference)).toBe(true);
        const greens = bus.signals.filter((signal) => signal.cue === 'accepted' && signal.reason === 'OK');
        expect(greens.length).toBeLessThanOrEqual(bus.rides().length);
      }),
      runs,
    );
  });

  test('keeps every list within its bound', async () => {
    const bus = new Bus('bounds');
    bus.openTrip();
    for (let n = 0; n < 200; n++) {
      bus.tap({ account: `rider ${n}`, n: 0 });
      bus.tap({ account: `refused ${n}`, n: 0, refused: 'BAD_SIGNATURE' });
    }
    expect(bus.rides().length).toBe(200);
    expect(bus.state.holdOffs.length).toBe(validatorBounds.holdOffs);
    expect(bus.state.shown.length).toBeLessThanOrEqual(validatorBounds.shownCodes);
    expect(bus.state.refused.length).toBe(validatorBounds.refusedCodes);
    expect(bus.state.unsignalled.length).toBe(0);
  });

  test('does not throw, and does not change what it was given, for any input in any state', async () => {
    const time = fc.oneof(fc.nat(1_000_000), fc.constant(0)).map(monoMs);
    const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const verdicts = codes.map((code) => new Bus('verdict').verdictOf(code));
    const inputs: fc.Arbitrary<ValidatorInput> = fc.oneof(
      fc.record({
        kind: fc.constant('Boot' as const),
        trip: fc.constant(null),
        unsignalled: fc.constant(null),
        atMonoMs: time,
      }),
      fc.record({
        kind: fc.constant('TripOpen' as const),
        line: fc.string({ unit: 'binary' }),
        direction: fc.string(),
        atMonoMs: time,
      }),
      fc.record({ kind: fc.constant('TripClose' as const), atMonoMs: time }),
      fc.record({ kind: fc.constant('RidersSet' as const), riders: fc.double(), atMonoMs: time }),
      fc.record({
        kind: fc.constant('Presentation' as const),
        verdict: fc.option(verdicts),
        rawDigest: bytes16,
        atMonoMs: time,
      }),
      fc.record({ kind: fc.constant('SameCode' as const), rawDigest: bytes16, atMonoMs: time }),
      fc.record({
        kind: fc.constant('Timer' as const),
        name: fc.constantFrom('hold-off' as const, 'declines' as const),
        atMonoMs: time,
      }),
      fc.record({
        kind: fc.constant('ClockStepped' as const),
        fromMs: fc.double(),
        toMs: fc.maxSafeInteger(),
        atMonoMs: time,
      }),
      fc.record({
        kind: fc.constant('Committed' as const),
        tx: bytes16,
        seq: fc.nat(),
        ref: fc.string(),
        atMonoMs: time,
      }),
      fc.record({ kind: fc.constant('Signalled' as const), tx: bytes16, atMonoMs: time }),
    );
    await fc.assert(
      fc.asyncProperty(stories, fc.array(inputs, { maxLength: 10 }), async (story, strange) => {
        const bus = await play(story);
        for (let state of [initialState, bus.state]) {
          for (const input of strange) {
            const facts = bus.facts(null);
            const before = JSON.stringify([state, input, facts]);
            const result = step(state, input, facts);
            expect(JSON.stringify([state, input, facts])).toBe(before);
            expect(JSON.stringify(step(state, input, facts))).toBe(JSON.stringify(result));
            if (input.kind === 'Committed' || input.kind === 'Signalled') {
              expect([result.records, result.projections, result.effects]).toEqual([[], [], []]);
            }
            for (const { payload } of result.records)
              expect(encodeCbor(payloadToCbor(payload)).length).toBeLessThan(1_000);
            state = result.state;
          }
        }
      }),
      runs,
    );
  });
});

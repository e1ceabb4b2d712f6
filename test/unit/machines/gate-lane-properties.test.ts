// What holds for every story at a gate lane: no motion without its INTENT, none twice, nobody kept inside, and the
// journal alone gives the state back.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { monoMs, unixSeconds } from '../../../runtime/core/brand.ts';
import { hex } from '../../../runtime/core/bytes.ts';
import { encodeCbor } from '../../../runtime/core/cbor.ts';
import { gateLaneBounds } from '../../../runtime/machines/gate-lane/config.ts';
import type { GateLaneInput } from '../../../runtime/machines/gate-lane/input.ts';
import { nothingReplayed, replay } from '../../../runtime/machines/gate-lane/replay.ts';
import { initialState } from '../../../runtime/machines/gate-lane/state.ts';
import { step } from '../../../runtime/machines/gate-lane/step.ts';
import { payloadToCbor } from '../../../runtime/records/payload.ts';
import { ctiOf, type Lane, Museum, type Ticket } from '../../scenario/gate-lane.ts';
import { tokenReasonsForTests } from '../../scenario/validator-reasons.ts';
import { concession, dayPass, group, realName, single, treasure, yearPass } from '../rules/rules-for-tests.ts';

const seed = 20_260_701;
const runs = { seed, numRuns: 100 };

const tickets: fc.Arbitrary<Ticket> = fc
  .record(
    {
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      product: fc.constantFrom(
        single,
        single,
        single,
        group,
        group,
        group,
        dayPass,
        dayPass,
        concession,
        realName,
        treasure,
        yearPass,
        99,
      ),
      uses: fc.constantFrom(1, 2, 3),
      refused: fc.oneof(
        { weight: 9, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constantFrom(...tokenReasonsForTests) },
      ),
      from: fc.constantFrom('2026-07-01T00:00:00', '2026-07-01T00:00:00', '2026-07-01T09:00:00'),
      site: fc.constantFrom(9, 9, 9, 9, 9, 9, null, 8),
      identityMatched: fc.boolean(),
      spelling: fc.constantFrom('', ' other'),
    },
    { requiredKeys: ['id'] },
  )
  .map(({ refused, id, ...ticket }) => ({
    // One ticket says one thing, however often it is shown.
    ...ticket,
    id: `${id}${ticket.product ?? ''}x${ticket.uses ?? ''}`,
    ...(refused === undefined ? {} : { refused }),
  })) as fc.Arbitrary<Ticket>;

const lanes = ['lane-1', 'lane-2', 'lane-3'];
type Act = (lane: Lane) => void | Promise<void>;
type Move = { readonly waitMs: number; readonly lane: number; readonly act: Act };
const weighted = (weight: number, ...acts: readonly Act[]) => ({
  weight,
  arbitrary: fc.constantFrom(...acts),
});
/** A visitor as most are: shows a ticket, waits for the barrier, walks. */
const visit =
  (ticket: Ticket): Act =>
  async (lane) => {
    lane.show(ticket);
    await lane.museum.clock.advance(300);
    lane.walk();
  };
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 14, arbitrary: tickets.map(visit) },
  { weight: 14, arbitrary: tickets.map((ticket) => (lane: Lane) => void lane.show(ticket)) },
  { weight: 3, arbitrary: tickets.map((ticket) => (lane: Lane) => void lane.show(ticket, 'exit')) },
  weighted(14, (lane) => lane.walk('entry')),
  weighted(3, (lane) => lane.walk('exit')),
  weighted(
    2,
    (lane) => lane.walk('entry', 90),
    (lane) => lane.sense({ kind: 'notPassed', direction: 'entry' }),
    (lane) => lane.sense({ kind: 'notPassed', direction: 'exit' }),
    (lane) => lane.sense({ kind: 'blocked', held: true }),
    (lane) => lane.sense({ kind: 'blocked', held: false }),
    (lane) => lane.sense({ kind: 'fault', detail: 'motor' }),
    (lane) => lane.feed({ kind: 'SelfTest', passed: true, atMonoMs: lane.now }),
  ),
  weighted(
    1,
    (lane) => lane.burn(true),
    (lane) => lane.burn(false),
    (lane) => lane.set({ stuck: true }),
    (lane) => lane.set({ stuck: false }),
    (lane) => lane.set({ latch: 'passed' }),
    (lane) => lane.set({ latch: 'notPassed' }),
    (lane) => lane.set({ latch: 'unknown' }),
    (lane) => lane.set({ latch: null }),
    (lane) => lane.boot(),
    (lane) => {
      lane.show({ id: 'cut short' });
      lane.set({ latch: null });
      lane.boot();
    },
    (lane) => lane.set({ cut: 'before commit' }),
    (lane) => lane.set({ cut: 'after commit' }),
    (lane) => {
      lane.lease(0);
      lane.show({ id: 'hopeful' });
    },
    (lane) => lane.lease(2, 20),
    (lane) => lane.lease(50),
    (lane) => lane.museum.cutLan(!lane.museum.lanUp),
    (lane) => lane.set({ storage: 'full' }),
    (lane) => lane.set({ storage: 'normal' }),
  ),
  weighted(
    4,
    (lane) => lane.feed({ kind: 'SelfTest', passed: true, atMonoMs: lane.now }),
    (lane) => {
      lane.burn(false);
      if (lane.state.entry.kind === 'emergencyOpen') lane.staff({ kind: 'badge' });
    },
    (lane) => lane.set({ storage: 'normal', stuck: false }),
    (lane) => lane.lease(50),
  ),
  weighted(
    2,
    (lane) => lane.staff({ kind: 'badge' }),
    (lane) => lane.staff({ kind: 'admit', reason: 'guest' }),
    (lane) => lane.staff({ kind: 'override', reason: 'proof-seen' }),
  ),
);
/** Few tickets, shown everywhere. */
const crowd: fc.Arbitrary<Ticket> = fc
  .record({ id: fc.constantFrom('p', 'q'), product: fc.constantFrom(single, group), uses: fc.constantFrom(2, 3) })
  .map(({ id, ...ticket }) => ({ ...ticket, id: `${id}${ticket.product}x${ticket.uses}` }));
const crowdMoves = fc.array(
  fc.record({
    waitMs: fc.oneof({ weight: 6, arbitrary: fc.nat(300) }, { weight: 2, arbitrary: fc.nat(15_000) }),
    lane: fc.nat(2),
    act: fc.oneof({ weight: 3, arbitrary: crowd.map(visit) }, { weight: 1, arbitrary: act }),
  }),
  { minLength: 10, maxLength: 60, size: 'max' },
);
const moves = fc.array(
  fc.record({
    waitMs: fc.oneof(
      { weight: 12, arbitrary: fc.nat(300) },
      { weight: 4, arbitrary: fc.nat(4_000) },
      { weight: 1, arbitrary: fc.nat(90_000) },
    ),
    lane: fc.nat(2),
    act,
  }),
  {
    minLength: 10,
    maxLength: 60,
    size: 'max',
  },
);

async function play(story: readonly Move[], places: number | null = 20, whole = false): Promise<Museum> {
  const museum = new Museum('property', { lanes, places });
  for (const move of story) {
    await museum.clock.advance(move.waitMs);
    await move.act(museum.lane(move.lane + 1));
    if (whole) museum.cutLan(true);
    if (whole) for (const lane of museum.lanes) lane.set({ cut: null });
  }
  return museum;
}

const rowsOf = (lane: Lane, type: string, act: string) =>
  lane.rows.filter((row) => row.type === type && row.payload.act === act).map((row) => row.payload);

describe(`gate lanes (seed ${seed})`, () => {
  test('move for an INTENT only, once, and end each with at most one OUTCOME', async () => {
    let motions = 0;
    await fc.assert(
      fc.asyncProperty(moves, async (story) => {
        const museum = await play(story);
        for (const lane of museum.lanes) {
          const intents = lane.rows
            .filter(({ type }) => type === 'INTENT')
            .map(({ payload }) => hex(payload.actId ?? new Uint8Array()));
          expect(new Set(intents).size).toBe(intents.length);
          for (const { actId } of lane.pulses) expect(intents).toContain(actId);
          expect(new Set(lane.pulses.map(({ actId }) => actId)).size).toBe(lane.pulses.length);
          const ends = lane.rows
            .filter(
              ({ type, payload }) => type === 'OUTCOME' && payload.actId !== undefined && payload.act !== 'settle',
            )
            .map(({ payload }) => hex(payload.actId ?? new Uint8Array()));
          expect(new Set(ends).size).toBe(ends.length);
          for (const end of ends) expect(intents).toContain(end);
          motions += lane.pulses.length;
        }
      }),
      runs,
    );
    expect(motions).toBeGreaterThan(500);
  });

  test('end each transaction once, and number its events without gaps', async () => {
    await fc.assert(
      fc.asyncProperty(moves, async (story) => {
        const museum = await play(story);
        for (const lane of museum.lanes) {
          const events = new Map<string, { seq: number; ended: boolean }>();
          for (const { payload } of lane.rows) {
            for (const [, event, txSeq] of payload.events ?? []) {
              const key = hex(payload.tx ?? new Uint8Array());
              const before = events.get(key);
              expect(txSeq).toBe(before === undefined ? 0 : before.seq + 1);
              expect(before?.ended ?? false).toBe(false);
              events.set(key, { seq: txSeq, ended: event === 'Ended' });
            }
          }
        }
      }),
      runs,
    );
  });

  test('are a fold of their rows: uses, count, lease and open act come back from the journal alone', async () => {
    let used = 0;
    await fc.assert(
      fc.asyncProperty(moves, async (story) => {
        const museum = await play(story);
        for (const lane of museum.lanes) {
          const replayed = replay(lane.rows);
          expect(lane.replayedUses()).toEqual(lane.projections);
          expect(replayed.occupancy).toBe(lane.state.occupancy);
          expect(replayed.emergency).toBe(lane.state.entry.kind === 'emergencyOpen');
          if (lane.state.lease !== null) {
            expect(replayed.lease?.id).toEqual(lane.state.lease.id);
            expect(replayed.lease?.left).toBe(lane.state.lease.left);
          }
          const { entry } = lane.state;
          const open =
            entry.kind === 'authorised' || entry.kind === 'openWait'
              ? entry.admission.actId
              : entry.kind === 'recovering'
                ? (entry.open?.actId ?? null)
                : null;
          expect(replayed.entry?.actId ?? null).toEqual(open);
          expect(replayed.exit?.actId ?? null).toEqual(lane.state.exit.kind === 'open' ? lane.state.exit.actId : null);
          expect(replayed.settled).toEqual(lane.state.settled);
          used += lane.projections.size;
        }
      }),
      runs,
    );
    expect(used).toBeGreaterThan(200);
  });

  test('count entries less exits, never below nobody, and frozen in a fire', async () => {
    await fc.assert(
      fc.asyncProperty(moves, async (story) => {
        const museum = await play(story);
        for (const lane of museum.lanes) {
          let inside = 0;
          for (const { type, payload } of lane.rows) {
            const { act, outcome, incident, direction } = payload;
            const bodyIn =
              (type === 'OUTCOME' && direction === 'entry' && (outcome === 'passed' || outcome === 'in_doubt')) ||
              incident === 'tailgate' ||
              incident === 'forced' ||
              act === 'child';
            const bodyOut = type === 'OUTCOME' && act === 'exit' && outcome === 'passed';
            if (bodyIn) inside++;
            if (bodyOut) inside = Math.max(0, inside - 1);
            if (payload.occupancy !== undefined) expect(payload.occupancy).toBe(inside);
          }
          expect(lane.state.occupancy).toBe(inside);
        }
      }),
      runs,
    );
  });

  test('use no ticket more often than it allows, on one lane, whatever happens', async () => {
    let full = 0;
    await fc.assert(
      fc.asyncProperty(moves, async (story) => {
        const museum = await play(story.map((move) => ({ ...move, lane: 0 })));
        const allowed = new Map<string, number>();
        const lane = museum.lane(1);
        for (const { ticket } of lane.rows.map(({ type, payload }) => ({
          ticket: type === 'INTENT' && payload.act === 'admit' ? payload : null,
        }))) {
          if (ticket?.cti !== undefined) allowed.set(hex(ticket.cti), ticket.count ?? 0);
        }
        const entries = new Map<string, number>();
        for (const { type, payload } of lane.rows) {
          if (type !== 'OUTCOME' || payload.outcome !== 'passed' || payload.cti === undefined) continue;
          if (payload.act !== 'admit' && payload.act !== 'correction') continue;
          entries.set(hex(payload.cti), (entries.get(hex(payload.cti)) ?? 0) + 1);
        }
        for (const [cti, count] of entries) {
          expect(count).toBeLessThanOrEqual(allowed.get(cti) ?? 0);
          if (count === allowed.get(cti)) full++;
        }
      }),
      runs,
    );
    expect(full).toBeGreaterThan(20);
  });

  test('use no ticket more often than it allows, on all lanes together, while they can reach each other', async () => {
    let shared = 0;
    await fc.assert(
      fc.asyncProperty(crowdMoves, async (story) => {
        const museum = await play(story, 50, true);
        const entries = new Map<string, { count: number; allowed: number; lanes: Set<string> }>();
        for (const lane of museum.lanes) {
          for (const { type, payload } of lane.rows) {
            if (payload.cti === undefined || (payload.act !== 'admit' && payload.act !== 'correction')) continue;
            const key = hex(payload.cti);
            const ticket = entries.get(key) ?? { count: 0, allowed: 0, lanes: new Set() };
            if (type === 'INTENT') ticket.allowed = payload.count ?? 0;
            if (payload.outcome === 'passed') {
              ticket.count++;
              ticket.lanes.add(lane.gate);
            }
            entries.set(key, ticket);
          }
        }
        for (const { count, allowed, lanes: used } of entries.values()) {
          expect(count).toBeLessThanOrEqual(allowed);
          if (used.size > 1) shared++;
        }
      }),
      runs,
    );
    expect(shared).toBeGreaterThan(5);
  });

  test('admit no more than the lease they hold', async () => {
    await fc.assert(
      fc.asyncProperty(moves, fc.integer({ min: 0, max: 3 }), async (story, places) => {
        const museum = await play(story, places);
        for (const lane of museum.lanes) {
          for (const { type, payload } of lane.rows) {
            if (payload.leaseLeft !== undefined) expect(payload.leaseLeft).toBeGreaterThanOrEqual(0);
            if (type === 'INTENT' && payload.act === 'admit') expect(payload.lease).toBeDefined();
          }
        }
      }),
      runs,
    );
  });

  test('let everybody out in every state', async () => {
    const states = new Set<string>();
    await fc.assert(
      fc.asyncProperty(moves, tickets, fc.boolean(), async (story, ticket, cutShort) => {
        const museum = await play(story);
        if (cutShort) {
          for (const lane of museum.lanes) lane.show({ id: 'cut short' });
          await museum.clock.advance(200);
          for (const lane of museum.lanes) {
            lane.set({ latch: null });
            lane.boot();
          }
        }
        for (const lane of museum.lanes) {
          lane.set({ stuck: false, cut: null });
          states.add(lane.state.entry.kind);
          const before = lane.pulses.length;
          const waiting = lane.state.exit.kind === 'open';
          const told = lane.show({ ...ticket, id: 'leaver' }, 'exit');
          if (lane.state.entry.kind === 'emergencyOpen') {
            expect(told?.cue).toBe('emergency');
          } else if (waiting) {
            expect(lane.state.exitsWaiting.length).toBeGreaterThan(0);
            lane.walk('exit');
            expect(lane.pulses.at(-1)?.direction).toBe('exit');
            expect(lane.pulses.length).toBe(before + 1);
          } else {
            expect(told?.cue).toBe('accepted');
            expect(lane.pulses.length).toBe(before + 1);
          }
        }
      }),
      runs,
    );
    expect([...states].sort()).toEqual(
      [
        'authorised',
        'claiming',
        'closedIdle',
        'emergencyOpen',
        'fault',
        'hold',
        'manual',
        'openWait',
        'recovering',
      ].sort(),
    );
  });

  test('write nothing about who was refused', async () => {
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(moves, async (story) => {
        const museum = await play(story);
        for (const lane of museum.lanes) {
          for (const payload of rowsOf(lane, 'DECISION', 'decline')) {
            refusals++;
            expect([payload.cti, payload.digest, payload.account, payload.sealed, payload.tx]).toEqual(
              Array(5).fill(undefined),
            );
          }
        }
      }),
      runs,
    );
    expect(refusals).toBeGreaterThan(100);
  });

  test('keep every list within its bound', () => {
    const lane = new Museum('bounds', { rules: null }).lane(1);
    for (let n = 0; n < 200; n++) {
      lane.show({ id: `refused ${n}`, refused: 'BAD_SIGNATURE' });
      lane.show({ id: `leaver ${n}` }, 'exit');
      lane.feed({
        kind: 'Command',
        commandId: encodeCbor(n),
        notAfter: unixSeconds(0xffff_ffff),
        command: { kind: 'resume' },
        atMonoMs: lane.now,
      });
    }
    expect(lane.state.shown.length).toBe(gateLaneBounds.shownCodes);
    expect(lane.state.exitsWaiting.length).toBe(gateLaneBounds.exitsWaiting);
    expect(lane.state.commands.length).toBe(gateLaneBounds.commands);
    expect(replay(lane.rows).commands).toEqual(lane.state.commands);
  });

  test('do not throw, and do not change what they were given, for any input in any state', async () => {
    const atMonoMs = fc.oneof(fc.nat(1_000_000), fc.constant(0)).map(monoMs);
    const bytes = (length: number) => fc.uint8Array({ minLength: 0, maxLength: length });
    const direction = fc.constantFrom('entry' as const, 'exit' as const);
    const number = fc.oneof(fc.double(), fc.integer(), fc.constant(Number.NaN), fc.maxSafeInteger());
    const subject = {
      claimId: bytes(16),
      issuer: fc.constantFrom('museum', '', 'x'.repeat(40)),
      cti: fc.oneof(fc.constantFrom('a1x1', 'b2x3').map(ctiOf), bytes(16)),
      uses: number,
      validUntil: number.map(unixSeconds),
    };
    const latch = fc.constantFrom('passed' as const, 'notPassed' as const, 'unknown' as const, null);
    const sensors = fc.record({ entry: latch, exit: latch, fire: fc.constantFrom(true, false, null) });
    const verdicts = tickets.map((ticket) => new Museum('verdict').lane(1).verdictOf(ticket));
    const inputs: fc.Arbitrary<GateLaneInput> = fc.oneof(
      fc.record({ kind: fc.constant('Boot' as const), journal: fc.constant(nothingReplayed), sensors, atMonoMs }),
      fc.record({ kind: fc.constant('Latches' as const), sensors, atMonoMs }),
      fc.record({
        kind: fc.constant('Presentation' as const),
        direction,
        verdict: fc.option(verdicts),
        rawDigest: bytes(32),
        identityMatched: fc.option(fc.boolean()),
        atMonoMs,
      }),
      fc.record({ kind: fc.constant('SameCode' as const), direction, rawDigest: bytes(32), atMonoMs }),
      fc.record({
        kind: fc.constant('Sensor' as const),
        sensor: fc.oneof(
          fc.record({ kind: fc.constantFrom('opened' as const, 'notPassed' as const), direction }),
          fc.record({ kind: fc.constant('passed' as const), direction, heightCentimetres: fc.option(number) }),
          fc.record({ kind: fc.constant('blocked' as const), held: fc.boolean() }),
          fc.record({ kind: fc.constant('fault' as const), detail: fc.string({ unit: 'binary', maxLength: 300 }) }),
        ),
        atMonoMs,
      }),
      fc.record({ kind: fc.constant('Fire' as const), active: fc.boolean(), atMonoMs }),
      fc.record({
        kind: fc.constant('ClaimRequest' as const),
        from: fc.constantFrom(...lanes, 'x'),
        ...subject,
        atMonoMs,
      }),
      fc.record({
        kind: fc.constant('ClaimAnswer' as const),
        from: fc.constantFrom(...lanes),
        claimId: bytes(16),
        issuer: subject.issuer,
        cti: subject.cti,
        granted: fc.boolean(),
        use: fc.constant(null),
        atMonoMs,
      }),
      fc.record({
        kind: fc.constant('ClaimSettled' as const),
        from: fc.constantFrom(...lanes),
        actId: bytes(8),
        outcome: fc.constantFrom('used' as const, 'released' as const, 'exited' as const),
        more: fc.boolean(),
        ...subject,
        atMonoMs,
      }),
      fc.record({
        kind: fc.constant('Lease' as const),
        lease: bytes(8),
        admissions: number,
        expiresAt: number.map(unixSeconds),
        waitMinutes: fc.option(number),
        atMonoMs,
      }),
      fc.record({
        kind: fc.constant('Command' as const),
        commandId: bytes(16),
        notAfter: number.map(unixSeconds),
        command: fc.oneof(
          fc.record({ kind: fc.constant('hold' as const), waitMinutes: fc.option(number) }),
          fc.record({ kind: fc.constant('resume' as const) }),
          fc.record({ kind: fc.constant('recount' as const), inside: number }),
        ),
        atMonoMs,
      }),
      fc.record({
        kind: fc.constant('StaffAct' as const),
        role: fc.constantFrom('gate', 'supervisor', 'visitor'),
        staff: bytes(16),
        deed: fc.oneof(
          fc.record({ kind: fc.constant('badge' as const) }),
          fc.record({
            kind: fc.constantFrom('admit' as const, 'override' as const),
            reason: fc.oneof(fc.string(), fc.constant('guest')),
          }),
          fc.record({ kind: fc.constant('recount' as const), inside: number }),
        ),
        atMonoMs,
      }),
      fc.record({ kind: fc.constant('SelfTest' as const), passed: fc.boolean(), atMonoMs }),
      fc.record({ kind: fc.constant('Network' as const), site: fc.boolean(), atMonoMs }),
      fc.record({
        kind: fc.constant('Timer' as const),
        name: fc.constantFrom('claim' as const, 'pass' as const),
        atMonoMs,
      }),
    );
    const written = (value: unknown): string =>
      JSON.stringify(value, (_key, inner: unknown) => (inner instanceof Map ? [...inner] : inner));
    await fc.assert(
      fc.asyncProperty(moves, fc.array(inputs, { maxLength: 12 }), async (story, strange) => {
        const museum = await play(story);
        for (const lane of museum.lanes) {
          for (let state of [initialState, lane.state]) {
            for (const input of strange) {
              const facts = lane.facts();
              const before = written([state, input, facts]);
              const result = step(state, input, facts);
              expect(written([state, input, facts])).toBe(before);
              expect(written(step(state, input, facts))).toBe(written(result));
              for (const { payload } of result.records)
                expect(encodeCbor(payloadToCbor(payload)).length).toBeLessThan(1_500);
              state = result.state;
            }
          }
        }
      }),
      { seed, numRuns: 50 },
    );
  });
});

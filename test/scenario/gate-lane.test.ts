// The acceptance cases of the gate lane as tables: what is given, what happens at which moment, and what people
// are told, what moved and which rows stand in the journal afterwards.
import { describe, expect, test } from 'vitest';
import { unixSeconds } from '../../runtime/core/brand.ts';
import { hex } from '../../runtime/core/bytes.ts';
import { hasCheck } from '../../runtime/core/check-words.ts';
import { homeLaneOf } from '../../runtime/machines/gate-lane/home-lane.ts';
import type { GateLaneInput, LaneCommand } from '../../runtime/machines/gate-lane/input.ts';
import { nothingReplayed } from '../../runtime/machines/gate-lane/replay.ts';
import { initialState } from '../../runtime/machines/gate-lane/state.ts';
import { useStatusOf } from '../../runtime/machines/shared/use-ledger.ts';
import { concession, dayPass, group, realName, treasure, yearPass } from '../unit/rules/rules-for-tests.ts';
import { ctiOf, type Lane, Museum, type MuseumOptions, staffId, type Ticket } from './gate-lane.ts';

interface Event {
  /** Milliseconds since the story began. */
  readonly at: number;
  readonly act: (museum: Museum) => void;
}

interface Case {
  readonly id: string;
  readonly title: string;
  readonly given?: MuseumOptions;
  readonly story: readonly Event[];
  /** Per signal of lane 1: cue and reason. */
  readonly told: readonly string[];
  /** Pulses of lane 1. */
  readonly moved: readonly ('entry' | 'exit')[];
  /** Rows of lane 1, in short. */
  readonly rows: readonly string[];
  readonly also?: (museum: Museum, lane: Lane) => void;
}

const minute = 60_000;
const pm: Ticket = { id: 'pm', from: '2026-07-01T09:00:00', to: '2026-07-01T11:00:00' };
const am: Ticket = { id: 'am', from: '2026-07-01T07:00:00', to: '2026-07-01T10:00:00' };
const alder: Ticket = { id: 'alder' };
const birch: Ticket = { id: 'birch' };

const show =
  (ticket: Ticket, lane = 1) =>
  (museum: Museum): void =>
    void museum.lane(lane).show(ticket);
const leave =
  (ticket: Ticket, lane = 1) =>
  (museum: Museum): void =>
    void museum.lane(lane).show(ticket, 'exit');
const walk =
  (direction: 'entry' | 'exit' = 'entry', lane = 1) =>
  (museum: Museum): void =>
    museum.lane(lane).walk(direction);
const on =
  (act: (lane: Lane) => void, lane = 1) =>
  (museum: Museum): void =>
    act(museum.lane(lane));
const nothing = (): void => {};

/** A ticket whose home is the given lane of the three. */
function ticketAtHome(home: string, more: Partial<Ticket> = {}): Ticket {
  const gates = ['lane-1', 'lane-2', 'lane-3'].map((id) => ({ id, group: 0 }));
  for (let n = 0; n < 100; n++) {
    const id = `home ${n}`;
    if (homeLaneOf('museum', ctiOf(id), gates) === home) return { id, ...more };
  }
  throw new Error('no ticket found');
}
const atHome = ticketAtHome('lane-1');
const farFromHome = ticketAtHome('lane-2');
const three = ['lane-1', 'lane-2', 'lane-3'];

/** One person of a group of 30 every two seconds, from the given moment on. */
const walkers = (persons: number, from: number): readonly Event[] =>
  Array.from({ length: persons }, (_, at) => ({ at: from + at * 2_000, act: walk() }));
const admitted = (persons: number): readonly string[] =>
  Array.from({ length: persons }, () => ['INTENT admit OK', 'admit passed']).flat();

const cases: readonly Case[] = [
  {
    id: 'G1',
    title: 'a ticket for 11:00 at 10:59 and at 11:00',
    given: { startUtc: '2026-07-01T08:59:00' },
    story: [
      { at: 0, act: show(pm) },
      { at: minute, act: show(pm) },
      { at: minute + 2_000, act: walk() },
    ],
    told: ['refused NOT_YET_VALID', 'accepted OK'],
    moved: ['entry'],
    rows: ['decline NOT_YET_VALID', 'INTENT admit OK', 'admit passed'],
    also: (_, lane) => expect(lane.signals[0]?.time).toBe(Date.parse('2026-07-01T09:00:00Z')),
  },
  {
    id: 'G1',
    title: 'a ticket until 12:00 at 11:59 and at 12:00',
    given: { startUtc: '2026-07-01T09:59:00' },
    story: [
      { at: 0, act: show(am) },
      { at: 1_000, act: walk() },
      { at: minute + 1_000, act: show({ ...am, id: 'late' }) },
    ],
    told: ['accepted OK', 'refused EXPIRED'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit passed', 'decline EXPIRED'],
    also: (_, lane) => expect(lane.signals[1]?.time).toBe(Date.parse('2026-07-01T10:00:00Z')),
  },
  {
    id: 'G1',
    title: 'a product with grace and an inclusive end takes the last second, and not the next',
    given: { startUtc: '2026-07-01T10:10:00' },
    story: [
      { at: 500, act: show({ ...am, id: 'grace', product: yearPass, uses: 5 }) },
      { at: 1_200, act: walk() },
      { at: 1_500, act: show({ ...am, id: 'over', product: yearPass, uses: 5 }) },
    ],
    told: ['accepted OK', 'refused EXPIRED'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit passed', 'decline EXPIRED'],
  },
  {
    id: 'G2',
    title: 'accepted, nobody passes: the ticket is free and shown again works at once',
    story: [
      { at: 0, act: show(alder) },
      { at: 8_200, act: show(alder) },
      { at: 9_000, act: walk() },
      { at: 15_000, act: show(alder) },
    ],
    told: ['accepted OK', 'accepted OK', 'refused ALREADY_USED'],
    moved: ['entry', 'entry'],
    rows: ['INTENT admit OK', 'admit not_passed', 'INTENT admit OK', 'admit passed', 'decline ALREADY_USED'],
    also: (_, lane) => {
      const [, notPassed] = lane.rows.filter(({ payload }) => payload.act === 'admit');
      expect(notPassed?.payload.events).toEqual([['admission', 'Ended', 1, 'not_passed']]);
      expect(notPassed?.payload.leaseLeft).toBe(1_000);
      expect(useStatusOf(lane.useOf('alder'))).toEqual({ kind: 'USED', count: 1 });
    },
  },
  {
    id: 'G2',
    title: 'the same phone still on the glass shows the running admission, and starts none after it',
    given: {},
    story: [
      { at: 0, act: show({ ...alder, product: dayPass }) },
      { at: 1_000, act: show({ ...alder, product: dayPass }) },
      { at: 2_000, act: show({ ...alder, product: dayPass, spelling: ' other' }) },
      { at: 2_500, act: walk() },
      { at: 3_000, act: show({ ...alder, product: dayPass }) },
      { at: 3_500, act: show({ ...alder, product: dayPass, spelling: ' other' }) },
    ],
    told: ['accepted OK', 'repeat REPEAT', 'repeat REPEAT'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit passed'],
  },
  {
    id: 'G3',
    title: 'the same ticket on two lanes within a second, with the site network up',
    given: { lanes: three },
    story: [
      { at: 0, act: show(farFromHome, 3) },
      { at: 300, act: show(farFromHome, 1) },
      { at: 1_000, act: walk('entry', 3) },
      { at: 20_000, act: show(farFromHome, 1) },
    ],
    told: ['refused ALREADY_USED', 'refused ALREADY_USED'],
    moved: [],
    rows: ['decline ALREADY_USED', 'decline ALREADY_USED'],
    also: (museum) => {
      expect(museum.lane(3).outcomes()).toEqual(['passed']);
      expect(museum.lane(2).acts()).toEqual(['claim', 'settle passed']);
      expect(museum.lane(1).signals.at(-1)?.time).not.toBe(null);
    },
  },
  {
    id: 'G3',
    title: 'the same, shown at the very same moment: the home lane takes one claim first',
    given: { lanes: three },
    story: [
      { at: 0, act: show(farFromHome, 1) },
      { at: 0, act: show(farFromHome, 3) },
      { at: 1_000, act: walk() },
    ],
    told: ['accepted OK'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit passed'],
    also: (museum) => {
      expect(museum.lane(3).told()).toEqual(['refused ALREADY_USED']);
      expect(museum.lane(3).pulses).toEqual([]);
    },
  },
  {
    id: 'G3',
    title: 'a claim whose admission ends unused is given back to the other lane',
    given: { lanes: three },
    story: [
      { at: 0, act: show(farFromHome, 3) },
      { at: 10_000, act: show(farFromHome, 1) },
      { at: 11_000, act: walk() },
    ],
    told: ['accepted OK'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit passed'],
    also: (museum) => expect(museum.lane(2).acts()).toEqual(['claim', 'settle not_passed', 'claim', 'settle passed']),
  },
  {
    id: 'G4',
    title: 'the same with the site network down, lenient: both pass, and both say that they could not ask',
    given: { lanes: three },
    story: [
      { at: 0, act: (museum) => museum.cutLan(false) },
      { at: 0, act: show(farFromHome, 1) },
      { at: 0, act: show(farFromHome, 3) },
      { at: 1_000, act: walk() },
      { at: 1_000, act: walk('entry', 3) },
    ],
    told: ['accepted OK'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit passed'],
    also: (museum, lane) => {
      const intents = [lane, museum.lane(3)].map(({ rows }) => rows.find(({ type }) => type === 'INTENT')?.payload);
      expect(intents.map((payload) => payload?.unclaimed)).toEqual([true, true]);
      expect(intents.map((payload) => hex(payload?.cti ?? new Uint8Array()))).toEqual([
        hex(ctiOf(farFromHome.id)),
        hex(ctiOf(farFromHome.id)),
      ]);
    },
  },
  {
    id: 'G4',
    title: 'when the news of both uses reach the home lane, it reports the double use',
    given: { lanes: three, config: { claimTimeoutMs: 2 } },
    story: [
      { at: 0, act: show(farFromHome, 1) },
      { at: 0, act: show(farFromHome, 3) },
      { at: 1_000, act: walk() },
      { at: 1_000, act: walk('entry', 3) },
      { at: 2_000, act: nothing },
    ],
    told: ['accepted OK'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit passed'],
    also: (museum) => {
      expect(museum.lane(2).acts()).toEqual(['claim', 'settle passed', 'settle passed', 'incident double_use']);
      // The late answer tells the lane itself as well.
      expect(museum.lane(3).acts()).toContain('incident double_use');
    },
  },
  {
    id: 'G4',
    title: 'the same, strict: off its home lane the ticket is sent there',
    given: { lanes: three, config: { dupMode: 'strict' } },
    story: [
      { at: 0, act: (museum) => museum.cutLan(false) },
      { at: 0, act: show(farFromHome, 1) },
      { at: 1_000, act: show(atHome, 1) },
      { at: 2_000, act: walk() },
    ],
    told: ['refused WRONG_GATE', 'accepted OK'],
    moved: ['entry'],
    rows: ['decline WRONG_GATE', 'INTENT admit OK', 'admit passed'],
    also: (_, lane) => {
      expect(lane.signals[0]?.place).toBe('lane-2');
      expect(lane.rows.find(({ payload }) => payload.reason === 'WRONG_GATE')?.payload.detail).toBe('lane-2');
    },
  },
  {
    id: 'G4',
    title: 'where the network is known to be down, nobody waits for an answer',
    given: { lanes: three },
    story: [
      { at: 0, act: on((lane) => lane.feed({ kind: 'Network', site: false, atMonoMs: lane.now })) },
      { at: 0, act: show(farFromHome) },
      { at: 0, act: on((lane) => expect(lane.state.entry.kind).toBe('authorised')) },
      { at: 1_000, act: walk() },
    ],
    told: ['accepted OK'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit passed'],
  },
  {
    id: 'G7',
    title: 'a group of 30: 27 pass, 3 come later on the same code, and a 31st does not',
    given: {},
    story: [
      { at: 0, act: show({ id: 'school', product: group, uses: 30 }) },
      ...walkers(27, 1_000),
      { at: 120_000, act: show({ id: 'school', product: group, uses: 30 }) },
      ...walkers(3, 121_000),
      { at: 140_000, act: show({ id: 'school', product: group, uses: 30 }) },
    ],
    told: [...Array.from({ length: 31 }, () => 'accepted OK'), 'refused ALREADY_USED'],
    moved: Array.from({ length: 31 }, () => 'entry' as const),
    rows: [...admitted(27), 'INTENT admit OK', 'admit not_passed', ...admitted(3), 'decline ALREADY_USED'],
    also: (_, lane) => {
      const outcomes = lane.rows.filter(({ type }) => type === 'OUTCOME').map(({ payload }) => payload);
      expect(outcomes.map(({ rest }) => rest)).toEqual([
        ...Array.from({ length: 27 }, (_x, at) => 29 - at),
        3,
        2,
        1,
        0,
      ]);
      expect(outcomes[27]?.events).toEqual([['admission', 'Ended', 55, 'done']]);
      expect(lane.state.occupancy).toBe(30);
      expect(lane.useOf('school')?.entries).toBe(30);
    },
  },
  {
    id: 'G8',
    title: 're-entry after an exit that only the sensor saw: staff decide',
    story: [
      { at: 0, act: show({ ...alder, product: dayPass }) },
      { at: 1_000, act: walk() },
      { at: 20_000, act: walk('exit') },
      { at: 90_000, act: show({ ...alder, product: dayPass }) },
      { at: 95_000, act: on((lane) => lane.staff({ kind: 'override', reason: 'seen-leaving' })) },
      { at: 96_000, act: walk() },
    ],
    told: ['accepted OK', 'staff REENTRY_NEEDS_EXIT', 'accepted OK'],
    moved: ['entry', 'entry'],
    rows: [
      'INTENT admit OK',
      'admit passed',
      'exit passed',
      'decline REENTRY_NEEDS_EXIT',
      'INTENT admit OK',
      'admit passed',
    ],
    also: (_, lane) => {
      expect(lane.rows.findLast(({ type }) => type === 'INTENT')?.payload).toMatchObject({
        staff: staffId,
        cause: 'seen-leaving',
      });
      expect(lane.state.occupancy).toBe(1);
    },
  },
  {
    id: 'G8',
    title: 're-entry after an exit with the code; a minimum gap between two entries',
    story: [
      { at: 0, act: show({ ...alder, product: dayPass }) },
      { at: 1_000, act: walk() },
      { at: 5_000, act: leave({ ...alder, product: dayPass }) },
      { at: 6_000, act: walk('exit') },
      { at: 20_000, act: show({ ...alder, product: dayPass }) },
      { at: 62_000, act: show({ ...alder, product: dayPass }) },
      { at: 63_000, act: walk() },
    ],
    told: ['accepted OK', 'accepted OK', 'refused PASSBACK', 'accepted OK'],
    moved: ['entry', 'exit', 'entry'],
    rows: [
      'INTENT admit OK',
      'admit passed',
      'INTENT exit OK',
      'exit passed',
      'decline PASSBACK',
      'INTENT admit OK',
      'admit passed',
    ],
  },
  {
    id: 'G9',
    title:
      'a ticket refunded after the list was signed, the list too young to worry: it passes, with the age in the row',
    given: { listAgeSeconds: 3_600 },
    story: [
      { at: 0, act: show(alder) },
      { at: 1_000, act: walk() },
    ],
    told: ['accepted OK'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit passed'],
    also: (_, lane) => expect(lane.rows.find(({ type }) => type === 'INTENT')?.payload.listAgeSeconds).toBe(3_600),
  },
  {
    id: 'G9',
    title: 'lists past their soft age: an old ticket passes flagged, a newer or valuable one goes to staff',
    given: { listAgeSeconds: 2 * 86_400 },
    story: [
      { at: 0, act: show(alder) },
      { at: 1_000, act: walk() },
      { at: 5_000, act: show({ ...birch, soldSecondsAgo: 3_600 }) },
      { at: 9_000, act: show({ id: 'gold', product: treasure }) },
      { at: 10_000, act: on((lane) => lane.staff({ kind: 'override', reason: 'asked-office' })) },
      { at: 11_000, act: walk() },
    ],
    told: ['accepted OK', 'staff LISTS_TOO_OLD', 'staff LISTS_TOO_OLD', 'accepted OK'],
    moved: ['entry', 'entry'],
    rows: [
      'INTENT admit OK',
      'admit passed',
      'decline LISTS_TOO_OLD',
      'decline LISTS_TOO_OLD',
      'INTENT admit OK',
      'admit passed',
    ],
    also: (_, lane) =>
      expect(hasCheck(lane.rows.find(({ type }) => type === 'INTENT')?.payload.found ?? 0, 'listsPastSoftAge')).toBe(
        true,
      ),
  },
  {
    id: 'G10',
    title: 'a real-name ticket without its ID: staff look, and say why',
    story: [
      { at: 0, act: show({ id: 'named', product: realName }) },
      { at: 4_000, act: on((lane) => lane.staff({ kind: 'override', reason: 'passport-seen' })) },
      { at: 5_000, act: walk() },
    ],
    told: ['staff ID_REQUIRED', 'accepted OK'],
    moved: ['entry'],
    rows: ['decline ID_REQUIRED', 'INTENT admit OK', 'admit passed'],
    also: (_, lane) =>
      expect(lane.rows.find(({ type }) => type === 'INTENT')?.payload).toMatchObject({
        staff: staffId,
        cause: 'passport-seen',
      }),
  },
  {
    id: 'G10',
    title: 'a real-name ticket whose ID was read and fits',
    story: [
      { at: 0, act: show({ id: 'named', product: realName, identityMatched: true }) },
      { at: 1_000, act: walk() },
    ],
    told: ['accepted OK'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit passed'],
  },
  {
    id: 'G11',
    title: 'fire while a person is on the way through: the act ends, nothing is redeemed, nobody is blocked',
    given: { places: 1 },
    story: [
      { at: 0, act: show(alder) },
      { at: 1_000, act: on((lane) => lane.burn(true)) },
      { at: 2_000, act: walk() },
      { at: 2_500, act: walk('exit') },
      { at: 3_000, act: show(birch) },
      { at: 3_500, act: leave(birch) },
      { at: 9_000, act: on((lane) => lane.staff({ kind: 'badge' })) },
      { at: 10_000, act: on((lane) => lane.burn(false)) },
      { at: 11_000, act: on((lane) => expect(lane.state.entry.kind).toBe('emergencyOpen')) },
      { at: 12_000, act: on((lane) => lane.staff({ kind: 'badge' })) },
      { at: 13_000, act: show(alder) },
      { at: 14_000, act: walk() },
    ],
    told: ['accepted OK', 'emergency OUT_OF_SERVICE', 'emergency OUT_OF_SERVICE', 'emergency OK', 'accepted OK'],
    moved: ['entry', 'entry'],
    rows: [
      'INTENT admit OK',
      'incident fire',
      'admit not_passed',
      'exit OK',
      'fireReset',
      'fireCleared',
      'INTENT admit OK',
      'admit passed',
    ],
    also: (_, lane) => {
      const ended = lane.rows.find(({ payload }) => payload.outcome === 'not_passed')?.payload;
      expect(ended).toMatchObject({ events: [['admission', 'Ended', 1, 'emergency']], leaseLeft: 1, occupancy: 0 });
      expect(lane.alarms).toEqual(['fire', 'recount']);
      expect(lane.state.occupancy).toBe(1);
    },
  },
  {
    id: 'G11',
    title: 'fire right behind a person who has passed: the passage stands',
    story: [
      { at: 0, act: show(alder) },
      { at: 1_000, act: walk() },
      { at: 1_001, act: on((lane) => lane.burn(true)) },
    ],
    told: ['accepted OK', 'emergency OUT_OF_SERVICE'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit passed', 'incident fire'],
  },
  {
    id: 'G12',
    title: 'power cut with a pulse under way, the latch saw the passage: passed, without a second pulse',
    story: [
      { at: 0, act: show(alder) },
      { at: 1_000, act: on((lane) => lane.set({ latch: 'passed' })) },
      { at: 1_000, act: on((lane) => lane.boot()) },
      { at: 5_000, act: show(alder) },
    ],
    told: ['accepted OK', 'refused ALREADY_USED'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit passed', 'decline ALREADY_USED'],
    also: (_, lane) => expect(lane.state.occupancy).toBe(1),
  },
  {
    id: 'G12',
    title: 'the latch saw nobody: not passed, the ticket is free',
    story: [
      { at: 0, act: show(alder) },
      { at: 1_000, act: on((lane) => lane.set({ latch: 'notPassed' })) },
      { at: 1_000, act: on((lane) => lane.boot()) },
      { at: 5_000, act: show(alder) },
      { at: 6_000, act: walk() },
    ],
    told: ['accepted OK', 'accepted OK'],
    moved: ['entry', 'entry'],
    rows: ['INTENT admit OK', 'admit not_passed', 'INTENT admit OK', 'admit passed'],
  },
  {
    id: 'G12',
    title: 'the latch is silent: in doubt, once more for the ticket, staff at the second doubt',
    story: [
      { at: 0, act: show(alder) },
      { at: 1_000, act: on((lane) => lane.boot()) },
      { at: 5_000, act: show(alder) },
      { at: 6_000, act: on((lane) => lane.boot()) },
      { at: 9_000, act: show(alder) },
    ],
    told: ['accepted OK', 'staff DEVICE_FAULT', 'accepted OK', 'staff DEVICE_FAULT', 'staff REENTRY_NEEDS_EXIT'],
    moved: ['entry', 'entry'],
    rows: ['INTENT admit OK', 'admit in_doubt', 'INTENT admit OK', 'admit in_doubt', 'decline REENTRY_NEEDS_EXIT'],
    also: (_, lane) => {
      expect(useStatusOf(lane.useOf('alder'))).toEqual({ kind: 'DOUBT', doubts: 2 });
      expect(lane.state.occupancy).toBe(2);
    },
  },
  {
    id: 'G12',
    title: 'the barrier answers only after boot: the lane waits for it, and lets people out meanwhile',
    story: [
      { at: 0, act: show(alder) },
      { at: 1_000, act: on((lane) => lane.set({ latch: null })) },
      { at: 1_000, act: on((lane) => lane.boot()) },
      { at: 2_000, act: show(birch) },
      { at: 3_000, act: leave(birch) },
      { at: 4_000, act: walk('exit') },
      {
        at: 5_000,
        act: on((lane) =>
          lane.feed({
            kind: 'Latches',
            sensors: { entry: 'passed', exit: null, fire: false },
            atMonoMs: lane.now,
          }),
        ),
      },
    ],
    told: ['accepted OK', 'outOfOrder OUT_OF_SERVICE', 'accepted OK'],
    moved: ['entry', 'exit'],
    rows: ['INTENT admit OK', 'INTENT exit OK', 'exit passed', 'admit passed'],
  },
  {
    id: 'G12',
    title: 'fire at boot: the way stays open',
    story: [
      { at: 0, act: on((lane) => lane.set({ fire: true })) },
      { at: 0, act: on((lane) => lane.boot()) },
      { at: 1_000, act: show(alder) },
    ],
    told: ['emergency OUT_OF_SERVICE', 'emergency OUT_OF_SERVICE'],
    moved: [],
    rows: ['incident fire'],
  },
  {
    id: 'G13',
    title: 'a parent with a toddler: counted, no alarm',
    story: [
      { at: 0, act: show(alder) },
      { at: 1_000, act: on((lane) => lane.walk('entry', 95)) },
      { at: 1_300, act: on((lane) => lane.walk('entry', 170)) },
    ],
    told: ['accepted OK'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'child', 'admit passed'],
    also: (_, lane) => {
      expect(lane.alarms).toEqual([]);
      expect(lane.state.occupancy).toBe(2);
      expect(lane.state.statistics.counters).toEqual({ authorised: 1, children: 1, passed: 1 });
    },
  },
  {
    id: 'G14',
    title: 'the exit of a ticket never seen entering, of a denied one, of an unreadable one, and of none',
    story: [
      { at: 0, act: leave(alder) },
      { at: 1_000, act: walk('exit') },
      { at: 2_000, act: leave({ id: 'denied', provenRefusal: 'DENIED' }) },
      { at: 3_000, act: walk('exit') },
      { at: 4_000, act: leave({ id: 'noise', refused: 'MALFORMED' }) },
      { at: 5_000, act: walk('exit') },
      { at: 6_000, act: walk('exit') },
    ],
    told: ['accepted OK', 'accepted OK', 'accepted OK'],
    moved: ['exit', 'exit', 'exit'],
    rows: [
      'INTENT exit OK',
      'exit passed',
      'INTENT exit DENIED',
      'exit passed',
      'INTENT exit MALFORMED',
      'exit passed',
      'exit passed',
    ],
    also: (_, lane) => {
      expect(lane.state.occupancy).toBe(0);
      expect([lane.useOf('alder')?.exits, lane.useOf('denied')?.exits, lane.useOf('noise')]).toEqual([1, 1, null]);
      expect(lane.state.statistics.counters['exits']).toBe(4);
    },
  },
  {
    id: 'G15',
    title: 'a concession: its proof is asked for, and staff admit with a reason',
    story: [
      { at: 0, act: show({ id: 'child', product: concession }) },
      { at: 3_000, act: on((lane) => lane.staff({ kind: 'override', reason: 'Free text' })) },
      { at: 4_000, act: on((lane) => lane.staff({ kind: 'override', reason: 'proof-seen' }, 'visitor')) },
      { at: 4_500, act: on((lane) => expect(lane.pulses).toEqual([])) },
      { at: 5_000, act: on((lane) => lane.staff({ kind: 'override', reason: 'proof-seen' })) },
      { at: 6_000, act: walk() },
    ],
    told: ['staff PROOF_REQUIRED', 'accepted OK'],
    moved: ['entry'],
    rows: ['decline PROOF_REQUIRED', 'INTENT admit OK', 'admit passed'],
  },
  {
    id: 'G15',
    title: 'an override that nobody gives in time is forgotten',
    story: [
      { at: 0, act: show({ id: 'child', product: concession }) },
      { at: 60_000, act: on((lane) => lane.staff({ kind: 'override', reason: 'proof-seen' })) },
    ],
    told: ['staff PROOF_REQUIRED'],
    moved: [],
    rows: ['decline PROOF_REQUIRED'],
  },
  {
    id: 'state table',
    title: 'the barrier does not confirm that it opened: failed, voided, and the lane stops until a self test',
    story: [
      { at: 0, act: on((lane) => lane.set({ stuck: true })) },
      { at: 0, act: show(alder) },
      { at: 5_000, act: show(alder) },
      { at: 6_000, act: on((lane) => lane.set({ stuck: false })) },
      { at: 6_000, act: on((lane) => lane.feed({ kind: 'SelfTest', passed: true, atMonoMs: lane.now })) },
      { at: 10_000, act: show(alder) },
      { at: 11_000, act: walk() },
    ],
    told: ['accepted OK', 'staff DEVICE_FAULT', 'staff DEVICE_FAULT', 'accepted OK'],
    moved: ['entry', 'entry'],
    rows: ['INTENT admit OK', 'admit failed', 'decline DEVICE_FAULT', 'selfTest', 'INTENT admit OK', 'admit passed'],
    also: (_, lane) => {
      const failed = lane.rows.find(({ payload }) => payload.outcome === 'failed')?.payload;
      expect(failed).toMatchObject({
        events: [['admission', 'Ended', 1, 'voided']],
        leaseLeft: 1_000,
        reason: 'DEVICE_FAULT',
      });
      expect(lane.alarms).toEqual(['fault']);
    },
  },
  {
    id: 'state table',
    title: 'the passage sensor is lost while the barrier stands open: in doubt',
    story: [
      { at: 0, act: show(alder) },
      { at: 1_000, act: on((lane) => lane.sense({ kind: 'fault', detail: 'passage sensor' })) },
    ],
    told: ['accepted OK', 'staff DEVICE_FAULT'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit in_doubt'],
    also: (_, lane) => {
      expect(lane.state.entry.kind).toBe('fault');
      expect(lane.state.occupancy).toBe(1);
      expect(lane.state.lease?.left).toBe(999);
    },
  },
  {
    id: 'state table',
    title: 'tailgate, then somebody who forces the barrier: counted, alarmed, nobody trapped',
    story: [
      { at: 0, act: show(alder) },
      { at: 1_000, act: walk() },
      { at: 2_000, act: walk() },
      { at: 20_000, act: walk() },
    ],
    told: ['accepted OK'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit passed', 'incident tailgate', 'incident forced'],
    also: (_, lane) => {
      expect(lane.alarms).toEqual(['tailgate', 'forced']);
      expect(lane.state.occupancy).toBe(3);
      expect(lane.state.lease?.left).toBe(997);
      const [, , tailgate, forced] = lane.rows.filter(({ payload }) => payload.act !== 'lease');
      expect(tailgate?.payload.tx).toEqual(lane.rows.find(({ type }) => type === 'INTENT')?.payload.tx);
      expect(forced?.payload.tx).toBeUndefined();
    },
  },
  {
    id: 'state table',
    title: 'the person turns back: out through the waiting entry',
    story: [
      { at: 0, act: show(alder) },
      { at: 1_000, act: walk('exit') },
      { at: 2_000, act: show(alder) },
      { at: 3_000, act: walk() },
    ],
    told: ['accepted OK', 'accepted OK'],
    moved: ['entry', 'entry'],
    rows: ['INTENT admit OK', 'admit not_passed', 'exit passed', 'INTENT admit OK', 'admit passed'],
  },
  {
    id: 'state table',
    title: 'the edge of a passage came before the timeout, its news after: corrected, and the ticket is used',
    story: [
      { at: 0, act: show(alder) },
      {
        at: 8_150,
        act: on((lane) =>
          lane.sense(
            { kind: 'passed', direction: 'entry', heightCentimetres: null },
            (lane.now - 100) as typeof lane.now,
          ),
        ),
      },
      { at: 12_000, act: show(alder) },
    ],
    told: ['accepted OK', 'refused ALREADY_USED'],
    moved: ['entry'],
    rows: ['INTENT admit OK', 'admit not_passed', 'correction passed', 'decline ALREADY_USED'],
    also: (_, lane) => {
      expect(lane.alarms).toEqual([]);
      expect(lane.state.occupancy).toBe(1);
    },
  },
  {
    id: 'state table',
    title: 'manual mode: each admission with a reason, and the mode ends by itself',
    story: [
      { at: 0, act: on((lane) => lane.staff({ kind: 'badge' })) },
      { at: 1_000, act: show(alder) },
      { at: 2_000, act: on((lane) => lane.staff({ kind: 'admit', reason: '' })) },
      { at: 3_000, act: on((lane) => lane.staff({ kind: 'admit', reason: 'pram' })) },
      { at: 4_000, act: walk() },
      { at: 603_900, act: on((lane) => expect(lane.state.entry.kind).toBe('manual')) },
      { at: 604_100, act: show(alder) },
      { at: 605_000, act: walk() },
    ],
    told: ['outOfOrder OUT_OF_SERVICE', 'accepted OK', 'accepted OK'],
    moved: ['entry', 'entry'],
    rows: [
      'manual',
      'decline OUT_OF_SERVICE',
      'INTENT admit OK',
      'admit passed',
      'manual',
      'INTENT admit OK',
      'admit passed',
    ],
    also: (_, lane) =>
      expect(lane.rows.find(({ type }) => type === 'INTENT')?.payload).toMatchObject({
        staff: staffId,
        cause: 'pram',
        trigger: 'staff',
      }),
  },
  {
    id: 'state table',
    title: 'a full house: HOLD with the expected wait, exits go on, and a lease ends it',
    given: { places: null },
    story: [
      { at: 0, act: on((lane) => lane.lease(0, 3_600, 15)) },
      { at: 0, act: show(alder) },
      { at: 1_000, act: leave(birch) },
      { at: 2_000, act: walk('exit') },
      { at: 5_000, act: on((lane) => lane.lease(1)) },
      { at: 6_000, act: show(alder) },
      { at: 7_000, act: walk() },
      { at: 12_000, act: show(birch) },
    ],
    told: ['refused SITE_FULL', 'accepted OK', 'accepted OK', 'refused SITE_FULL'],
    moved: ['exit', 'entry'],
    rows: [
      'decline SITE_FULL',
      'INTENT exit OK',
      'exit passed',
      'INTENT admit OK',
      'admit passed',
      'decline SITE_FULL',
    ],
    also: (_, lane) => {
      expect(lane.signals[0]?.waitMinutes).toBe(15);
      expect(lane.state.entry.kind).toBe('hold');
      expect(useStatusOf(lane.useOf('birch'))).not.toEqual({ kind: 'HELD' });
    },
  },
  {
    id: 'state table',
    title: 'a ticket far from home is not used up by a full house: its claim is given back',
    given: { lanes: three, places: 0 },
    story: [
      { at: 0, act: show(farFromHome) },
      { at: 1_000, act: nothing },
    ],
    told: ['refused SITE_FULL'],
    moved: [],
    rows: ['decline SITE_FULL'],
    also: (museum) => {
      expect(museum.lane(2).acts()).toEqual(['claim', 'settle not_passed']);
      expect(useStatusOf(museum.lane(2).useOf(farFromHome.id))).toEqual({ kind: 'FREE' });
    },
  },
  {
    id: 'clock',
    title: 'untrusted: only a ticket that spans the floor widely, flagged; rules that need the clock need staff',
    given: { clock: 'lost', config: { capacity: 'unlimited' } },
    story: [
      { at: 0, act: show({ ...alder, to: '2026-07-01T20:00:00' }) },
      { at: 4_000, act: show({ ...birch, to: '2026-07-03T00:00:00' }) },
      { at: 5_000, act: walk() },
      { at: 9_000, act: show({ id: 'year', product: yearPass, uses: 9, to: '2026-12-31T00:00:00' }) },
    ],
    told: ['staff CLOCK_UNTRUSTED', 'accepted OK', 'staff CLOCK_UNTRUSTED'],
    moved: ['entry'],
    rows: ['decline CLOCK_UNTRUSTED', 'INTENT admit OK', 'admit passed', 'decline CLOCK_UNTRUSTED'],
    also: (_, lane) => {
      const intent = lane.rows.find(({ type }) => type === 'INTENT')?.payload;
      expect(hasCheck(intent?.found ?? 0, 'clockUntrusted')).toBe(true);
      expect(lane.rows.at(-1)?.payload.rule).toBe('calm');
    },
  },
  {
    id: 'scope',
    title: 'another site, another gate group, an unknown product, a gate that the product does not use',
    given: { lanes: ['lane-3'] },
    story: [
      { at: 0, act: show({ id: 'a', site: 8 }) },
      { at: 4_000, act: show({ id: 'b', gates: Uint8Array.of(1) }) },
      { at: 8_000, act: show({ id: 'c', product: 99 }) },
      { at: 12_000, act: show({ id: 'd', product: treasure }) },
      { at: 16_000, act: show({ id: 'e', gates: Uint8Array.of(2) }) },
      { at: 17_000, act: walk() },
    ],
    told: ['refused WRONG_SITE', 'refused WRONG_GATE', 'refused WRONG_PRODUCT', 'refused WRONG_GATE', 'accepted OK'],
    moved: ['entry'],
    rows: [
      'decline WRONG_SITE',
      'decline WRONG_GATE',
      'decline WRONG_PRODUCT',
      'decline WRONG_GATE',
      'INTENT admit OK',
      'admit passed',
    ],
  },
  {
    id: 'scope',
    title: 'a key that is bound to other places, to this site, to this lane',
    story: [
      { at: 0, act: show({ id: 'a', keyScope: ['8', 'line-7'] }) },
      { at: 4_000, act: show({ id: 'b', keyScope: ['8', '9'] }) },
      { at: 5_000, act: walk() },
      { at: 9_000, act: show({ id: 'c', keyScope: ['lane-1'] }) },
      { at: 10_000, act: walk() },
    ],
    told: ['refused WRONG_SITE', 'accepted OK', 'accepted OK'],
    moved: ['entry', 'entry'],
    rows: ['decline WRONG_SITE', 'INTENT admit OK', 'admit passed', 'INTENT admit OK', 'admit passed'],
  },
  {
    id: 'rules',
    title: 'a year pass twice a day, and not before the house opens',
    given: { startUtc: '2026-07-01T06:30:00' },
    story: [
      { at: 0, act: show({ id: 'year', product: yearPass, uses: 1_000 }) },
      { at: 31 * minute, act: show({ id: 'year', product: yearPass, uses: 1_000 }) },
      { at: 31 * minute + 1_000, act: walk() },
      { at: 40 * minute, act: show({ id: 'year', product: yearPass, uses: 1_000 }) },
      { at: 40 * minute + 1_000, act: walk() },
      { at: 50 * minute, act: show({ id: 'year', product: yearPass, uses: 1_000 }) },
    ],
    told: ['refused NOT_YET_VALID', 'accepted OK', 'accepted OK', 'refused ALREADY_USED'],
    moved: ['entry', 'entry'],
    rows: [
      'decline NOT_YET_VALID',
      'INTENT admit OK',
      'admit passed',
      'INTENT admit OK',
      'admit passed',
      'decline ALREADY_USED',
    ],
    also: (_, lane) => expect(lane.rows.at(-1)?.payload.rule).toBe('twiceADay'),
  },
];

async function play({ id, title, given, story }: Case): Promise<Museum> {
  const museum = new Museum(`${id} ${title}`, given);
  const startMs = museum.clock.monoMs();
  for (const { at, act } of story) {
    await museum.clock.advance(startMs + at - museum.clock.monoMs());
    act(museum);
  }
  await museum.clock.advance(500);
  return museum;
}

describe('the gate lane', () => {
  test.each(cases)('$id $title', async (story) => {
    const museum = await play(story);
    const lane = museum.lane(1);
    expect(lane.told()).toEqual(story.told);
    expect(lane.pulses.map(({ direction }) => direction)).toEqual(story.moved);
    expect(lane.acts()).toEqual(story.rows);
    for (const each of museum.lanes) expect(each.replayedUses()).toEqual(each.projections);
    story.also?.(museum, lane);
  });

  test('G5 four lanes cut off from everything admit no more than the 100 places that were leased', async () => {
    const museum = new Museum('G5', { lanes: ['lane-1'], places: null });
    const lanes = [
      museum,
      ...Array.from({ length: 3 }, (_, at) => new Museum(`G5 ${at}`, { places: null, online: false })),
    ];
    for (const each of lanes) each.lane().lease(25);
    let shown = 0;
    for (let visitor = 0; visitor < 60; visitor++) {
      for (const each of lanes) {
        each.lane().show({ id: `visitor ${visitor}` });
        shown++;
        await each.clock.advance(500);
        if (each.lane().state.entry.kind === 'openWait') each.lane().walk();
        await each.clock.advance(500);
      }
    }
    const admittedPersons = lanes.map(
      (each) =>
        each
          .lane()
          .outcomes()
          .filter((outcome) => outcome === 'passed').length,
    );
    expect(shown).toBe(240);
    expect(admittedPersons).toEqual([25, 25, 25, 25]);
    expect(lanes.map((each) => each.lane().told().at(-1))).toEqual(Array(4).fill('refused SITE_FULL'));
  });

  test('G6 a lane that comes back with a lease spends it to its expiry less the guard, and not a moment longer', async () => {
    const museum = new Museum('G6', { places: null });
    const lane = museum.lane();
    lane.lease(25, 60);
    lane.show(alder);
    await museum.clock.advance(1_000);
    lane.walk();
    lane.powerOff();
    await museum.clock.advance(20_000);
    lane.boot();
    expect(lane.state.lease?.left).toBe(24);
    lane.show(birch);
    await museum.clock.advance(1_000);
    lane.walk();
    // 60 s of life, less 5 s of guard and 0.1 s of uncertainty.
    await museum.clock.advance(54_800 - 22_000);
    expect(lane.show({ id: 'cedar' })?.reason).toBe('OK');
    lane.walk();
    await museum.clock.advance(200);
    expect(lane.show({ id: 'dogwood' })?.reason).toBe('SITE_FULL');
    await museum.clock.advance(10_000);
    lane.boot();
    expect(lane.state.lease).toBe(null);
  });

  test('G6 a lease is worth nothing after a boot whose clock is not synced', async () => {
    const museum = new Museum('G6 holdover', { clock: 'holdover', places: null });
    const lane = museum.lane();
    lane.lease(25, 600);
    expect(lane.state.lease?.left).toBe(25);
    lane.boot();
    expect(lane.state.lease).toBe(null);
    expect(lane.show(alder)?.reason).toBe('SITE_FULL');
  });

  test('writes what it did once per quarter of an hour, and nothing of a quiet one', async () => {
    const museum = new Museum('statistics', { startUtc: '2026-07-01T08:59:00' });
    const lane = museum.lane();
    lane.show(alder);
    await museum.clock.advance(1_000);
    lane.walk();
    lane.show({ id: 'noise', refused: 'MALFORMED' });
    await museum.clock.advance(60 * minute);
    const rows = lane.rows.filter(({ payload }) => payload.act === 'statistics').map(({ payload }) => payload);
    expect(rows.length).toBe(1);
    expect(rows[0]).toMatchObject({
      fromMs: Date.parse('2026-07-01T08:45:00Z'),
      toMs: Date.parse('2026-07-01T09:00:00Z'),
      occupancy: 1,
      leaseLeft: 999,
      counters: [
        ['authorised', 1],
        ['decline MALFORMED', 1],
        ['passed', 1],
      ],
    });
  });

  test('takes no lease twice, none without a clock, and none that cannot be counted', () => {
    const lane = new Museum('leases', { places: null }).lane();
    const lease = Uint8Array.of(1, 2, 3);
    const grant = (more: Partial<Extract<GateLaneInput, { kind: 'Lease' }>>): void =>
      lane.feed({
        kind: 'Lease',
        lease,
        admissions: 2,
        expiresAt: unixSeconds(Date.parse('2026-07-01T10:00:00Z') / 1000),
        waitMinutes: null,
        atMonoMs: lane.now,
        ...more,
      });
    grant({});
    lane.show(alder);
    grant({});
    expect(lane.state.lease?.left).toBe(1);
    grant({ lease: Uint8Array.of(4), admissions: -1 });
    grant({ lease: Uint8Array.of(4), admissions: Number.NaN });
    expect(lane.state.lease?.left).toBe(1);
    const lost = new Museum('lost', { clock: 'lost', places: 5 }).lane();
    expect(lost.state.lease).toBe(null);
    expect(lost.show({ ...alder, to: '2026-07-03T00:00:00' })?.reason).toBe('SITE_FULL');
  });

  test('obeys a command once and in time, and has none that opens', () => {
    const lane = new Museum('commands').lane();
    const command = (id: number, act: LaneCommand, notAfter = '2026-07-01T09:00:00'): void =>
      lane.feed({
        kind: 'Command',
        commandId: Uint8Array.of(id),
        notAfter: unixSeconds(Date.parse(`${notAfter}Z`) / 1000),
        command: act,
        atMonoMs: lane.now,
      });
    command(1, { kind: 'hold', waitMinutes: 20 });
    expect(lane.show(alder)).toMatchObject({ reason: 'SITE_FULL', waitMinutes: 20 });
    lane.boot();
    expect(lane.show(birch)?.reason).toBe('SITE_FULL');
    command(2, { kind: 'resume' });
    command(1, { kind: 'hold', waitMinutes: 20 });
    command(3, { kind: 'hold', waitMinutes: null }, '2026-07-01T08:00:00');
    expect(lane.answers).toEqual(['OK', 'OK', 'OK', 'COMMAND_EXPIRED']);
    expect(lane.show({ id: 'cedar' })?.reason).toBe('OK');
    command(4, { kind: 'recount', inside: 40 });
    expect(lane.rows.at(-1)?.payload).toMatchObject({ act: 'recount', count: 40, occupancy: 40 });
    expect(lane.pulses.length).toBe(1);
  });

  test('keeps a claim only as long as it must, and answers the same question the same way', async () => {
    const museum = new Museum('claims', { lanes: three });
    const home = museum.lane(2);
    const ask = (claim: number, from: string): void =>
      home.feed({
        kind: 'ClaimRequest',
        from,
        claimId: new Uint8Array(16).fill(claim),
        issuer: 'museum',
        cti: ctiOf(farFromHome.id),
        uses: 1,
        validUntil: unixSeconds(1_790_000_000),
        atMonoMs: home.now,
      });
    const answers = (): readonly boolean[] =>
      home.effects.flatMap((effect) => (effect.kind === 'answerClaim' ? [effect.granted] : []));
    ask(1, 'lane-1');
    ask(1, 'lane-1');
    ask(2, 'lane-3');
    home.boot();
    ask(3, 'lane-3');
    await museum.clock.advance(59_999);
    ask(4, 'lane-3');
    await museum.clock.advance(1);
    ask(5, 'lane-3');
    ask(6, 'a stranger');
    expect(answers()).toEqual([true, true, false, false, false, true]);
    expect(home.acts()).toEqual(['claim', 'claim']);
  });

  test('grants no claim on a ticket that is at its own barrier', async () => {
    const museum = new Museum('own barrier', { lanes: three });
    museum.lane(1).show(atHome);
    museum.lane(3).show(atHome);
    await museum.clock.advance(50);
    expect(museum.lane(3).told()).toEqual(['refused ALREADY_USED']);
    expect(museum.lane(1).pulses.length).toBe(1);
  });

  test('counts an outcome that is told twice once, and believes no lane that is none', () => {
    const home = new Museum('settled', { lanes: three }).lane(2);
    const tell = (
      act: number,
      from: string,
      more: Partial<Extract<GateLaneInput, { kind: 'ClaimSettled' }>> = {},
    ): void =>
      home.feed({
        kind: 'ClaimSettled',
        from,
        actId: new Uint8Array(8).fill(act),
        outcome: 'used',
        more: false,
        claimId: new Uint8Array(16).fill(1),
        issuer: 'museum',
        cti: ctiOf(farFromHome.id),
        uses: 2,
        validUntil: unixSeconds(1_790_000_000),
        atMonoMs: home.now,
        ...more,
      });
    tell(1, 'lane-1');
    tell(1, 'lane-1');
    home.boot();
    tell(1, 'lane-1');
    tell(2, 'a stranger');
    tell(3, 'lane-1', { outcome: 'released' });
    tell(4, 'lane-1', { cti: ctiOf(atHome.id) });
    expect(home.useOf(farFromHome.id)?.entries).toBe(1);
    tell(5, 'lane-3', { outcome: 'exited' });
    tell(6, 'lane-3');
    tell(7, 'lane-1');
    expect(home.useOf(farFromHome.id)).toMatchObject({ entries: 3, exits: 1 });
    expect(home.acts()).toEqual([
      'settle passed',
      'settle passed',
      'settle passed',
      'settle passed',
      'incident double_use',
    ]);
  });

  test.each([
    { storage: 'restricted', entry: 'OK' },
    { storage: 'full', entry: 'STORAGE_FULL' },
    { storage: 'unavailable', entry: 'OUT_OF_SERVICE' },
  ] as const)('with storage $storage answers $entry at the entry, and lets out', ({ storage, entry }) => {
    const lane = new Museum('storage').lane();
    lane.set({ storage });
    expect(lane.show(alder)?.reason).toBe(entry);
    expect(lane.show(birch, 'exit')?.cue).toBe('accepted');
    expect(lane.pulses.at(-1)?.direction).toBe('exit');
  });

  test('calls staff for somebody who stands in the way', async () => {
    const museum = new Museum('blocked');
    const lane = museum.lane();
    lane.sense({ kind: 'blocked', held: true });
    await museum.clock.advance(9_900);
    expect(lane.alarms).toEqual([]);
    await museum.clock.advance(20_000);
    expect(lane.alarms).toEqual(['blocked']);
    lane.sense({ kind: 'blocked', held: false });
    lane.sense({ kind: 'blocked', held: true });
    await museum.clock.advance(10_100);
    expect(lane.alarms).toEqual(['blocked', 'blocked']);
  });

  test('needs no confirmation where the barrier gives none, and a fault is then a doubt', () => {
    const lane = new Museum('no feedback', { confirmsOpening: false }).lane();
    lane.show(alder);
    expect(lane.state.entry.kind).toBe('openWait');
    lane.sense({ kind: 'fault', detail: 'gone' });
    expect(lane.outcomes()).toEqual(['in_doubt']);
  });

  test('without rules, without a barrier and before its boot lets nobody in and everybody out', () => {
    const unruled = new Museum('no rules', { rules: null }).lane();
    expect(unruled.show(alder)?.reason).toBe('OUT_OF_SERVICE');
    expect(unruled.show(alder, 'exit')?.cue).toBe('accepted');
    const broken = new Museum('no barrier').lane();
    broken.set({ gateReady: false });
    expect(broken.show(alder)?.reason).toBe('DEVICE_FAULT');
    const early = new Museum('early').lane();
    early.state = initialState;
    expect(early.show(alder)?.reason).toBe('OUT_OF_SERVICE');
    early.show(birch, 'exit');
    early.feed({ kind: 'Boot', journal: nothingReplayed, sensors: early.sensors(), atMonoMs: early.now });
    expect(early.pulses.map(({ direction }) => direction)).toEqual(['exit']);
  });

  test.each([0, 1, 2, 3] as const)(
    'a cut at row %i of an admission leaves one outcome, and no second pulse',
    async (row) => {
      for (const cut of ['before commit', 'after commit'] as const) {
        for (const latch of ['passed', 'notPassed', 'unknown'] as const) {
          const museum = new Museum('cuts');
          const lane = museum.lane();
          lane.set({ latch });
          const maybe = (at: number): void => {
            if (at === row) lane.set({ cut });
          };
          maybe(0);
          lane.show(alder);
          await museum.clock.advance(1_000);
          maybe(1);
          lane.walk();
          await museum.clock.advance(1_000);
          maybe(2);
          lane.show(birch, 'exit');
          await museum.clock.advance(1_000);
          maybe(3);
          lane.walk('exit');
          await museum.clock.advance(20_000);
          expect(lane.cutsFired).toBe(1);
          const intents = lane.rows.filter(({ type }) => type === 'INTENT').length;
          const outcomes = lane.rows.filter(
            ({ type, payload }) => type === 'OUTCOME' && payload.actId !== undefined,
          ).length;
          expect(outcomes).toBe(intents);
          expect(lane.pulses.length).toBeLessThanOrEqual(intents);
          expect(lane.replayedUses()).toEqual(lane.projections);
        }
      }
    },
  );
});

// The acceptance cases of the bus validator as tables: what is given, what happens at which moment, and
// what the rider is told, what is charged and which rows stand in the journal afterwards.
import { describe, expect, test } from 'vitest';
import { monoMs } from '../../runtime/core/brand.ts';
import { checkWord, hasCheck } from '../../runtime/core/check-words.ts';
import { adult, Bus, type BusOptions, type Code, concession, family, pass, table, unpriced } from './validator-bus.ts';

type Event = { readonly at: number; readonly tap: Code } | { readonly at: number; readonly act: (bus: Bus) => void };

interface Case {
  readonly id: string;
  readonly title: string;
  readonly given?: BusOptions;
  /** `at` in milliseconds since the trip was opened. */
  readonly story: readonly Event[];
  /** Per signal: cue and reason. */
  readonly told: readonly string[];
  readonly charged: readonly number[];
  /** Rows after the trip was opened: act and reason. */
  readonly rows: readonly string[];
  readonly also?: (bus: Bus) => void;
}

const alder = (n: number, more: Partial<Code> = {}): Code => ({ account: 'alder', n, ...more });
const birch = (n: number, more: Partial<Code> = {}): Code => ({ account: 'birch', n, ...more });
const day = 86_400;
const minuteMs = 60_000;

/** One phone on the glass: a read every 400 ms, a new code every 4 s. */
const lingering = (forMs: number): readonly Event[] =>
  Array.from({ length: forMs / 400 }, (_, read) => ({ at: read * 400, tap: alder(Math.floor(read / 10)) }));

const cases: readonly Case[] = [
  {
    id: 'B1',
    title: 'the same code twice within 3 s',
    story: [
      { at: 0, tap: alder(1) },
      { at: 2_000, tap: alder(1) },
      { at: 9_000, act: () => {} },
    ],
    told: ['accepted OK', 'repeat REPEAT'],
    charged: [200],
    rows: ['ride OK', 'repeat REPEAT'],
    also: (bus) => {
      const [trip, ride, repeat] = bus.rows;
      expect(trip?.payload.act).toBe('trip');
      expect(repeat?.payload).toMatchObject({ repeatOf: ride?.seq, count: 1, signalled: ride?.seq });
      expect(bus.references[1]).toBe(bus.references[0]);
    },
  },
  {
    id: 'B2',
    title: 'a screenshot shown again later on the same bus, fresh, then aged out',
    given: { online: false },
    story: [
      { at: 0, tap: alder(1) },
      { at: 10_000, tap: alder(1) },
      { at: 50_000, tap: alder(1) },
    ],
    told: ['accepted OK', 'refused REPLAYED', 'refused STALE_CODE'],
    charged: [200],
    rows: ['ride OK', 'decline REPLAYED', 'decline STALE_CODE'],
  },
  {
    id: 'B3',
    title: 'power cut after the signature holds, before the commit',
    story: [
      { at: 0, act: (bus) => bus.set({ cut: 'before commit' }) },
      { at: 100, tap: alder(1) },
      { at: 5_000, tap: alder(2) },
    ],
    told: ['accepted OK'],
    charged: [200],
    rows: ['ride OK'],
    also: (bus) => expect(bus.cutsFired).toBe(1),
  },
  {
    id: 'B4',
    title: 'power cut after the commit, before the green: the next code of the account',
    story: [
      { at: 0, act: (bus) => bus.set({ cut: 'after commit' }) },
      { at: 100, tap: alder(1) },
      { at: 9_000, tap: alder(2) },
      { at: 9_500, tap: alder(2) },
      { at: 20_000, tap: birch(1) },
    ],
    told: ['accepted REPEAT', 'repeat REPEAT', 'accepted OK'],
    charged: [200, 200],
    rows: ['ride OK', 'repeat REPEAT', 'ride OK'],
    also: (bus) => {
      expect(bus.cutsFired).toBe(1);
      const ride = bus.rides()[0];
      expect(bus.references[0]).toBe(bus.replayRows().find((row) => row.seq === ride?.seq)?.ref);
      expect(bus.rows.find((row) => row.payload.act === 'repeat')?.payload).toMatchObject({
        repeatOf: ride?.seq,
        count: 2,
      });
    },
  },
  {
    id: 'B4',
    title: 'power cut after the commit: the very same code, which the replay ring knows',
    story: [
      { at: 0, act: (bus) => bus.set({ cut: 'after commit' }) },
      { at: 100, tap: alder(1) },
      { at: 9_000, tap: alder(1) },
    ],
    told: ['accepted REPEAT'],
    charged: [200],
    rows: ['ride OK'],
  },
  {
    id: 'B4',
    title: 'the rider comes back after 600 s: the wait is over, the group limit answers',
    story: [
      { at: 0, act: (bus) => bus.set({ cut: 'after commit' }) },
      { at: 100, tap: alder(1) },
      { at: 601_000, tap: alder(2) },
    ],
    told: ['refused GROUP_LIMIT'],
    charged: [200],
    rows: ['ride OK', 'decline GROUP_LIMIT'],
  },
  {
    id: 'B5',
    title: 'a new fare table in mid-trip waits for the next trip',
    story: [
      { at: 0, tap: alder(1) },
      { at: 1_000, act: (bus) => bus.set({ fares: [table(7, 200), table(8, 300)] }) },
      { at: 5_000, tap: birch(1) },
      { at: 9_000, act: (bus) => bus.closeTrip() },
      { at: 9_100, act: (bus) => bus.openTrip() },
      { at: 20_000, tap: birch(2) },
    ],
    told: ['accepted OK', 'accepted OK', 'accepted OK'],
    charged: [200, 200, 300],
    rows: ['ride OK', 'ride OK', 'trip', 'trip', 'ride OK'],
    also: (bus) => expect(bus.rides().map((row) => row.payload.fareVersion)).toEqual([7, 7, 8]),
  },
  {
    id: 'B7',
    title: 'the clock is set back by 1 h while a phone lies on the reader and a concession holds',
    story: [
      { at: 0, tap: alder(1, { product: concession }) },
      {
        at: 1_000,
        act: (bus) => {
          bus.clock.stepWall(-3_600_000);
          const step = bus.time.checkStep();
          if (step === null) throw new Error('the step was not noticed');
          bus.feed({ kind: 'ClockStepped', ...step, atMonoMs: bus.clock.monoMs() });
        },
      },
      { at: 2_000, tap: alder(2, { product: concession }) },
      { at: 599_000, tap: alder(3, { product: concession }) },
      { at: 601_000, tap: alder(4, { product: concession }) },
    ],
    told: ['accepted OK', 'repeat REPEAT', 'refused PASSBACK', 'accepted OK'],
    charged: [100, 100],
    rows: ['ride OK', 'step', 'repeat REPEAT', 'decline PASSBACK', 'ride OK'],
    also: (bus) => {
      const step = bus.rows.find((row) => row.type === 'CLOCK')?.payload;
      expect((step?.toMs ?? 0) - (step?.fromMs ?? 0)).toBe(-3_600_000);
      const mono = bus.rows.map((row) => row.tMonoMs);
      expect(mono).toEqual([...mono].sort((a, b) => a - b));
    },
  },
  {
    id: 'B8',
    title: 'the clock is lost (1970): one ride per account and boot, only for lasting credentials',
    given: { clock: 'lost', startWallMs: 5_000 },
    story: [
      { at: 0, tap: alder(1) },
      { at: 10_000, tap: alder(2) },
      { at: 20_000, tap: birch(1, { lifeSeconds: day - 1 }) },
      { at: 30_000, tap: { account: 'cedar', n: 1, kind: 'bearer' } },
    ],
    told: ['accepted OK', 'refused GROUP_LIMIT', 'staff CLOCK_UNTRUSTED', 'staff CLOCK_UNTRUSTED'],
    charged: [200],
    rows: ['ride OK', 'decline GROUP_LIMIT', 'decline CLOCK_UNTRUSTED', 'decline CLOCK_UNTRUSTED'],
    also: (bus) => {
      const ride = bus.rides()[0];
      expect(ride?.clock.state).toBe('UNTRUSTED');
      expect(ride?.payload.ladder).toBe(3);
      expect(hasCheck(ride?.payload.found ?? 0, 'clockUntrusted')).toBe(true);
      expect(ride?.bootId).toEqual(bus.bootId);
      expect(ride?.tMonoMs).toBeGreaterThan(0);
    },
  },
  {
    id: 'B8',
    title: 'the clock is lost: a second stop visit does not give a second ride in this boot',
    given: { clock: 'lost', startWallMs: 5_000 },
    story: [
      { at: 0, tap: alder(1) },
      { at: 60_000, act: (bus) => bus.visit(2) },
      { at: 61_000, tap: alder(2) },
      { at: 62_000, act: (bus) => bus.boot() },
      { at: 70_000, act: (bus) => bus.visit(3) },
      { at: 71_000, tap: alder(3) },
    ],
    told: ['accepted OK', 'staff CLOCK_UNTRUSTED', 'accepted OK'],
    charged: [200, 200],
    rows: ['ride OK', 'decline CLOCK_UNTRUSTED', 'ride OK'],
  },
  {
    id: 'B8',
    title: 'the clock is lost: what the floor alone proves stale, or older than the last ride, does not ride',
    given: { clock: 'lost', startWallMs: 5_000 },
    story: [
      { at: 0, tap: birch(1, { madeSecondsAgo: 31 }) },
      { at: 1_000, tap: alder(1) },
      { at: 2_000, tap: { account: 'cedar', n: 1 } },
      { at: 60_000, act: (bus) => bus.boot() },
      { at: 60_500, act: (bus) => bus.visit(2) },
      { at: 61_000, tap: alder(2, { madeSecondsAgo: 65 }) },
      { at: 65_000, tap: alder(3) },
    ],
    told: ['staff CLOCK_UNTRUSTED', 'accepted OK', 'accepted OK', 'staff CLOCK_UNTRUSTED', 'accepted OK'],
    charged: [200, 200, 200],
    rows: ['decline CLOCK_UNTRUSTED', 'ride OK', 'ride OK', 'decline CLOCK_UNTRUSTED', 'ride OK'],
  },
  {
    id: 'B12',
    title: 'a concession carries one rider, and a forgotten rider count lapses',
    story: [
      { at: 0, act: (bus) => bus.riders(2) },
      { at: 1_000, tap: alder(1, { product: concession }) },
      { at: 30_000, tap: birch(1, { product: family }) },
    ],
    told: ['refused GROUP_LIMIT', 'accepted OK'],
    charged: [200],
    rows: ['decline GROUP_LIMIT', 'ride OK'],
  },
  {
    id: 'B12',
    title: 'four riders of one account, the group limit at 3',
    story: [1, 2, 3, 4].map((n) => ({ at: n * 5_000, tap: alder(n, { product: family }) })),
    told: ['accepted OK', 'accepted OK', 'accepted OK', 'refused GROUP_LIMIT'],
    charged: [200, 200, 200],
    rows: ['ride OK', 'ride OK', 'ride OK', 'decline GROUP_LIMIT'],
  },
  {
    id: 'B12',
    title: 'the same by a rider count: four is too many, three is one ride of three',
    story: [
      { at: 0, act: (bus) => bus.riders(4) },
      { at: 1_000, tap: alder(1, { product: family }) },
      { at: 2_000, act: (bus) => bus.riders(3) },
      { at: 3_000, tap: alder(1, { product: family }) },
      { at: 9_000, tap: birch(1) },
    ],
    told: ['refused GROUP_LIMIT', 'accepted OK', 'accepted OK'],
    charged: [600, 200],
    rows: ['decline GROUP_LIMIT', 'ride OK', 'ride OK'],
    also: (bus) => expect(bus.rides().map((row) => row.payload.riders)).toEqual([3, 1]),
  },
  {
    id: 'B13',
    title: 'offline with a deny list 2 days old: accepted within the limits of old lists',
    given: { online: false, listAgeSeconds: 2 * day },
    story: [
      { at: 0, tap: alder(1) },
      { at: 60_000, act: (bus) => bus.visit(2) },
      { at: 61_000, tap: alder(2) },
      { at: 120_000, act: (bus) => bus.visit(3) },
      { at: 121_000, tap: alder(3) },
      { at: 122_000, tap: birch(1, { product: pass }) },
    ],
    told: ['accepted OK', 'accepted OK', 'refused OFFLINE_LIMIT', 'accepted OK'],
    charged: [200, 200, 0],
    rows: ['ride OK', 'ride OK', 'decline OFFLINE_LIMIT', 'ride OK'],
    also: (bus) => {
      expect(bus.rides()[0]?.payload).toMatchObject({
        ladder: 2,
        listAgeSeconds: 2 * day,
        denyVersion: 12,
        offline: true,
      });
      expect(bus.rides()[0]?.payload.found).toBe(checkWord('listsPastSoftAge', 'accountFirstSeen', 'terminalOffline'));
    },
  },
  {
    id: 'B13',
    title: 'on old lists the money limit binds first; a fresh list starts anew',
    given: { listAgeSeconds: 2 * day, config: { groupMax: 9, staleSpendMaxMinor: 399 } },
    story: [
      { at: 0, tap: alder(1) },
      { at: 5_000, tap: alder(2) },
      { at: 10_000, act: (bus) => bus.set({ denyIssuedAt: bus.phoneNow() }) },
      { at: 11_000, tap: alder(3) },
    ],
    told: ['accepted OK', 'refused OFFLINE_LIMIT', 'accepted OK'],
    charged: [200, 200],
    rows: ['ride OK', 'decline OFFLINE_LIMIT', 'ride OK'],
  },
  {
    id: 'B13',
    title: 'lists past their hard age, or none ever: only passes ride',
    given: { online: false, listAgeSeconds: 7 * day + 1 },
    story: [
      { at: 0, tap: alder(1) },
      { at: 5_000, act: (bus) => bus.set({ denyIssuedAt: null }) },
      { at: 6_000, tap: birch(1) },
      { at: 7_000, tap: { account: 'cedar', n: 1, product: pass } },
    ],
    told: ['staff LISTS_TOO_OLD', 'staff LISTS_TOO_OLD', 'accepted OK'],
    charged: [0],
    rows: ['decline LISTS_TOO_OLD', 'decline LISTS_TOO_OLD', 'ride OK'],
  },
  {
    id: 'B14',
    title: 'a denied account is refused, and neither its account nor its code is written',
    story: [{ at: 0, tap: alder(1, { refused: 'DENIED' }) }],
    told: ['refused DENIED'],
    charged: [],
    rows: ['decline DENIED'],
    also: (bus) => expect(bus.references[0]).toMatch(/^[0-9A-Z]{6}$/),
  },
  {
    id: 'B15',
    title: 'five taps offline, then the limit; what the head end has stored frees the account',
    given: { online: false, config: { groupMax: 9 } },
    story: [
      ...[0, 1, 2, 3, 4, 5].map((n) => ({ at: n * 10_000, tap: alder(n) })),
      {
        at: 60_000,
        act: (bus: Bus) => {
          bus.set({ ackedSeq: bus.rows.length - 1 });
          bus.visit(2);
        },
      },
      { at: 61_000, tap: alder(7) },
    ],
    told: [...Array<string>(5).fill('accepted OK'), 'refused OFFLINE_LIMIT', 'accepted OK'],
    charged: [200, 200, 200, 200, 200, 200],
    rows: [...Array<string>(5).fill('ride OK'), 'decline OFFLINE_LIMIT', 'ride OK'],
    also: (bus) => expect(bus.rides()[0]?.payload.ladder).toBe(1),
  },
  {
    id: 'B15',
    title: 'the limit on money binds before the limit on taps',
    given: { online: false, config: { groupMax: 9, offlineSpendMaxMinor: 399 } },
    story: [
      { at: 0, tap: alder(1) },
      { at: 5_000, tap: alder(2) },
    ],
    told: ['accepted OK', 'refused OFFLINE_LIMIT'],
    charged: [200],
    rows: ['ride OK', 'decline OFFLINE_LIMIT'],
  },
  {
    id: 'B16',
    title: 'a product without a price here costs what the table says of unknown fares, never nothing',
    story: [{ at: 0, tap: alder(1, { product: unpriced }) }],
    told: ['staff FARE_UNKNOWN'],
    charged: [],
    rows: ['decline FARE_UNKNOWN'],
  },
  {
    id: 'B20',
    title: 'the same account number of two issuers is two accounts',
    story: [
      { at: 0, tap: alder(1) },
      { at: 500, tap: alder(1, { issuer: 'rail' }) },
    ],
    told: ['accepted OK', 'accepted OK'],
    charged: [200, 200],
    rows: ['ride OK', 'ride OK'],
    also: (bus) => expect([...bus.projections.keys()].filter((key) => key.startsWith('account/')).length).toBe(2),
  },
  {
    id: 'B21',
    title: 'an issuer of another city is refused and counted by its name',
    story: [{ at: 0, tap: alder(1, { issuer: 'elsewhere', refused: 'UNKNOWN_ISSUER' }) }],
    told: ['refused UNKNOWN_ISSUER'],
    charged: [],
    rows: ['decline UNKNOWN_ISSUER'],
    also: (bus) => expect(bus.rows.at(-1)?.payload.issuer).toBe('elsewhere'),
  },
  {
    id: 'B23',
    title: 'storage at 95 %: chargeable codes are refused, passes ride, the alarm is raised once',
    story: [
      { at: 0, tap: alder(1) },
      { at: 5_000, act: (bus) => bus.set({ storage: 'restricted' }) },
      { at: 6_000, tap: birch(1) },
      { at: 7_000, tap: { account: 'cedar', n: 1, product: pass } },
      { at: 12_000, act: (bus) => bus.set({ storage: 'full' }) },
      { at: 13_000, tap: { account: 'dogwood', n: 1, product: pass } },
      { at: 14_000, act: (bus) => bus.set({ storage: 'normal' }) },
      { at: 73_000, act: () => {} },
    ],
    told: ['accepted OK', 'staff STORAGE_FULL', 'accepted OK', 'staff STORAGE_FULL'],
    charged: [200, 0],
    rows: ['ride OK', 'storage', 'ride OK', 'declines STORAGE_FULL'],
    also: (bus) => {
      expect(bus.alarms).toEqual(['storage']);
      expect(bus.references[1]).toBeNull();
      expect(bus.rides()[1]?.payload.ladder).toBe(4);
      expect(bus.rows.at(-1)?.payload.count).toBe(2);
    },
  },
  {
    id: 'B24',
    title: 'a phone lies on the reader for 60 s with rotating codes; a companion comes after a gap',
    given: { config: { groupMax: 2 } },
    story: [...lingering(60_000), { at: 64_000, tap: alder(90) }, { at: 69_000, tap: alder(91) }],
    told: ['accepted OK', ...Array<string>(149).fill('repeat REPEAT'), 'accepted OK', 'refused GROUP_LIMIT'],
    charged: [200, 200],
    rows: ['ride OK', 'repeat REPEAT', 'ride OK', 'decline GROUP_LIMIT'],
    also: (bus) => expect(bus.rows.find((row) => row.payload.act === 'repeat')?.payload.count).toBe(149),
  },
  {
    id: 'X1',
    title: 'a flood of bad signatures: five rows, then one for all the rest of the minute',
    story: [
      ...Array.from({ length: 50 }, (_, n) => ({ at: n, tap: alder(n, { refused: 'BAD_SIGNATURE' }) }) as const),
      { at: 2 * minuteMs, act: () => {} },
    ],
    told: Array<string>(50).fill('refused BAD_SIGNATURE'),
    charged: [],
    rows: [...Array<string>(5).fill('decline BAD_SIGNATURE'), 'declines BAD_SIGNATURE'],
    also: (bus) => {
      expect(bus.rows.at(-1)?.payload.count).toBe(45);
      expect(bus.references.filter((reference) => reference !== null).length).toBe(5);
    },
  },
  {
    id: 'fare cap',
    title: 'a fare above what the credential allows',
    story: [
      { at: 0, tap: alder(1, { capMinor: 199 }) },
      { at: 1_000, tap: birch(1, { capMinor: 200 }) },
    ],
    told: ['refused OVER_LIMIT', 'accepted OK'],
    charged: [200],
    rows: ['decline OVER_LIMIT', 'ride OK'],
  },
  {
    id: 'scope',
    title: 'what a bus does not carry',
    given: { config: { site: 4 } },
    story: [
      { at: 0, tap: alder(1, { site: 5 }) },
      { at: 1_000, tap: alder(2, { kind: 'ticket' }) },
      { at: 2_000, tap: alder(3, { product: 99 }) },
      { at: 3_000, tap: alder(4, { currency: 'EUR' }) },
    ],
    told: ['refused WRONG_SITE', 'refused WRONG_PRODUCT', 'refused WRONG_PRODUCT', 'refused WRONG_PRODUCT'],
    charged: [],
    rows: ['decline WRONG_SITE', 'decline WRONG_PRODUCT', 'decline WRONG_PRODUCT', 'decline WRONG_PRODUCT'],
  },
  {
    id: 'no trip',
    title: 'without an open trip no code is decoded, and a ride is possible again on the next one',
    story: [
      { at: 0, act: (bus) => bus.closeTrip() },
      { at: 100, tap: alder(1) },
      { at: 5_000, act: (bus) => bus.openTrip() },
      { at: 5_100, tap: alder(1) },
    ],
    told: ['outOfOrder OUT_OF_SERVICE', 'accepted OK'],
    charged: [200],
    rows: ['trip', 'decline OUT_OF_SERVICE', 'trip', 'ride OK'],
  },
  {
    id: 'two trips',
    title: 'a phone that stays on the reader over a change of trip is charged once',
    story: [
      { at: 0, tap: alder(1) },
      { at: 1_000, act: (bus) => bus.closeTrip() },
      { at: 1_100, act: (bus) => bus.openTrip() },
      { at: 2_000, tap: alder(2) },
    ],
    told: ['accepted OK', 'repeat REPEAT'],
    charged: [200],
    rows: ['ride OK', 'trip', 'trip'],
  },
  {
    id: 'restart',
    title: 'the process restarts while the phone is on the reader, its cue already given',
    story: [
      { at: 0, tap: alder(1) },
      { at: 500, tap: birch(1) },
      { at: 1_000, act: (bus) => bus.boot(false) },
      { at: 2_000, tap: alder(2) },
    ],
    told: ['accepted OK', 'accepted OK', 'repeat REPEAT'],
    charged: [200, 200],
    rows: ['ride OK', 'ride OK'],
  },
  {
    id: 'no lamp',
    title: 'nobody is charged while lamp and sound cannot be given',
    story: [
      { at: 0, act: (bus) => bus.set({ indicatorReady: false }) },
      { at: 100, tap: alder(1) },
    ],
    told: ['staff DEVICE_FAULT'],
    charged: [],
    rows: ['decline DEVICE_FAULT'],
  },
  {
    id: 'no cue',
    title: 'the board drops out after the commit: the rider who comes back hears the tone, and pays once',
    story: [
      { at: 0, act: (bus) => bus.set({ blind: true }) },
      { at: 100, tap: alder(1) },
      { at: 5_000, act: (bus) => bus.set({ blind: false }) },
      { at: 6_000, tap: alder(2) },
      { at: 7_000, tap: alder(2) },
    ],
    told: ['accepted OK', 'accepted REPEAT', 'repeat REPEAT'],
    charged: [200],
    rows: ['ride OK'],
  },
  {
    id: 'device wait',
    title: 'reads that waited behind a slow commit count from their own time',
    story: [
      { at: 0, tap: alder(1) },
      {
        at: 5_000,
        act: (bus) => {
          const readAt = (ms: number) => monoMs(bus.clock.monoMs() - 5_000 + ms);
          bus.tap(birch(1), readAt(1_500));
          bus.tap(birch(2), readAt(4_000));
        },
      },
      { at: 7_500, tap: birch(3) },
    ],
    told: ['accepted OK', 'accepted OK', 'repeat REPEAT', 'refused GROUP_LIMIT'],
    charged: [200, 200],
    rows: ['ride OK', 'ride OK', 'repeat REPEAT', 'decline GROUP_LIMIT'],
  },
  {
    id: 'trip resumes',
    title: 'a trip left open goes on after 3 h without power and is ended after 4 h',
    story: [
      { at: 0, tap: alder(1) },
      { at: 3 * 60 * minuteMs, act: (bus) => bus.boot() },
      { at: 3 * 60 * minuteMs + 1_000, tap: birch(1) },
      { at: 4 * 60 * minuteMs, act: (bus) => bus.boot() },
      { at: 4 * 60 * minuteMs + 1_000, tap: birch(2) },
    ],
    told: ['accepted OK', 'accepted OK', 'outOfOrder OUT_OF_SERVICE'],
    charged: [200, 200],
    rows: ['ride OK', 'ride OK', 'trip', 'decline OUT_OF_SERVICE'],
    also: (bus) => {
      const ended = bus.rows.findLast((row) => row.payload.act === 'trip')?.payload;
      expect(ended).toMatchObject({ trigger: 'boot', events: [['trip', 'Ended', 1, 'unfinished']] });
    },
  },
  {
    id: 'forged',
    title: 'a forged copy of a code that is on the reader keeps no presence alive',
    given: { config: { groupMax: 2 } },
    story: [
      { at: 0, tap: alder(1) },
      { at: 2_000, tap: alder(1, { spelling: ' forged' }) },
      { at: 4_000, tap: alder(2) },
    ],
    told: ['accepted OK', 'repeat REPEAT', 'accepted OK'],
    charged: [200, 200],
    rows: ['ride OK', 'repeat REPEAT', 'ride OK'],
  },
  {
    id: 'refused again',
    title: 'a refused code held to the reader is written once per 3 s, then judged afresh',
    story: [0, 400, 800, 1_200, 3_100].map((at) => ({ at, tap: alder(1, { refused: 'DENIED' }) })),
    told: ['refused DENIED', 'refused DENIED'],
    charged: [],
    rows: ['decline DENIED', 'decline DENIED'],
  },
  {
    id: 'review',
    title: 'an operator refuses unknown accounts while offline',
    given: { online: false, masks: { deny: 0, denyIfOffline: checkWord('accountFirstSeen'), review: 0 } },
    story: [{ at: 0, tap: alder(1, { product: adult }) }],
    told: ['refused OFFLINE_LIMIT'],
    charged: [],
    rows: ['decline OFFLINE_LIMIT'],
  },
];

describe('a bus validator (seed table)', () => {
  test.each(cases)('$id: $title', async ({ given, story, told, charged, rows, also }) => {
    const bus = new Bus('table', given);
    bus.openTrip();
    const opened = bus.rows.length;
    const startMs = bus.clock.monoMs();
    for (const event of story) {
      await bus.clock.advance(startMs + event.at - bus.clock.monoMs());
      if ('tap' in event) bus.tap(event.tap);
      else event.act(bus);
    }
    expect(bus.signals.map(({ cue, reason }) => `${cue} ${reason}`)).toEqual(told);
    expect(bus.charges()).toEqual(charged);
    expect(bus.acts().slice(opened)).toEqual(rows);
    also?.(bus);
  });
});

test('B2: a screenshot on two buses that are both offline rides on both, under one digest and within the limits', () => {
  const buses = ['first', 'second'].map((seed) => {
    const bus = new Bus(seed, { online: false });
    bus.openTrip();
    bus.tap(alder(1));
    return bus;
  });
  const rides = buses.map((bus) => bus.rides()[0]?.payload);
  expect(buses.map((bus) => bus.signals[0]?.reason)).toEqual(['OK', 'OK']);
  expect(rides.map((ride) => [ride?.offline, ride?.ladder])).toEqual([
    [true, 1],
    [true, 1],
  ]);
  expect(rides[0]?.digest).toEqual(rides[1]?.digest);
  expect(rides[0]?.tx).not.toEqual(rides[1]?.tx);
});

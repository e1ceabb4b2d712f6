// What time it is and how far that may be believed: the three states, the floor, and the steps a clock
// in the field makes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clockLimits, TrustedTime } from '../../../runtime/core/trusted-time.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const start = Date.UTC(2026, 0, 5, 8);
const built = start - 30 * day;

function booted(options: { wall?: number; rtcKeptPower?: boolean; floorMs?: number } = {}) {
  const clock = new VirtualClock(options.wall ?? start);
  const time = new TrustedTime({
    clock,
    floorMs: options.floorMs ?? built,
    rtcKeptPower: options.rtcKeptPower ?? true,
  });
  return { clock, time };
}

describe('at start', () => {
  it.each([
    ['a clock that kept power', {}, 'HOLDOVER', start],
    ['a clock that lost power', { rtcKeptPower: false }, 'UNTRUSTED', start],
    ['a clock that kept power and stands below the floor', { wall: built - 1 }, 'UNTRUSTED', built],
    ['a clock in 1970', { wall: 0, rtcKeptPower: false }, 'UNTRUSTED', built],
    ['a clock exactly on the floor', { wall: built }, 'HOLDOVER', built],
  ] as const)('%s', (_name, options, state, wall) => {
    const { time } = booted(options);

    expect(time.now()).toMatchObject({ state, wallMs: wall, floorMs: built });
  });

  it('an untrusted time is uncertain by the largest uncertainty that is still believed', () => {
    expect(booted({ rtcKeptPower: false }).time.now().uncertaintyMs).toBe(clockLimits.untrustedAboveMs);
  });
});

describe('uncertainty', () => {
  it.each([
    ['at once', 0, 2_000],
    ['after an hour', hour, 2_000 + 180],
    ['after a day: 2 s and 50 parts per million', day, 2_000 + 4_320],
  ])('of a holdover %s', async (_name, ageMs, uncertaintyMs) => {
    const { clock, time } = booted();
    await clock.advance(ageMs);

    expect(time.now()).toMatchObject({ state: 'HOLDOVER', uncertaintyMs, wallMs: start + ageMs });
  });

  it('ends the holdover when it passes 300 s', async () => {
    const { clock, time } = booted();
    const lastTrustedMs =
      ((clockLimits.untrustedAboveMs - clockLimits.baseUncertaintyMs) * 1_000_000) / clockLimits.driftPerMillion;
    await clock.advance(lastTrustedMs);
    expect(time.now().state).toBe('HOLDOVER');
    await clock.advance(20_001);
    expect(time.now().state).toBe('UNTRUSTED');
  });

  it('of a signed time is half its round trip, and stays SYNCED for an hour', async () => {
    const { clock, time } = booted();
    expect(time.observeSigned(start + 300, 40)).toBe(true);
    expect(time.now()).toMatchObject({ state: 'SYNCED', uncertaintyMs: 40, wallMs: start + 300 });

    await clock.advance(clockLimits.syncedForMs);
    expect(time.now()).toMatchObject({ state: 'SYNCED', uncertaintyMs: 40 + 180 });
    await clock.advance(1);
    expect(time.now()).toMatchObject({ state: 'HOLDOVER', uncertaintyMs: 2_000 + 181 });
  });

  it('is never zero', () => {
    const { time } = booted();
    time.observeSigned(start, 0);

    expect(time.now().uncertaintyMs).toBe(1);
  });
});

describe('the floor', () => {
  it('is raised by a signed time, less its error, and never lowered', () => {
    const { time } = booted();
    time.observeSigned(start, 50);
    expect(time.now().floorMs).toBe(start - 50);
    time.raiseFloor(built);
    expect(time.now().floorMs).toBe(start - 50);
  });

  it('refuses a signed time below it, and keeps what was believed', () => {
    const { time } = booted();
    time.observeSigned(start, 10);

    expect(time.observeSigned(start - minute, 10)).toBe(false);
    expect(time.now()).toMatchObject({ state: 'SYNCED', wallMs: start });
  });

  it('takes a signed time whose interval still reaches it', () => {
    const { time } = booted({ floorMs: start });

    expect(time.observeSigned(start - 100, 100)).toBe(true);
    expect(time.now().wallMs).toBe(start);
  });

  it('raised beyond what the clock can mean proves the clock wrong', () => {
    const { time } = booted();
    time.raiseFloor(start + clockLimits.baseUncertaintyMs);
    expect(time.now()).toMatchObject({ state: 'HOLDOVER', wallMs: start + clockLimits.baseUncertaintyMs });

    time.raiseFloor(start + clockLimits.baseUncertaintyMs + 1);
    expect(time.now().state).toBe('UNTRUSTED');
  });

  it('is not poisoned by one source ten years ahead', () => {
    const { time } = booted();

    expect(time.observeSigned(start + 3650 * day, 10)).toBe(false);
    expect(time.now()).toMatchObject({ state: 'HOLDOVER', wallMs: start, floorMs: built });
  });

  it('jumps a week for a terminal from the depot, because its own clock agrees', () => {
    const { time } = booted({ wall: start, floorMs: start - 7 * day });

    expect(time.observeSigned(start + 4 * minute, 10)).toBe(true);
    expect(time.now().floorMs).toBe(start + 4 * minute - 10);
  });

  it('jumps no more than a day where the machine says 1970', () => {
    const dead = { wall: 0, rtcKeptPower: false } as const;

    expect(booted({ ...dead, floorMs: start - day }).time.observeSigned(start, 10)).toBe(true);
    expect(booted({ ...dead, floorMs: start - day - 1 }).time.observeSigned(start, 10)).toBe(false);
  });

  it('jumps where the running anchor agrees though the wall clock was set back', async () => {
    const { clock, time } = booted();
    clock.stepWall(-20 * 365 * day);
    await clock.advance(hour);

    expect(time.observeSigned(start + hour, 10)).toBe(true);
  });
});

describe('steps of the wall clock', () => {
  it('set back one hour while SYNCED: reported once, the time does not follow', async () => {
    const { clock, time } = booted();
    time.observeSigned(start, 10);
    await clock.advance(10 * minute);
    clock.stepWall(-hour);

    expect(time.checkStep()).toEqual({ fromMs: start + 10 * minute, toMs: start + 10 * minute - hour });
    expect(time.checkStep()).toBeNull();
    expect(time.now()).toMatchObject({ state: 'SYNCED', wallMs: start + 10 * minute });
  });

  it('set back one hour in a holdover: the trust in that clock ends, until a signed time comes', () => {
    const { clock, time } = booted();
    clock.stepWall(-hour);

    expect(time.checkStep()).not.toBeNull();
    expect(time.now().state).toBe('UNTRUSTED');
    expect(time.observeSigned(start, 10)).toBe(false);
    clock.setWall(start);
    expect(time.observeSigned(start, 10)).toBe(true);
    expect(time.now().state).toBe('SYNCED');
  });

  it('lost to 1970 while running: time goes on from the anchor and never below the floor', async () => {
    const { clock, time } = booted();
    time.observeSigned(start, 10);
    clock.setWall(0);
    await clock.advance(minute);

    expect(time.checkStep()).toMatchObject({ toMs: minute });
    expect(time.now()).toMatchObject({ state: 'SYNCED', wallMs: start + minute });
  });

  it.each([
    ['five minutes are explained', clockLimits.unexplainedStepMs, false],
    ['five minutes back are explained', -clockLimits.unexplainedStepMs, false],
    ['a millisecond more is not', clockLimits.unexplainedStepMs + 1, true],
    ['a millisecond more back is not', -clockLimits.unexplainedStepMs - 1, true],
  ])('%s', (_name, byMs, reported) => {
    const { clock, time } = booted();
    clock.stepWall(byMs);

    expect(time.checkStep() !== null).toBe(reported);
  });

  it('a day of even running is no step', async () => {
    const { clock, time } = booted();
    await clock.advance(day);

    expect(time.checkStep()).toBeNull();
  });
});

describe('properties, seed 7481', () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(2 * day) }),
    fc.record({ kind: fc.constant('step' as const), ms: fc.integer({ min: -40 * 365 * day, max: 40 * 365 * day }) }),
    fc.record({
      kind: fc.constant('signed' as const),
      ms: fc.oneof(fc.integer({ min: -minute, max: minute }), fc.integer({ min: -2 * day, max: 2 * day })),
    }),
    fc.record({ kind: fc.constant('check' as const), ms: fc.constant(0) }),
  );

  it('whatever the clock does: never below the floor, the floor never falls, monotonic time never steps', async () => {
    let synced = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (events) => {
        const { clock, time } = booted();
        let before = time.now();
        for (const { kind, ms } of events) {
          if (kind === 'advance') await clock.advance(ms);
          else if (kind === 'step') clock.stepWall(ms);
          else if (kind === 'signed') synced += time.observeSigned(time.now().wallMs + ms, 20) ? 1 : 0;
          else time.checkStep();
          const now = time.now();
          expect(now.wallMs).toBeGreaterThanOrEqual(now.floorMs);
          expect(now.floorMs).toBeGreaterThanOrEqual(before.floorMs);
          expect(now.monoMs).toBeGreaterThanOrEqual(before.monoMs);
          expect(now.uncertaintyMs).toBeGreaterThan(0);
          before = now;
        }
      }),
      { seed: 7481, numRuns: 150 },
    );
    expect(synced).toBeGreaterThan(20);
  });
});

// A card that stalls every fsync for two seconds, injected into a real terminal process: the passenger sees
// "wait", other inputs keep their own time, and the final cue follows the commit.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock, sleep } from '../../../runtime/core/clock.ts';
import { waitCueAfterMs } from '../../../runtime/terminal/machine-runner.ts';
import { AttachedTrace } from '../../fixtures/attached-trace.ts';
import { BusRig } from '../../fixtures/bus-rig.ts';
import { peer } from '../../peers/available.ts';

const stallMs = 2_000;
/** What the main loop may be blocked for, and what this test's own loop and the line add to a reading. */
const blockedAtMostMs = 100;
const ownDelayMs = 50;
const lampPins = { green: 4, white: 7 } as const;

describe.skipIf(!peer('strace') || !peer('root') || !peer('pty'))('every fsync of a terminal takes two seconds', () => {
  let bus: BusRig;
  beforeEach(async () => {
    bus = await BusRig.open({ kind: 'pty' });
  });
  afterEach(() => bus.close());

  it('wait shows by 400 ms, three codes keep their own time, each green follows its commit', async () => {
    const clock = new SystemClock();
    const rises: { pin: number; atMonoMs: number; rides: number }[] = [];
    await bus.startServing();
    // Without the head end nothing but the rides is committed.
    await bus.stopHeadEnd();
    await sleep(clock, 'checkpoint', 3_000);
    const trace = await AttachedTrace.attach({
      pid: bus.terminal.pid ?? 0,
      file: join(bus.folder, 'trace'),
      expressions: ['trace=fsync', `inject=fsync:delay_enter=${stallMs * 1_000}`],
    });
    bus.board.pinChanged.on(({ pin, level }) => {
      if (level === 1) rises.push({ pin, atMonoMs: clock.monoMs(), rides: bus.answers.length });
    });
    const shownAt: number[] = [];
    for (let code = 0; code < 3; code++) {
      await bus.scanner.show(bus.wallet().freshCode(bus.now()));
      shownAt.push(clock.monoMs());
      await sleep(clock, 'next rider', 300);
    }
    await bus.until('three answers', () => bus.answers.length === 3);
    expect(bus.answers.map(({ cue }) => cue)).toEqual(['accepted', 'accepted', 'accepted']);
    const rides = await bus.rides();
    expect(rides).toHaveLength(3);

    const lag = rides.map((ride, at) => ride.tMonoMs - (shownAt[at] ?? 0));
    for (const ms of lag) expect(Math.abs(ms)).toBeLessThanOrEqual(blockedAtMostMs + ownDelayMs);

    const [first = 0] = shownAt;
    const white = rises.find(({ pin }) => pin === lampPins.white);
    expect((white?.atMonoMs ?? 0) - first).toBeGreaterThanOrEqual(waitCueAfterMs - ownDelayMs);
    expect((white?.atMonoMs ?? 0) - first).toBeLessThanOrEqual(waitCueAfterMs + blockedAtMostMs + ownDelayMs);

    const greens = rises.filter(({ pin }) => pin === lampPins.green);
    expect(greens).toHaveLength(3);
    for (const [at, { atMonoMs }] of greens.entries()) {
      expect(atMonoMs - first).toBeGreaterThanOrEqual((at + 1) * stallMs - ownDelayMs);
    }
    const lines = await trace.detach();
    expect(lines.filter((line) => line.includes('(DELAYED)')).length).toBeGreaterThanOrEqual(3);
  }, 90_000);
});

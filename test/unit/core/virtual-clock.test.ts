// The clock that moves only when told to: order of timers, cancelling, and waits built on it.
import { describe, expect, it } from 'vitest';
import { repeat, sleep } from '../../../runtime/core/clock.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';

describe('VirtualClock', () => {
  it('fires timers in order of time, and those of one time in order of arming', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    for (const [name, delayMs] of [
      ['late', 20],
      ['first', 10],
      ['second', 10],
      ['at once', 0],
    ] as const) {
      clock.timer(name, delayMs, () => fired.push(`${name} ${clock.monoMs()}`));
    }
    await clock.advance(20);

    expect(fired).toEqual(['at once 1000', 'first 1010', 'second 1010', 'late 1020']);
  });

  it('moves wall and monotonic time together, and only the wall for a step', async () => {
    const clock = new VirtualClock(5_000, 100);
    await clock.advance(10);
    clock.stepWall(-3_000);
    expect([clock.wallMs(), clock.monoMs()]).toEqual([2_010, 110]);

    clock.setWall(9_000);
    await clock.advance(1);
    expect([clock.wallMs(), clock.monoMs()]).toEqual([9_001, 111]);
  });

  it('a step of the wall moves no timer', async () => {
    const clock = new VirtualClock();
    let fired = false;
    clock.timer('wait', 1_000, () => {
      fired = true;
    });
    clock.stepWall(3_600_000);
    await clock.advance(999);
    expect(fired).toBe(false);
    await clock.advance(1);
    expect(fired).toBe(true);
  });

  it('lists what is pending by name; fired and cancelled timers are gone', async () => {
    const clock = new VirtualClock();
    clock.timer('fires', 10, () => {});
    const cancelled = clock.timer('cancelled', 10, () => expect.unreachable('a cancelled timer fired'));
    clock.timer('waits', 11, () => {});
    cancelled.cancel();
    expect(clock.pending()).toEqual(['fires', 'waits']);

    await clock.advance(10);
    expect(clock.pending()).toEqual(['waits']);
  });

  it('a timer armed by a timer fires in the same advance when it is due', async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    clock.timer('outer', 10, () => clock.timer('inner', 5, () => fired.push(clock.monoMs())));
    await clock.advance(15);

    expect(fired).toEqual([1_015]);
  });

  it('promise callbacks run between two timers', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    void sleep(clock, 'sleeper', 10).then(() => seen.push('woken'));
    clock.timer('later', 11, () => seen.push('later'));
    await clock.advance(11);

    expect(seen).toEqual(['woken', 'later']);
  });
});

describe('sleep', () => {
  it('ends early when its signal aborts, and leaves no timer', async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const sleeping = sleep(clock, 'sleep', 60_000, abort.signal);
    abort.abort();
    await sleeping;

    expect(clock.pending()).toEqual([]);
  });

  it('does not start when its signal has aborted before', async () => {
    const clock = new VirtualClock();
    await sleep(clock, 'sleep', 60_000, AbortSignal.abort());

    expect(clock.pending()).toEqual([]);
  });
});

describe('repeat', () => {
  it('works once per period until it is cancelled', async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    const handle = repeat(clock, 'beat', 100, () => times.push(clock.monoMs()));
    await clock.advance(350);
    handle.cancel();
    await clock.advance(1_000);

    expect(times).toEqual([1_100, 1_200, 1_300]);
    expect(clock.pending()).toEqual([]);
  });

  it('can be cancelled by its own work', async () => {
    const clock = new VirtualClock();
    let beats = 0;
    const handle = repeat(clock, 'beat', 100, () => {
      beats++;
      handle.cancel();
    });
    await clock.advance(1_000);

    expect(beats).toBe(1);
    expect(clock.pending()).toEqual([]);
  });
});

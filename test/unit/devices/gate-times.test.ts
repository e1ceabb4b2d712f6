// The gate's times on a virtual clock, with the defaults: when a release ends, what bounces away, when somebody is in the
// way. The wires are the contract test's matter.
import { beforeEach, describe, expect, it } from 'vitest';
import { maxPulseMs, Pulses } from '../../../devices/board/pulses.ts';
import { Contact } from '../../../devices/gate/contact.ts';
import { blockedAfterMs, Detector } from '../../../devices/gate/detector.ts';
import { cycleDefaults, ReleaseCycle, type ReleaseCycleOptions } from '../../../devices/gate/release-cycle.ts';
import type { GateEvent } from '../../../devices/ports/gate.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';

let clock: VirtualClock;
let events: string[];
let startMs: number;
beforeEach(() => {
  clock = new VirtualClock();
  startMs = clock.monoMs();
  events = [];
});
const event = (told: GateEvent): void => {
  const what = told.kind === 'fault' ? `: ${told.detail}` : '';
  events.push(`${told.atMonoMs - startMs} ${told.kind}${what}`);
};

function cycle(options: Partial<ReleaseCycleOptions> = {}): ReleaseCycle {
  return new ReleaseCycle({
    id: 'gate',
    clock,
    times: cycleDefaults,
    seesOpen: null,
    takeMs: 200,
    seesRelock: false,
    occupied: () => false,
    event,
    ...options,
  });
}

describe('a release', () => {
  it('without wires ends when the controller must have locked: wait plus motion', async () => {
    const release = cycle();
    release.begin('entry');
    await clock.advance(6_499);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(events).toEqual(['6500 notPassed']);
    expect(release.phase).toBe('locked');
  });

  it('with a ready wire ends when the wire says so', async () => {
    const release = cycle({ seesOpen: () => false, seesRelock: true });
    release.begin('entry');
    await clock.advance(150);
    release.opened(clock.monoMs());
    await clock.advance(4_900);
    release.relocked(clock.monoMs());
    await clock.advance(20_000);
    expect(events).toEqual(['150 opened', '5050 notPassed']);
  });

  it('is a fault when no wire moves in time, and says nothing more but a passage', async () => {
    const release = cycle({ seesOpen: () => false, seesRelock: true });
    release.begin('entry');
    await clock.advance(20_000);
    expect(events).toEqual(['1500 fault: no sign of opening within 1500 ms of the pulse']);
    expect(release.free).toBe(true);
  });

  it('still counts the passage of a release that seemed to fail', async () => {
    const release = cycle({ seesOpen: () => false });
    release.begin('entry');
    await clock.advance(2_000);
    expect(release.passage('entry', clock.monoMs())).toBe(true);
    await clock.advance(20_000);
    expect(events.slice(1)).toEqual(['2000 passed']);
  });

  it('is a fault when it does not lock, but not while somebody stands in it', async () => {
    let standing = true;
    const release = cycle({ seesOpen: () => true, seesRelock: true, occupied: () => standing });
    release.begin('entry');
    release.passage('entry', clock.monoMs());
    await clock.advance(30_000);
    expect(events).toEqual(['0 passed']);
    standing = false;
    await clock.advance(1_500);
    expect(events.at(-1)).toBe('31500 fault: it did not lock within 1500 ms after the passing ended');
  });

  it('of a barrier still open is confirmed when the pulse has been taken', async () => {
    const release = cycle({ seesOpen: () => true, seesRelock: true });
    release.begin('entry');
    await clock.advance(199);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(events).toEqual(['200 opened']);
  });

  it('of a barrier that locks while the pulse stands is not over: the pulse opens it again', async () => {
    let open = true;
    const release = cycle({ seesOpen: () => open, seesRelock: true });
    release.begin('entry');
    await clock.advance(90);
    open = false;
    release.relocked(clock.monoMs());
    await clock.advance(150);
    open = true;
    release.opened(clock.monoMs());
    release.passage('entry', clock.monoMs());
    expect(events).toEqual(['240 opened', '240 passed']);
  });

  it('given in answer to the end of the one before stands', async () => {
    const release: ReleaseCycle = cycle({
      seesRelock: true,
      event: (told) => told.kind === 'notPassed' && release.begin('exit'),
    });
    release.begin('entry');
    await clock.advance(5_000);
    release.relocked(clock.monoMs());
    expect(release.phase).toBe('waiting');
    expect(release.passage('exit', clock.monoMs())).toBe(true);
  });

  it('expects only its own direction, and nobody once it is over', async () => {
    const release = cycle();
    expect(release.passage('entry', clock.monoMs())).toBe(false);
    release.begin('exit');
    expect(release.passage('entry', clock.monoMs())).toBe(false);
    expect(release.passage('exit', clock.monoMs())).toBe(true);
    await clock.advance(1_499);
    expect(release.passage('exit', clock.monoMs())).toBe(true);
    await clock.advance(1_500);
    expect(release.passage('exit', clock.monoMs())).toBe(false);
    expect(clock.pending()).toEqual([]);
  });
});

describe('a contact', () => {
  const told: string[] = [];
  function contact(active: 'low' | 'high', level: 0 | 1): (level: 0 | 1) => void {
    told.length = 0;
    const made = new Contact({
      name: 'passage',
      input: { pin: 2, pullUp: true, active },
      debounceMs: 30,
      clock,
      changed: (on, atMonoMs) => told.push(`${atMonoMs - startMs} ${on} at ${clock.monoMs() - startMs}`),
    });
    made.adopt(level);
    return (next) => made.edge({ pin: 2, level: next, atMonoMs: clock.monoMs() });
  }

  it('tells the time of its first edge when it has rested for 30 ms', async () => {
    const edge = contact('low', 1);
    for (const level of [0, 1, 0, 1, 0] as const) {
      edge(level);
      await clock.advance(2);
    }
    await clock.advance(100);
    expect(told).toEqual(['0 true at 38']);
  });

  it('says nothing of a spike', async () => {
    const edge = contact('low', 1);
    edge(0);
    await clock.advance(20);
    edge(1);
    await clock.advance(100);
    expect(told).toEqual([]);
  });

  it('that is normally closed says yes when it opens', async () => {
    const edge = contact('high', 0);
    edge(1);
    await clock.advance(30);
    expect(told).toEqual(['0 true at 30']);
  });
});

describe('the detector', () => {
  it('says blocked after 10 s, and clear with the time of the edge', async () => {
    const detector = new Detector({ id: 'gate', clock, blockedAfterMs, event });
    detector.change(true, clock.monoMs());
    await clock.advance(9_999);
    expect(detector.blocked).toBe(false);
    await clock.advance(1);
    expect([events, detector.blocked]).toEqual([['10000 blocked'], true]);
    detector.change(false, clock.monoMs());
    expect(events).toEqual(['10000 blocked', '10000 blocked']);
    expect(detector.blocked).toBe(false);
  });

  it('says nothing of who walks through', async () => {
    const detector = new Detector({ id: 'gate', clock, blockedAfterMs, event });
    for (let person = 0; person < 20; person++) {
      detector.change(true, clock.monoMs());
      await clock.advance(900);
      detector.change(false, clock.monoMs());
    }
    await clock.advance(20_000);
    expect(events).toEqual([]);
  });
});

describe('a pulse', () => {
  const sent: string[] = [];
  let online: boolean;
  let pulses: Pulses;
  beforeEach(() => {
    sent.length = 0;
    online = true;
    const set = (pin: number, on: boolean): boolean => {
      if (online) sent.push(`${clock.monoMs() - startMs} ${pin} ${on}`);
      return online;
    };
    pulses = new Pulses({ id: 'board', clock, set });
  });

  it.each([
    [200, 200],
    [maxPulseMs, maxPulseMs],
    [60_000, maxPulseMs],
  ])('of %i ms lasts %i', async (asked, lasts) => {
    expect(pulses.start(9, asked)).toBe(true);
    await clock.advance(60_000);
    expect(sent).toEqual(['0 9 true', `${lasts} 9 false`]);
  });

  it('is not lengthened by a second one, and does not start offline', async () => {
    pulses.start(9, 200);
    await clock.advance(100);
    expect([pulses.start(9, 200), pulses.start(10, 200)]).toEqual([false, true]);
    await clock.advance(1_000);
    expect(sent).toEqual(['0 9 true', '100 10 true', '200 9 false', '300 10 false']);
    online = false;
    expect(pulses.start(9, 200)).toBe(false);
    expect(clock.pending()).toEqual([]);
  });

  it('ends with its connection', async () => {
    pulses.start(9, 200);
    pulses.end();
    await clock.advance(1_000);
    expect(sent).toEqual(['0 9 true']);
  });
});

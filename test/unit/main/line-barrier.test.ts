// A barrier on lines is heard by its driver's events, and what it felt is compared with what was sent.
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import type { GateLaneInput } from '../../../runtime/machines/gate-lane/input.ts';
import { initialState } from '../../../runtime/machines/gate-lane/state.ts';
import { gatesOnLines, LineBarrier } from '../../../runtime/main/scenario/line-barrier.ts';

let barrier: LineBarrier | null = null;
afterEach(() => barrier?.end());

describe.each(gatesOnLines)('a barrier behind %s', (kind) => {
  const opened = async (): Promise<{ clock: VirtualClock; lane: LineBarrier; heard: GateLaneInput[] }> => {
    const clock = new VirtualClock();
    const lane = new LineBarrier(kind, clock, 8_000);
    const heard: GateLaneInput[] = [];
    lane.begin({ clock, state: () => initialState, input: (input) => void heard.push(input) });
    barrier = lane;
    await lane.settled();
    return { clock, lane, heard };
  };

  it('opens on a pulse, and tells of the passage', async () => {
    const { clock, lane, heard } = await opened();
    expect(lane.online).toBe(true);
    expect(lane.pulse('entry')).toBe(true);
    await clock.advance(1_000);
    lane.feels({ kind: 'passed', direction: 'entry', heightCentimetres: null });
    await clock.advance(50);
    expect(heard.at(-1)).toMatchObject({ kind: 'Sensor', sensor: { kind: 'passed', direction: 'entry' } });
    expect(lane.problems(1)).toEqual([]);
  });

  it('says so when it felt another number of pulses than were sent', async () => {
    const { clock, lane } = await opened();
    lane.pulse('entry');
    await clock.advance(1_000);
    expect(lane.problems(0)).toEqual(['the barrier felt 1 pulses, and 0 were sent']);
    expect(lane.problems(2)).toEqual(['the barrier felt 1 pulses, and 2 were sent']);
  });

  it('hears nothing of a machine without power', async () => {
    const { clock, lane } = await opened();
    lane.end();
    expect(lane.pulse('entry')).toBe(false);
    await clock.advance(1_000);
    expect(lane.problems(0)).toEqual([]);
  });

  it('does not play what no real gate does', async () => {
    const { lane } = await opened();
    expect(() => lane.setLatch()).toThrow('latch');
    expect(() => lane.feels({ kind: 'passed', direction: 'entry', heightCentimetres: 95 })).toThrow('height');
  });
});

// What a barrier tells of the pulse that was under way when the power went, and when a lane out of order is well again.
import { describe, expect, it } from 'vitest';
import type { Gate, GateEvent, GateSensors } from '../../../devices/ports/gate.ts';
import { Signal } from '../../../runtime/core/event.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import type { GateLaneInput } from '../../../runtime/machines/gate-lane/input.ts';
import { type GateLaneState, initialState } from '../../../runtime/machines/gate-lane/state.ts';
import { BarrierWatch, barrierWatch } from '../../../runtime/terminal/gate-lane/barrier-watch.ts';

const motionMs = 1_000;
const act = { direction: 'entry' } as never;
const recovering: GateLaneState = {
  ...initialState,
  entry: { kind: 'recovering', booted: true, open: act, untilMonoMs: 0 as never },
};

function stand(state: GateLaneState, sensors: Partial<GateSensors> = {}) {
  const clock = new VirtualClock(1_780_000_000_000);
  const now = { open: false, blocked: false, fire: false, ...sensors } as {
    -readonly [K in keyof GateSensors]: GateSensors[K];
  };
  const health = { id: 'gate', state: 'online' as const, detail: '', reconnects: 0 };
  const gate: Gate = {
    id: 'gate',
    events: new Signal<GateEvent>(),
    changed: new Signal(),
    confirmsOpening: true,
    health: () => health,
    sensors: () => now,
    release: () => true,
    start: () => {},
    stop: async () => {},
  };
  const inputs: GateLaneInput[] = [];
  const lane = { state };
  const watch = new BarrierWatch({
    gate,
    clock,
    motionMs,
    state: () => lane.state,
    input: (input) => inputs.push(input),
  });
  watch.start();
  return { clock, now, gate, inputs, lane, watch, reached: () => gate.changed.emit(health) };
}

const latches = (inputs: readonly GateLaneInput[]) =>
  inputs.flatMap((input) => (input.kind === 'Latches' ? [input.sensors.entry] : []));

describe('a barrier that is reached with a pulse under way', () => {
  it.each([
    ['locked', [[false, 0]], ['unknown']],
    [
      'open for no longer than it takes to lock',
      [
        [true, motionMs - 100],
        [false, 200],
      ],
      ['unknown'],
    ],
    [
      'open for longer, and then locked with nobody through',
      [
        [true, motionMs + 100],
        [false, 200],
      ],
      ['notPassed'],
    ],
    ['open, and not locked yet', [[true, 5_000]], []],
    ['without a wire that says', [[null, 5_000]], []],
  ] as const)('%s', async (_name, course, told) => {
    const { clock, now, inputs, reached } = stand(recovering, { open: course[0][0] });
    reached();
    for (const [open, forMs] of course) {
      now.open = open;
      await clock.advance(forMs);
    }
    expect(latches(inputs)).toEqual(told);
  });

  it('says nothing more once a passage has settled it', async () => {
    const { clock, now, inputs, lane, gate, reached } = stand(recovering, { open: true });
    reached();
    await clock.advance(motionMs + 500);
    gate.events.emit({ kind: 'passed', direction: 'entry', atMonoMs: clock.monoMs() });
    lane.state = { ...initialState, entry: { kind: 'closedIdle' } };
    now.open = false;
    await clock.advance(1_000);
    expect(inputs.map(({ kind }) => kind)).toEqual(['Sensor']);
  });
});

describe('a fire that was over before the barrier was reached', () => {
  it.each([
    ['is told to a lane that still has it', { kind: 'emergencyOpen', fireActive: true }, 1],
    ['is nothing to any other', { kind: 'closedIdle' }, 0],
  ] as const)('%s', (_name, entry, times) => {
    const { inputs, reached } = stand({ ...initialState, entry });
    reached();
    expect(inputs.filter((input) => input.kind === 'Fire' && !input.active)).toHaveLength(times);
  });
});

describe('a lane out of order', () => {
  const faulty: GateLaneState = { ...initialState, entry: { kind: 'fault', detail: 'no sign of opening' } };
  it.each([
    ['locked and empty', {}, true],
    ['still open', { open: true }, false],
    ['with somebody in it', { blocked: true }, false],
    ['in a fire', { fire: true }, false],
  ] as const)('%s: is well or not', async (_name, sensors, well) => {
    const { clock, inputs, watch } = stand(faulty, sensors);
    watch.settled();
    await clock.advance(barrierWatch.selfTestMs - 1);
    expect(inputs).toEqual([]);
    await clock.advance(1);
    expect(inputs.map(({ kind }) => kind)).toEqual(well ? ['SelfTest'] : []);
  });

  it('is looked at again until it is well, and not once it serves', async () => {
    const { clock, now, inputs, lane, watch } = stand(faulty, { open: true });
    watch.settled();
    await clock.advance(3 * barrierWatch.selfTestMs);
    now.open = false;
    await clock.advance(barrierWatch.selfTestMs);
    expect(inputs.map(({ kind }) => kind)).toEqual(['SelfTest']);
    watch.settled();
    lane.state = { ...initialState, entry: { kind: 'closedIdle' } };
    watch.settled();
    await clock.advance(2 * barrierWatch.selfTestMs);
    expect(inputs).toHaveLength(1);
  });
});

// The pure gate lane together with what its journal will say of it: every commit of rows carries the memory that a
// start needs, made of these very rows.
import type { GateLaneEffect } from '../../machines/gate-lane/effects.ts';
import type { GateLaneFacts } from '../../machines/gate-lane/facts.ts';
import type { GateLaneInput } from '../../machines/gate-lane/input.ts';
import { type LaneMemory, memoryProjection, remember } from '../../machines/gate-lane/memory.ts';
import type { GateLaneState } from '../../machines/gate-lane/state.ts';
import { step } from '../../machines/gate-lane/step.ts';
import type { TimerName } from '../../machines/gate-lane/timer-names.ts';
import type { CommonEffect } from '../../machines/shared/effects.ts';
import type { Machine } from '../machine-runner.ts';

export interface RememberedLane {
  readonly lane: GateLaneState;
  readonly memory: LaneMemory;
}

export const rememberedLane = (
  initial: RememberedLane,
): Machine<
  RememberedLane,
  GateLaneInput,
  GateLaneFacts,
  TimerName,
  Exclude<GateLaneEffect, CommonEffect<TimerName>>
> => ({
  initial,
  step: ({ lane, memory }, input, facts) => {
    const { state, effects, records, projections } = step(lane, input, facts);
    if (records.length === 0) return { state: { lane: state, memory }, effects, records, projections };
    const next = remember(memory, records);
    return {
      state: { lane: state, memory: next },
      effects,
      records,
      projections: [...projections, memoryProjection(next)],
    };
  },
  timerInput: (name, atMonoMs) => ({ kind: 'Timer', name, atMonoMs }),
  ignored: ({ lane }) => lane.ignored,
  committedInput: () => null,
  signalledInput: () => null,
});

// Timers that follow from state: a machine says when each of its timers is due, and only the differences
// become effects.
import type { MonoMs } from '../../core/brand.ts';
import type { SignalEffect, TimerEffect } from './effects.ts';
import type { CountingState, StepDraft } from './step-draft.ts';

export type ArmedTimers<Name extends string> = Readonly<Partial<Record<Name, MonoMs>>>;

interface TimedState<Name extends string> extends CountingState {
  readonly timers: ArmedTimers<Name>;
}

/** `due` names every timer of the machine; null where none is wanted. */
export function armTimers<Name extends string, State extends TimedState<Name>, Effect>(
  draft: StepDraft<State, Effect | TimerEffect<Name> | SignalEffect>,
  due: Readonly<Record<Name, MonoMs | null>>,
): void {
  for (const name of Object.keys(due) as Name[]) arm(draft, name, due[name]);
}

/** A timer that fired is no longer armed: to be called first with every Timer input. */
export function disarmTimer<Name extends string, State extends TimedState<Name>, Effect>(
  draft: StepDraft<State, Effect>,
  name: Name,
): void {
  const { [name]: _fired, ...running } = draft.state.timers;
  draft.set({ timers: running } as unknown as Partial<State>);
}

/** A timer that rings early is armed again then, so that sliding does not re-arm it with every read. */
function arm<Name extends string, State extends TimedState<Name>, Effect>(
  draft: StepDraft<State, Effect | TimerEffect<Name> | SignalEffect>,
  name: Name,
  due: MonoMs | null,
): void {
  const { [name]: armed, ...others } = draft.state.timers;
  if (due === null) {
    if (armed === undefined) return;
    draft.effects.push({ kind: 'cancelTimer', name });
    draft.set({ timers: others } as unknown as Partial<State>);
  } else if (armed === undefined || due < armed) {
    draft.effects.push({ kind: 'timer', name, dueMonoMs: due });
    draft.set({ timers: { ...others, [name]: due } } as unknown as Partial<State>);
  }
}

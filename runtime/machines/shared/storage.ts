// What the machines know of the journal's storage, and the one alarm for each visit to its last part.

import type { AlarmEffect, SignalEffect } from './effects.ts';
import type { CountingState, StepDraft } from './step-draft.ts';

/** normal and warning serve; restricted keeps the rest for passes; full keeps it for rows that end something. */
export type StorageLevel = 'normal' | 'warning' | 'restricted' | 'full' | 'unavailable';

interface AlarmingState extends CountingState {
  readonly storageAlarm: boolean;
}

/** Once per visit to the restricted level. */
export function raiseStorageAlarm<State extends AlarmingState, Effect>(
  draft: StepDraft<State, Effect | AlarmEffect | SignalEffect>,
  level: StorageLevel,
): void {
  const short = level === 'restricted' || level === 'full';
  if (short && !draft.state.storageAlarm) {
    draft.record({ type: 'SERVICE', payload: { act: 'storage', detail: level, trigger: 'sensor' }, evidence: null });
    draft.effects.push({ kind: 'alarm', alarm: 'storage' });
  }
  if (short !== draft.state.storageAlarm && level !== 'unavailable')
    draft.set({ storageAlarm: short } as Partial<State>);
}

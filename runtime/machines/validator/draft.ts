// The answer of one step of the validator while it is being written.
import { StepDraft } from '../shared/step-draft.ts';
import type { ValidatorEffect } from './effects.ts';
import type { ValidatorState } from './state.ts';

export class ValidatorDraft extends StepDraft<ValidatorState, ValidatorEffect> {
  /** The newest cue shown is written down with the next row, whatever row that is. */
  writeSignalledMark(): void {
    const first = this.records[0];
    if (first === undefined || this.state.unwrittenMark === null) return;
    this.records[0] = { ...first, payload: { ...first.payload, signalled: this.state.unwrittenMark } };
    this.set({ unwrittenMark: null });
  }
}

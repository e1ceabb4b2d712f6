// The answer of one step while it is being written. Lives inside one call of step and never leaves it.
import type { Payload } from '../../records/payload.ts';
import type { ProjectionDraft, RecordDraft, SignalEffect, ValidatorEffect } from './effects.ts';
import type { ValidatorState } from './state.ts';

export interface StepResult {
  readonly state: ValidatorState;
  /** To be run in order, after the records are durable. */
  readonly effects: readonly ValidatorEffect[];
  /** To be committed together with the projections, in one transaction. Often empty. */
  readonly records: readonly RecordDraft[];
  readonly projections: readonly ProjectionDraft[];
}

export class StepDraft {
  state: ValidatorState;
  readonly effects: ValidatorEffect[] = [];
  readonly records: RecordDraft[] = [];
  readonly projections: ProjectionDraft[] = [];

  constructor(state: ValidatorState) {
    this.state = state;
  }

  set(patch: Partial<ValidatorState>): void {
    this.state = { ...this.state, ...patch };
  }

  ignore(): void {
    this.set({ ignored: this.state.ignored + 1 });
  }

  /** Returns the record's index in the commit. */
  record(record: RecordDraft): number {
    return this.records.push(record) - 1;
  }

  signal(signal: Pick<SignalEffect, 'cue' | 'reason' | 'reference'> & Partial<SignalEffect>): void {
    this.effects.push({ fare: null, time: null, ride: null, ...signal, kind: 'signal' });
  }

  /** The newest cue shown is written down with the next row, whatever row that is. */
  writeSignalledMark(): void {
    const first = this.records[0];
    if (first === undefined || this.state.unwrittenMark === null) return;
    this.records[0] = { ...first, payload: { ...first.payload, signalled: this.state.unwrittenMark } };
    this.set({ unwrittenMark: null });
  }

  result(): StepResult {
    return { state: this.state, effects: this.effects, records: this.records, projections: this.projections };
  }
}

/** A payload without the fields that are `undefined`. */
export function payloadOf(fields: { readonly [Name in keyof Payload]: Payload[Name] | undefined }): Payload {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as unknown as Payload;
}

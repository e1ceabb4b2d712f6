// The answer of one step while it is being written. Lives inside one call of a machine's step and never
// leaves it.
import type { Payload } from '../../records/payload.ts';
import type { ProjectionDraft, RecordDraft, SignalEffect } from './effects.ts';

export interface StepResult<State, Effect> {
  readonly state: State;
  /** To be run in order, after the records are durable. */
  readonly effects: readonly Effect[];
  /** To be committed together with the projections, in one transaction. Often empty. */
  readonly records: readonly RecordDraft[];
  readonly projections: readonly ProjectionDraft[];
}

/** What every machine holds: inputs that its present state does not know are counted, never thrown at. */
export interface CountingState {
  readonly ignored: number;
}

export class StepDraft<State extends CountingState, Effect> {
  state: State;
  readonly effects: (Effect | SignalEffect)[] = [];
  readonly records: RecordDraft[] = [];
  readonly projections: ProjectionDraft[] = [];

  constructor(state: State) {
    this.state = state;
  }

  set(patch: Partial<State>): void {
    this.state = { ...this.state, ...patch };
  }

  ignore(): void {
    this.state = { ...this.state, ignored: this.state.ignored + 1 };
  }

  /** Returns the record's index in the commit. */
  record(record: RecordDraft): number {
    return this.records.push(record) - 1;
  }

  signal(signal: Pick<SignalEffect, 'cue' | 'reason' | 'reference'> & Partial<SignalEffect>): void {
    this.effects.push({
      fare: null,
      time: null,
      place: null,
      waitMinutes: null,
      ride: null,
      ...signal,
      kind: 'signal',
    });
  }

  result(): StepResult<State, Effect | SignalEffect> {
    return { state: this.state, effects: this.effects, records: this.records, projections: this.projections };
  }
}

export type PayloadFields = { readonly [Name in keyof Payload]: Payload[Name] | undefined };

/** A payload without the fields that are `undefined`. */
export function payloadOf(fields: PayloadFields): Payload {
  const given = fields as Readonly<Record<string, unknown>>;
  const present: Record<string, unknown> = {};
  for (const name in given) if (given[name] !== undefined) present[name] = given[name];
  return present as unknown as Payload;
}

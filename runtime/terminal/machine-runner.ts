// Runs the pure machine in the world: one input at a time, step, commit, effects. The commit is the
// only await of the scan path, and no effect runs before it.

import type { Cue, Indicator } from '../../devices/ports/indicator.ts';
import type { MonoMs } from '../core/brand.ts';
import type { Clock, TimerHandle } from '../core/clock.ts';
import { messageOf, StileError } from '../core/errors.ts';
import { Signal } from '../core/event.ts';
import type { Logger } from '../core/log.ts';
import type { RecordDraft, SignalEffect } from '../machines/shared/effects.ts';
import type { StepResult } from '../machines/shared/step-draft.ts';
import type { ValidatorEffect } from '../machines/validator/effects.ts';
import type { ValidatorFacts } from '../machines/validator/facts.ts';
import type { TimerName, ValidatorInput } from '../machines/validator/input.ts';
import type { ValidatorState } from '../machines/validator/state.ts';
import { initialState } from '../machines/validator/state.ts';
import { step } from '../machines/validator/step.ts';
import type { Journal, StoredRow } from '../store/journal.ts';
import type { RowDrafts } from './row-drafts.ts';

/** After this long without a durable decision the passenger sees "wait". */
export const waitCueAfterMs = 400;

/** What a person at the machine was told. `ref` is null where no row stands behind the answer. */
export interface Shown {
  readonly cue: Cue;
  readonly reason: SignalEffect['reason'];
  readonly ref: string | null;
  readonly fare: SignalEffect['fare'];
  readonly atMonoMs: MonoMs;
}

export interface MachineRunnerOptions {
  readonly journal: Journal;
  readonly indicator: Indicator;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly drafts: RowDrafts;
  /** Hands an input back to the queue: the runner never runs two at once. */
  readonly later: (input: ValidatorInput) => void;
  /** Rows that became durable, with the drafts they came from. */
  readonly written: (rows: readonly StoredRow[], records: readonly RecordDraft[]) => void;
}

export class MachineRunner {
  readonly shown = new Signal<Shown>();
  readonly #options: MachineRunnerOptions;
  readonly #timers = new Map<TimerName, TimerHandle>();
  #state: ValidatorState = initialState;

  constructor(options: MachineRunnerOptions) {
    this.#options = options;
  }

  get state(): ValidatorState {
    return this.#state;
  }

  /** Takes one input. A commit that fails leaves the state as it was and tells the person so; it never throws. */
  async run(input: ValidatorInput, facts: ValidatorFacts): Promise<void> {
    const result = step(this.#state, input, facts);
    const rows = await this.#commit(result, facts);
    if (!rows) return this.#outOfOrder();
    this.#state = result.state;
    this.#tellPlaces(rows, result.records, facts);
    for (const effect of result.effects) this.#perform(effect, rows, facts);
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  async #commit(
    result: StepResult<ValidatorState, ValidatorEffect>,
    facts: ValidatorFacts,
  ): Promise<readonly StoredRow[] | null> {
    if (result.records.length === 0 && result.projections.length === 0) return [];
    const { journal, drafts, clock, indicator } = this.#options;
    const rows = result.records.map((record) =>
      drafts.draft(record.type, record.payload, facts.moment, record.evidence),
    );
    const waiting = clock.timer('wait-cue', waitCueAfterMs, () => indicator.show('wait'));
    try {
      const stored = await journal.commit(rows, result.projections);
      this.#options.written(stored, result.records);
      return stored;
    } catch (error) {
      this.#report(error);
      return null;
    } finally {
      waiting.cancel();
    }
  }

  /** The machine learns where its rides stand, so that repeats can name the row. */
  #tellPlaces(rows: readonly StoredRow[], records: readonly RecordDraft[], facts: ValidatorFacts): void {
    for (const [at, record] of records.entries()) {
      const row = rows[at];
      if (!row || !record.payload.tx || record.payload.act !== 'ride') continue;
      this.#fold(
        { kind: 'Committed', atMonoMs: facts.moment.monoMs, tx: record.payload.tx, seq: row.seq, ref: row.ref },
        facts,
      );
    }
  }

  #perform(effect: ValidatorEffect, rows: readonly StoredRow[], facts: ValidatorFacts): void {
    switch (effect.kind) {
      case 'signal':
        return this.#signal(effect, rows, facts);
      case 'timer':
        return this.#arm(effect.name, effect.dueMonoMs);
      case 'cancelTimer':
        this.#timers.get(effect.name)?.cancel();
        this.#timers.delete(effect.name);
        return;
      case 'alarm':
        return this.#options.logger.error('storage nearly full', {
          code: 'JOURNAL_FULL',
          state: this.#options.journal.level(),
        });
      default:
        effect satisfies never;
    }
  }

  #signal(effect: SignalEffect, rows: readonly StoredRow[], facts: ValidatorFacts): void {
    const handedOver = this.#options.indicator.show(effect.cue);
    if (handedOver && effect.ride) {
      this.#fold({ kind: 'Signalled', atMonoMs: facts.moment.monoMs, tx: effect.ride }, facts);
    }
    const { reference } = effect;
    const ref =
      reference === null ? null : reference.from === 'row' ? reference.ref : (rows[reference.index]?.ref ?? null);
    const atMonoMs = this.#options.clock.monoMs();
    this.shown.emit({ cue: effect.cue, reason: effect.reason, ref, fare: effect.fare, atMonoMs });
  }

  /** Inputs that only note something: they write nothing and tell nobody. */
  #fold(input: ValidatorInput, facts: ValidatorFacts): void {
    const result = step(this.#state, input, facts);
    this.#state = result.state;
    for (const effect of result.effects) if (effect.kind === 'timer') this.#arm(effect.name, effect.dueMonoMs);
  }

  #arm(name: TimerName, dueMonoMs: MonoMs): void {
    this.#timers.get(name)?.cancel();
    const { clock, later } = this.#options;
    const delayMs = Math.max(0, dueMonoMs - clock.monoMs());
    const timer = clock.timer(name, delayMs, () => {
      this.#timers.delete(name);
      later({ kind: 'Timer', name, atMonoMs: clock.monoMs() });
    });
    this.#timers.set(name, timer);
  }

  #outOfOrder(): void {
    this.#options.indicator.show('outOfOrder');
    const atMonoMs = this.#options.clock.monoMs();
    this.shown.emit({ cue: 'outOfOrder', reason: 'OUT_OF_SERVICE', ref: null, fare: null, atMonoMs });
  }

  #report(error: unknown): void {
    const code = error instanceof StileError ? error.code : 'INTERNAL';
    this.#options.logger.error('decision not durable, nothing was shown', { code, detail: messageOf(error) });
  }
}

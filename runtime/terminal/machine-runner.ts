// Runs a pure machine in the world: one input at a time, step, commit, effects. The commit is the only
// await of the scan path, and no effect runs before it.

import type { Cue, Indicator } from '../../devices/ports/indicator.ts';
import type { Money, MonoMs, WallMs } from '../core/brand.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Clock, TimerHandle } from '../core/clock.ts';
import { messageOf, StileError } from '../core/errors.ts';
import { Signal } from '../core/event.ts';
import type { Logger } from '../core/log.ts';
import type { Moment } from '../core/trusted-time.ts';
import type { Alarm, CommonEffect, RecordDraft, ReferenceSource, SignalEffect } from '../machines/shared/effects.ts';
import type { StepResult } from '../machines/shared/step-draft.ts';
import type { ReasonCode } from '../records/reasons.ts';
import type { Journal, Projection, StoredRow } from '../store/journal.ts';
import type { RowDrafts } from './row-drafts.ts';

/** After this long without a durable decision the passenger sees "wait". */
export const waitCueAfterMs = 400;

/** What a person at the machine was told. `ref` is null where no row stands behind the answer. */
export interface Shown {
  readonly cue: Cue;
  readonly reason: ReasonCode;
  readonly ref: string | null;
  readonly fare: Money | null;
  /** The time the message names. */
  readonly time: WallMs | null;
  readonly atMonoMs: MonoMs;
}

/** What one commit made durable, and the drafts it came from. */
export interface Committed {
  readonly rows: readonly StoredRow[];
  readonly records: readonly RecordDraft[];
}

/** The pure part, and how the world speaks to it. `Own` are the effects of the machine's own hardware. */
export interface Machine<State, Input, Facts, TimerName extends string, Own> {
  readonly initial: State;
  step(state: State, input: Input, facts: Facts): StepResult<State, CommonEffect<TimerName> | Own>;
  timerInput(name: TimerName, atMonoMs: MonoMs): Input;
  /** Inputs that the state did not know, so far. */
  ignored(state: State): number;
  /** What the machine is to note of a durable row; null for nothing. Notes write nothing and tell nobody. */
  committedInput(row: StoredRow, record: RecordDraft, atMonoMs: MonoMs): Input | null;
  /** That a person was told of this transaction; null where the machine does not ask. */
  signalledInput(tx: Bytes, atMonoMs: MonoMs): Input | null;
}

/** A row of the terminal's own beside those of an input, and what is shown where the machine itself shows nothing. */
export interface Note {
  readonly record: RecordDraft;
  readonly cue: SignalEffect['cue'];
  readonly reason: ReasonCode;
}

export interface MachineRunnerOptions<Input, Facts, Own> {
  readonly journal: Journal;
  readonly indicator: Indicator;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly drafts: RowDrafts;
  /** Hands an input back to the queue: the runner never runs two at once. */
  readonly later: (input: Input) => void;
  /** Rows that became durable, with the drafts they came from. */
  readonly written: (committed: Committed) => void;
  /** Does what only this machine can ask for, after the commit. */
  readonly perform: (effect: Own, committed: Committed, facts: Facts) => void;
}

export class MachineRunner<
  State,
  Input,
  Facts extends { readonly moment: Moment },
  TimerName extends string,
  Own extends { readonly kind: string },
> {
  readonly shown = new Signal<Shown>();
  /** Somebody must look now. */
  readonly alarms = new Signal<Alarm>();
  readonly #machine: Machine<State, Input, Facts, TimerName, Own>;
  readonly #options: MachineRunnerOptions<Input, Facts, Own>;
  readonly #timers = new Map<TimerName, TimerHandle>();
  #state: State;

  constructor(machine: Machine<State, Input, Facts, TimerName, Own>, options: MachineRunnerOptions<Input, Facts, Own>) {
    this.#machine = machine;
    this.#options = options;
    this.#state = machine.initial;
  }

  get state(): State {
    return this.#state;
  }

  /**
   * Takes one input. A commit that fails leaves the state as it was and tells the person so; it never throws for that.
   * `beside` becomes durable with the rows of this input, and only with them. False: `beside` is not kept.
   */
  async run(input: Input, facts: Facts, beside: readonly Projection[] = []): Promise<boolean> {
    const result = this.#machine.step(this.#state, input, facts);
    const kept = result.records.length > 0;
    return (await this.#settle(result, facts, kept ? beside : [])) && kept;
  }

  /**
   * Takes one input, or none, with a row that says how that went: in the same commit, so that nothing moves without it.
   * False: nothing became durable.
   */
  async runNoted(input: Input | null, facts: Facts, noteOf: (went: ReasonCode) => Note): Promise<boolean> {
    const before = this.#state;
    const result = input === null ? noStep<State, never>(before) : this.#machine.step(before, input, facts);
    const told = result.effects.find((effect): effect is SignalEffect => effect.kind === 'signal');
    const ignored = this.#machine.ignored(result.state) > this.#machine.ignored(before);
    const { record, cue, reason } = noteOf(ignored ? 'ACT_NOT_POSSIBLE' : (told?.reason ?? 'OK'));
    const records = [...result.records, record];
    const reference: ReferenceSource = { from: 'record', index: records.length - 1 };
    const shown: SignalEffect = { kind: 'signal', cue, reason, reference, ...sayingNothingMore };
    const effects = told ? result.effects : [...result.effects, shown];
    return this.#settle({ ...result, records, effects }, facts, []);
  }

  /** Commits, adopts, performs. False for a commit that failed: then nothing has happened. */
  async #settle(
    result: StepResult<State, CommonEffect<TimerName> | Own>,
    facts: Facts,
    beside: readonly Projection[],
  ): Promise<boolean> {
    const rows = await this.#commit(result, facts, beside);
    if (!rows) {
      this.#outOfOrder();
      return false;
    }
    this.#state = result.state;
    const committed: Committed = { rows, records: result.records };
    const told: Bytes[] = [];
    try {
      for (const effect of result.effects) this.#perform(effect, committed, facts, told);
    } finally {
      this.#note(committed, told, facts);
    }
    return true;
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  async #commit(
    result: StepResult<State, CommonEffect<TimerName> | Own>,
    facts: Facts,
    beside: readonly Projection[],
  ): Promise<readonly StoredRow[] | null> {
    if (result.records.length === 0 && result.projections.length === 0) return [];
    const { journal, drafts, clock, indicator } = this.#options;
    const drafted = result.records.map((record) =>
      drafts.draft(record.type, record.payload, facts.moment, record.evidence),
    );
    // Handed over first: the timer is armed while the writer is already at work.
    const committing = journal.commit(drafted, [...result.projections, ...beside]);
    const waiting = clock.timer('wait-cue', waitCueAfterMs, () => indicator.show('wait'));
    try {
      return await committing;
    } catch (error) {
      this.#report(error);
      return null;
    } finally {
      waiting.cancel();
    }
  }

  /**
   * What the terminal notes for itself: after the effects, so that nobody waits for it, and whatever became of them,
   * because the rows are durable. The machine learns where its rows stand, so that later answers can name them, and
   * of which transactions (`told`) a person has heard.
   */
  #note(committed: Committed, told: readonly Bytes[], facts: Facts): void {
    const { rows, records } = committed;
    if (records.length > 0) this.#options.written(committed);
    for (const [at, record] of records.entries()) {
      const row = rows[at];
      const note = row ? this.#machine.committedInput(row, record, facts.moment.monoMs) : null;
      if (note !== null) this.#fold(note, facts);
    }
    for (const tx of told) {
      const note = this.#machine.signalledInput(tx, facts.moment.monoMs);
      if (note !== null) this.#fold(note, facts);
    }
  }

  #perform(effect: CommonEffect<TimerName> | Own, committed: Committed, facts: Facts, told: Bytes[]): void {
    if (!isCommon<TimerName, Own>(effect)) return this.#options.perform(effect, committed, facts);
    switch (effect.kind) {
      case 'signal':
        return this.#signal(effect, committed.rows, told);
      case 'timer':
        return this.#arm(effect.name, effect.dueMonoMs);
      case 'cancelTimer':
        this.#timers.get(effect.name)?.cancel();
        this.#timers.delete(effect.name);
        return;
      case 'alarm':
        return this.#raise(effect.alarm);
      default:
        effect satisfies never;
    }
  }

  #raise(alarm: Alarm): void {
    const { logger, journal } = this.#options;
    if (alarm === 'storage') logger.error('storage nearly full', { code: 'JOURNAL_FULL', state: journal.level() });
    else logger.warn('staff are called', { kind: alarm });
    this.alarms.emit(alarm);
  }

  #signal(effect: SignalEffect, rows: readonly StoredRow[], told: Bytes[]): void {
    const handedOver = this.#options.indicator.show(effect.cue);
    if (handedOver && effect.ride) told.push(effect.ride);
    const { reference } = effect;
    const ref =
      reference === null ? null : reference.from === 'row' ? reference.ref : (rows[reference.index]?.ref ?? null);
    const atMonoMs = this.#options.clock.monoMs();
    this.shown.emit({ cue: effect.cue, reason: effect.reason, ref, fare: effect.fare, time: effect.time, atMonoMs });
  }

  /** Inputs that only note something: they write nothing and tell nobody. */
  #fold(input: Input, facts: Facts): void {
    const result = this.#machine.step(this.#state, input, facts);
    this.#state = result.state;
    for (const effect of result.effects) {
      if (isCommon<TimerName, Own>(effect) && effect.kind === 'timer') this.#arm(effect.name, effect.dueMonoMs);
    }
  }

  #arm(name: TimerName, dueMonoMs: MonoMs): void {
    this.#timers.get(name)?.cancel();
    const { clock, later } = this.#options;
    const delayMs = Math.max(0, dueMonoMs - clock.monoMs());
    const timer = clock.timer(name, delayMs, () => {
      this.#timers.delete(name);
      later(this.#machine.timerInput(name, clock.monoMs()));
    });
    this.#timers.set(name, timer);
  }

  #outOfOrder(): void {
    this.#options.indicator.show('outOfOrder');
    const atMonoMs = this.#options.clock.monoMs();
    this.shown.emit({ cue: 'outOfOrder', reason: 'OUT_OF_SERVICE', ref: null, fare: null, time: null, atMonoMs });
  }

  #report(error: unknown): void {
    const code = error instanceof StileError ? error.code : 'INTERNAL';
    this.#options.logger.error('decision not durable, nothing was shown', { code, detail: messageOf(error) });
  }
}

const sayingNothingMore = { fare: null, time: null, place: null, waitMinutes: null, ride: null } as const;

const noStep = <State, Effect>(state: State): StepResult<State, Effect> => ({
  state,
  effects: [],
  records: [],
  projections: [],
});

const commonKinds: ReadonlySet<string> = new Set<CommonEffect<string>['kind']>([
  'signal',
  'timer',
  'cancelTimer',
  'alarm',
]);

const isCommon = <TimerName extends string, Own extends { readonly kind: string }>(
  effect: CommonEffect<TimerName> | Own,
): effect is CommonEffect<TimerName> => commonKinds.has(effect.kind);

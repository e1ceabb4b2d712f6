// The bus validator at its terminal: scans become presentations, the trip opens by itself, and account
// memories that can no longer change a decision are forgotten.
import type { Scan } from '../../../devices/ports/scanner.ts';
import type { MonoMs } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { Signal } from '../../core/event.ts';
import { sha256 } from '../../core/sha256.ts';
import type { ClockStep, Moment } from '../../core/trusted-time.ts';
import { decodeAccountMemory } from '../../machines/validator/account-memory.ts';
import type { ValidatorConfig } from '../../machines/validator/config.ts';
import type { ValidatorFacts } from '../../machines/validator/facts.ts';
import { mayForget } from '../../machines/validator/forgetting.ts';
import type { ValidatorInput } from '../../machines/validator/input.ts';
import { initialState, type ValidatorState } from '../../machines/validator/state.ts';
import { knowsCode, serves, step } from '../../machines/validator/step.ts';
import type { TimerName } from '../../machines/validator/timer-names.ts';
import type { Payload } from '../../records/payload.ts';
import type { Desk, DeskServices } from '../desk.ts';
import type { DocumentName } from '../held-documents.ts';
import { type Machine, MachineRunner, type Shown } from '../machine-runner.ts';
import { spaces } from '../spaces.ts';
import { StaffDesk, type StaffPlace } from '../staff/staff-desk.ts';
import { sweepSpace } from '../sweep.ts';
import { badgeAct, driverAct } from './driver-acts.ts';
import { FactsSource } from './facts-source.ts';
import type { RecoveredTrip } from './recovered-trip.ts';

export interface ValidatorDeskOptions {
  readonly config: ValidatorConfig;
  readonly recovered: RecoveredTrip;
  readonly trip: {
    readonly line: string;
    readonly direction: string;
    /** By itself: a bus without a driver's badge. */
    readonly opens: 'itself' | 'driver';
  };
  /** Where a badge has to be good, and for whom. */
  readonly staff: StaffPlace;
}

const machine: Machine<ValidatorState, ValidatorInput, ValidatorFacts, TimerName, never> = {
  initial: initialState,
  step,
  timerInput: (name, atMonoMs) => ({ kind: 'Timer', name, atMonoMs }),
  ignored: (state) => state.ignored,
  committedInput: ({ seq, ref }, { payload }, atMonoMs) =>
    payload.tx && payload.act === 'ride' ? { kind: 'Committed', atMonoMs, tx: payload.tx, seq, ref } : null,
  signalledInput: (tx, atMonoMs) => ({ kind: 'Signalled', atMonoMs, tx }),
};

export class ValidatorDesk implements Desk<ValidatorInput> {
  readonly #options: ValidatorDeskOptions;
  readonly #services: DeskServices<ValidatorInput>;
  readonly #facts: FactsSource;
  readonly #runner: MachineRunner<ValidatorState, ValidatorInput, ValidatorFacts, TimerName, never>;
  readonly #staff: StaffDesk<ValidatorInput>;

  constructor(options: ValidatorDeskOptions, services: DeskServices<ValidatorInput>) {
    const { indicator } = services;
    this.#options = options;
    this.#services = services;
    this.#facts = new FactsSource({
      ...services,
      config: options.config,
      indicatorReady: () => indicator.health().state === 'online',
    });
    this.#runner = new MachineRunner(machine, { ...services, perform: (effect) => effect satisfies never });
    this.#staff = this.#staffDesk();
  }

  get shown(): Signal<Shown> {
    return this.#runner.shown;
  }

  get ignoredInputs(): number {
    return this.#runner.state.ignored;
  }

  boot(now: Moment): readonly ValidatorInput[] {
    const { trip, unsignalled } = this.#options.recovered;
    return [{ kind: 'Boot', atMonoMs: now.monoMs, trip, unsignalled }];
  }

  start(): void {
    this.#openTrip();
  }

  async stop(): Promise<void> {
    this.#staff.stop();
    this.#runner.stop();
  }

  async take(input: ValidatorInput): Promise<void> {
    await this.#runner.run(input, this.#facts.at(this.#services.now(), null));
  }

  async present(scan: Scan, moment: Moment): Promise<void> {
    if ((await this.#staff.present(scan, moment)) !== 'passenger') return;
    const { journal } = this.#services;
    const { state } = this.#runner;
    const rawDigest = sha256(scan.bytes);
    const { atMonoMs } = scan;
    if (knowsCode(state, rawDigest, atMonoMs, this.#options.config)) {
      await this.#runner.run({ kind: 'SameCode', rawDigest, atMonoMs }, this.#facts.at(moment, null));
      return;
    }
    const verdict = serves(state, journal.level()) ? this.#services.verify(scan.bytes, atMonoMs, moment) : null;
    await this.#runner.run({ kind: 'Presentation', verdict, rawDigest, atMonoMs }, this.#facts.at(moment, verdict));
  }

  documentChanged(name: DocumentName): void {
    if (name === 'fares') this.#openTrip();
  }

  clockStepped(clockStep: ClockStep, atMonoMs: MonoMs): ValidatorInput {
    return { kind: 'ClockStepped', atMonoMs, ...clockStep };
  }

  networkChanged(): null {
    return null;
  }

  /** The newest cue shown is written down with whatever row comes next. */
  marked(payload: Payload): Payload {
    const { unwrittenMark } = this.#runner.state;
    return unwrittenMark === null ? payload : { ...payload, signalled: unwrittenMark };
  }

  async sweep(): Promise<void> {
    const { journal, now } = this.#services;
    const isOver = (memory: Bytes): boolean =>
      mayForget(decodeAccountMemory(memory), this.#runner.state, this.#facts.at(now(), null));
    await sweepSpace(journal, spaces.account, isOver);
  }

  get #trip(): { readonly line: string; readonly direction: string } {
    const { line, direction } = this.#options.trip;
    return { line, direction };
  }

  #staffDesk(): StaffDesk<ValidatorInput> {
    const runner = this.#runner;
    return new StaffDesk<ValidatorInput>(
      this.#options.staff,
      {
        badgeInput: (_bearer, _wasHere, atMonoMs) => {
          const act = badgeAct(runner.state, this.#trip);
          return act && { ...act, atMonoMs };
        },
        actInput: (code, _bearer, atMonoMs) => {
          const act = driverAct(code, this.#trip);
          return act && { ...act, atMonoMs };
        },
        runNoted: (input, moment, noteOf) => runner.runNoted(input, this.#facts.at(moment, null), noteOf),
        lamp: (cue) => cue,
        tell: (shown) => runner.shown.emit(shown),
      },
      this.#services,
    );
  }

  /** A trip pins its fare table, so it is not opened before there is one. */
  #openTrip(): void {
    const { documents, clock, later } = this.#services;
    if (this.#options.trip.opens === 'driver') return;
    if (this.#runner.state.service.kind !== 'closed' || documents.fares.length === 0) return;
    later({ kind: 'TripOpen', atMonoMs: clock.monoMs(), ...this.#trip });
  }
}

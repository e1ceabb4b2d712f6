// The guide cabinet at its terminal: codes become presentations, the label on a guide asks for a slot, sensors and
// commands become inputs. Performs what the machine asks for, a motion only beside its own INTENT.
import type { Scan } from '../../../devices/ports/scanner.ts';
import { assert } from '../../core/assert.ts';
import type { MonoMs } from '../../core/brand.ts';
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import { StileError } from '../../core/errors.ts';
import { Signal } from '../../core/event.ts';
import { sha256 } from '../../core/sha256.ts';
import type { ClockStep, Moment } from '../../core/trusted-time.ts';
import type { AnswerEffect, CabinetEffect, ClaimSubject } from '../../machines/cabinet/effects.ts';
import type { CabinetFacts } from '../../machines/cabinet/facts.ts';
import { mayForgetUse } from '../../machines/cabinet/forgetting.ts';
import type { CabinetInput, DispenseCommand, InputOf } from '../../machines/cabinet/input.ts';
import type { CabinetLedger } from '../../machines/cabinet/ledger.ts';
import { prompts } from '../../machines/cabinet/prompts.ts';
import { type CabinetState, initialState } from '../../machines/cabinet/state.ts';
import { serves, step } from '../../machines/cabinet/step.ts';
import type { TimerName } from '../../machines/cabinet/timer-names.ts';
import type { CommonEffect, ReferenceSource } from '../../machines/shared/effects.ts';
import { decodeTicketUse } from '../../machines/shared/use-ledger.ts';
import type { Payload } from '../../records/payload.ts';
import type { Projection } from '../../store/journal.ts';
import type { Desk, DeskServices } from '../desk.ts';
import { type Committed, type Machine, MachineRunner, type Shown } from '../machine-runner.ts';
import { spaces } from '../spaces.ts';
import { StaffDesk, type StaffPlace } from '../staff/staff-desk.ts';
import { sweepSpace } from '../sweep.ts';
import { cabinetAct } from './cabinet-acts.ts';
import { type CabinetFactsOptions, CabinetFactsSource } from './facts-source.ts';
import type { CabinetNotice } from './notices.ts';
import type { CabinetPeers } from './peers.ts';
import { slotInput } from './slot-inputs.ts';

export interface CabinetDeskOptions
  extends Pick<CabinetFactsOptions, 'cabinet' | 'config' | 'site' | 'products' | 'items' | 'closesAt'> {
  readonly recovered: CabinetLedger;
  /** Where a badge has to be good, and for whom. */
  readonly staff: StaffPlace;
  readonly peers: CabinetPeers;
  /** Acts of other cabinets that rows near the journal's end have written down, in hexadecimal. */
  readonly settledActs: readonly string[];
}

type OwnEffect = Exclude<CabinetEffect, CommonEffect<TimerName>>;

const machine: Machine<CabinetState, CabinetInput, CabinetFacts, TimerName, OwnEffect> = {
  initial: initialState,
  step,
  timerInput: (name, atMonoMs) => ({ kind: 'Timer', name, atMonoMs }),
  ignored: (state) => state.ignored,
  committedInput: ({ ref }, { payload: { tx, events } }, atMonoMs) =>
    tx !== undefined && events?.[0]?.[1] === 'Started' ? { kind: 'Committed', atMonoMs, tx, ref } : null,
  signalledInput: () => null,
};

export class CabinetDesk implements Desk<CabinetInput> {
  /** What the screen is told. */
  readonly notices = new Signal<CabinetNotice>();
  /** What the head end's page is told of a command; the row that says so is already durable. */
  readonly answers = new Signal<AnswerEffect>();
  readonly #options: CabinetDeskOptions;
  readonly #services: DeskServices<CabinetInput>;
  readonly #facts: CabinetFactsSource;
  readonly #runner: MachineRunner<CabinetState, CabinetInput, CabinetFacts, TimerName, OwnEffect>;
  readonly #staff: StaffDesk<CabinetInput>;
  /** Inputs of others on their way through the queue, and who waits for them. */
  readonly #waiting = new Map<CabinetInput, { beside: readonly Projection[]; ended: (kept: boolean) => void }>();
  /** Of the claim that is being decided. */
  #claimAnswer: Extract<OwnEffect, { kind: 'answerClaim' }> | null = null;
  #unwatch: () => void = () => {};

  constructor(options: CabinetDeskOptions, services: DeskServices<CabinetInput>) {
    this.#options = options;
    this.#services = services;
    this.#facts = new CabinetFactsSource({ ...services, ...options });
    this.#runner = new MachineRunner(machine, {
      ...services,
      perform: (effect, committed) => this.#perform(effect, committed),
    });
    this.#staff = this.#staffDesk();
  }

  get shown(): Signal<Shown> {
    return this.#runner.shown;
  }

  get ignoredInputs(): number {
    return this.#runner.state.ignored;
  }

  boot(now: Moment): readonly CabinetInput[] {
    return [{ kind: 'Boot', atMonoMs: now.monoMs, ledger: this.#options.recovered }];
  }

  start(): void {
    const { cabinet } = this.#options;
    this.#unwatch = cabinet.facts.on((facts) => this.#services.later(slotInput(facts)));
    cabinet.start();
  }

  async stop(): Promise<void> {
    this.#staff.stop();
    this.#runner.stop();
    this.#unwatch();
    await this.#options.cabinet.stop();
  }

  async take(input: CabinetInput): Promise<void> {
    const waiting = this.#waiting.get(input);
    this.#waiting.delete(input);
    let kept = false;
    try {
      kept = await this.#runner.run(input, this.#facts.at(this.#services.now()), waiting?.beside);
    } finally {
      waiting?.ended(kept);
    }
  }

  async present(scan: Scan, moment: Moment): Promise<void> {
    if ((await this.#staff.present(scan, moment)) !== 'passenger') return;
    const { bytes, atMonoMs } = scan;
    const facts = this.#facts.at(moment);
    const item = labelOf(bytes, facts.items);
    if (item !== null) {
      await this.#runner.run({ kind: 'ItemShown', item, atMonoMs }, facts);
      return;
    }
    const decoded = serves(this.#runner.state, facts.storage);
    const verdict = decoded ? this.#services.verify(bytes, atMonoMs, moment) : null;
    const rawDigest = sha256(bytes);
    await this.#runner.run({ kind: 'Presentation', verdict, rawDigest, language: null, atMonoMs }, facts);
  }

  /**
   * A command whose signature, terminal, epoch and counter are proven. Resolves when its first row and `beside` are
   * durable in one commit; without `beside`, when it was answered again.
   * @throws StileError JOURNAL_UNAVAILABLE when `beside` is not kept: the command may be sent again.
   */
  async dispense(command: DispenseCommand, beside: readonly Projection[]): Promise<void> {
    const input: CabinetInput = { kind: 'Dispense', atMonoMs: this.#services.clock.monoMs(), ...command };
    const kept = await new Promise<boolean>((ended) => this.#await(input, beside, ended));
    if (kept || beside.length === 0) return;
    throw new StileError('JOURNAL_UNAVAILABLE', 'the command was not written down', {
      remedy: 'The head end sends it again; see the log for what the storage says.',
    });
  }

  /** Another cabinet asks for a code whose home is here. Null: no answer, which leaves the asker to its own mode. */
  async claim(
    from: string,
    subject: ClaimSubject,
  ): Promise<{ readonly granted: boolean; readonly entries: number } | null> {
    const input: CabinetInput = { kind: 'ClaimRequest', from, ...subject, atMonoMs: this.#services.clock.monoMs() };
    const answer = await new Promise<Extract<OwnEffect, { kind: 'answerClaim' }> | null>((resolve) => {
      this.#await(input, [], () => {
        resolve(this.#claimAnswer);
        this.#claimAnswer = null;
      });
    });
    if (answer === null) return null;
    return { granted: answer.granted, entries: this.#useOf(subject)?.entries ?? 0 };
  }

  /**
   * Another cabinet tells what became of its claim. Resolves when that is durable, or was before.
   * @throws StileError JOURNAL_UNAVAILABLE when it is neither: it is to be told again.
   */
  async settled(from: string, told: Omit<InputOf<'ClaimSettled'>, 'kind' | 'atMonoMs' | 'from'>): Promise<void> {
    // Told before a restart, and the word that it was heard is lost: a second row would count a second use.
    if (this.#options.settledActs.includes(hex(told.actId))) return;
    const input: CabinetInput = { kind: 'ClaimSettled', from, ...told, atMonoMs: this.#services.clock.monoMs() };
    if (await new Promise<boolean>((ended) => this.#await(input, [], ended))) return;
    const hold = this.#useOf(told)?.hold ?? null;
    const nothingToRelease = told.outcome === 'released' && (hold === null || !equal(hold.tx, told.claimId));
    if (nothingToRelease || this.#runner.state.settled.includes(hex(told.actId))) return;
    throw new StileError('JOURNAL_UNAVAILABLE', 'the outcome was not written down', {
      remedy: 'It is told again; see the log for what the storage says.',
    });
  }

  /** An answer of another cabinet. */
  heard(input: InputOf<'ClaimAnswer'>): void {
    this.#services.later(input);
  }

  documentChanged(): void {}

  clockStepped(clockStep: ClockStep, atMonoMs: MonoMs): CabinetInput {
    return { kind: 'ClockStepped', atMonoMs, ...clockStep };
  }

  networkChanged(online: boolean, atMonoMs: MonoMs): CabinetInput {
    return { kind: 'Network', atMonoMs, online };
  }

  marked(payload: Payload): Payload {
    return payload;
  }

  async sweep(): Promise<void> {
    const { journal, now } = this.#services;
    await sweepSpace(journal, spaces.use, (use) => mayForgetUse(decodeTicketUse(use), { moment: now() }));
  }

  #staffDesk(): StaffDesk<CabinetInput> {
    const runner = this.#runner;
    return new StaffDesk<CabinetInput>(
      this.#options.staff,
      {
        badgeInput: () => null,
        actInput: (code, { staff }, atMonoMs) => {
          const act = cabinetAct(code, runner.state);
          return act && { kind: 'Staff', staff, act, atMonoMs };
        },
        runNoted: (input, moment, noteOf) => runner.runNoted(input, this.#facts.at(moment), noteOf),
        lamp: (cue) => cue,
        tell: (shown) => runner.shown.emit(shown),
      },
      this.#services,
    );
  }

  #await(input: CabinetInput, beside: readonly Projection[], ended: (kept: boolean) => void): void {
    this.#waiting.set(input, { beside, ended });
    this.#services.later(input);
  }

  #useOf({ issuer, cti }: Pick<ClaimSubject, 'issuer' | 'cti'>) {
    return this.#facts.at(this.#services.now()).useOf(issuer, cti);
  }

  #perform(effect: OwnEffect, committed: Committed): void {
    const { cabinet, peers } = this.#options;
    switch (effect.kind) {
      case 'actuate':
        return this.#actuate(effect.actId, effect.slot, committed);
      case 'relatch':
        cabinet.relatch(effect.slot);
        return;
      case 'startHygiene':
        // No cleaning device has a driver: the configuration offers none, so the machine never asks.
        assert(false, 'a cleaning device is configured');
        return;
      case 'prompt':
        return this.#prompt(effect, committed);
      case 'showCode':
        return this.notices.emit({ kind: 'code', nonce: effect.nonce, expiresMonoMs: effect.expiresMonoMs });
      case 'withdrawCode':
        return this.notices.emit({ kind: 'noCode' });
      case 'claimUse':
        return peers.ask(effect);
      case 'answerClaim':
        this.#claimAnswer = effect;
        return;
      case 'settleClaim':
        return peers.settle(effect);
      case 'answerCommand':
        return this.answers.emit(effect);
      case 'callStaff':
        this.#services.logger.warn('staff are called', { detail: `${effect.why}, slot ${effect.slot ?? '-'}` });
        return this.notices.emit({ kind: 'staff', why: effect.why, slot: effect.slot });
      default:
        return effect satisfies never;
    }
  }

  /** A latch moves only where the row that says so became durable in this very commit. */
  #actuate(actId: Bytes, slot: number, committed: Committed): void {
    assert(isIntended(committed, actId, slot), 'a motion has its INTENT in the same commit');
    const sent = this.#options.cabinet.unlock(slot);
    this.#services.later({ kind: 'Actuated', atMonoMs: this.#services.clock.monoMs(), actId, sent });
  }

  #prompt({ prompt, slot, reference }: Extract<OwnEffect, { kind: 'prompt' }>, { rows }: Committed): void {
    const { en, zh } = prompts[prompt];
    const filled = (words: string): string => words.replace('{slot}', String(slot ?? ''));
    this.notices.emit({ kind: 'prompt', prompt, slot, en: filled(en), zh: filled(zh), ref: refOf(reference, rows) });
  }
}

/** What damage made unreadable is kept: the rows still say what was used. */
const isIntended = ({ rows, records }: Committed, actId: Bytes, slot: number): boolean =>
  records.some(
    ({ type, payload }, at) =>
      rows[at] !== undefined &&
      type === 'INTENT' &&
      payload.slot === slot &&
      payload.actId !== undefined &&
      equal(payload.actId, actId),
  );

function refOf(reference: ReferenceSource | null, rows: Committed['rows']): string | null {
  if (reference === null) return null;
  return reference.from === 'row' ? reference.ref : (rows[reference.index]?.ref ?? null);
}

/** A guide carries its serial as a printed code too: who brings it back shows that, and a slot opens. */
function labelOf(bytes: Bytes, items: CabinetFacts['items']): string | null {
  if (bytes.length > labelBytesMax) return null;
  const text = Buffer.from(bytes).toString('latin1');
  return items.has(text) ? text : null;
}

const labelBytesMax = 24;

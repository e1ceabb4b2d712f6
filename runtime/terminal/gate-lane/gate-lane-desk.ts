// The gate lane at its terminal: scans become presentations, the barrier's edges become inputs, and one pulse goes out
// for each INTENT, directly after the commit that holds it.
import type { Gate } from '../../../devices/ports/gate.ts';
import type { Scan } from '../../../devices/ports/scanner.ts';
import { assert } from '../../core/assert.ts';
import { secondsOf } from '../../core/brand.ts';
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import type { CborMap } from '../../core/cbor.ts';
import { StileError } from '../../core/errors.ts';
import { Signal } from '../../core/event.ts';
import { sha256 } from '../../core/sha256.ts';
import type { Moment } from '../../core/trusted-time.ts';
import { checkGateLaneConfig, type GateLaneConfig } from '../../machines/gate-lane/config.ts';
import type { Direction, GateLaneEffect } from '../../machines/gate-lane/effects.ts';
import type { GateLaneFacts } from '../../machines/gate-lane/facts.ts';
import type { GateLaneInput, InputOf } from '../../machines/gate-lane/input.ts';
import type { LaneMemory } from '../../machines/gate-lane/memory.ts';
import { type GateLaneState, initialState } from '../../machines/gate-lane/state.ts';
import { knowsCode, serves } from '../../machines/gate-lane/step.ts';
import type { TimerName } from '../../machines/gate-lane/timer-names.ts';
import type { Alarm, CommonEffect } from '../../machines/shared/effects.ts';
import { decodeTicketUse, mayForgetUse, type TicketUse, useSpace } from '../../machines/shared/use-ledger.ts';
import type { Payload } from '../../records/payload.ts';
import { type AccessRules, widestGraces } from '../../rules/access-rules.ts';
import type { Projection, RowPosition } from '../../store/journal.ts';
import { defaultLimits, type VerifyLimits } from '../../tokens/verifier.ts';
import type { Desk, DeskServices } from '../desk.ts';
import type { DocumentName } from '../held-documents.ts';
import { type Committed, MachineRunner, type Shown } from '../machine-runner.ts';
import { StaffDesk, type StaffPlace } from '../staff/staff-desk.ts';
import { sweepSpace } from '../sweep.ts';
import { BarrierWatch } from './barrier-watch.ts';
import { GateLaneFactsSource } from './facts-source.ts';
import { staffAtLane } from './lane-acts.ts';
import type { LanePeers } from './lane-peers.ts';
import { type RememberedLane, rememberedLane } from './remembered-lane.ts';

export interface GateLaneDeskOptions {
  readonly config: GateLaneConfig;
  /** Which way the people go who show their codes to the reader. */
  readonly reader: Direction;
  readonly recovered: LaneMemory;
  /** Where a badge has to be good; the roles are those of `config`. */
  readonly staff: Omit<StaffPlace, 'roles'>;
  readonly gate: Gate;
  /** What the barrier takes to open, and again to lock. */
  readonly motionMs: number;
  readonly peers: LanePeers;
  /** Throws for rules that this lane cannot decide by. */
  readonly rulesOf: (body: CborMap) => AccessRules;
}

type OwnEffect = Exclude<GateLaneEffect, CommonEffect<TimerName>>;
type EffectOf<Kind extends OwnEffect['kind']> = Extract<OwnEffect, { kind: Kind }>;

/** What somebody outside waits for: rows to become durable beside theirs, or an answer. */
interface Waiting {
  readonly beside: readonly Projection[];
  readonly ended: (kept: boolean) => void;
}

export class GateLaneDesk implements Desk<GateLaneInput> {
  /** Of commands. */
  readonly answers = new Signal<EffectOf<'answerCommand'>>();
  readonly #options: GateLaneDeskOptions;
  readonly #services: DeskServices<GateLaneInput>;
  readonly #facts: GateLaneFactsSource;
  readonly #runner: MachineRunner<RememberedLane, GateLaneInput, GateLaneFacts, TimerName, OwnEffect>;
  readonly #barrier: BarrierWatch;
  readonly #staff: StaffDesk<GateLaneInput>;
  readonly #waiting = new Map<GateLaneInput, Waiting>();
  #rules: AccessRules | null;
  #limits: VerifyLimits;
  #committed: RowPosition;
  /** Of the claim that is being decided. */
  #claimAnswer: EffectOf<'answerClaim'> | null = null;

  constructor(options: GateLaneDeskOptions, services: DeskServices<GateLaneInput>) {
    checkGateLaneConfig(options.config);
    this.#options = options;
    this.#services = services;
    const { clock, later } = services;
    this.#committed = services.journal.head() ?? { epoch: 0, seq: -1 };
    this.#rules = this.#readRules();
    this.#limits = limitsOf(this.#rules);
    this.#facts = new GateLaneFactsSource({ ...services, ...options, rules: () => this.#rules });
    const initial = { lane: initialState, memory: options.recovered };
    this.#runner = new MachineRunner(rememberedLane(initial), {
      ...services,
      perform: (effect, committed) => this.#perform(effect, committed),
    });
    this.#staff = this.#staffDesk();
    const { gate, motionMs } = options;
    this.#barrier = new BarrierWatch({ gate, clock, motionMs, state: () => this.#state, input: later });
  }

  get shown(): Signal<Shown> {
    return this.#runner.shown;
  }

  get alarms(): Signal<Alarm> {
    return this.#runner.alarms;
  }

  get ignoredInputs(): number {
    return this.#state.ignored;
  }

  /** The barrier has not been reached yet: what its sensors say comes as Latches. */
  boot({ monoMs: atMonoMs }: Moment): readonly GateLaneInput[] {
    const { recovered, peers } = this.#options;
    const sensors = { entry: null, exit: null, fire: null };
    return [
      { kind: 'Boot', atMonoMs, journal: recovered, sensors },
      { kind: 'Network', atMonoMs, site: peers.reachable },
    ];
  }

  start(): void {
    this.#barrier.start();
  }

  async stop(): Promise<void> {
    this.#staff.stop();
    this.#runner.stop();
    await this.#barrier.stop();
  }

  async take(input: GateLaneInput): Promise<void> {
    const waiting = this.#waiting.get(input);
    this.#waiting.delete(input);
    let kept = false;
    try {
      kept = await this.#runner.run(input, this.#facts.at(this.#services.now()), waiting?.beside);
    } finally {
      this.#position();
      waiting?.ended(kept);
      this.#barrier.settled();
    }
  }

  async present(scan: Scan, moment: Moment): Promise<void> {
    const staff = await this.#staff.present(scan, moment);
    // Whoever leaves is not held up, whatever the code says.
    const isOver = staff === 'done' || (staff === 'refused' && this.#options.reader === 'entry');
    if (!isOver) await this.#runner.run(this.#presentationOf(scan, moment), this.#facts.at(moment));
    this.#position();
  }

  /**
   * A command whose signature, terminal and sender are proven; its answer comes by {@link answers}. Resolves when its
   * row and `beside` are durable in one commit.
   * @throws StileError JOURNAL_UNAVAILABLE when nothing was written: it may be sent again.
   */
  async command(command: Omit<InputOf<'Command'>, 'kind' | 'atMonoMs'>, beside: readonly Projection[]): Promise<void> {
    const kept = await this.#decided({ kind: 'Command', ...command, atMonoMs: this.#services.clock.monoMs() }, beside);
    if (!kept) throw notWritten('the command');
  }

  /** A command that was carried out before: its answer once more, as a row. */
  async answerAgain(commandId: Bytes): Promise<void> {
    const { journal, drafts, now } = this.#services;
    await journal.commit([drafts.draft('DECISION', { act: 'repeat', commandId, reason: 'REPEAT' }, now())]);
  }

  /** The lease in force as of {@link committed}; `spendable` false for good once it has ended. */
  lease(): { readonly lease: Bytes; readonly left: number; readonly spendable: boolean } | null {
    const { lane, memory } = this.#runner.state;
    if (memory.lease === null) return null;
    const { id, left } = memory.lease;
    const running = lane.lease !== null && equal(lane.lease.id, id);
    const spendable = running && this.#services.clock.monoMs() < (lane.lease?.untilMonoMs ?? 0);
    return { lease: id, left, spendable };
  }

  /** Every row that {@link lease} knows of stands at or before this one. */
  committed(): RowPosition {
    return this.#committed;
  }

  /**
   * Places granted by the head end, its signature checked. Resolves when they are in force, durably, and those of the
   * lease before are spent no more.
   * @throws StileError JOURNAL_UNAVAILABLE when nothing was written, as with a clock that nobody trusts.
   */
  async takeLease(grant: Omit<InputOf<'Lease'>, 'kind' | 'atMonoMs'>): Promise<void> {
    const kept = await this.#decided({ kind: 'Lease', ...grant, atMonoMs: this.#services.clock.monoMs() }, []);
    const { memory } = this.#runner.state;
    if (!kept && (memory.lease === null || !equal(memory.lease.id, grant.lease))) throw notWritten('the lease');
  }

  /** Another lane asks for a ticket whose home is here. Null: no answer, which leaves the asker to its own mode. */
  async claim(
    from: string,
    subject: Omit<InputOf<'ClaimRequest'>, 'kind' | 'atMonoMs' | 'from'>,
  ): Promise<{ readonly granted: boolean; readonly use: TicketUse | null } | null> {
    const atMonoMs = this.#services.clock.monoMs();
    let answer: EffectOf<'answerClaim'> | null = null;
    const input: GateLaneInput = { kind: 'ClaimRequest', from, ...subject, atMonoMs };
    await new Promise<void>((resolve) => {
      this.#await(input, [], () => {
        answer = this.#claimAnswer;
        this.#claimAnswer = null;
        resolve();
      });
    });
    return answer;
  }

  /**
   * Another lane tells what became of its claim. Resolves when that is durable, or was before.
   * @throws StileError JOURNAL_UNAVAILABLE when it is neither: it is to be told again.
   */
  async settled(from: string, told: Omit<InputOf<'ClaimSettled'>, 'kind' | 'atMonoMs' | 'from'>): Promise<void> {
    const atMonoMs = this.#services.clock.monoMs();
    if (await this.#decided({ kind: 'ClaimSettled', from, ...told, atMonoMs }, [])) return;
    const { issuer, cti, claimId, actId, outcome } = told;
    const hold = this.#facts.at(this.#services.now()).useOf(issuer, cti)?.hold ?? null;
    const nothingToRelease = outcome === 'released' && (hold === null || !equal(hold.tx, claimId));
    if (!nothingToRelease && !this.#state.settled.includes(hex(actId))) throw notWritten('the outcome');
  }

  /** An answer of another lane, or that the lanes can be reached, or no longer. */
  heard(input: InputOf<'ClaimAnswer'> | InputOf<'Network'>): void {
    this.#services.later(input);
  }

  documentChanged(name: DocumentName): void {
    if (name !== 'rules') return;
    this.#rules = this.#readRules();
    this.#limits = limitsOf(this.#rules);
  }

  /** Windows are read from the clock at every decision. */
  clockStepped(): null {
    return null;
  }

  /** The site's own network is another one. */
  networkChanged(): null {
    return null;
  }

  marked(payload: Payload): Payload {
    return payload;
  }

  /** Page by page, so that a million tickets do not hold up one visitor. */
  async sweep(): Promise<void> {
    const { journal, now } = this.#services;
    await sweepSpace(journal, useSpace, (use) => this.#mayForget(use, now()));
  }

  #staffDesk(): StaffDesk<GateLaneInput> {
    const { staff: place, config } = this.#options;
    const machine = staffAtLane({
      state: () => this.#state,
      runNoted: (input, moment, noteOf) => this.#runner.runNoted(input, this.#facts.at(moment), noteOf),
      tell: (shown) => this.#runner.shown.emit(shown),
    });
    return new StaffDesk({ ...place, roles: config.staffRoles }, machine, this.#services);
  }

  #position(): void {
    this.#committed = this.#services.journal.head() ?? this.#committed;
  }

  /** Bytes that were answered just now are not decoded again. */
  #presentationOf({ bytes, atMonoMs }: Scan, moment: Moment): GateLaneInput {
    const { reader: direction, config } = this.#options;
    const rawDigest = sha256(bytes);
    if (knowsCode(this.#state, direction, rawDigest, atMonoMs, config))
      return { kind: 'SameCode', direction, rawDigest, atMonoMs };
    const decoded = serves(this.#state, direction, this.#services.journal.level());
    const verdict = decoded ? this.#services.verify(bytes, atMonoMs, moment, this.#limits) : null;
    return { kind: 'Presentation', direction, verdict, rawDigest, identityMatched: null, atMonoMs };
  }

  get #state(): GateLaneState {
    return this.#runner.state.lane;
  }

  /** An entry that cannot be read stays: its rows may still say that the ticket is used up. */
  /** Only a trusted clock knows that a ticket has ended. */
  #mayForget(stored: Bytes, { wallMs, uncertaintyMs, state }: Moment): boolean {
    if (state === 'UNTRUSTED') return false;
    const surelyPast = secondsOf((wallMs - uncertaintyMs) as typeof wallMs);
    return mayForgetUse(decodeTicketUse(stored), surelyPast, this.#options.config.useKeepSeconds);
  }

  #readRules(): AccessRules | null {
    const { documents, logger } = this.#services;
    const held = documents.rules;
    if (held === null) return null;
    const rules = this.#options.rulesOf(held.body);
    logger.info('site rules in force', { version: rules.version, count: rules.gates.length });
    return rules;
  }

  #decided(input: GateLaneInput, beside: readonly Projection[]): Promise<boolean> {
    return new Promise((ended) => this.#await(input, beside, ended));
  }

  #await(input: GateLaneInput, beside: readonly Projection[], ended: Waiting['ended']): void {
    this.#waiting.set(input, { beside, ended });
    this.#services.later(input);
  }

  #perform(effect: OwnEffect, committed: Committed): void {
    const { peers } = this.#options;
    switch (effect.kind) {
      case 'actuate':
        return this.#actuate(effect, committed);
      case 'claimUse':
        return peers.ask(effect);
      case 'settleClaim':
        return peers.settle(effect);
      case 'answerClaim':
        this.#claimAnswer = effect;
        return;
      case 'answerCommand':
        return this.answers.emit(effect);
      default:
        return effect satisfies never;
    }
  }

  /** The barrier moves only where the row that says so became durable in this very commit. */
  #actuate({ actId, direction }: EffectOf<'actuate'>, { rows, records }: Committed): void {
    const intended = records.some(
      ({ type, payload }, at) =>
        rows[at] !== undefined &&
        type === 'INTENT' &&
        payload.direction === direction &&
        payload.actId !== undefined &&
        equal(payload.actId, actId),
    );
    assert(intended, 'a motion has its INTENT in the same commit');
    if (this.#options.gate.release(direction)) return;
    this.#services.later(notSent(direction, this.#options.gate.confirmsOpening, this.#services.clock.monoMs()));
  }
}

/** Nothing was sent, so nothing opened: a barrier that would have said so has failed, any other was not walked through. */
const notSent = (direction: Direction, confirms: boolean, atMonoMs: GateLaneInput['atMonoMs']): GateLaneInput => ({
  kind: 'Sensor',
  sensor: confirms ? { kind: 'fault', detail: 'the pulse could not be sent' } : { kind: 'notPassed', direction },
  atMonoMs,
});

/** What the products of a site grant around a ticket's window, at most; each is judged by its own. */
function limitsOf(rules: AccessRules | null): VerifyLimits {
  if (rules === null) return defaultLimits;
  const { beforeSeconds, afterSeconds } = widestGraces(rules);
  return { ...defaultLimits, ticketGraceBeforeSeconds: beforeSeconds, ticketGraceAfterSeconds: afterSeconds };
}

const notWritten = (what: string): StileError =>
  new StileError('JOURNAL_UNAVAILABLE', `${what} was not written down`, {
    remedy: 'It is sent again; see the log for what the storage says.',
  });

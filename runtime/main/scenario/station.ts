// One terminal of a scenario: the real machine under the product's own runner, an in-memory journal, real
// verification, and everything it told, moved and wrote kept for the eye of the story.
import type { DeviceHealth } from '../../../devices/ports/device.ts';
import type { Indicator } from '../../../devices/ports/indicator.ts';
import { terminalId } from '../../core/brand.ts';
import { type Bytes, hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { Signal } from '../../core/event.ts';
import { silentLogger } from '../../core/log.ts';
import { sha256 } from '../../core/sha256.ts';
import type { Moment } from '../../core/trusted-time.ts';
import type { CommonEffect } from '../../machines/shared/effects.ts';
import type { StepResult } from '../../machines/shared/step-draft.ts';
import { BusinessCalendar } from '../../records/business-day.ts';
import { verifyChain } from '../../records/chain.ts';
import { EvidenceKeeper } from '../../terminal/evidence-keeper.ts';
import { type Machine, MachineRunner, type Shown } from '../../terminal/machine-runner.ts';
import { refillRing } from '../../terminal/recovery.ts';
import { RowDrafts } from '../../terminal/row-drafts.ts';
import { CredentialCache } from '../../tokens/credential-cache.ts';
import type { Verdict } from '../../tokens/outcome.ts';
import { longestValidityMs, ReplayRing } from '../../tokens/replay-ring.ts';
import { defaultLimits } from '../../tokens/verifier.ts';
import { LifeClock } from './life-clock.ts';
import { type CutMoment, MemoryJournal } from './memory-journal.ts';
import type { Moved, SeenEffect, Station, Told } from './station-port.ts';
import type { PowerAct, ScanAct, SensorAct, StaffAct } from './step-format.ts';
import type { MachineSwitch } from './switches.ts';
import type { World } from './world.ts';

type Own = { readonly kind: string };

/** What an edge takes from a contact to the machine, once it has stopped bouncing. */
export const edgeMs = 50;

interface Life<Input> {
  readonly clock: LifeClock;
  readonly bootId: Bytes;
  readonly ring: ReplayRing;
  readonly cache: CredentialCache;
  readonly give: (taking: () => Taken<Input>) => void;
  readonly stop: () => void;
  /** Resolves when the power goes: whoever waits for this life need wait no longer. */
  readonly ended: Promise<void>;
  over: boolean;
}

/** An input as it is when its turn comes, and the verdict whose account or ticket is looked up for it. */
interface Taken<Input> {
  readonly input: Input;
  readonly verdict: Verdict | null;
}

export abstract class MachineStation<
  State,
  Input extends { readonly kind: string },
  Facts extends { readonly moment: Moment },
  TimerName extends string,
  Effect extends Own,
  Config,
> implements Station
{
  readonly name: string;
  readonly journal: MemoryJournal;
  readonly told: Told[] = [];
  readonly effects: SeenEffect[] = [];
  readonly moved: Moved[] = [];
  readonly problems: string[] = [];
  cutsFired = 0;
  /** What people and bad luck do while there is no power, once. */
  whileDark: (() => void) | null = null;
  readonly world: World;
  readonly #machine: Machine<State, Input, Facts, TimerName, Effect>;
  readonly #switch: MachineSwitch<State, Input, Facts, Config>;
  readonly #calendar: BusinessCalendar;
  readonly #actIds = new Set<string>();
  #boots = 0;
  #life: Life<Input> | null = null;
  #runner: MachineRunner<State, Input, Facts, TimerName, Effect> | null = null;
  #tail: Promise<void> = Promise.resolve();
  #cutOnPulse = false;
  #cutAfterEffects = false;
  #pending: readonly (CommonEffect<TimerName> | Effect)[] = [];

  constructor(
    world: World,
    name: string,
    machine: Machine<State, Input, Facts, TimerName, Effect>,
    off: MachineSwitch<State, Input, Facts, Config>,
  ) {
    this.world = world;
    this.name = name;
    this.#machine = machine;
    this.#switch = off;
    this.#calendar = new BusinessCalendar(world.timeZone);
    this.journal = new MemoryJournal(terminalId(name));
    this.journal.answersEarly = world.switches.answersEarly === true;
    this.journal.storage = world.storage;
    this.journal.onCut = (moment) => this.#cut(moment);
  }

  protected abstract facts(verdict: Verdict | null): Facts;
  protected abstract bootInput(): Input;
  /** After Boot, for instance the sensors' first word. */
  protected abstract afterBoot(): void;
  protected abstract perform(effect: Effect): void;
  /** Whatever else had this machine's power has lost it too. */
  protected powerGone(): void {}
  abstract scan(bytes: Bytes, act: ScanAct): void;
  abstract sense(act: SensorAct): void;
  abstract staff(act: StaffAct): void;
  abstract preparePower(act: PowerAct): void;
  abstract networkChanged(): void;
  abstract clockStepped(fromMs: number, toMs: number): void;
  abstract counters(): Readonly<Record<string, number>>;
  abstract view(): unknown;
  /** What the journal alone says differs from what the machine holds; null where it does not. */
  protected abstract foldProblem(): string | null;

  get state(): State {
    if (this.#runner === null) throw new Error(`${this.name} has no power`);
    return this.#runner.state;
  }

  get hearsWithinMs(): number {
    return this.world.lines === null ? 0 : edgeMs;
  }

  get clock(): LifeClock {
    return this.life.clock;
  }

  get bootId(): Bytes {
    return this.life.bootId;
  }

  protected get life(): Life<Input> {
    if (this.#life === null) throw new Error(`${this.name} has no power`);
    return this.#life;
  }

  protected get config(): Partial<Config> {
    return this.#switch.config ?? {};
  }

  start(): void {
    this.#begin(false);
  }

  /** Hands an input over; it is taken when those before it are done. */
  protected give(input: Input): void {
    this.life.give(() => ({ input, verdict: null }));
  }

  /** The same, made only when its turn comes. */
  protected giveWhenFree(taking: () => Taken<Input>): void {
    this.life.give(taking);
  }

  /** A pulse of the hardware; `move` says whether it was sent, and tells nobody where the power goes with it. */
  protected pulse(actId: Bytes, where: Moved, move: (tells: boolean) => boolean): void {
    const id = hex(actId);
    const intents = this.journal.rows.filter(
      ({ type, row }) => type === 'INTENT' && row.payload.actId !== undefined && hex(row.payload.actId) === id,
    );
    if (intents.length !== 1) this.problems.push(`a pulse with ${intents.length} INTENTs in the journal`);
    if (this.#actIds.has(id)) this.problems.push('an INTENT that moved twice');
    this.#actIds.add(id);
    const dies = this.#cutOnPulse;
    this.#cutOnPulse = false;
    if (move(!dies)) this.moved.push(where);
    if (dies) this.powerCut(false);
  }

  protected verify(raw: Bytes): Verdict {
    const { life, world } = this;
    const moment = this.moment();
    return world.verify(raw, { moment, atMonoMs: life.clock.monoMs(), ring: life.ring, cache: life.cache });
  }

  protected moment(): Moment {
    const moment = this.world.moment();
    return this.world.switches.monotonicFollowsWall ? { ...moment, monoMs: this.life.clock.monoMs() } : moment;
  }

  async idle(): Promise<void> {
    for (;;) {
      const tail = this.#tail;
      await Promise.race([tail, this.life.ended]);
      if (tail === this.#tail) return;
    }
  }

  powerOff(): void {
    this.cutsFired++;
    this.#end();
  }

  powerOn(): void {
    this.#begin(false);
  }

  powerCut(keepsClock: boolean): void {
    this.powerOff();
    const dark = this.whileDark;
    this.whileDark = null;
    dark?.();
    this.#begin(keepsClock);
  }

  broken(): readonly string[] {
    const chain = verifyChain(this.journal.rows);
    const fold = this.foldProblem();
    return [
      ...this.problems,
      ...(this.told.every(({ ref }) => ref === null || this.journal.byReference(ref).length > 0)
        ? []
        : ['a person was told of a record that is not in the journal']),
      ...(chain.whole ? [] : [`the chain of rows breaks at ${chain.seq}: ${chain.problem}`]),
      ...(fold === null ? [] : [fold]),
      ...(this.journal.cut === null && !this.#cutOnPulse ? [] : ['a power cut was waited for that never came']),
    ];
  }

  #end(): void {
    const life = this.#life;
    if (life === null) return;
    life.over = true;
    life.stop();
    life.clock.end();
    this.powerGone();
    this.#tail = Promise.resolve();
  }

  #begin(keepsClock: boolean): void {
    if (!keepsClock) this.#boots++;
    const { world } = this;
    const clock = new LifeClock(world.clock, world.switches.monotonicFollowsWall ? world.startWallMs : null);
    const bootId = sha256(new TextEncoder().encode(`${this.name} boot ${this.#boots}`)).subarray(0, 16);
    this.journal.bootId = bootId;
    const evidence = new EvidenceKeeper(clock);
    const runner = new MachineRunner<State, Input, Facts, TimerName, Effect>(this.#wrapped(), {
      journal: this.journal,
      indicator: this.indicatorFor(clock),
      clock,
      logger: silentLogger,
      drafts: new RowDrafts(this.#calendar, evidence),
      later: (input) => life.give(() => ({ input, verdict: null })),
      written: ({ rows, records }) => {
        this.#see();
        for (const [at, { payload }] of records.entries()) {
          const row = rows[at];
          if (row === undefined || payload.act !== 'ride' || payload.digest === undefined) continue;
          const entry = { epoch: row.epoch, seq: row.seq, atMonoMs: clock.monoMs() };
          life.ring.accept(payload.digest, entry, longestValidityMs(defaultLimits, world.moment()));
        }
      },
      perform: (effect) => {
        if (!life.over) this.perform(effect);
      },
    });
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const life: Life<Input> = {
      clock,
      bootId,
      ring: new ReplayRing(),
      cache: new CredentialCache(),
      ended,
      over: false,
      stop: () => {
        runner.stop();
        end();
      },
      give: (taking) => {
        if (!life.over) this.#tail = this.#tail.then(() => this.#take(life, runner, taking));
      },
    };
    this.#life = life;
    this.#runner = runner;
    refillRing(
      life.ring,
      this.journal.rows.map(({ row, ref }) => ({ ...row, ref })),
      bootId,
      this.moment(),
    );
    evidence.recipient(world.trust.seal);
    runner.shown.on((shown) => this.#hear(life, shown));
    this.give(this.bootInput());
    this.afterBoot();
  }

  async #take(
    life: Life<Input>,
    runner: MachineRunner<State, Input, Facts, TimerName, Effect>,
    taking: () => Taken<Input>,
  ): Promise<void> {
    if (life.over) return;
    try {
      const { input, verdict } = taking();
      await runner.run(input, this.facts(verdict));
    } catch (error) {
      this.problems.push(`a step threw: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#see();
    if (!this.#cutAfterEffects) return;
    this.#cutAfterEffects = false;
    this.powerCut(false);
  }

  #wrapped(): Machine<State, Input, Facts, TimerName, Effect> {
    const off = this.#switch;
    return {
      ...this.#machine,
      step: (state, input, facts) => {
        const result = this.#switchedStep(off, state, input, facts);
        this.#pending = [...this.#pending, ...result.effects];
        return result;
      },
    };
  }

  #switchedStep(
    off: MachineSwitch<State, Input, Facts, Config>,
    state: State,
    input: Input,
    facts: Facts,
  ): StepResult<State, CommonEffect<TimerName> | Effect> {
    const given = off.facts?.(facts) ?? facts;
    const before = off.state?.(state) ?? state;
    const heard = off.input === undefined ? input : off.input(input, before, given);
    if (heard === null) return { state, effects: [], records: [], projections: [] };
    const result = this.#machine.step(before, heard, given);
    const { payload } = off;
    if (payload === undefined) return result;
    return { ...result, records: result.records.map((record) => ({ ...record, payload: payload(record.payload) })) };
  }

  /** What a step asked for is seen once its rows are durable, or at once where it wrote none. */
  #see(): void {
    const seen = this.#pending.filter(({ kind }) => kind !== 'timer' && kind !== 'cancelTimer');
    this.#pending = [];
    this.effects.push(...seen.map((effect) => this.world.plain(effect) as SeenEffect));
  }

  #hear(life: Life<Input>, { cue, reason, ref }: Shown): void {
    if (!life.over) this.told.push({ cue, reason, ref });
  }

  #cut(moment: CutMoment): void {
    if (moment === 'afterPulse') this.#cutOnPulse = true;
    else if (moment === 'beforeCommit' && this.journal.answersEarly) this.#cutAfterEffects = true;
    else {
      this.#pending = [];
      // The power goes while the commit is under way: nothing that waits for it is ever told.
      this.powerCut(false);
    }
  }

  protected indicatorFor(_clock: Clock): Indicator {
    const health: DeviceHealth = { id: 'indicator', state: 'online', detail: '', reconnects: 0 };
    return {
      id: 'indicator',
      health: () => health,
      changed: new Signal<DeviceHealth>(),
      start: () => {},
      stop: () => Promise.resolve(),
      show: () => this.indicatorReady,
    };
  }

  /** Lamp and sound can be given. */
  protected get indicatorReady(): boolean {
    return true;
  }
}

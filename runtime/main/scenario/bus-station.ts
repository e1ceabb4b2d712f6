// A bus validator in a scenario: the product's validator under the product's runner, with a driver and a stop.
import type { Indicator } from '../../../devices/ports/indicator.ts';
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { sha256 } from '../../core/sha256.ts';
import { accountKey, decodeAccountMemory, encodeAccountMemory } from '../../machines/validator/account-memory.ts';
import { type ValidatorConfig, validatorDefaults } from '../../machines/validator/config.ts';
import type { StopFacts, ValidatorFacts } from '../../machines/validator/facts.ts';
import type { ValidatorInput } from '../../machines/validator/input.ts';
import { replay } from '../../machines/validator/replay.ts';
import { initialState, type ValidatorState } from '../../machines/validator/state.ts';
import { knowsCode, serves, step } from '../../machines/validator/step.ts';
import type { TimerName } from '../../machines/validator/timer-names.ts';
import { openMasks } from '../../rules/risk-masks.ts';
import type { Machine } from '../../terminal/machine-runner.ts';
import { spaces } from '../../terminal/spaces.ts';
import type { Verdict } from '../../tokens/outcome.ts';
import { LineLamps } from './line-lamps.ts';
import type { ValidatorSetting } from './machine-format.ts';
import { onlyKnows } from './only.ts';
import { MachineStation } from './station.ts';
import { type PowerAct, powerKeys, type ScanAct, type SensorAct, type StaffAct, scanKeys } from './step-format.ts';
import type { World } from './world.ts';

const machine: Machine<ValidatorState, ValidatorInput, ValidatorFacts, TimerName, never> = {
  initial: initialState,
  step,
  timerInput: (name, atMonoMs) => ({ kind: 'Timer', name, atMonoMs }),
  ignored: (state) => state.ignored,
  committedInput: ({ seq, ref }, { payload }, atMonoMs) =>
    payload.tx && payload.act === 'ride' ? { kind: 'Committed', atMonoMs, tx: payload.tx, seq, ref } : null,
  signalledInput: (tx, atMonoMs) => ({ kind: 'Signalled', atMonoMs, tx }),
};

export class BusStation extends MachineStation<
  ValidatorState,
  ValidatorInput,
  ValidatorFacts,
  TimerName,
  never,
  ValidatorConfig
> {
  readonly #setting: ValidatorSetting;
  readonly #config: ValidatorConfig;
  #stop: StopFacts = { id: 'S1', visit: 1, confidencePercent: 90 };
  /** Null where the story's devices have no drivers. */
  readonly #lamps: LineLamps | null;
  #lamp: boolean;

  constructor(world: World, name: string, setting: ValidatorSetting) {
    super(world, name, machine, world.switches.validator ?? {});
    this.#setting = setting;
    this.#lamp = setting.indicator !== 'gone';
    this.#lamps = world.lines === null ? null : new LineLamps(world.clock, this.#lamp);
    this.#config = { ...validatorDefaults, ...setting.config, ...this.config };
  }

  override start(): void {
    super.start();
    if (this.#setting.trip !== false) this.staff({ does: 'openTrip' });
  }

  scan(bytes: Bytes, act: ScanAct): void {
    onlyKnows(this.name, 'scan', act, scanKeys);
    const atMonoMs = this.clock.monoMs();
    const rawDigest = sha256(bytes);
    this.giveWhenFree(() => {
      if (knowsCode(this.state, rawDigest, atMonoMs, this.#config))
        return { input: { kind: 'SameCode', rawDigest, atMonoMs }, verdict: null };
      const verdict = serves(this.state, this.journal.level()) ? this.verify(bytes) : null;
      return { input: { kind: 'Presentation', verdict, rawDigest, atMonoMs }, verdict };
    });
  }

  sense(act: SensorAct): void {
    onlyKnows(this.name, 'sensor', act, ['board']);
    this.#lamp = act.board === 'back';
    this.#lamps?.setOnline(this.#lamp);
  }

  staff(act: StaffAct): void {
    onlyKnows(this.name, 'staff', act, ['does', 'line', 'number']);
    const atMonoMs = this.clock.monoMs();
    switch (act.does) {
      case 'openTrip':
        return this.give({ kind: 'TripOpen', line: act.line ?? this.#setting.line ?? '7', direction: 'out', atMonoMs });
      case 'closeTrip':
        return this.give({ kind: 'TripClose', atMonoMs });
      case 'riders':
        return this.give({ kind: 'RidersSet', riders: act.number ?? 1, atMonoMs });
      case 'visit':
        this.#stop = { ...this.#stop, visit: act.number ?? (this.#stop.visit ?? 0) + 1 };
        return;
      default:
        throw new RangeError(`nobody at a validator does ${act.does}`);
    }
  }

  preparePower(act: PowerAct): void {
    onlyKnows(this.name, 'power', act, powerKeys);
  }

  networkChanged(): void {}

  clockStepped(fromMs: number, toMs: number): void {
    this.give({ kind: 'ClockStepped', fromMs, toMs, atMonoMs: this.clock.monoMs() });
  }

  counters(): Readonly<Record<string, number>> {
    const rides = this.journal.rows.filter(({ row }) => row.payload.act === 'ride').map(({ row }) => row.payload);
    return {
      records: this.journal.rows.length,
      rides: rides.length,
      chargedMinor: rides.reduce((sum, { fareMinor }) => sum + (fareMinor ?? 0), 0),
      accounts: this.journal.projections(spaces.account).length,
      ignored: this.state.ignored,
    };
  }

  view(): unknown {
    const { service, unsignalled, holdOffs, storageAlarm } = this.state;
    return { service: service.kind, owedCues: unsignalled.length, presences: holdOffs.length, storageAlarm };
  }

  protected facts(verdict: Verdict | null): ValidatorFacts {
    const { world } = this;
    const outcome = verdict?.outcome ?? null;
    const memory =
      outcome?.subject == null
        ? null
        : this.journal.projection(spaces.account, accountKey(outcome.issuer, outcome.subject));
    return {
      moment: this.moment(),
      bootId: this.bootId,
      freshTx: world.entropy.bytes(16),
      account: memory === null ? null : decodeAccountMemory(memory),
      fares: world.fares,
      storage: this.journal.level(),
      online: world.headEndUp,
      ackedSeq: world.acked.get(this.name) ?? null,
      lists: {
        trust: [world.trust.gen, world.trust.version],
        denyVersion: world.deny?.version ?? null,
        denyIssuedAt: world.deny?.issuedAt ?? null,
      },
      stop: this.#stop,
      indicatorReady: this.indicatorReady,
      masks: { standard: openMasks, byProduct: new Map() },
      config: this.#config,
    };
  }

  protected bootInput(): ValidatorInput {
    const rows = this.journal.rows.map(({ row, ref }) => ({ ...row, ref }));
    const { trip, unsignalled } = replay(rows, this.#config);
    return { kind: 'Boot', trip, unsignalled, atMonoMs: this.clock.monoMs() };
  }

  protected afterBoot(): void {}

  protected perform(effect: never): void {
    effect satisfies never;
  }

  protected foldProblem(): string | null {
    const rows = this.journal.rows.map(({ row, ref }) => ({ ...row, ref }));
    const { accounts } = replay(rows, this.#config);
    const kept = this.journal.projections(spaces.account);
    const same =
      kept.length === accounts.size &&
      kept.every(([key, value]) => {
        const folded = accounts.get(hex(key));
        return folded !== undefined && equal(encodeAccountMemory(folded.memory), value);
      });
    return same ? null : 'the memories of accounts are not what the rows alone give';
  }

  protected override get indicatorReady(): boolean {
    return this.#lamps?.online ?? this.#lamp;
  }

  protected override indicatorFor(clock: Clock): Indicator {
    return this.#lamps?.begin(clock) ?? super.indicatorFor(clock);
  }

  protected override powerGone(): void {
    this.#lamps?.end();
  }

  override async idle(): Promise<void> {
    await this.#lamps?.settled();
    await super.idle();
  }

  override broken(): readonly string[] {
    return [...super.broken(), ...(this.#lamps?.problems(this.told) ?? [])];
  }
}

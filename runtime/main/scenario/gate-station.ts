// A gate lane in a scenario: the product's gate lane under the product's runner, with a barrier that people walk
// through, staff with badges, and the other lanes of its site.
import { monoMs, unixSeconds } from '../../core/brand.ts';
import { type Bytes, equal } from '../../core/bytes.ts';
import { sha256 } from '../../core/sha256.ts';
import { checkGateLaneConfig, type GateLaneConfig, gateLaneDefaults } from '../../machines/gate-lane/config.ts';
import type { Direction, GateLaneEffect } from '../../machines/gate-lane/effects.ts';
import type { GateLaneFacts } from '../../machines/gate-lane/facts.ts';
import type { GateLaneInput, GateSensor, LaneCommand, StaffDeed } from '../../machines/gate-lane/input.ts';
import { replay } from '../../machines/gate-lane/replay.ts';
import { type GateLaneState, initialState } from '../../machines/gate-lane/state.ts';
import { knowsCode, serves, step } from '../../machines/gate-lane/step.ts';
import type { TimerName } from '../../machines/gate-lane/timer-names.ts';
import type { CommonEffect } from '../../machines/shared/effects.ts';
import { encodeTicketUse, useKey } from '../../machines/shared/use-ledger.ts';
import { openMasks } from '../../rules/risk-masks.ts';
import type { Machine } from '../../terminal/machine-runner.ts';
import { type BarrierDevice, GateBarrier } from './gate-barrier.ts';
import { LineBarrier } from './line-barrier.ts';
import type { GateLaneSetting } from './machine-format.ts';
import { onlyKnows } from './only.ts';
import { MachineStation } from './station.ts';
import {
  type CommandAct,
  type PowerAct,
  powerKeys,
  type ScanAct,
  type SensorAct,
  type StaffAct,
  scanKeys,
} from './step-format.ts';
import { keptUse, keptUses, useIn, useWords } from './ticket-uses.ts';
import type { World } from './world.ts';

type OwnEffect = Exclude<GateLaneEffect, CommonEffect<TimerName>>;

const machine: Machine<GateLaneState, GateLaneInput, GateLaneFacts, TimerName, OwnEffect> = {
  initial: initialState,
  step,
  timerInput: (name, atMonoMs) => ({ kind: 'Timer', name, atMonoMs }),
  ignored: (state) => state.ignored,
  committedInput: () => null,
  signalledInput: () => null,
};

const sensorKeys = [
  ...['board', 'stuck', 'fire', 'latches', 'selfTest', 'passed', 'heightCentimetres', 'notPassed', 'blocked', 'fault'],
] as const;
const standard = {
  places: 1_000,
  firstLeaseSeconds: 86_400,
  leaseSeconds: 3_600,
  commandSeconds: 30,
  role: 'gate',
} as const;

export class GateStation extends MachineStation<
  GateLaneState,
  GateLaneInput,
  GateLaneFacts,
  TimerName,
  OwnEffect,
  GateLaneConfig
> {
  readonly #setting: GateLaneSetting;
  readonly #config: GateLaneConfig;
  readonly #device: BarrierDevice;
  #leases = 0;
  #commands = 0;

  constructor(world: World, name: string, setting: GateLaneSetting) {
    super(world, name, machine, world.switches.gateLane ?? {});
    this.#setting = setting;
    this.#config = { ...gateLaneDefaults, gate: name, ...setting.config, ...this.config };
    checkGateLaneConfig(this.#config);
    this.#device =
      world.lines === null
        ? new GateBarrier(setting)
        : new LineBarrier(world.lines, world.clock, this.#config.passTimeoutMs);
  }

  override start(): void {
    super.start();
    const places = this.#setting.places === undefined ? standard.places : this.#setting.places;
    if (places !== null) this.#lease({ admissions: places, lifeSeconds: standard.firstLeaseSeconds });
  }

  scan(bytes: Bytes, act: ScanAct): void {
    onlyKnows(this.name, 'scan', act, [...scanKeys, 'reader', 'identity']);
    const atMonoMs = this.clock.monoMs();
    const rawDigest = sha256(bytes);
    const direction = act.reader ?? 'entry';
    this.giveWhenFree(() => {
      if (knowsCode(this.state, direction, rawDigest, atMonoMs, this.#config))
        return { input: { kind: 'SameCode', direction, rawDigest, atMonoMs }, verdict: null };
      const verdict = serves(this.state, direction, this.journal.level()) ? this.verify(bytes) : null;
      const identityMatched = act.identity ?? null;
      return { input: { kind: 'Presentation', direction, verdict, rawDigest, identityMatched, atMonoMs }, verdict };
    });
  }

  sense(act: SensorAct): void {
    onlyKnows(this.name, 'sensor', act, sensorKeys);
    const atMonoMs = this.clock.monoMs();
    if (act.board !== undefined) this.#device.setOnline(act.board === 'back');
    if (act.stuck !== undefined) this.#device.setStuck(act.stuck);
    if (act.fire !== undefined && !this.#device.setFire(act.fire)) {
      this.give({ kind: 'Fire', active: act.fire, atMonoMs });
    }
    if (act.latches !== undefined) {
      this.#device.setLatch(act.latches);
      this.give({ kind: 'Latches', sensors: this.#device.sensors(), atMonoMs });
    }
    if (act.selfTest !== undefined) this.give({ kind: 'SelfTest', passed: act.selfTest === 'passed', atMonoMs });
    const sensor = sensorOf(act);
    if (sensor !== null && !this.#device.feels(sensor)) this.give({ kind: 'Sensor', sensor, atMonoMs });
  }

  staff(act: StaffAct): void {
    onlyKnows(this.name, 'staff', act, ['does', 'why', 'role', 'number']);
    const staff = this.world.idOf('staff', 8);
    const deed = deedOf(act);
    this.give({ kind: 'StaffAct', role: act.role ?? standard.role, staff, deed, atMonoMs: this.clock.monoMs() });
  }

  /** A command whose signature, target and sender are proven already, as the terminal hands it on. */
  command(act: CommandAct): void {
    onlyKnows(this.name, 'command', act, ['lease', 'hold', 'resume', 'recount', 'lifeSeconds']);
    if (act.lease !== undefined) return this.#lease(act.lease);
    this.give({
      kind: 'Command',
      commandId: this.world.idOf(`command ${this.name} ${++this.#commands}`, 16),
      notAfter: unixSeconds(this.world.phoneNow() + (act.lifeSeconds ?? standard.commandSeconds)),
      command: commandOf(act),
      atMonoMs: this.clock.monoMs(),
    });
  }

  networkChanged(): void {
    if (this.world.siteSilent) return;
    this.give({ kind: 'Network', site: this.world.siteUp, atMonoMs: this.clock.monoMs() });
  }

  clockStepped(): void {}

  preparePower(act: PowerAct): void {
    onlyKnows(this.name, 'power', act, [...powerKeys, 'latch', 'fire']);
    const { latch, fire } = act;
    if (latch !== undefined) this.#device.setLatch(latch === 'silent' ? null : latch);
    if (fire !== undefined) this.#device.setFire(fire);
  }

  counters(): Readonly<Record<string, number>> {
    const { state } = this;
    const passed = this.journal.rows.filter(
      ({ type, row }) => type === 'OUTCOME' && row.payload.act === 'admit' && row.payload.outcome === 'passed',
    );
    return {
      ...state.statistics.counters,
      records: this.journal.rows.length,
      admitted: passed.length,
      occupancy: state.occupancy,
      leaseLeft: state.lease?.left ?? 0,
      ignored: state.ignored,
    };
  }

  view(): unknown {
    const { entry, exit, stopped, lease } = this.state;
    const uses = useWords(this.journal, this.world.codes);
    return { entry: entry.kind, exit: exit.kind, stopped, hasLease: lease !== null, uses };
  }

  /** The word of another lane of the site. */
  hear(input: GateLaneInput): void {
    this.give({ ...input, atMonoMs: this.clock.monoMs() });
  }

  protected facts(): GateLaneFacts {
    const { world } = this;
    return {
      moment: this.moment(),
      bootId: this.bootId,
      fresh: {
        tx: world.entropy.bytes(16),
        actId: world.entropy.bytes(8),
        exitTx: world.entropy.bytes(16),
        exitActId: world.entropy.bytes(8),
      },
      useOf: (issuer, cti) => useIn(this.journal, issuer, cti),
      rules: world.rules,
      storage: this.journal.level(),
      online: world.headEndUp,
      lists: {
        trust: [world.trust.gen, world.trust.version],
        denyVersion: world.deny?.version ?? null,
        denyIssuedAt: world.deny?.issuedAt ?? null,
      },
      gateReady: this.#device.online,
      confirmsOpening: this.#device.confirms,
      masks: { standard: openMasks, byProduct: new Map() },
      config: this.#config,
    };
  }

  protected bootInput(): GateLaneInput {
    const { uses: _, ...journal } = replay(this.journal.rows.map(({ row }) => row));
    const notRead = this.world.switches.sensorsNotRead && this.cutsFired > 0;
    const sensors = notRead ? { entry: null, exit: null, fire: null } : this.#device.sensors();
    return { kind: 'Boot', journal, sensors, atMonoMs: this.clock.monoMs() };
  }

  protected afterBoot(): void {
    this.#device.begin?.({ clock: this.clock, state: () => this.state, input: (input) => this.give(input) });
  }

  protected override powerGone(): void {
    this.#device.end?.();
  }

  override async idle(): Promise<void> {
    await this.#device.settled?.();
    await super.idle();
  }

  override broken(): readonly string[] {
    return [...super.broken(), ...(this.#device.problems?.(this.moved.length) ?? [])];
  }

  protected perform(effect: OwnEffect): void {
    switch (effect.kind) {
      case 'actuate':
        return this.pulse(effect.actId, effect.direction, () => this.#move(effect.direction));
      case 'claimUse':
      case 'answerClaim':
      case 'settleClaim':
        return this.#sendClaim(effect);
      case 'answerCommand':
        return;
      default:
        effect satisfies never;
    }
  }

  protected foldProblem(): string | null {
    const { uses, occupancy } = replay(this.journal.rows.map(({ row }) => row));
    if (occupancy !== this.state.occupancy) return 'the count of persons is not what the rows alone give';
    const differs = [...uses.values()].some(({ issuer, cti, use }) => {
      const kept = keptUse(this.journal, useKey(issuer, cti));
      return kept === null || !equal(kept, encodeTicketUse(use));
    });
    return differs || keptUses(this.journal) !== uses.size
      ? 'the use of a ticket is not what the rows alone give'
      : null;
  }

  #move(direction: Direction): boolean {
    const sent = this.#device.pulse(direction);
    const { opensAfterMs } = this.#device;
    if (sent && opensAfterMs !== null)
      this.clock.timer('opening', opensAfterMs, () =>
        this.give({ kind: 'Sensor', sensor: { kind: 'opened', direction }, atMonoMs: this.clock.monoMs() }),
      );
    return sent;
  }

  #lease({ admissions, lifeSeconds, waitMinutes }: NonNullable<CommandAct['lease']>): void {
    this.give({
      kind: 'Lease',
      lease: this.world.idOf(`lease ${this.name} ${++this.#leases}`, 8),
      admissions,
      expiresAt: unixSeconds(this.world.phoneNow() + (lifeSeconds ?? standard.leaseSeconds)),
      waitMinutes: waitMinutes ?? null,
      atMonoMs: this.clock.monoMs(),
    });
  }

  #sendClaim(effect: Extract<OwnEffect, { kind: 'claimUse' | 'answerClaim' | 'settleClaim' }>): void {
    const { kind, to, ...claim } = effect;
    const words = { claimUse: 'ClaimRequest', answerClaim: 'ClaimAnswer', settleClaim: 'ClaimSettled' } as const;
    const input = { ...claim, kind: words[kind], from: this.name, atMonoMs: monoMs(0) } as GateLaneInput;
    this.world.send(to, (station) => {
      if (station instanceof GateStation) station.hear(input);
    });
  }
}

function sensorOf(act: SensorAct): GateSensor | null {
  if (act.passed !== undefined)
    return { kind: 'passed', direction: act.passed, heightCentimetres: act.heightCentimetres ?? null };
  if (act.notPassed !== undefined) return { kind: 'notPassed', direction: act.notPassed };
  if (act.blocked !== undefined) return { kind: 'blocked', held: act.blocked };
  return act.fault === undefined ? null : { kind: 'fault', detail: act.fault };
}

function deedOf(act: StaffAct): StaffDeed {
  switch (act.does) {
    case 'badge':
      return { kind: 'badge' };
    case 'admit':
    case 'override':
      return { kind: act.does, reason: act.why ?? '' };
    case 'recount':
      return { kind: 'recount', inside: act.number ?? 0 };
    default:
      throw new RangeError(`nobody at a gate lane does ${act.does}`);
  }
}

function commandOf({ hold, resume, recount }: CommandAct): LaneCommand {
  if (hold !== undefined) return { kind: 'hold', waitMinutes: hold.waitMinutes ?? null };
  if (resume !== undefined) return { kind: 'resume' };
  if (recount !== undefined) return { kind: 'recount', inside: recount };
  throw new RangeError('a gate lane obeys lease, hold, resume and recount');
}

// An audio-guide cabinet in a scenario: the product's cabinet under the product's runner, with slots that people
// use, a screen that phones scan, and the other cabinets of its site.
import { monoMs, secondsOf, type UnixSeconds, unixSeconds } from '../../core/brand.ts';
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import { sha256 } from '../../core/sha256.ts';
import { type CabinetConfig, cabinetDefaults } from '../../machines/cabinet/config.ts';
import type { CabinetEffect } from '../../machines/cabinet/effects.ts';
import type { CabinetFacts } from '../../machines/cabinet/facts.ts';
import type { CabinetInput, StaffAct as CabinetStaffAct } from '../../machines/cabinet/input.ts';
import { slotOf } from '../../machines/cabinet/ledger.ts';
import { decodeLedger, ledgerSpaces } from '../../machines/cabinet/projections.ts';
import { replay } from '../../machines/cabinet/replay.ts';
import { type CabinetState, initialState } from '../../machines/cabinet/state.ts';
import { stationStatus } from '../../machines/cabinet/status.ts';
import { serves, step } from '../../machines/cabinet/step.ts';
import type { TimerName } from '../../machines/cabinet/timer-names.ts';
import type { CommonEffect } from '../../machines/shared/effects.ts';
import { encodeTicketUse } from '../../machines/shared/use-ledger.ts';
import { openMasks } from '../../rules/risk-masks.ts';
import type { Machine } from '../../terminal/machine-runner.ts';
import { CabinetBays, type SlotDevice } from './cabinet-bays.ts';
import { loanFeesMinor, loansIn } from './cabinet-fees.ts';
import { LineSlots, slotsHearWithinMs } from './line-slots.ts';
import { type CabinetSetting, type SlotDeed, slotDeedKeys } from './machine-format.ts';
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
import type { Switches } from './switches.ts';
import { keptUse, keptUses, useIn, useWords } from './ticket-uses.ts';
import type { World } from './world.ts';

type OwnEffect = Exclude<CabinetEffect, CommonEffect<TimerName>>;

const machine: Machine<CabinetState, CabinetInput, CabinetFacts, TimerName, OwnEffect> = {
  initial: initialState,
  step,
  timerInput: (name, atMonoMs) => ({ kind: 'Timer', name, atMonoMs }),
  ignored: (state) => state.ignored,
  committedInput: ({ ref }, { payload }, atMonoMs) =>
    payload.tx && payload.events?.[0]?.[1] === 'Started' ? { kind: 'Committed', tx: payload.tx, ref, atMonoMs } : null,
  signalledInput: () => null,
};

const hygieneMs = 30_000;
const commandLifeSeconds = 30;

export class CabinetStation extends MachineStation<
  CabinetState,
  CabinetInput,
  CabinetFacts,
  TimerName,
  OwnEffect,
  CabinetConfig
> {
  readonly #setting: CabinetSetting;
  readonly #config: CabinetConfig;
  readonly #device: SlotDevice;
  readonly #closesAt: UnixSeconds | null;
  #silentMs = 0;

  constructor(world: World, name: string, setting: CabinetSetting) {
    super(world, name, machine, switchOf(world));
    this.#setting = setting;
    this.#config = { ...cabinetDefaults, ...setting.config, ...this.config };
    this.#device = world.lines === null ? new CabinetBays(setting) : new LineSlots(setting, world.clock);
    const { closesInSeconds } = setting;
    const now = secondsOf(world.time.now().wallMs);
    this.#closesAt = closesInSeconds === undefined ? null : unixSeconds(now + closesInSeconds);
  }

  scan(bytes: Bytes, act: ScanAct): void {
    onlyKnows(this.name, 'scan', act, [...scanKeys, 'language']);
    const atMonoMs = this.clock.monoMs();
    this.giveWhenFree(() => {
      const verdict = serves(this.state, this.journal.level()) ? this.verify(bytes) : null;
      const language = act.language ?? null;
      return { input: { kind: 'Presentation', verdict, rawDigest: sha256(bytes), language, atMonoMs }, verdict };
    });
  }

  sense(act: SensorAct): void {
    onlyKnows(this.name, 'sensor', act, ['board', 'itemShown', ...slotDeedKeys]);
    const atMonoMs = this.clock.monoMs();
    if (act.board !== undefined) {
      this.#device.setOnline(act.board === 'back');
      return this.#tellAll();
    }
    if (act.itemShown !== undefined) return this.give({ kind: 'ItemShown', item: act.itemShown, atMonoMs });
    if (act.slot === undefined || act.does === undefined) throw new RangeError('a slot and what is done there');
    this.#deed({ ...act, slot: act.slot, does: act.does });
  }

  key(key: 'openAgain' | 'return'): void {
    this.give({ kind: 'Key', key, atMonoMs: this.clock.monoMs() });
  }

  staff(act: StaffAct): void {
    onlyKnows(this.name, 'staff', act, ['does', 'slot', 'item', 'taken']);
    this.give({
      kind: 'Staff',
      staff: this.world.idOf('staff', 8),
      act: this.#staffAct(act),
      atMonoMs: this.clock.monoMs(),
    });
  }

  /** What a phone reads from the screen. @throws RangeError where there is no code. */
  screenNonce(): Bytes {
    const { shown } = this.state;
    if (shown === null) throw new RangeError('there is no code on the screen');
    return shown.nonce;
  }

  /** A command whose signature, terminal and counter are proven already, as the terminal hands it on. */
  command(act: CommandAct): void {
    onlyKnows(this.name, 'command', act, ['dispense', 'nonce', 'lifeSeconds', 'language', 'slot']);
    const { world } = this;
    const order = act.dispense;
    if (order === undefined) throw new RangeError('key command.dispense: names the order');
    const nonce = act.nonce === undefined ? this.screenNonce() : world.nonces.get(act.nonce);
    if (nonce === undefined) throw new RangeError(`no phone kept a nonce as ${act.nonce}`);
    this.give({
      kind: 'Dispense',
      commandId: world.idOf(`command ${order}`, 16),
      order: world.idOf(order, 16),
      nonce,
      notAfter: unixSeconds(world.phoneNow() + (act.lifeSeconds ?? commandLifeSeconds)),
      language: act.language ?? null,
      slot: act.slot ?? null,
      atMonoMs: this.clock.monoMs(),
    });
  }

  networkChanged(): void {
    this.give({ kind: 'Network', online: this.world.headEndUp, atMonoMs: this.clock.monoMs() });
  }

  clockStepped(fromMs: number, toMs: number): void {
    this.give({ kind: 'ClockStepped', fromMs, toMs, atMonoMs: this.clock.monoMs() });
  }

  preparePower(act: PowerAct): void {
    onlyKnows(this.name, 'power', act, [...powerKeys, 'whileDark', 'silentMs']);
    const { whileDark, silentMs } = act;
    this.#silentMs = silentMs ?? 0;
    this.whileDark = () => {
      for (const deed of whileDark ?? []) this.#device.act(deed);
    };
  }

  counters(): Readonly<Record<string, number>> {
    const loans = loansIn(this.journal.rows);
    return {
      records: this.journal.rows.length,
      loans: loans.length,
      pulses: this.moved.length,
      orders: this.state.ledger.orders.size,
      loanFeesMinor: loanFeesMinor(this.journal.rows, this.world.setting.loanTerms),
      ignored: this.state.ignored,
    };
  }

  view(): unknown {
    const { state } = this;
    const slots = Array.from({ length: this.#device.slots }, (_, at) => {
      const { kind, cause } = slotOf(state.ledger, at + 1);
      return cause === null ? kind : `${kind} ${cause}`;
    });
    return {
      slots,
      screenCode: state.shown !== null,
      status: stationStatus(state, this.facts()),
      uses: useWords(this.journal, this.world.codes),
    };
  }

  protected facts(): CabinetFacts {
    const { world } = this;
    const guides = Object.entries(world.setting.guides ?? {});
    const places = Object.keys(world.setting.machines).filter(
      (name) => world.setting.machines[name]?.kind === 'cabinet',
    );
    return {
      moment: this.moment(),
      bootId: this.bootId,
      freshTx: world.entropy.bytes(16),
      freshActId: world.entropy.bytes(8),
      freshNonce: world.entropy.bytes(16),
      useOf: (issuer, cti) => useIn(this.journal, issuer, cti),
      storage: this.journal.level(),
      online: world.headEndUp,
      lists: {
        trust: [world.trust.gen, world.trust.version],
        denyVersion: world.deny?.version ?? null,
        denyIssuedAt: world.deny?.issuedAt ?? null,
      },
      products: new Map(
        guides.map(([product, { guides: count, highValue }]) => [
          Number(product),
          { guides: count, highValue: highValue ?? false },
        ]),
      ),
      items: new Map(Object.entries(world.setting.fleet ?? {}).map(([item, languages]) => [item, { languages }])),
      device: { online: this.#device.online, canRelatch: this.#device.canRelatch },
      site: { place: this.name, cabinets: places },
      closesAt: this.#closesAt,
      masks: { standard: openMasks, byProduct: new Map() },
      config: this.#config,
    };
  }

  protected bootInput(): CabinetInput {
    const values = (space: string) => this.journal.projections(space).map(([, value]) => value);
    const ledger = decodeLedger({
      orders: values(ledgerSpaces.order),
      slots: values(ledgerSpaces.slot),
      answers: values(ledgerSpaces.answer),
    });
    return { kind: 'Boot', ledger, atMonoMs: this.clock.monoMs() };
  }

  protected afterBoot(): void {
    const silentMs = this.#silentMs;
    this.#silentMs = 0;
    if (this.world.switches.sensorsNotRead && this.cutsFired > 0) return;
    if (this.#device.begin) this.#device.begin({ clock: this.clock, silentMs, input: (input) => this.give(input) });
    else if (silentMs > 0) this.clock.timer('silent sensors', silentMs, () => this.#tellAll());
    else if (this.#device.online) this.#tellAll();
  }

  override get hearsWithinMs(): number {
    return this.world.lines === null ? 0 : slotsHearWithinMs;
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
        return this.pulse(effect.actId, effect.slot, (tells) => this.#move(effect, tells));
      case 'relatch':
        this.#device.relatch(effect.slot);
        return this.#tell(effect.slot);
      case 'startHygiene':
        return this.#clean(effect.slot);
      case 'claimUse':
      case 'answerClaim':
      case 'settleClaim':
        return this.#sendClaim(effect);
      case 'prompt':
      case 'showCode':
      case 'withdrawCode':
      case 'answerCommand':
      case 'callStaff':
        return;
      default:
        effect satisfies never;
    }
  }

  protected foldProblem(): string | null {
    const { ledger, uses } = replay(this.journal.rows.map(({ row }) => row));
    const told = (value: unknown): string => JSON.stringify(this.world.plain(value));
    if (told(ledger) !== told(this.state.ledger)) return 'the ledger is not what the rows alone give';
    const differs = [...uses.values()].some(({ key, use }) => {
      const kept = keptUse(this.journal, key);
      return kept === null || !equal(kept, encodeTicketUse(use));
    });
    return differs || keptUses(this.journal) !== uses.size ? 'the use of a code is not what the rows alone give' : null;
  }

  /** The word of another cabinet of the site. */
  hear(input: CabinetInput): void {
    this.give({ ...input, atMonoMs: this.clock.monoMs() });
  }

  #move({ actId, slot }: Extract<OwnEffect, { kind: 'actuate' }>, tells: boolean): boolean {
    const sent = this.#device.pulse(slot);
    if (!tells) return sent;
    this.give({ kind: 'Actuated', actId, sent, atMonoMs: this.clock.monoMs() });
    if (sent) this.#tell(slot);
    return sent;
  }

  #deed(deed: SlotDeed): void {
    const atMonoMs = this.clock.monoMs();
    const { slot } = deed;
    if (deed.does === 'clean') return this.give({ kind: 'HygieneDone', slot, ok: deed.good ?? true, atMonoMs });
    if (deed.does === 'damage') return this.give({ kind: 'DamageReported', slot, atMonoMs });
    const changed = this.#device.act(deed);
    if (changed !== null && this.#device.online) this.#tell(changed);
  }

  #tell(slot: number): void {
    const atMonoMs = this.clock.monoMs();
    const facts = this.#device.sense(slot, atMonoMs);
    if (facts !== null) this.give({ kind: 'SlotChanged', facts, atMonoMs });
  }

  #tellAll(): void {
    for (let slot = 1; slot <= this.#device.slots; slot++) this.#tell(slot);
  }

  #clean(slot: number): void {
    this.clock.timer('hygiene lamp', this.#setting.hygieneMs ?? hygieneMs, () =>
      this.give({ kind: 'HygieneDone', slot, ok: true, atMonoMs: this.clock.monoMs() }),
    );
  }

  #sendClaim(effect: Extract<OwnEffect, { kind: 'claimUse' | 'answerClaim' | 'settleClaim' }>): void {
    const { kind, to, ...claim } = effect;
    const words = { claimUse: 'ClaimRequest', answerClaim: 'ClaimAnswer', settleClaim: 'ClaimSettled' } as const;
    const input = { ...claim, kind: words[kind], from: this.name, atMonoMs: monoMs(0) } as CabinetInput;
    this.world.send(to, (station) => {
      if (station instanceof CabinetStation) station.hear(input);
    });
  }

  #staffAct(act: StaffAct): CabinetStaffAct {
    const slot = act.slot ?? 0;
    const item = act.item ?? '';
    switch (act.does) {
      case 'open':
      case 'release':
      case 'quarantine':
        return { kind: act.does, slot };
      case 'identify':
        return { kind: 'identify', slot, item };
      case 'returnItem':
        return { kind: 'returnItem', item };
      case 'endOrder':
      case 'recount':
        return { kind: act.does };
      case 'resolve': {
        const doubtful = [...this.state.ledger.orders.values()].find((order) => order.slot === slot);
        if (doubtful === undefined) throw new RangeError(`no order is in doubt at slot ${slot}`);
        return { kind: 'resolve', tx: doubtful.tx, taken: act.taken ?? false };
      }
      default:
        throw new RangeError(`nobody at a cabinet does ${act.does}`);
    }
  }
}

/** With nonces that outlive a boot, whatever was ever shown is known to every later step. */
function switchOf({ switches }: World): NonNullable<Switches['cabinet']> {
  const off = switches.cabinet ?? {};
  if (!switches.noncesOutliveBoot) return off;
  const ever = new Map<string, CabinetState['nonces'][number]>();
  return {
    ...off,
    state: (state) => {
      for (const nonce of state.nonces) ever.set(hex(nonce.nonce), nonce);
      return { ...state, nonces: [...ever.values()] };
    },
  };
}

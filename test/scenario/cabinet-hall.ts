// A museum hall for the tables: the pure cabinet, an in-memory journal in the terminal's place, slots with doors and
// latches that people use, and a virtual clock. Rows pass through their real bytes. What must hold in every
// story is asserted here, whenever something moves.
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import {
  businessDay,
  epoch,
  type Seq,
  secondsOf,
  terminalId,
  type UnixSeconds,
  unixSeconds,
} from '../../runtime/core/brand.ts';
import { type Bytes, hex, utf8 } from '../../runtime/core/bytes.ts';
import type { TimerHandle } from '../../runtime/core/clock.ts';
import { SeededEntropy } from '../../runtime/core/entropy.ts';
import { TrustedTime } from '../../runtime/core/trusted-time.ts';
import { VirtualClock } from '../../runtime/core/virtual-clock.ts';
import { type CabinetConfig, cabinetDefaults } from '../../runtime/machines/cabinet/config.ts';
import type { CabinetEffect } from '../../runtime/machines/cabinet/effects.ts';
import type { CabinetFacts, GuideProduct, ItemFacts } from '../../runtime/machines/cabinet/facts.ts';
import type { CabinetInput, StaffAct } from '../../runtime/machines/cabinet/input.ts';
import { slotOf } from '../../runtime/machines/cabinet/ledger.ts';
import { decodeLedger, ledgerSpaces } from '../../runtime/machines/cabinet/projections.ts';
import { replay } from '../../runtime/machines/cabinet/replay.ts';
import type { SlotFacts } from '../../runtime/machines/cabinet/slot.ts';
import { type CabinetState, initialState } from '../../runtime/machines/cabinet/state.ts';
import { serves, step } from '../../runtime/machines/cabinet/step.ts';
import type { TimerName } from '../../runtime/machines/cabinet/timer-names.ts';
import type { SignalEffect } from '../../runtime/machines/shared/effects.ts';
import type { StepResult } from '../../runtime/machines/shared/step-draft.ts';
import type { StorageLevel } from '../../runtime/machines/shared/storage.ts';
import { decodeTicketUse, useKey } from '../../runtime/machines/shared/use-ledger.ts';
import { referenceOf } from '../../runtime/records/reference.ts';
import { decodeRow, encodeRow, type Row, zeroHash } from '../../runtime/records/row.ts';
import { openMasks } from '../../runtime/rules/risk-masks.ts';
import type { TokenReason, Verdict } from '../../runtime/tokens/outcome.ts';

/** What a code says; everything but its name has an everyday value. */
export interface Code {
  readonly name: string;
  readonly kind?: 'loan' | 'ticket' | 'account';
  readonly product?: number;
  readonly depositMinor?: number;
  readonly language?: string;
  readonly site?: number;
  readonly issuedSecondsAgo?: number;
  readonly lifeSeconds?: number;
  readonly refused?: TokenReason;
}

/** One slot as matter: what stands in it, and what its latch and door do. */
export interface Bay {
  item: string | null;
  /** Put in so that the reader does not see its tag. */
  wrongWay: boolean;
  locked: boolean;
  doorClosed: boolean;
  charge: number | null;
  /** Pulses that the latch will not follow. */
  jams: number;
  /** The latch follows the pulse, but its switch does not say so. */
  dumb: boolean;
}

export interface HallOptions {
  readonly config?: Partial<CabinetConfig>;
  /** Items in slots 1, 2, …; null leaves one empty. */
  readonly items?: readonly (string | null)[];
  readonly slots?: number;
  readonly charge?: number;
  readonly online?: boolean;
  readonly listAgeSeconds?: number | null;
  readonly clock?: 'synced' | 'lost';
  readonly canRelatch?: boolean;
  /** False: the door is known by its latch alone. */
  readonly doorSwitch?: boolean;
  readonly cabinets?: readonly string[];
  readonly closesInSeconds?: number;
}

export const guideTicket = 1;
export const plainTicket = 2;
export const valuableTicket = 3;
const products: ReadonlyMap<number, GuideProduct> = new Map([
  [guideTicket, { guides: 1, highValue: false }],
  [valuableTicket, { guides: 2, highValue: true }],
]);
const fleet: ReadonlyMap<string, ItemFacts> = new Map(
  ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'].map((item) => [item, { languages: item === 'D' ? ['en'] : ['en', 'zh'] }]),
);

const terminal = terminalId('cabinet-1');
const oneEpoch = epoch(4_294_967_296);
export const digestOf = (text: string): Bytes => new Uint8Array(createHash('sha256').update(text).digest());
export const ctiOf = (name: string): Bytes => digestOf(`cti ${name}`).slice(0, 8);
export const staffBadge = digestOf('badge').slice(0, 8);

export class Hall {
  readonly clock = new VirtualClock();
  readonly config: CabinetConfig;
  readonly rows: Row[] = [];
  readonly signals: SignalEffect[] = [];
  readonly effects: CabinetEffect[] = [];
  readonly prompts: string[] = [];
  readonly pulses: { readonly actId: string; readonly slot: number; readonly atMonoMs: number }[] = [];
  readonly projections = new Map<string, Bytes>();
  readonly bays: Bay[];
  readonly time: TrustedTime;
  readonly entropy: SeededEntropy;
  readonly steps: { readonly before: CabinetState; readonly input: CabinetInput; readonly facts: CabinetFacts }[] = [];
  state: CabinetState = initialState;
  online: boolean;
  storage: StorageLevel = 'normal';
  board = true;
  /** The driver says that it could not send. */
  deaf = false;
  /** The next commit that holds such a row loses its power, before, or after it is durable, or after its effects. */
  cut: {
    readonly row: (row: { type: string; act: string }) => boolean;
    readonly when: 'before' | 'after' | 'acted';
  } | null = null;
  cutsFired = 0;
  /** What happens while there is no power. */
  whileDark: ((hall: Hall) => void) | null = null;
  #boots = 0;
  #denyIssuedAt: UnixSeconds | null;
  readonly #closesAt: UnixSeconds | null;
  readonly #options: HallOptions;
  readonly #timers = new Map<string, TimerHandle>();
  /** What effects bring about comes after all effects of their step, as it does at the terminal. */
  readonly #later: CabinetInput[] = [];
  #performing = false;

  constructor(seed: string, options: HallOptions = {}) {
    this.#options = options;
    this.config = { ...cabinetDefaults, hygiene: 'none', ...options.config };
    this.entropy = new SeededEntropy(seed);
    const lost = options.clock === 'lost';
    const floorMs = lost ? this.clock.wallMs() : this.clock.wallMs() - 1_000;
    this.time = new TrustedTime({ clock: this.clock, floorMs, rtcKeptPower: !lost });
    if (!lost) this.time.observeSigned(this.clock.wallMs(), 100);
    this.online = options.online ?? true;
    const age = options.listAgeSeconds === undefined ? 60 : options.listAgeSeconds;
    const now = secondsOf(this.time.now().wallMs);
    this.#denyIssuedAt = age === null ? null : unixSeconds(now - age);
    this.#closesAt = options.closesInSeconds === undefined ? null : unixSeconds(now + options.closesInSeconds);
    const items = options.items ?? ['A', 'B', 'C', null];
    this.bays = items.map((item) => ({
      item,
      wrongWay: false,
      locked: true,
      doorClosed: true,
      charge: item === null ? null : (options.charge ?? 90),
      jams: 0,
      dumb: false,
    }));
    this.boot();
  }

  get bootId(): Bytes {
    return digestOf(`boot ${this.#boots}`).slice(0, 16);
  }

  /** A process that starts: nothing is left but journal, projections and matter. */
  boot(power = true): void {
    if (power) this.#boots++;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#later.length = 0;
    this.state = initialState;
    const values = (space: string): Bytes[] =>
      [...this.projections].filter(([key]) => key.startsWith(`${space}/`)).map(([, value]) => value);
    const ledger = decodeLedger({
      orders: values(ledgerSpaces.order),
      slots: values(ledgerSpaces.slot),
      answers: values(ledgerSpaces.answer),
    });
    this.feed({ kind: 'Boot', ledger, atMonoMs: this.clock.monoMs() });
    if (this.board) this.tellAll();
  }

  /** Lets time pass in an idle hall, so that what the set-up started is over. */
  forget(): void {
    this.signals.length = 0;
    this.effects.length = 0;
    this.prompts.length = 0;
  }

  // What people do.

  show(code: Code, language: string | null = null): SignalEffect | null {
    const before = this.signals.length;
    const verdict = serves(this.state, this.storage) ? this.verdictOf(code) : null;
    const rawDigest = digestOf(`raw ${code.name}`);
    this.feed({ kind: 'Presentation', verdict, rawDigest, language, atMonoMs: this.clock.monoMs() });
    return this.signals.length > before ? (this.signals.at(-1) ?? null) : null;
  }

  /** The phone scans the code on the screen now, and the head end sends a command with it. */
  scanned(): Bytes {
    const shown = this.state.shown;
    if (shown === null) throw new Error('no code on the screen');
    return shown.nonce;
  }

  command(order: string, nonce: Bytes, more: { lifeSeconds?: number; language?: string; slot?: number } = {}): string {
    const before = this.effects.length;
    this.feed({
      kind: 'Dispense',
      commandId: digestOf(`command ${order}`).slice(0, 16),
      order: digestOf(`order ${order}`).slice(0, 16),
      nonce,
      notAfter: unixSeconds(secondsOf(this.clock.wallMs()) + (more.lifeSeconds ?? 30)),
      language: more.language ?? null,
      slot: more.slot ?? null,
      atMonoMs: this.clock.monoMs(),
    });
    const answer = this.effects.slice(before).find((effect) => effect.kind === 'answerCommand');
    return answer === undefined ? 'none' : `${answer.reason}${answer.repeated ? ' again' : ''}`;
  }

  openDoor(slot: number): boolean {
    const bay = this.bay(slot);
    if (bay.locked) return false;
    this.alter(slot, { doorClosed: false });
    return true;
  }

  /** Out of an open slot into a hand. */
  take(slot: number): string | null {
    const { item, locked } = this.bay(slot);
    if (locked) return null;
    this.alter(slot, { item: null, charge: null, wrongWay: false, doorClosed: false });
    return item;
  }

  closeDoor(slot: number): void {
    this.alter(slot, { doorClosed: true, locked: true });
  }

  /** Opens, takes, closes: what a visitor does with a latch that is open. */
  fetch(slot: number): string | null {
    const item = this.take(slot);
    this.closeDoor(slot);
    return item;
  }

  put(slot: number, item: string, how: { wrongWay?: boolean; charge?: number; door?: 'open' } = {}): void {
    const shut = how.door !== 'open';
    this.alter(slot, {
      item,
      wrongWay: how.wrongWay ?? false,
      charge: how.charge ?? 50,
      doorClosed: shut,
      locked: shut,
    });
  }

  /** With a crowbar. */
  rob(slot: number): void {
    this.alter(slot, { item: null, charge: null });
  }

  press(key: 'return' | 'openAgain'): void {
    this.feed({ kind: 'Key', key, atMonoMs: this.clock.monoMs() });
  }

  staff(act: StaffAct): void {
    this.feed({ kind: 'Staff', staff: staffBadge, act, atMonoMs: this.clock.monoMs() });
  }

  network(online: boolean): void {
    this.online = online;
    this.feed({ kind: 'Network', online, atMonoMs: this.clock.monoMs() });
  }

  setBoard(board: boolean): void {
    this.board = board;
    this.tellAll();
  }

  alter(slot: number, change: Partial<Bay>): void {
    Object.assign(this.bay(slot), change);
    if (this.board) this.tell(slot);
  }

  bay(slot: number): Bay {
    const bay = this.bays[slot - 1];
    if (bay === undefined) throw new Error(`no slot ${slot}`);
    return bay;
  }

  // What the machine says.

  kinds(): readonly string[] {
    return this.bays.map((_, at) => {
      const { kind, cause } = slotOf(this.state.ledger, at + 1);
      return cause === null ? kind : `${kind} ${cause}`;
    });
  }

  /** `type act outcome-or-reason ending` of the rows, for the eye. */
  story(from = 0): readonly string[] {
    return this.rows.slice(from).map(({ type, payload }) => {
      const ended = payload.events?.find((event) => event[1] === 'Ended');
      const words = [type, payload.act, payload.outcome ?? (type === 'DECISION' ? payload.reason : payload.detail)];
      return [...words, ended?.[3]].filter((word) => word !== undefined).join(' ');
    });
  }

  told(): readonly string[] {
    return this.signals.map(({ cue, reason }) => `${cue} ${reason}`);
  }

  loans(): readonly Row[] {
    return this.rows.filter((row) => row.payload.outcome === 'taken' && row.payload.act === 'dispense');
  }

  useOf(issuer: string, cti: Bytes) {
    const bytes = this.projections.get(`use/${hex(useKey(issuer, cti))}`);
    return bytes === undefined ? null : decodeTicketUse(bytes);
  }

  useOfCode(name: string): string {
    const use = this.useOf('museum', ctiOf(name));
    if (use === null) return 'FREE';
    if (use.hold !== null) return 'HELD';
    return use.entries > 0 ? `USED ${use.entries}` : 'FREE';
  }

  facts(): CabinetFacts {
    const { entropy } = this;
    return {
      moment: this.time.now(),
      bootId: this.bootId,
      freshTx: entropy.bytes(16),
      freshActId: entropy.bytes(8),
      freshNonce: entropy.bytes(16),
      useOf: (issuer, cti) => this.useOf(issuer, cti),
      storage: this.storage,
      online: this.online,
      lists: { trust: [1, 4], denyVersion: 12, denyIssuedAt: this.#denyIssuedAt },
      products,
      items: fleet,
      device: { online: this.board, canRelatch: this.#options.canRelatch ?? true },
      site: { place: 'hall-a', cabinets: this.#options.cabinets ?? ['hall-a'] },
      closesAt: this.#closesAt,
      masks: { standard: openMasks, byProduct: new Map() },
      config: this.config,
    };
  }

  feed(input: CabinetInput): void {
    if (this.#performing) {
      this.#later.push(input);
      return;
    }
    this.#take(input);
    for (let next = this.#later.shift(); next !== undefined; next = this.#later.shift()) this.#take(next);
  }

  #take(input: CabinetInput): void {
    const facts = this.facts();
    const result = step(this.state, input, facts);
    this.steps.push({ before: this.state, input, facts });
    const { cut } = this;
    const isCut = cut !== null && result.records.some(({ type, payload }) => cut.row({ type, act: payload.act }));
    if (isCut && cut.when === 'before') return this.#powerLost();
    const committed = this.#commit(result, facts);
    if (isCut && cut.when === 'after') return this.#powerLost();
    this.state = result.state;
    expect(
      this.state.motions.filter((motion) => motion.actId !== null && motion.presentedMonoMs === null).length,
    ).toBeLessThanOrEqual(1);
    if (isCut) {
      // The pulse goes out, and power with it: nobody is told of anything.
      for (const effect of result.effects) if (effect.kind === 'actuate') this.#pulse(effect, false);
      return this.#powerLost();
    }
    for (const row of committed) {
      const { tx, events } = row.payload;
      if (tx === undefined || events?.[0]?.[1] !== 'Started') continue;
      this.#take({
        kind: 'Committed',
        tx,
        ref: referenceOf(terminal, row.epoch, row.seq),
        atMonoMs: this.clock.monoMs(),
      });
    }
    this.#performing = true;
    for (const effect of result.effects) this.#perform(effect);
    this.#performing = false;
  }

  verdictOf(code: Code): Verdict {
    const now = secondsOf(this.time.now().wallMs);
    const digest = digestOf(code.name);
    const words = { done: 0x3ff, found: 0 };
    if (code.refused !== undefined)
      return { ...words, accepted: false, reason: code.refused, detail: '', issuer: 'museum', digest, outcome: null };
    const kind = code.kind ?? 'loan';
    const iat = unixSeconds(now - (code.issuedSecondsAgo ?? 30));
    const exp = unixSeconds(iat + (code.lifeSeconds ?? (kind === 'loan' ? 600 : 86_400)));
    return {
      ...words,
      accepted: true,
      denyAgeSeconds: 60,
      outcome: {
        format: 'st1',
        issuer: 'museum',
        kid: Uint8Array.of(1, 2, 3, 4),
        kind,
        subject: kind === 'ticket' ? null : digestOf(`account ${code.name}`).slice(0, 8),
        cti: kind === 'account' ? null : ctiOf(code.name),
        iat,
        nbf: kind === 'ticket' ? iat : null,
        exp,
        freshUntil: exp,
        presentation: null,
        limits: {
          fareCapMinor: null,
          currency: 'CNY',
          uses: 1,
          site: code.site ?? null,
          gates: null,
          product: code.product ?? (kind === 'ticket' ? guideTicket : null),
          loanMaxSeconds: kind === 'loan' ? 14_400 : null,
          depositMinor: code.depositMinor ?? null,
        },
        scope: [],
        status: null,
        language: code.language ?? null,
        digest,
        evidence: utf8(`ST1:${code.name}`),
      },
    };
  }

  /** What the sensors of a slot say now. */
  sense(slot: number): SlotFacts {
    const bay = this.bay(slot);
    const atMonoMs = this.clock.monoMs();
    if (!this.board)
      return {
        slot,
        locked: null,
        doorClosed: null,
        present: null,
        tagId: null,
        chargePercent: null,
        fault: null,
        atMonoMs,
      };
    return {
      slot,
      locked: bay.dumb ? true : bay.locked,
      doorClosed: this.#options.doorSwitch === false ? bay.locked : bay.doorClosed,
      present: bay.item !== null,
      tagId: bay.wrongWay ? null : bay.item,
      chargePercent: bay.charge,
      fault: null,
      atMonoMs,
    };
  }

  tell(slot: number): void {
    this.feed({ kind: 'SlotChanged', facts: this.sense(slot), atMonoMs: this.clock.monoMs() });
  }

  tellAll(): void {
    for (const at of this.bays.keys()) this.tell(at + 1);
  }

  #commit(result: StepResult<CabinetState, CabinetEffect>, facts: CabinetFacts): readonly Row[] {
    const committed = result.records.map((record) => {
      const last = this.rows.at(-1);
      const { body } = encodeRow({
        terminal,
        epoch: oneEpoch,
        seq: this.rows.length as Seq,
        bootId: facts.bootId,
        tMonoMs: facts.moment.monoMs,
        tWallMs: facts.moment.wallMs,
        clock: { state: facts.moment.state, uncertaintyMs: facts.moment.uncertaintyMs },
        day: businessDay('2026-01-05'),
        type: record.type,
        payload: record.payload,
        prev: last === undefined ? zeroHash : encodeRow(last).hash,
      });
      const row = decodeRow(body);
      this.rows.push(row);
      return row;
    });
    for (const { space, key, value } of result.projections) {
      if (value === null) this.projections.delete(`${space}/${hex(key)}`);
      else this.projections.set(`${space}/${hex(key)}`, value);
    }
    return committed;
  }

  #perform(effect: CabinetEffect): void {
    this.effects.push(effect);
    switch (effect.kind) {
      case 'signal':
        this.signals.push(effect);
        return;
      case 'prompt':
        this.prompts.push(effect.prompt);
        return;
      case 'actuate':
        return this.#pulse(effect, true);
      case 'relatch':
        this.alter(effect.slot, { locked: this.bay(effect.slot).doorClosed });
        return;
      case 'startHygiene':
        return this.#clean(effect.slot);
      case 'timer':
      case 'cancelTimer':
        this.#timers.get(effect.name)?.cancel();
        this.#timers.delete(effect.name);
        if (effect.kind === 'timer') this.#arm(effect.name, effect.dueMonoMs);
        return;
      case 'alarm':
      case 'showCode':
      case 'withdrawCode':
      case 'claimUse':
      case 'answerClaim':
      case 'settleClaim':
      case 'answerCommand':
      case 'callStaff':
        return;
      default:
        effect satisfies never;
    }
  }

  /** No pulse without its INTENT in the journal, and none twice. */
  #pulse({ actId, slot }: Extract<CabinetEffect, { kind: 'actuate' }>, tells: boolean): void {
    const intents = this.rows.filter(
      (row) =>
        row.type === 'INTENT' && hex(row.payload.actId ?? digestOf('')) === hex(actId) && row.payload.slot === slot,
    );
    expect(intents.length).toBe(1);
    expect(this.pulses.map((pulse) => pulse.actId)).not.toContain(hex(actId));
    if (this.deaf || !this.board) {
      if (tells) this.feed({ kind: 'Actuated', actId, sent: false, atMonoMs: this.clock.monoMs() });
      return;
    }
    this.pulses.push({ actId: hex(actId), slot, atMonoMs: this.clock.monoMs() });
    if (tells) this.feed({ kind: 'Actuated', actId, sent: true, atMonoMs: this.clock.monoMs() });
    const bay = this.bay(slot);
    if (bay.jams > 0) bay.jams--;
    else if (tells) this.alter(slot, { locked: false });
    else bay.locked = false;
  }

  #clean(slot: number): void {
    const fire = (): void => this.feed({ kind: 'HygieneDone', slot, ok: true, atMonoMs: this.clock.monoMs() });
    this.#timers.set(`clean ${slot}`, this.clock.timer('clean', 30_000, fire));
  }

  #arm(name: TimerName, dueMonoMs: number): void {
    const fire = (): void => this.feed({ kind: 'Timer', name, atMonoMs: this.clock.monoMs() });
    this.#timers.set(name, this.clock.timer(name, dueMonoMs - this.clock.monoMs(), fire));
  }

  #powerLost(): void {
    this.cut = null;
    this.cutsFired++;
    const { board } = this;
    this.board = false;
    this.whileDark?.(this);
    this.board = board;
    this.boot();
  }
}

/** The journal says what the machine holds, whichever way it is asked. */
export function expectFold(hall: Hall): void {
  const { ledger, uses } = replay(hall.rows);
  expect(ledger).toEqual(hall.state.ledger);
  for (const { key, use } of uses.values())
    expect(decodeTicketUse(hall.projections.get(`use/${hex(key)}`) ?? new Uint8Array())).toEqual(use);
}

// A museum for the tables: pure gate lanes, in-memory journals in their terminals' place, a site network that can
// be cut, and a virtual clock. Rows and messages pass through their real bytes.
import { createHash } from 'node:crypto';
import { businessDay, epoch, type monoMs, type Seq, terminalId, unixSeconds } from '../../runtime/core/brand.ts';
import { type Bytes, hex, utf8 } from '../../runtime/core/bytes.ts';
import type { TimerHandle } from '../../runtime/core/clock.ts';
import { SeededEntropy } from '../../runtime/core/entropy.ts';
import { TrustedTime } from '../../runtime/core/trusted-time.ts';
import { VirtualClock } from '../../runtime/core/virtual-clock.ts';
import { type GateLaneConfig, gateLaneDefaults } from '../../runtime/machines/gate-lane/config.ts';
import type { Direction, GateLaneEffect } from '../../runtime/machines/gate-lane/effects.ts';
import type { GateLaneFacts } from '../../runtime/machines/gate-lane/facts.ts';
import type {
  BootSensors,
  GateLaneInput,
  GateSensor,
  Latch,
  StaffDeed,
} from '../../runtime/machines/gate-lane/input.ts';
import { replay } from '../../runtime/machines/gate-lane/replay.ts';
import { type GateLaneState, initialState } from '../../runtime/machines/gate-lane/state.ts';
import { knowsCode, serves, step } from '../../runtime/machines/gate-lane/step.ts';
import type { SignalEffect } from '../../runtime/machines/shared/effects.ts';
import type { StepResult } from '../../runtime/machines/shared/step-draft.ts';
import type { StorageLevel } from '../../runtime/machines/shared/storage.ts';
import { decodeTicketUse, encodeTicketUse, useKey } from '../../runtime/machines/shared/use-ledger.ts';
import { decodeRow, encodeRow, type Row, zeroHash } from '../../runtime/records/row.ts';
import type { AccessRules } from '../../runtime/rules/access-rules.ts';
import { openMasks, type RiskMasks } from '../../runtime/rules/risk-masks.ts';
import type { TokenReason, Verdict } from '../../runtime/tokens/outcome.ts';
import { rulesBody, rulesOf, single } from '../unit/rules/rules-for-tests.ts';

/** What a ticket says; everything but its id has an everyday value. */
export interface Ticket {
  readonly id: string;
  readonly product?: number;
  /** UTC, for instance 2026-07-01T09:00:00. */
  readonly from?: string;
  readonly to?: string;
  readonly uses?: number;
  readonly site?: number | null;
  readonly gates?: Bytes | null;
  readonly issuer?: string;
  readonly soldSecondsAgo?: number;
  /** Places that the issuer's key is bound to. */
  readonly keyScope?: readonly string[];
  /** Refused by verification with this reason, signatures not holding. */
  readonly refused?: TokenReason;
  /** Refused after its signatures held. */
  readonly provenRefusal?: 'DENIED' | 'REVOKED';
  readonly identityMatched?: boolean;
  /** Same ticket, other bytes. */
  readonly spelling?: string;
}

export interface MuseumOptions {
  readonly lanes?: readonly string[];
  readonly rules?: AccessRules | null;
  readonly config?: Partial<GateLaneConfig>;
  readonly startUtc?: string;
  readonly clock?: 'synced' | 'holdover' | 'lost';
  readonly listAgeSeconds?: number | null;
  readonly online?: boolean;
  readonly masks?: RiskMasks;
  readonly confirmsOpening?: boolean;
  /** Places leased to each lane at the start; null: none yet. */
  readonly places?: number | null;
}

export interface Pulse {
  readonly actId: string;
  readonly direction: Direction;
  readonly atMonoMs: number;
}

const lanMs = 5;
const openingMs = 100;
export const digestOf = (text: string): Bytes => new Uint8Array(createHash('sha256').update(text).digest());
export const ctiOf = (id: string): Bytes => digestOf(`cti ${id}`).slice(0, 8);
export const staffId = Uint8Array.of(7, 7, 7, 7);

/** The museum's rules with only these gate lanes: a lane that stands alone has nobody to ask. */
function rulesFor(lanes: readonly string[]): AccessRules {
  const rules = rulesOf(rulesBody);
  return { ...rules, gates: rules.gates.filter(({ id }) => lanes.includes(id)) };
}

export class Museum {
  readonly clock: VirtualClock;
  readonly time: TrustedTime;
  readonly entropy: SeededEntropy;
  readonly lanes: readonly Lane[];
  readonly options: MuseumOptions;
  lanUp = true;

  constructor(seed: string, options: MuseumOptions = {}) {
    this.options = options;
    this.entropy = new SeededEntropy(seed);
    const startMs = Date.parse(`${options.startUtc ?? '2026-07-01T08:50:00'}Z`);
    this.clock = new VirtualClock(startMs);
    const lost = options.clock === 'lost';
    this.time = new TrustedTime({ clock: this.clock, floorMs: startMs - 1_000, rtcKeptPower: !lost });
    if ((options.clock ?? 'synced') === 'synced') this.time.observeSigned(startMs, 100);
    this.lanes = (options.lanes ?? ['lane-1']).map((gate) => new Lane(this, gate));
    const places = options.places === undefined ? 1_000 : options.places;
    if (places !== null) for (const lane of this.lanes) lane.lease(places);
  }

  lane(number = 1): Lane {
    const lane = this.lanes[number - 1];
    if (lane === undefined) throw new Error(`no lane ${number}`);
    return lane;
  }

  cutLan(up: boolean): void {
    this.lanUp = up;
  }

  send(to: string, input: GateLaneInput): void {
    if (!this.lanUp) return;
    const lane = this.lanes.find(({ gate }) => gate === to);
    if (lane === undefined || lane.dead) return;
    this.clock.timer('lan', lanMs, () => {
      if (this.lanUp && !lane.dead) lane.feed({ ...input, atMonoMs: this.clock.monoMs() });
    });
  }
}

export class Lane {
  readonly museum: Museum;
  readonly gate: string;
  readonly config: GateLaneConfig;
  readonly rows: Row[] = [];
  readonly signals: SignalEffect[] = [];
  readonly alarms: string[] = [];
  readonly answers: string[] = [];
  readonly pulses: Pulse[] = [];
  readonly effects: GateLaneEffect[] = [];
  readonly projections = new Map<string, Bytes>();
  state: GateLaneState = initialState;
  rules: AccessRules | null;
  storage: StorageLevel = 'normal';
  online: boolean;
  gateReady = true;
  /** The barrier does not move and does not say so. */
  stuck = false;
  dead = false;
  /** What the passage latch says at the next boot; null: it answers later. */
  latch: Latch | null = 'unknown';
  fire = false;
  denyIssuedAt: number | null;
  cut: 'before commit' | 'after commit' | null = null;
  cutsFired = 0;
  last: StepResult<GateLaneState, GateLaneEffect> | null = null;
  #boots = 0;
  readonly #timers = new Map<string, TimerHandle>();

  constructor(museum: Museum, gate: string) {
    this.museum = museum;
    this.gate = gate;
    const { options } = museum;
    this.config = { ...gateLaneDefaults, gate, ...options.config };
    this.rules = options.rules === undefined ? rulesFor(options.lanes ?? ['lane-1']) : options.rules;
    this.online = options.online ?? true;
    const age = options.listAgeSeconds === undefined ? 60 : options.listAgeSeconds;
    this.denyIssuedAt = age === null ? null : Math.floor(museum.time.now().wallMs / 1000) - age;
    this.boot();
  }

  get now(): ReturnType<typeof monoMs> {
    return this.museum.clock.monoMs();
  }

  get bootId(): Bytes {
    return digestOf(`${this.gate} boot ${this.#boots}`).slice(0, 16);
  }

  set(
    what: Partial<
      Pick<
        Lane,
        'rules' | 'storage' | 'online' | 'gateReady' | 'stuck' | 'dead' | 'latch' | 'fire' | 'denyIssuedAt' | 'cut'
      >
    >,
  ): void {
    Object.assign(this, what);
  }

  /** Power comes back: nothing is left but the journal. */
  boot(): void {
    this.#boots++;
    this.dead = false;
    this.#stopTimers();
    this.state = initialState;
    const { uses: _, ...journal } = replay(this.rows);
    this.feed({ kind: 'Boot', journal, sensors: this.sensors(), atMonoMs: this.now });
  }

  powerOff(): void {
    this.dead = true;
    this.#stopTimers();
  }

  sensors(): BootSensors {
    return { entry: this.latch, exit: this.latch, fire: this.fire };
  }

  /** Shows the ticket once, as the scan loop takes it. */
  show(ticket: Ticket, direction: Direction = 'entry'): SignalEffect | null {
    const rawDigest = digestOf(`raw ${ticket.issuer ?? 'museum'} ${ticket.id}${ticket.spelling ?? ''}`);
    const before = this.signals.length;
    const atMonoMs = this.now;
    if (knowsCode(this.state, direction, rawDigest, atMonoMs, this.config)) {
      this.feed({ kind: 'SameCode', direction, rawDigest, atMonoMs });
    } else {
      const verdict = serves(this.state, direction, this.storage) ? this.verdictOf(ticket) : null;
      const identityMatched = ticket.identityMatched ?? null;
      this.feed({ kind: 'Presentation', direction, verdict, rawDigest, identityMatched, atMonoMs });
    }
    return this.signals.length > before ? (this.signals.at(-1) ?? null) : null;
  }

  sense(sensor: GateSensor, atMonoMs = this.now): void {
    this.feed({ kind: 'Sensor', sensor, atMonoMs });
  }

  walk(direction: Direction = 'entry', heightCentimetres: number | null = null): void {
    this.sense({ kind: 'passed', direction, heightCentimetres });
  }

  burn(active: boolean): void {
    this.fire = active;
    this.feed({ kind: 'Fire', active, atMonoMs: this.now });
  }

  staff(deed: StaffDeed, role = 'gate'): void {
    this.feed({ kind: 'StaffAct', role, staff: staffId, deed, atMonoMs: this.now });
  }

  lease(admissions: number, lifeSeconds = 3_600, waitMinutes: number | null = null): void {
    const lease = this.museum.entropy.bytes(8);
    const expiresAt = unixSeconds(Math.floor(this.museum.time.now().wallMs / 1000) + lifeSeconds);
    this.feed({ kind: 'Lease', lease, admissions, expiresAt, waitMinutes, atMonoMs: this.now });
  }

  facts(): GateLaneFacts {
    const { entropy, time, options } = this.museum;
    return {
      moment: time.now(),
      bootId: this.bootId,
      fresh: {
        tx: entropy.bytes(16),
        actId: entropy.bytes(8),
        exitTx: entropy.bytes(16),
        exitActId: entropy.bytes(8),
      },
      useOf: (issuer, cti) => {
        const value = this.projections.get(`use/${hex(useKey(issuer, cti))}`);
        return value === undefined ? null : decodeTicketUse(value);
      },
      rules: this.rules,
      storage: this.storage,
      online: this.online,
      lists: {
        trust: [1, 4],
        denyVersion: 12,
        denyIssuedAt: this.denyIssuedAt === null ? null : unixSeconds(this.denyIssuedAt),
      },
      gateReady: this.gateReady,
      confirmsOpening: options.confirmsOpening ?? true,
      masks: { standard: options.masks ?? openMasks, byProduct: new Map() },
      config: this.config,
    };
  }

  feed(input: GateLaneInput): void {
    const facts = this.facts();
    const result = step(this.state, input, facts);
    this.last = result;
    const writes = result.records.length > 0;
    if (this.cut === 'before commit' && writes) return this.#powerLost();
    this.#commit(result, facts);
    if (this.cut === 'after commit' && writes) return this.#powerLost();
    this.state = result.state;
    for (const effect of result.effects) this.#perform(effect, result);
  }

  /** Entry acts in order: outcome, or `open`. */
  outcomes(): readonly string[] {
    return this.rows.flatMap(({ type, payload }) =>
      type === 'OUTCOME' && payload.act === 'admit' ? [payload.outcome ?? ''] : [],
    );
  }

  /** What rows say, in short. */
  acts(): readonly string[] {
    return this.rows
      .filter(({ payload }) => payload.act !== 'lease' && payload.act !== 'statistics')
      .map(({ type, payload }) =>
        [type === 'INTENT' ? 'INTENT' : '', payload.act, payload.outcome ?? payload.incident ?? payload.reason ?? '']
          .filter((word) => word !== '')
          .join(' '),
      );
  }

  told(): readonly string[] {
    return this.signals.map(({ cue, reason }) => `${cue} ${reason}`);
  }

  useOf(id: string, issuer = 'museum'): ReturnType<typeof decodeTicketUse> | null {
    return this.facts().useOf(issuer, ctiOf(id));
  }

  /** Uses as the journal alone gives them, in the bytes of the projections. */
  replayedUses(): ReadonlyMap<string, Bytes> {
    return new Map([...replay(this.rows).uses].map(([key, { use }]) => [`use/${key}`, encodeTicketUse(use)]));
  }

  verdictOf(ticket: Ticket): Verdict {
    const words = { done: 0x3ff, found: 0 };
    const issuer = ticket.issuer ?? 'museum';
    const digest = digestOf(`ticket ${issuer} ${ticket.id}`);
    const now = Math.floor(this.museum.time.now().wallMs / 1000);
    const at = (text: string): ReturnType<typeof unixSeconds> => unixSeconds(Date.parse(`${text}Z`) / 1000);
    const outcome = {
      format: 'st1',
      issuer,
      kid: Uint8Array.of(1, 2, 3, 4),
      kind: 'ticket',
      subject: null,
      cti: ctiOf(ticket.id),
      iat: unixSeconds(now - (ticket.soldSecondsAgo ?? 86_400 * 10)),
      nbf: at(ticket.from ?? '2026-07-01T00:00:00'),
      exp: at(ticket.to ?? '2026-07-02T00:00:00'),
      freshUntil: at(ticket.to ?? '2026-07-02T00:00:00'),
      presentation: null,
      limits: {
        fareCapMinor: null,
        currency: 'EUR',
        uses: ticket.uses ?? 1,
        site: ticket.site === undefined ? 9 : ticket.site,
        gates: ticket.gates ?? null,
        product: ticket.product ?? single,
        loanMaxSeconds: null,
        depositMinor: null,
      },
      scope: ticket.keyScope ?? [],
      status: null,
      language: null,
      digest,
      evidence: utf8(`ST1:${ticket.id}`),
    } as const;
    const reason = ticket.refused ?? ticket.provenRefusal;
    if (reason === undefined) return { ...words, accepted: true, outcome, denyAgeSeconds: 60 };
    const proven = ticket.refused === undefined ? outcome : null;
    return { ...words, accepted: false, reason, detail: '', issuer, digest, outcome: proven };
  }

  #commit(result: StepResult<GateLaneState, GateLaneEffect>, facts: GateLaneFacts): void {
    for (const record of result.records) {
      const last = this.rows.at(-1);
      const { body } = encodeRow({
        terminal: terminalId(this.gate),
        epoch: epoch(4_294_967_296),
        seq: this.rows.length as Seq,
        bootId: facts.bootId,
        tMonoMs: facts.moment.monoMs,
        tWallMs: facts.moment.wallMs,
        clock: { state: facts.moment.state, uncertaintyMs: facts.moment.uncertaintyMs },
        day: businessDay('2026-07-01'),
        type: record.type,
        payload: record.payload,
        prev: last === undefined ? zeroHash : encodeRow(last).hash,
      });
      this.rows.push(decodeRow(body));
    }
    for (const { space, key, value } of result.projections) {
      if (value === null) this.projections.delete(`${space}/${hex(key)}`);
      else this.projections.set(`${space}/${hex(key)}`, value);
    }
  }

  #perform(effect: GateLaneEffect, result: StepResult<GateLaneState, GateLaneEffect>): void {
    this.effects.push(effect);
    switch (effect.kind) {
      case 'signal':
        this.signals.push(effect);
        return;
      case 'alarm':
        this.alarms.push(effect.alarm);
        return;
      case 'timer':
        return this.#arm(effect.name, effect.dueMonoMs);
      case 'cancelTimer':
        this.#timers.get(effect.name)?.cancel();
        this.#timers.delete(effect.name);
        return;
      case 'actuate':
        return this.#pulse(effect, result);
      case 'answerCommand':
        this.answers.push(effect.reason);
        return;
      case 'claimUse': {
        const { kind: _, to, ...subject } = effect;
        return this.museum.send(to, { kind: 'ClaimRequest', from: this.gate, atMonoMs: this.now, ...subject });
      }
      case 'answerClaim': {
        const { kind: _, to, use, ...answer } = effect;
        const sent = use === null ? null : decodeTicketUse(encodeTicketUse(use));
        return this.museum.send(to, { kind: 'ClaimAnswer', from: this.gate, atMonoMs: this.now, use: sent, ...answer });
      }
      case 'settleClaim': {
        const { kind: _, to, ...settled } = effect;
        return this.museum.send(to, { kind: 'ClaimSettled', from: this.gate, atMonoMs: this.now, ...settled });
      }
      default:
        effect satisfies never;
    }
  }

  /** The board: a pulse whose INTENT is not in this very commit is a fault of the machine. */
  #pulse(
    { actId, direction }: Extract<GateLaneEffect, { kind: 'actuate' }>,
    { records }: StepResult<GateLaneState, GateLaneEffect>,
  ): void {
    const id = hex(actId);
    const intents = records.filter(
      ({ type, payload }) => type === 'INTENT' && hex(payload.actId ?? new Uint8Array()) === id,
    );
    if (intents.length !== 1) throw new Error(`motion with ${intents.length} INTENTs in its commit`);
    if (this.pulses.some((pulse) => pulse.actId === id)) throw new Error('an INTENT moved twice');
    this.pulses.push({ actId: id, direction, atMonoMs: this.now });
    if (this.stuck || this.museum.options.confirmsOpening === false) return;
    const boot = this.#boots;
    this.museum.clock.timer('opening', openingMs, () => {
      if (boot === this.#boots && !this.dead) this.sense({ kind: 'opened', direction });
    });
  }

  #arm(name: Extract<GateLaneInput, { kind: 'Timer' }>['name'], dueMonoMs: number): void {
    this.#timers.get(name)?.cancel();
    const fire = (): void => this.feed({ kind: 'Timer', name, atMonoMs: this.now });
    this.#timers.set(name, this.museum.clock.timer(name, dueMonoMs - this.now, fire));
  }

  #stopTimers(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #powerLost(): void {
    this.cut = null;
    this.cutsFired++;
    this.boot();
  }
}

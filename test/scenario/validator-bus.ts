// A bus for the tables: the pure validator, an in-memory journal in the terminal's place, and a virtual
// clock. Rows pass through their real bytes, so that nothing is written that could not be stored.
import { createHash } from 'node:crypto';
import {
  businessDay,
  epoch,
  type Seq,
  secondsOf,
  terminalId,
  type UnixSeconds,
  unixSeconds,
  wallMs,
} from '../../runtime/core/brand.ts';
import { type Bytes, hex, utf8 } from '../../runtime/core/bytes.ts';
import { type CborInput, decodeCbor, documentProfile, encodeCbor } from '../../runtime/core/cbor.ts';
import type { TimerHandle } from '../../runtime/core/clock.ts';
import { SeededEntropy } from '../../runtime/core/entropy.ts';
import { TrustedTime } from '../../runtime/core/trusted-time.ts';
import { VirtualClock } from '../../runtime/core/virtual-clock.ts';
import { decodeFareTable } from '../../runtime/fares/fare-document.ts';
import type { FareTable } from '../../runtime/fares/fare-table.ts';
import type { SignalEffect } from '../../runtime/machines/shared/effects.ts';
import type { StepResult } from '../../runtime/machines/shared/step-draft.ts';
import type { StorageLevel } from '../../runtime/machines/shared/storage.ts';
import { accountKey, decodeAccountMemory } from '../../runtime/machines/validator/account-memory.ts';
import { type ValidatorConfig, validatorDefaults } from '../../runtime/machines/validator/config.ts';
import type { ValidatorEffect } from '../../runtime/machines/validator/effects.ts';
import type { StopFacts, ValidatorFacts } from '../../runtime/machines/validator/facts.ts';
import type { ValidatorInput } from '../../runtime/machines/validator/input.ts';
import { replay } from '../../runtime/machines/validator/replay.ts';
import { initialState, type ValidatorState } from '../../runtime/machines/validator/state.ts';
import { knowsCode, serves, step } from '../../runtime/machines/validator/step.ts';
import { referenceOf } from '../../runtime/records/reference.ts';
import { decodeRow, encodeRow, type Row, zeroHash } from '../../runtime/records/row.ts';
import { openMasks, type RiskMasks } from '../../runtime/rules/risk-masks.ts';
import type { Verdict } from '../../runtime/tokens/outcome.ts';

export const adult = 1;
export const concession = 2;
export const pass = 3;
export const family = 4;
export const unpriced = 5;

/** The body of a fares document, as a head end would sign it. */
export const tableBody = (version = 7, adultFare = 200) =>
  ({
    version,
    effectiveFrom: 1_700_000_000,
    effectiveUntil: null,
    notice: '',
    currency: 'CNY',
    serviceDayStart: 270,
    maxFare: 600,
    unknownFare: { policy: 'reject' },
    products: [
      { id: adult, companions: true, groupMax: null },
      { id: concession, companions: false, groupMax: null },
      { id: pass, companions: true, groupMax: null },
      { id: family, companions: true, groupMax: 3 },
      { id: unpriced, companions: true, groupMax: null },
    ],
    lines: [
      {
        id: '7',
        tapModel: 'flat',
        groupMax: null,
        prices: [
          { product: adult, amount: adultFare, rule: 'F1' },
          { product: concession, amount: 100, rule: 'F2' },
          { product: pass, amount: 0, rule: 'F3' },
          { product: family, amount: 200, rule: 'F4' },
        ],
      },
    ],
  }) as const;

export const tableOf = (body: CborInput): FareTable => decodeFareTable(decodeCbor(encodeCbor(body), documentProfile));
export const table = (version = 7, adultFare = 200): FareTable => tableOf(tableBody(version, adultFare));

/** What a code says; everything but the account has an everyday value. */
export interface Code {
  readonly account: string;
  /** Which of the account's rotating codes. */
  readonly n: number;
  readonly issuer?: string;
  readonly product?: number;
  readonly capMinor?: number | null;
  readonly currency?: string;
  readonly kind?: 'account' | 'bearer' | 'ticket';
  /** Life of the credential from now on. */
  readonly lifeSeconds?: number;
  readonly site?: number;
  readonly madeSecondsAgo?: number;
  /** Refused by verification with this reason, signatures not holding. */
  readonly refused?: Exclude<Extract<Verdict, { accepted: false }>['reason'], 'REPEAT'>;
  /** Same signed content, other bytes on the line. */
  readonly spelling?: string;
}

export interface BusOptions {
  readonly config?: Partial<ValidatorConfig>;
  readonly fares?: readonly FareTable[];
  readonly listAgeSeconds?: number | null;
  readonly online?: boolean;
  readonly startWallMs?: number;
  readonly clock?: 'synced' | 'lost';
  readonly masks?: RiskMasks;
  /** Judges a code's text instead of the hand-made verdicts. */
  readonly verify?: (code: Code, bus: Bus) => Verdict;
}

const codeMaxAgeSeconds = 30;
const terminal = terminalId('bus-1');
const oneEpoch = epoch(4_294_967_296);
export const digestOf = (text: string): Bytes => new Uint8Array(createHash('sha256').update(text).digest());
export const accountOf = (name: string): Bytes => digestOf(name).slice(0, 8);

export class Bus {
  readonly clock: VirtualClock;
  readonly config: ValidatorConfig;
  readonly rows: Row[] = [];
  readonly signals: SignalEffect[] = [];
  readonly references: (string | null)[] = [];
  readonly alarms: string[] = [];
  readonly projections = new Map<string, Bytes>();
  readonly time: TrustedTime;
  readonly entropy: SeededEntropy;
  state: ValidatorState = initialState;
  fares: readonly FareTable[];
  online: boolean;
  ackedSeq: number | null = null;
  denyIssuedAt: UnixSeconds | null;
  storage: StorageLevel = 'normal';
  stop: StopFacts = { id: 'S1', visit: 1, confidencePercent: 90 };
  indicatorReady = true;
  /** The board drops out between decision and cue: nothing is shown. */
  blind = false;
  /** The next commit is lost with the power, before or after it is durable. */
  cut: 'before commit' | 'after commit' | null = null;
  cutsFired = 0;
  /** What the last step answered, also when the power was cut on it. */
  last: StepResult<ValidatorState, ValidatorEffect> | null = null;
  #boots = 0;
  readonly #options: BusOptions;
  readonly #made = new Map<string, UnixSeconds>();
  readonly #timers = new Map<string, TimerHandle>();
  #ring = new Set<string>();
  readonly #startMonoMs: number;
  readonly #trueStartMs: number;

  constructor(seed: string, options: BusOptions = {}) {
    this.#options = options;
    this.entropy = new SeededEntropy(seed);
    this.clock = new VirtualClock(options.startWallMs);
    this.config = { ...validatorDefaults, ...options.config };
    const lost = options.clock === 'lost';
    const floorMs = lost ? Date.UTC(2026, 0, 5) : this.clock.wallMs() - 1_000;
    this.#startMonoMs = this.clock.monoMs();
    this.#trueStartMs = lost ? floorMs : this.clock.wallMs();
    this.time = new TrustedTime({ clock: this.clock, floorMs, rtcKeptPower: !lost });
    if (!lost) this.time.observeSigned(this.clock.wallMs(), 100);
    this.fares = options.fares ?? [table()];
    this.online = options.online ?? true;
    const age = options.listAgeSeconds === undefined ? 60 : options.listAgeSeconds;
    this.denyIssuedAt = age === null ? null : unixSeconds(secondsOf(this.time.now().wallMs) - age);
    this.boot();
  }

  /** The phone's clock is right whatever became of the terminal's. */
  phoneNow(): UnixSeconds {
    return secondsOf(wallMs(this.#trueStartMs + this.clock.monoMs() - this.#startMonoMs));
  }

  get bootId(): Bytes {
    return digestOf(`boot ${this.#boots}`).slice(0, 16);
  }

  /** A process that starts: nothing is left but the journal. `power` false keeps the boot id. */
  boot(power = true): void {
    if (power) this.#boots++;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.state = initialState;
    this.#ring = new Set(
      this.rows.flatMap((row) => (row.payload.digest === undefined ? [] : [hex(row.payload.digest)])),
    );
    const { trip, unsignalled } = replay(this.replayRows(), this.config);
    this.feed({ kind: 'Boot', trip, unsignalled, atMonoMs: this.clock.monoMs() });
  }

  set(
    what: Partial<
      Pick<Bus, 'fares' | 'online' | 'ackedSeq' | 'denyIssuedAt' | 'storage' | 'indicatorReady' | 'blind' | 'cut'>
    >,
  ): void {
    Object.assign(this, what);
  }

  /** The bus comes to its next stop. */
  visit(visit: number): void {
    this.stop = { ...this.stop, visit };
  }

  openTrip(line = '7'): void {
    this.feed({ kind: 'TripOpen', line, direction: 'out', atMonoMs: this.clock.monoMs() });
  }

  closeTrip(): void {
    this.feed({ kind: 'TripClose', atMonoMs: this.clock.monoMs() });
  }

  riders(riders: number): void {
    this.feed({ kind: 'RidersSet', riders, atMonoMs: this.clock.monoMs() });
  }

  /** Shows the code to the reader once, as the scan loop takes it. */
  tap(code: Code, atMonoMs = this.clock.monoMs()): SignalEffect | null {
    const text = `${nameOf(code)}${code.spelling ?? ''}`;
    const rawDigest = digestOf(`raw ${text}`);
    const before = this.signals.length;
    if (knowsCode(this.state, rawDigest, atMonoMs, this.config)) {
      this.feed({ kind: 'SameCode', rawDigest, atMonoMs });
    } else {
      const verdict = serves(this.state, this.storage) ? this.verdictOf(code) : null;
      const subject = verdict?.outcome ?? null;
      const account = subject?.subject == null ? null : accountKey(subject.issuer, subject.subject);
      this.feed({ kind: 'Presentation', verdict, rawDigest, atMonoMs }, account);
    }
    return this.signals.length > before ? (this.signals.at(-1) ?? null) : null;
  }

  facts(account: Bytes | null): ValidatorFacts {
    const remembered = account === null ? undefined : this.projections.get(`account/${hex(account)}`);
    return {
      moment: this.time.now(),
      bootId: this.bootId,
      freshTx: this.entropy.bytes(16),
      account: remembered === undefined ? null : decodeAccountMemory(remembered),
      fares: this.fares,
      storage: this.storage,
      online: this.online,
      ackedSeq: this.ackedSeq,
      lists: { trust: [1, 4], denyVersion: 12, denyIssuedAt: this.denyIssuedAt },
      stop: this.stop,
      indicatorReady: this.indicatorReady,
      masks: { standard: this.#options.masks ?? openMasks, byProduct: new Map() },
      config: this.config,
    };
  }

  feed(input: ValidatorInput, account: Bytes | null = null): void {
    const facts = this.facts(account);
    const result = step(this.state, input, facts);
    this.last = result;
    if (this.cut === 'before commit' && result.records.length > 0) return this.#powerLost();
    const committed = this.#commit(result, facts);
    if (this.cut === 'after commit' && result.records.length > 0) return this.#powerLost();
    this.state = result.state;
    for (const row of committed) {
      if (row.payload.act !== 'ride' || row.payload.tx === undefined) continue;
      this.#ring.add(hex(row.payload.digest ?? new Uint8Array()));
      const ref = referenceOf(terminal, row.epoch, row.seq);
      this.feed({ kind: 'Committed', tx: row.payload.tx, seq: row.seq, ref, atMonoMs: this.clock.monoMs() });
    }
    this.#perform(result, committed);
  }

  rides(): readonly Row[] {
    return this.rows.filter((row) => row.payload.act === 'ride');
  }

  charges(): readonly number[] {
    return this.rides().map((row) => row.payload.fareMinor ?? Number.NaN);
  }

  /** `act` and reason of the rows that people caused. */
  acts(): readonly string[] {
    return this.rows
      .map((row) => row.payload)
      .map(({ act, reason }) => (reason === undefined ? act : `${act} ${reason}`));
  }

  replayRows(): readonly (Row & { readonly ref: string })[] {
    return this.rows.map((row) => ({ ...row, ref: referenceOf(terminal, row.epoch, row.seq) }));
  }

  verdictOf(code: Code): Verdict {
    if (this.#options.verify) return this.#options.verify(code, this);
    const moment = this.time.now();
    const now = secondsOf(moment.wallMs);
    const name = nameOf(code);
    const iat = this.#made.get(name) ?? unixSeconds(this.phoneNow() - (code.madeSecondsAgo ?? 0));
    this.#made.set(name, iat);
    const digest = digestOf(name);
    const words = { done: 0x3ff, found: 0 };
    const issuer = code.issuer ?? 'metro';
    const refuse = (reason: Extract<Verdict, { accepted: false }>['reason']): Verdict => ({
      ...words,
      accepted: false,
      reason,
      detail: '',
      issuer,
      digest,
      outcome: null,
    });
    if (code.refused !== undefined) return refuse(code.refused);
    if (now - iat > codeMaxAgeSeconds + Math.ceil(moment.uncertaintyMs / 1000)) return refuse('STALE_CODE');
    if (this.#ring.has(hex(digest))) return refuse('REPLAYED');
    return {
      ...words,
      accepted: true,
      denyAgeSeconds: this.denyIssuedAt === null ? null : now - this.denyIssuedAt,
      outcome: {
        format: 'sp1',
        issuer,
        kid: Uint8Array.of(1, 2, 3, 4),
        kind: code.kind ?? 'account',
        subject: accountOf(code.account),
        cti: null,
        iat: unixSeconds(now - 3_600),
        nbf: null,
        exp: unixSeconds(now + (code.lifeSeconds ?? 7 * 86_400)),
        freshUntil: unixSeconds(iat + codeMaxAgeSeconds),
        presentation: { iat, counter: code.n },
        limits: {
          fareCapMinor: code.capMinor === undefined ? 1_000 : code.capMinor,
          currency: code.currency ?? 'CNY',
          uses: 1,
          site: code.site ?? null,
          gates: null,
          product: code.product ?? adult,
          loanMaxSeconds: null,
          depositMinor: null,
        },
        scope: [],
        status: null,
        language: null,
        digest,
        evidence: utf8(`SP1:${name}`),
      },
    };
  }

  #commit(result: StepResult<ValidatorState, ValidatorEffect>, facts: ValidatorFacts): readonly Row[] {
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

  #perform(result: StepResult<ValidatorState, ValidatorEffect>, committed: readonly Row[]): void {
    for (const effect of result.effects) {
      if (effect.kind === 'signal') this.#show(effect, committed);
      else if (effect.kind === 'alarm') this.alarms.push(effect.alarm);
      else {
        this.#timers.get(effect.name)?.cancel();
        this.#timers.delete(effect.name);
        if (effect.kind === 'timer') this.#arm(effect.name, effect.dueMonoMs);
      }
    }
  }

  #arm(name: 'hold-off' | 'declines', dueMonoMs: number): void {
    const fire = (): void => this.feed({ kind: 'Timer', name, atMonoMs: this.clock.monoMs() });
    this.#timers.set(name, this.clock.timer(name, dueMonoMs - this.clock.monoMs(), fire));
  }

  #show(signal: SignalEffect, committed: readonly Row[]): void {
    this.signals.push(signal);
    const { reference } = signal;
    const row = reference?.from === 'record' ? committed[reference.index] : undefined;
    const ref = row === undefined ? null : referenceOf(terminal, row.epoch, row.seq);
    this.references.push(reference?.from === 'row' ? reference.ref : ref);
    if (signal.ride !== null && !this.blind) {
      this.feed({ kind: 'Signalled', tx: signal.ride, atMonoMs: this.clock.monoMs() });
    }
  }

  #powerLost(): void {
    this.cut = null;
    this.cutsFired++;
    this.boot();
  }
}

const nameOf = (code: Code): string => `${code.issuer ?? 'metro'}:${code.account}#${code.n}`;

// The world of a scenario: one virtual clock, trusted time, signed lists, the site's network, and the machines.

import { OperatorKeys } from '../../../simulators/issuer/root.ts';
import { type UnixSeconds, unixSeconds } from '../../core/brand.ts';
import { type Bytes, hex, utf8 } from '../../core/bytes.ts';
import { type CborInput, decodeCbor, documentProfile, encodeCbor } from '../../core/cbor.ts';
import { repeat } from '../../core/clock.ts';
import { SeededEntropy } from '../../core/entropy.ts';
import { sha256 } from '../../core/sha256.ts';
import { type Moment, TrustedTime } from '../../core/trusted-time.ts';
import { VirtualClock } from '../../core/virtual-clock.ts';
import { decodeFareTable } from '../../fares/fare-document.ts';
import type { FareTable } from '../../fares/fare-table.ts';
import { type AccessRules, widestGraces } from '../../rules/access-rules.ts';
import { decodeAccessRules } from '../../rules/access-rules-document.ts';
import type { StorageLevel } from '../../store/journal.ts';
import type { CredentialCache } from '../../tokens/credential-cache.ts';
import type { DenyEntry, DenyLookup } from '../../tokens/deny.ts';
import type { Verdict } from '../../tokens/outcome.ts';
import type { ReplayLookup } from '../../tokens/replay-ring.ts';
import { openTrustList } from '../../tokens/trust-list.ts';
import type { TrustView } from '../../tokens/trust-view.ts';
import { defaultLimits } from '../../tokens/verifier.ts';
import { verifyCode } from '../../tokens/verify.ts';
import { Codes } from './codes.ts';
import type { GateOnLines } from './line-barrier.ts';
import { localSeconds } from './local-time.ts';
import { plainOf } from './plain.ts';
import type { Station } from './station-port.ts';
import type { Switches } from './switches.ts';
import type { DenySetting, WorldSetting } from './world-format.ts';

/** What a message between the machines of a site takes. */
export const siteNetworkMs = 5;
/** How far below the clock its floor lies when a story begins. */
const floorBelowMs = 1_000;
/** How often a connected machine hears a signed time, and how far off that may be. */
const signedTimeEveryMs = 600_000;
const signedErrorMs = 100;
/** Drivers find their devices before the story begins. */
const findingMs = 50;
const standardDenyAgeSeconds = 60;
/** The uncertainty at which a code of the usual 30 s is never stale, and the clock still decides. */
const presentationAgeMs = 30_000;
const operator = 'scenario';

export class World {
  readonly setting: WorldSetting;
  readonly switches: Switches;
  /** Devices stand behind their drivers over lines, barriers behind this one; null: without drivers. */
  readonly lines: GateOnLines | null;
  readonly timeZone: string;
  readonly clock: VirtualClock;
  readonly time: TrustedTime;
  readonly codes: Codes;
  readonly entropy: SeededEntropy;
  stations: ReadonlyMap<string, Station> = new Map();
  readonly startWallMs: number;
  readonly storage: StorageLevel;
  headEndUp: boolean;
  siteUp: boolean;
  /** Messages of the site are lost, and no machine has noticed yet. */
  siteSilent = false;
  fares: readonly FareTable[] = [];
  rules: AccessRules | null = null;
  trust: TrustView;
  deny: DenyLookup | null = null;
  /** Seq up to which the head end has stored, by machine. */
  readonly acked = new Map<string, number>();
  /** Nonces that phones scanned, by name. */
  readonly nonces = new Map<string, Bytes>();
  readonly #keys = OperatorKeys.create(operator);
  readonly #names = new Map<string, string>();
  readonly #startMonoMs: number;
  readonly #startsAt: UnixSeconds;
  #trustVersion = 0;
  #denyVersion = 0;

  constructor(setting: WorldSetting, switches: Switches, lines: GateOnLines | null = null) {
    this.setting = setting;
    this.switches = switches;
    this.lines = lines;
    this.timeZone = setting.timeZone ?? 'UTC';
    this.#startsAt = localSeconds(setting.starts ?? '2026-01-05T08:00:00', this.timeZone);
    const trust = setting.clock?.trust ?? 'synced';
    const startMs = this.#startsAt * 1_000;
    this.startWallMs =
      trust === 'lost' ? localSeconds(setting.clock?.shows ?? '1970-01-01T00:00:05', this.timeZone) * 1_000 : startMs;
    const leadMs = lines === null ? 0 : findingMs;
    this.clock = new VirtualClock(this.startWallMs - leadMs);
    this.#startMonoMs = this.clock.monoMs() + leadMs;
    const floorMs = trust === 'lost' ? startMs : startMs - floorBelowMs;
    this.time = new TrustedTime({ clock: this.clock, floorMs, rtcKeptPower: trust !== 'lost' });
    if (trust === 'synced') {
      this.time.observeSigned(startMs - leadMs, signedErrorMs);
      repeat(this.clock, 'time from the head end', signedTimeEveryMs, () => this.#hearTime());
    }
    this.entropy = new SeededEntropy('scenario');
    this.codes = new Codes(setting, this.#startsAt, this.entropy);
    this.storage = setting.storage ?? 'normal';
    this.headEndUp = setting.network?.headEnd !== 'down';
    this.siteUp = setting.network?.site !== 'down';
    this.trust = this.#signTrust(setting.trusted);
    this.publishDeny(setting.deny ?? {});
    if (setting.fares !== undefined) this.publishFares(setting.fares);
    if (setting.rules !== undefined) this.publishRules(setting.rules);
  }

  /** What time it is as the machines know it. */
  moment(): Moment {
    const moment = this.time.now();
    return this.switches.clockBelieved ? { ...moment, state: 'SYNCED', uncertaintyMs: 0 } : moment;
  }

  /** The phones' clocks are right, whatever became of the machines'. */
  phoneNow(): UnixSeconds {
    return unixSeconds(this.#startsAt + Math.floor(Math.max(0, this.elapsedMs()) / 1_000));
  }

  /** Below zero before the story begins. */
  elapsedMs(): number {
    return this.clock.monoMs() - this.#startMonoMs;
  }

  /** Milliseconds into the story at which the right clock shows this local time. */
  elapsedAt(local: string): number {
    const full = local.includes('T') ? local : `${(this.setting.starts ?? '2026-01-05T08:00:00').slice(0, 11)}${local}`;
    return (localSeconds(full, this.timeZone) - this.#startsAt) * 1_000;
  }

  station(name: string): Station {
    const station = this.stations.get(name);
    if (station === undefined) throw new RangeError(`no machine is named ${name}`);
    return station;
  }

  /** Steps 1 to 9 of the verification order, as on a terminal. */
  verify(
    raw: Bytes,
    at: { moment: Moment; atMonoMs: Moment['monoMs']; ring: ReplayLookup; cache: CredentialCache },
  ): Verdict {
    const { switches } = this;
    const graces = this.rules === null ? { beforeSeconds: 0, afterSeconds: 0 } : widestGraces(this.rules);
    const wide = switches.windowsIgnored ? 20 * 365 * 86_400 : 0;
    const limits = {
      ...defaultLimits,
      ticketGraceBeforeSeconds: graces.beforeSeconds + wide,
      ticketGraceAfterSeconds: graces.afterSeconds + wide,
    };
    const now = switches.codesNeverAge ? { ...at.moment, uncertaintyMs: presentationAgeMs } : at.moment;
    const verdict = verifyCode(
      raw,
      at.atMonoMs,
      { now, trust: this.trust, limits, cache: at.cache },
      {
        ring: switches.ringForgets ? { find: () => null } : at.ring,
        deny: switches.nobodyDenied && this.deny !== null ? { ...this.deny, find: () => null } : this.deny,
        status: () => null,
        defect: (format, error) => {
          throw new Error(`verifier ${format} threw: ${String(error)}`);
        },
      },
    );
    return switches.verdict?.(verdict) ?? verdict;
  }

  /** To another machine of the site; lost where the network is down when it is sent or when it would arrive. */
  send(to: string, deliver: (station: Station) => void): void {
    const station = this.stations.get(to);
    if (!this.siteUp || station === undefined) return;
    this.clock.timer('site network', siteNetworkMs, () => {
      if (this.siteUp) deliver(station);
    });
  }

  publishTrust(trusted: readonly string[]): void {
    this.trust = this.#signTrust(trusted);
  }

  /** @throws StileError DOCUMENT_REFUSED naming the key. */
  publishFares(body: Readonly<Record<string, unknown>>): void {
    const table = decodeFareTable(decodeCbor(encodeCbor(body as CborInput), documentProfile));
    this.fares = [...this.fares.filter(({ version }) => version !== table.version), table];
  }

  /** @throws StileError DOCUMENT_REFUSED naming the key. */
  publishRules(body: Readonly<Record<string, unknown>>): void {
    this.rules = decodeAccessRules(decodeCbor(encodeCbor(body as CborInput), documentProfile));
  }

  publishDeny({ ageSeconds = standardDenyAgeSeconds, denied = [] }: DenySetting): void {
    if (ageSeconds === null) {
      this.deny = null;
      return;
    }
    const entries = denied.map((name) => this.#denyEntry(name));
    const untilBeginMs = Math.max(0, -this.elapsedMs());
    this.deny = {
      version: ++this.#denyVersion,
      issuedAt: unixSeconds(Math.floor((this.time.now().wallMs + untilBeginMs) / 1_000) - ageSeconds),
      find: (issuer, type, id) =>
        entries.find((entry) => entry.issuer === issuer && entry.type === type && hex(entry.id) === hex(id)) ?? null,
    };
  }

  /** 8 or 16 bytes that stand for a name of the file; records show the name again. */
  idOf(name: string, length: 8 | 16): Bytes {
    const id = sha256(utf8(`name ${name}`)).subarray(0, length);
    this.#names.set(hex(id), name);
    return id;
  }

  /** Data of a machine as plain JSON: bytes in hexadecimal, or by the file's own names. */
  plain(value: unknown): unknown {
    return plainOf(value, (bytes, holder) => {
      const { issuer, account, cti } = holder as { issuer?: string; account?: Bytes; cti?: Bytes };
      const person = bytes === account ? this.codes.nameOfAccount(issuer, bytes) : null;
      const ticket = bytes === cti ? this.codes.nameOfTicket(issuer, bytes) : null;
      return person ?? ticket ?? this.#names.get(hex(bytes)) ?? hex(bytes);
    });
  }

  /** With each acknowledgement the head end says what time it is. */
  #hearTime(): void {
    if (this.headEndUp) this.time.observeSigned(this.#startsAt * 1_000 + this.elapsedMs(), signedErrorMs);
  }

  #denyEntry(name: string): DenyEntry {
    const subject = this.codes.denied(name);
    if (subject === null) throw new RangeError(`the deny list names ${name}, which nobody is`);
    return { ...subject, issuedBefore: 0, begin: 0, end: 0, why: 1, ref: '' };
  }

  #signTrust(trusted: readonly string[] | undefined): TrustView {
    const all = [...this.codes.issuers.values()];
    const named = trusted === undefined || this.switches.everybodyTrusted;
    const issuers = named ? all : all.filter(({ iss }) => trusted.includes(iss));
    const signed = this.#keys.trustList(issuers, ++this.#trustVersion, this.#startsAt);
    const opened = openTrustList(signed, operator, this.#keys.rootSet, null);
    if (!opened.ok) throw new Error(`the trust list is refused: ${opened.detail}`);
    return opened.view;
  }
}

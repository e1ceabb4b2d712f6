// Where places are handed out: each lane of a zone gets a lease it may spend by itself, and all leases together
// with the people inside never exceed the zone. What a silent lane may have spent stays reserved until rows, its
// own signed word, or a count by hand tell.
import { secondsOf, unixSeconds } from '../../runtime/core/brand.ts';
import { type Bytes, hex, utf8 } from '../../runtime/core/bytes.ts';
import { type Clock, repeat, type TimerHandle } from '../../runtime/core/clock.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import { messageOf, StileError } from '../../runtime/core/errors.ts';
import type { Logger } from '../../runtime/core/log.ts';
import { decodeRow } from '../../runtime/records/row.ts';
import {
  encodeLeaseAnswer,
  type LeaseGrant,
  leaseRequestAuthentic,
  parseLeaseRequest,
  type SignedLeaseRequest,
} from '../wire/lease.ts';
import { terminalTopics } from '../wire/topics.ts';
import type { Exchange } from './ports.ts';
import type { IngestCursor, IngestStore } from './store/ingest-store.ts';
import type { Terminals } from './terminals.ts';
import * as book from './zone-book.ts';

export const leaseDeskLimits = {
  countEveryMs: 1_000,
  rowsPerRead: 500,
  /** Leases of one lane that are not accounted for; above, it gets none. */
  openPerLane: 8,
  /** Requests remembered per lane, so that one delivered twice is answered once. */
  requests: 32,
  /** Requests that wait for the one before. */
  waiting: 256,
} as const;

export interface Zone {
  readonly site: string;
  readonly zone: string;
  /** People it holds. */
  readonly capacity: number;
  /** Terminals whose admissions and exits count here. */
  readonly lanes: readonly string[];
  /** Most places in one lease. */
  readonly places: number;
  readonly lifeSeconds: number;
  /** From a lease's end until its places may be given to others. */
  readonly guardSeconds: number;
}

export interface Occupancy {
  readonly inside: number;
  /** On leases, or spent on them without a row that says so. */
  readonly reserved: number;
  readonly free: number;
}

export interface LeaseDeskOptions {
  readonly operator: string;
  readonly zones: readonly Zone[];
  readonly store: IngestStore;
  readonly terminals: Terminals;
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
  readonly seal: (terminal: string, grant: LeaseGrant) => Bytes;
}

export class LeaseDesk {
  readonly #options: LeaseDeskOptions;
  readonly #states = new Map<Zone, book.ZoneState>();
  readonly #seen = new Map<string, readonly string[]>();
  /** One change at a time: each builds on the state that the one before has made durable. */
  #changing: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #stopped = false;
  #timer: TimerHandle | null = null;

  constructor(options: LeaseDeskOptions) {
    this.#options = options;
  }

  /** @throws StileError FILE_UNREADABLE where a kept state cannot be read: starting from nothing would overfill the site. */
  async start(): Promise<void> {
    for (const zone of this.#options.zones) this.#states.set(zone, await this.#load(zone));
    if (this.#options.zones.length === 0) return;
    this.#timer = repeat(this.#options.clock, 'leases.count', leaseDeskLimits.countEveryMs, () => void this.count());
  }

  /** Another head end may take over the same state from now on: this one grants nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#changing;
  }

  occupancy(site: string, name: string): Occupancy | null {
    const zone = this.#options.zones.find((known) => known.site === site && known.zone === name);
    const state = zone && this.#states.get(zone);
    if (!zone || !state) return null;
    return {
      inside: Math.max(0, state.inside),
      reserved: book.reserved(state),
      free: book.freePlaces(state, zone.capacity),
    };
  }

  /** Counts the rows stored by now. */
  count(): Promise<void> {
    return this.#inTurn(async () => {
      for (const zone of this.#options.zones) await this.#change(zone, (state) => this.#counted(zone, state));
    });
  }

  /** People were counted by hand. What lanes hold on leases that have not ended stays reserved. */
  recount(site: string, name: string, inside: number): Promise<void> {
    return this.#inTurn(async () => {
      const zone = this.#options.zones.find((known) => known.site === site && known.zone === name);
      if (!zone) {
        throw new StileError('NOT_FOUND', `zone ${name} of site ${site} is not configured`, {
          remedy: 'Name a zone of the head end configuration.',
        });
      }
      await this.#change(zone, async (state) =>
        book.recounted(await this.#counted(zone, state), inside, this.#options.clock.wallMs()),
      );
    });
  }

  /** Any payload on a lease topic. */
  async requested(terminal: string, payload: Bytes): Promise<void> {
    const { operator, terminals, log } = this.#options;
    const known = terminals.get(terminal);
    const request = parseLeaseRequest(payload);
    if (this.#stopped || !known || !request.ok) return;
    if (!leaseRequestAuthentic(operator, terminal, request.value, known.key))
      return log.warn('lease.not-authentic', { terminal });
    const { site, zone: name } = request.value;
    const zone = this.#options.zones.find((other) => other.site === site && other.zone === name);
    if (!zone?.lanes.includes(terminal) || this.#isRepeated(terminal, request.value.id)) return;
    if (this.#waiting >= leaseDeskLimits.waiting) return;
    this.#waiting++;
    await this.#inTurn(() => this.#answer(zone, terminal, request.value)).finally(() => {
      this.#waiting--;
    });
  }

  /** Durable before it is told: a grant that was forgotten would be given twice. */
  async #answer(zone: Zone, terminal: string, request: SignedLeaseRequest): Promise<void> {
    let grant: LeaseGrant | null = null;
    const { report, atMs, epoch, seq } = request;
    await this.#change(zone, async (before) => {
      const counted = await this.#counted(zone, before);
      const words = report && { lease: hex(report.lease), left: report.left, final: report.final };
      const state = book.reported(counted, terminal, words, { epoch, seq, atMs });
      if (request.want === 0) return state;
      const chosen = this.#choose(zone, terminal, request, state);
      grant = chosen?.grant ?? null;
      return chosen?.state ?? state;
    });
    if (!grant) return;
    const { operator, exchange, seal } = this.#options;
    const answer = encodeLeaseAnswer({ id: request.id, document: seal(terminal, grant) });
    exchange.publish(terminalTopics(operator, terminal).response('lease'), answer, { qos: 0, retain: false });
  }

  #choose(
    zone: Zone,
    terminal: string,
    { want, report, epoch, seq }: SignedLeaseRequest,
    state: book.ZoneState,
  ): { readonly grant: LeaseGrant; readonly state: book.ZoneState } | null {
    const { clock, entropy } = this.#options;
    const named = report ? hex(report.lease) : null;
    const nowMs = clock.wallMs();
    const open = state.leases.filter((lease) => lease.terminal === terminal && !lease.closed);
    const lost = book.untouched(state, terminal, named, { epoch, seq });
    // An answer may have been lost on its way: the same lease again, not another one beside it.
    if (lost && expiryMs(zone, lost) > nowMs) return { grant: this.#grantOf(zone, lost, nowMs), state };
    const places = Math.min(want, zone.places, book.freePlaces(state, zone.capacity));
    const current = open.find(({ id }) => id === named);
    // What it still holds is more than it could get: it keeps it. Whoever had lost it meanwhile takes nothing from this.
    if (report && current && !report.final && report.left > 0 && places < report.left)
      return { grant: { ...this.#grantOf(zone, current, nowMs), places: 0 }, state };
    if (open.length >= leaseDeskLimits.openPerLane) return null;
    const expMs = (secondsOf(nowMs) + zone.lifeSeconds) * 1_000;
    const lease = { id: hex(entropy.bytes(8)), terminal, places, endsMs: expMs + zone.guardSeconds * 1_000 };
    // A full site is told as a lease of nothing; it reserves nothing, so nothing of it is kept.
    return { grant: this.#grantOf(zone, lease, nowMs), state: places > 0 ? book.granted(state, lease) : state };
  }

  #grantOf(zone: Zone, lease: Pick<book.ZoneLease, 'id' | 'places' | 'endsMs'>, nowMs: number): LeaseGrant {
    const { site, zone: name } = zone;
    const expiresAt = unixSeconds(Math.floor(expiryMs(zone, lease) / 1_000));
    return {
      lease: new Uint8Array(Buffer.from(lease.id, 'hex')),
      site,
      zone: name,
      places: lease.places,
      expiresAt,
      nowMs,
    };
  }

  async #counted(zone: Zone, before: book.ZoneState): Promise<book.ZoneState> {
    const lanes = new Set([...zone.lanes, ...before.leases.map(({ terminal }) => terminal)]);
    let state = before;
    for (const cursor of await this.#options.store.cursors()) {
      if (lanes.has(cursor.terminal)) state = await this.#countedOf(cursor, state);
    }
    return state;
  }

  async #countedOf({ terminal, epoch, upto }: IngestCursor, before: book.ZoneState): Promise<book.ZoneState> {
    const { store } = this.#options;
    let state = before;
    for (let from = book.nextRow(state, terminal, epoch); from <= upto; from = book.nextRow(state, terminal, epoch)) {
      const rows = await store.read(terminal, epoch, from, leaseDeskLimits.rowsPerRead);
      for (const row of rows) state = book.countRow(state, decodeRow(row.body));
      // Rows that could not be read stand aside in quarantine; nobody waits for them.
      if (rows.length < leaseDeskLimits.rowsPerRead) state = book.caughtUp(state, terminal, epoch, upto + 1);
    }
    return state;
  }

  async #change(zone: Zone, change: (state: book.ZoneState) => Promise<book.ZoneState>): Promise<void> {
    const before = this.#states.get(zone) ?? book.emptyZone;
    const after = await change(before);
    if (after === before) return;
    await this.#options.store.saveState(keyOf(zone), utf8(book.writeZone(after)));
    this.#states.set(zone, after);
  }

  async #load(zone: Zone): Promise<book.ZoneState> {
    const kept = await this.#options.store.state(keyOf(zone));
    if (!kept) return book.emptyZone;
    const state = book.readZone(Buffer.from(kept).toString('utf8'));
    if (state) return state;
    throw new StileError('FILE_UNREADABLE', `the kept state of zone ${zone.zone} of site ${zone.site} cannot be read`, {
      remedy: 'Restore the database of the head end from a backup, and count the people inside by hand.',
    });
  }

  #isRepeated(terminal: string, id: Bytes): boolean {
    const seen = this.#seen.get(terminal) ?? [];
    if (seen.includes(hex(id))) return true;
    this.#seen.set(terminal, [...seen, hex(id)].slice(-leaseDeskLimits.requests));
    return false;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(work);
    this.#changing = done.catch((error: unknown) => {
      this.#options.log.error('leases.failed', { detail: messageOf(error) });
    });
    return done;
  }
}

const expiryMs = (zone: Zone, { endsMs }: Pick<book.ZoneLease, 'endsMs'>): number => endsMs - zone.guardSeconds * 1_000;
const keyOf = ({ site, zone }: Zone): string => `zone/${site}/${zone}`;

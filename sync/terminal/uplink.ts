// The uplink: a cursor over the journal. It reads rows, signs batches, keeps its own window and resends
// by its own timer; the head end's signed ack, and nothing else, moves the cursor.

import { type Bytes, equal } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import { Signal } from '../../runtime/core/event.ts';
import type { ChainHead } from '../../runtime/records/chain.ts';
import { sliceRow } from '../../runtime/records/row.ts';
import { type Ack, ackLimits, type Rejection } from '../wire/ack.ts';
import { batchLimits, sealBatch } from '../wire/batch.ts';
import type { Parsed } from '../wire/parsed.ts';
import type { Range } from '../wire/ranges.ts';
import { terminalTopics } from '../wire/topics.ts';
import { CursorStore } from './cursor.ts';
import { openOutboxes, outboxOf } from './epochs.ts';
import { type Flight, Flights, flightLimits } from './flights.ts';
import { Lanes, type NextRange } from './lanes.ts';
import type { Outbox } from './outbox.ts';
import type { KeyStore, Link, LinkSession, TimeSink, UplinkJournal, UplinkRow } from './ports.ts';
import { ReceiptPace } from './receipt-pace.ts';

export const uplinkLimits = {
  /** A live batch waits this long for company while another is on its way. */
  lingerMs: 1_000,
  lingerBytes: 64 * 1024,
  /** Rows that were refused as not authentic, or one row that cannot be read: tried again after this. */
  stalledRetryMs: 60_000,
  /** Of rows in one batch; the rest of the message is heads and one signature. */
  batchBodyBytes: batchLimits.maxBytes - 8 * 1024,
  /** Acks as much newer as this may take back what earlier ones said. */
  wentBackAfterMs: 60_000,
  /** A signed time that took longer is worth nothing against a running clock. */
  timeRoundTripMs: 10_000,
} as const;

/** What the terminal should journal or show; sync itself writes no rows. */
export type UplinkEvent =
  | { readonly kind: 'ack-refused'; readonly problem: string }
  | { readonly kind: 'acked'; readonly epoch: number; readonly upto: number }
  | { readonly kind: 'rejected'; readonly epoch: number; readonly rejection: Rejection }
  | { readonly kind: 'stalled'; readonly epoch: number; readonly range: Range; readonly code: Rejection['code'] }
  | { readonly kind: 'rows-absent'; readonly epoch: number; readonly range: Range }
  | {
      readonly kind: 'head-mismatch' | 'journal-behind' | 'head-end-went-back';
      readonly epoch: number;
      readonly seq: number;
    }
  /** To be written as a RECEIPT row: at most every 1,000 rows or hour. */
  | { readonly kind: 'receipt'; readonly epoch: number; readonly upto: number; readonly document: Bytes };

export interface UplinkOptions {
  readonly operator: string;
  readonly terminal: string;
  readonly journal: UplinkJournal;
  readonly keys: KeyStore;
  readonly link: Link;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly time: TimeSink;
  /** Verifies and reads a signed ack meant for this terminal. */
  readonly openAck: (payload: Bytes) => Parsed<Ack>;
  /** Rows that start-up recovered after a power cut: their batches say so. */
  readonly recovered?: { readonly epoch: number; readonly range: Range };
  readonly backlogRows?: number;
}

export interface UplinkStatus {
  readonly pendingRows: number;
  readonly inFlight: number;
  readonly window: number;
}

export class Uplink {
  readonly events = new Signal<UplinkEvent>();
  readonly #options: UplinkOptions;
  readonly #topics: ReturnType<typeof terminalTopics>;
  readonly #cursor: CursorStore;
  readonly #flights: Flights;
  readonly #lanes = new Lanes();
  readonly #receipts: ReceiptPace;
  #session: (LinkSession & { readonly birth: number; readonly sinceMs: number }) | null = null;
  #hostWindow = 0;
  #ackWindow: number = flightLimits.window;
  #ackRows: number = ackLimits.rows;
  #lingering: { readonly first: number; readonly timer: TimerHandle; due: boolean } | null = null;
  #waiting: TimerHandle | null = null;
  readonly #stalls = new Set<TimerHandle>();
  #stopCommits: () => void = () => {};

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#topics = terminalTopics(options.operator, options.terminal);
    this.#cursor = new CursorStore(options);
    this.#receipts = new ReceiptPace(options.clock);
    this.#flights = new Flights({ ...options, overdue: (flight) => this.#overdue(flight) });
  }

  start(): void {
    this.#lanes.split(openOutboxes(this.#options.journal, this.#cursor));
    this.#stopCommits = this.#options.journal.committed.on((head) => this.#grown(head));
  }

  async stop(): Promise<void> {
    this.#stopCommits();
    this.linkDown();
    for (const stall of this.#stalls) stall.cancel();
    this.#stalls.clear();
    await this.#cursor.flush();
  }

  /** Sending may begin. `birth` is the number of the birth that opened this connection. */
  linkUp(session: LinkSession, birth: number, sinceMs: number): void {
    this.#session = { ...session, birth, sinceMs };
    this.#ackWindow = flightLimits.window;
    this.#lanes.split(this.#lanes.outboxes);
    this.#pump();
  }

  linkDown(): void {
    this.#session = null;
    this.#ground();
  }

  /**
   * What presence knows of the head end: 0 while it is away (nothing is sent and nothing is wrong), 1
   * while unknown, else as many batches as the window allows.
   */
  allow(hostWindow: number): void {
    const returned = this.#hostWindow === 0 && hostWindow > 0;
    this.#hostWindow = hostWindow;
    if (hostWindow === 0) this.#ground();
    if (returned) this.#lanes.split(this.#lanes.outboxes);
    this.#pump();
  }

  status(): UplinkStatus {
    return { pendingRows: this.#lanes.pendingRows, inFlight: this.#flights.size, window: this.#window() };
  }

  /** Any payload from the ack topic. */
  ackArrived(payload: Bytes): void {
    const parsed = this.#options.openAck(payload);
    if (!parsed.ok) return this.events.emit({ kind: 'ack-refused', problem: parsed.problem });
    const ack = parsed.value;
    const outbox = this.#lanes.of(ack.epoch);
    if (ack.terminal !== this.#options.terminal) {
      return this.events.emit({ kind: 'ack-refused', problem: 'names another terminal' });
    }
    if (!outbox) return this.#foreignEpoch(ack);
    if (ack.nowMs < outbox.receipt.nowMs) {
      return this.events.emit({ kind: 'ack-refused', problem: 'older than one already taken' });
    }
    this.#observeTime(ack, outbox);
    this.#takePosition(ack, outbox, payload);
    for (const rejection of ack.reject) this.#takeRejection(rejection, outbox);
    this.#landDone(outbox);
    this.#takeWindow(ack);
    this.#pump();
  }

  #grown(head: ChainHead): void {
    const outbox = this.#lanes.of(head.epoch);
    if (outbox) outbox.grow(head.seq);
    else this.#lanes.append(outboxOf(head.epoch, head.seq, this.#options.journal, this.#cursor));
    this.#pump();
  }

  #window(): number {
    const session = this.#session;
    return session ? Math.min(flightLimits.window, this.#hostWindow, this.#ackWindow, session.receiveMaximum) : 0;
  }

  #pump(): void {
    let more = true;
    while (more && this.#flights.size < this.#window()) more = this.#sendLive() || this.#sendBacklog();
  }

  #sendLive(): boolean {
    const next = this.#lanes.nextLive();
    if (!next) return false;
    const rows = this.#load(next, Math.min(batchLimits.liveRows, this.#ackRows));
    if (rows === 'again') return true;
    if (!next.outbox.worthSending(rows) || this.#lingers(rows)) return false;
    return this.#send(next, rows);
  }

  #sendBacklog(): boolean {
    // The last slot of the window belongs to the live lane.
    if (this.#flights.inLane('backlog') >= Math.max(1, this.#window() - 1)) return false;
    const next = this.#lanes.nextBacklog();
    if (!next) return false;
    const rows = this.#load(next, Math.min(this.#options.backlogRows ?? batchLimits.liveRows, this.#ackRows));
    if (rows === 'again') return true;
    return next.outbox.worthSending(rows) && this.#send(next, rows);
  }

  #load(next: NextRange, maxRows: number): readonly UplinkRow[] | 'again' {
    const { rows, absent } = next.outbox.load(next.range, maxRows, uplinkLimits.batchBodyBytes);
    if (!absent) return rows;
    next.outbox.acknowledge(absent);
    this.events.emit({ kind: 'rows-absent', epoch: next.outbox.epoch, range: absent });
    return 'again';
  }

  /** True while a small live batch should wait for company behind one that is on its way. */
  #lingers(rows: readonly UplinkRow[]): boolean {
    const first = rows[0]?.seq ?? 0;
    const bytes = rows.reduce((sum, row) => sum + row.body.length, 0);
    const full = rows.length >= batchLimits.liveRows || bytes >= uplinkLimits.lingerBytes;
    if (full || this.#flights.inLane('live') === 0) return false;
    if (this.#lingering?.first === first) return !this.#lingering.due;
    this.#lingering?.timer.cancel();
    const timer = this.#options.clock.timer('uplink.linger', uplinkLimits.lingerMs, () => {
      if (this.#lingering?.first === first) this.#lingering.due = true;
      this.#pump();
    });
    this.#lingering = { first, timer, due: false };
    return true;
  }

  #send({ lane, outbox }: NextRange, rows: readonly UplinkRow[]): boolean {
    const range = this.#publish(lane, outbox, rows);
    if (!range) return false;
    outbox.depart(range);
    this.#flights.depart(lane, outbox.epoch, range);
    return true;
  }

  #publish(lane: Flight['lane'], outbox: Outbox, rows: readonly UplinkRow[]): Range | null {
    const { operator, terminal, clock, keys, link, recovered } = this.#options;
    const [first] = rows;
    const last = rows[rows.length - 1];
    if (!first || !last) return null;
    const range: Range = [first.seq, last.seq];
    const message = sealBatch(
      operator,
      terminal,
      {
        epoch: outbox.epoch,
        from: first.seq,
        rows: rows.map((row) => sliceRow(row.body, terminal, outbox.epoch)),
        prev: first.body.subarray(first.body.length - 32),
        head: last.hash,
        atMs: clock.wallMs(),
        history: lane === 'backlog',
        tail: recovered?.epoch === outbox.epoch && first.seq <= recovered.range[1] && last.seq >= recovered.range[0],
      },
      (bytes) => keys.sign(bytes),
    );
    return link.publish(this.#topics.tx(lane), message, { qos: 1 }) ? range : null;
  }

  #overdue(flight: Flight): void {
    this.#flights.land(flight);
    const outbox = this.#lanes.of(flight.epoch);
    if (!outbox) return;
    outbox.land(flight.range);
    const missing = outbox.missingIn(flight.range)[0];
    if (!missing || this.#window() === 0) return this.#pump();
    const { rows } = outbox.load(missing, batchLimits.backlogRows, uplinkLimits.batchBodyBytes);
    const range = this.#publish(flight.lane, outbox, rows);
    if (!range) return;
    outbox.depart(range);
    this.#flights.again(flight, range);
  }

  /** Nothing is on its way any more: unacknowledged rows are simply not sent yet. */
  #ground(): void {
    for (const flight of this.#flights.clear()) this.#lanes.of(flight.epoch)?.land(flight.range);
    this.#lingering?.timer.cancel();
    this.#lingering = null;
    this.#waiting?.cancel();
    this.#waiting = null;
  }

  #takePosition(ack: Ack, outbox: Outbox, payload: Bytes): void {
    const before = outbox.upto;
    if (ack.upto < outbox.receipt.upto) {
      if (ack.nowMs - outbox.receipt.nowMs < uplinkLimits.wentBackAfterMs) return;
      outbox.rewind(ack.upto, ack.held);
      this.events.emit({ kind: 'head-end-went-back', epoch: ack.epoch, seq: ack.upto });
    }
    if (ack.upto > outbox.head) this.events.emit({ kind: 'journal-behind', epoch: ack.epoch, seq: ack.upto });
    else if (!this.#sameHead(ack)) this.events.emit({ kind: 'head-mismatch', epoch: ack.epoch, seq: ack.upto });
    else this.#receipt(ack, payload);
    outbox.receipt = { upto: ack.upto, nowMs: ack.nowMs };
    outbox.acknowledge([0, ack.upto]);
    for (const range of ack.held) outbox.acknowledge(range);
    for (const range of ack.want) outbox.want(range);
    if (outbox.upto === before) return;
    this.#cursor.save(ack.epoch, { upto: outbox.upto, nowMs: ack.nowMs }, payload);
    this.events.emit({ kind: 'acked', epoch: ack.epoch, upto: outbox.upto });
  }

  /** The head end's hash at `upto` against the own one, where the row is still here. */
  #sameHead(ack: Ack): boolean {
    if (ack.upto < 0) return true;
    const own = this.#options.journal.read(ack.epoch, ack.upto, 1)[0];
    return !own || own.seq !== ack.upto || equal(own.hash, ack.head);
  }

  #receipt(ack: Ack, document: Bytes): void {
    if (this.#receipts.due(ack.epoch, ack.upto)) {
      this.events.emit({ kind: 'receipt', epoch: ack.epoch, upto: ack.upto, document });
    }
  }

  #takeRejection(rejection: Rejection, outbox: Outbox): void {
    const { from, count, code } = rejection;
    this.events.emit({ kind: 'rejected', epoch: outbox.epoch, rejection });
    if (code === 'EROW' || code === 'EFORK') return outbox.acknowledge([from, from + count - 1]);
    const refused = this.#flights.list.filter(({ epoch, range }) =>
      count === 0 ? true : epoch === outbox.epoch && range[0] < from + count && range[1] >= from,
    );
    // A count of 0 means "what you sent last could not be read": only the oldest flight can be meant.
    for (const flight of count === 0 ? refused.slice(0, 1) : refused) this.#narrow(flight, code);
  }

  /** A batch that cannot be read is halved down to one row; what is then still refused is set aside for a while. */
  #narrow(flight: Flight, code: Rejection['code']): void {
    const outbox = this.#lanes.of(flight.epoch);
    if (!outbox) return;
    const [first, last] = flight.range;
    this.#flights.land(flight);
    outbox.land(flight.range);
    const rows = last - first + 1;
    if (code === 'EBATCH' && rows > 1) return outbox.cutTo(Math.ceil(rows / 2), last);
    outbox.stall(flight.range);
    this.events.emit({ kind: 'stalled', epoch: flight.epoch, range: flight.range, code });
    const timer = this.#options.clock.timer('uplink.stalled', uplinkLimits.stalledRetryMs, () => {
      this.#stalls.delete(timer);
      outbox.release(flight.range);
      this.#pump();
    });
    this.#stalls.add(timer);
  }

  #landDone(outbox: Outbox): void {
    for (const flight of this.#flights.list) {
      if (flight.epoch !== outbox.epoch || !outbox.isDone(flight.range)) continue;
      this.#flights.measured(flight);
      this.#flights.land(flight);
      outbox.land(flight.range);
    }
  }

  #takeWindow(ack: Ack): void {
    this.#ackWindow = ack.window;
    this.#ackRows = ack.rows;
    if (ack.window > 0) return;
    this.#waiting?.cancel();
    this.#waiting = this.#options.clock.timer('uplink.wait', ack.waitSeconds * 1000, () => {
      this.#waiting = null;
      this.#ackWindow = Math.max(1, this.#ackWindow);
      this.#pump();
    });
  }

  /**
   * The ack was signed after the head end had this birth, and after it had the rows the ack is first to
   * cover: the later of the two sendings and this arrival enclose the signed time.
   */
  #observeTime(ack: Ack, outbox: Outbox): void {
    const session = this.#session;
    if (!session) return;
    const answered = this.#flights.list.filter(
      ({ epoch, range, attempts }) =>
        attempts === 0 && epoch === outbox.epoch && range[1] <= ack.upto && range[1] > outbox.receipt.upto,
    );
    const sent = answered.map(({ firstSentMs }) => firstSentMs);
    if (ack.birth === session.birth) sent.push(session.sinceMs);
    if (sent.length === 0) return;
    const elapsedMs = this.#options.clock.monoMs() - Math.max(...sent);
    if (elapsedMs > uplinkLimits.timeRoundTripMs) return;
    this.#options.time.observeSigned(ack.nowMs + Math.round(elapsedMs / 2), Math.ceil(elapsedMs / 2));
  }

  #foreignEpoch(ack: Ack): void {
    if (ack.upto >= 0) this.events.emit({ kind: 'journal-behind', epoch: ack.epoch, seq: ack.upto });
  }
}

// Ingest: takes batches from the broker, believes only what is signed and chained, stores many of them
// in one transaction, and signs an ack after that transaction is durable. Never before.

import type { Bytes } from '../../runtime/core/bytes.ts';
import { isBytes } from '../../runtime/core/cbor.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { messageOf } from '../../runtime/core/errors.ts';
import { Signal } from '../../runtime/core/event.ts';
import type { Logger } from '../../runtime/core/log.ts';
import { referenceOf } from '../../runtime/records/reference.ts';
import { decodeRow, zeroHash } from '../../runtime/records/row.ts';
import { type Ack, ackLimits, type Rejection } from '../wire/ack.ts';
import { type Batch, batchAuthentic, type GluedRow, glueBatch, parseBatch } from '../wire/batch.ts';
import type { Range } from '../wire/ranges.ts';
import { parseTopic, terminalTopics } from '../wire/topics.ts';
import type { Exchange, ExchangeMessage } from './ports.ts';
import type { Presence } from './presence.ts';
import type { IngestBatch, IngestCursor, IngestRow, IngestStore, RowColumns } from './store/ingest-store.ts';
import { generationOf, type KnownTerminal, type Terminals } from './terminals.ts';
import { ticketOf } from './ticket.ts';

export const ingestLimits = {
  /** One transaction takes so many rows, or what came in this time. */
  rowsPerCommit: 1_000,
  collectMs: 5,
  /** Messages of one terminal that wait for a commit; further ones are dropped, to be sent again. */
  queuedPerTerminal: 16,
  /** Rows that wait for a commit: above, the window falls to 1; at the second figure to 0. */
  slowAboveRows: 5_000,
  pauseAboveRows: 20_000,
  pauseSeconds: 5,
} as const;

export interface IngestOptions {
  readonly operator: string;
  readonly store: IngestStore;
  readonly terminals: Terminals;
  readonly presence: Presence;
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly log: Logger;
  /** The signed document around an ack. */
  readonly sealAck: (ack: Ack) => Bytes;
}

export interface IngestCounts {
  readonly messages: number;
  readonly dropped: number;
  readonly refused: number;
  readonly commits: number;
  readonly stored: number;
}

export class Ingest {
  readonly #options: IngestOptions;
  /** After each batch that a transaction has made durable. */
  readonly committed = new Signal<IngestBatch>();
  #queue: IngestBatch[] = [];
  #queuedRows = 0;
  readonly #queuedOf = new Map<string, number>();
  #collecting: TimerHandle | null = null;
  #committing: Promise<void> = Promise.resolve();
  #stopped = false;
  #counts = { messages: 0, dropped: 0, refused: 0, commits: 0, stored: 0 };

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  get counts(): IngestCounts {
    return { ...this.#counts };
  }

  /** Any message on a tx topic. */
  receive({ topic, payload }: ExchangeMessage): void {
    const address = parseTopic(topic);
    if (this.#stopped || address?.to !== 'tx' || address.operator !== this.#options.operator) return;
    this.#counts.messages++;
    const { terminal } = address;
    const known = this.#options.terminals.get(terminal);
    if (!known) return this.#drop(terminal, 'not enrolled');
    const parsed = parseBatch(payload);
    if (!parsed.ok) {
      const rejection = { from: 0, count: 0, code: 'EBATCH' } as const;
      return this.#refuse(terminal, known.record.lastBirthEpoch, rejection, payload, parsed.problem);
    }
    this.#admit(known, parsed.value, payload);
  }

  /** Waits for what was received to be committed and acknowledged. */
  async drain(): Promise<void> {
    this.#flush();
    await this.#committing;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.drain();
  }

  /** A signed ack from the stored cursor: the answer to every birth, and how missing rows are asked for. */
  acknowledge(cursor: IngestCursor, extra: { want?: readonly Range[]; reject?: readonly Rejection[] } = {}): void {
    const known = this.#options.terminals.get(cursor.terminal);
    if (!known) return;
    const ack: Ack = {
      terminal: cursor.terminal,
      epoch: cursor.epoch,
      upto: cursor.upto,
      head: cursor.head,
      held: cursor.held,
      want: extra.want ?? [],
      reject: extra.reject ?? [],
      ...this.#pace(),
      rows: ackLimits.rows,
      nowMs: this.#options.clock.wallMs(),
      birth: known.record.lastBirth,
    };
    const topic = terminalTopics(this.#options.operator, cursor.terminal).ack;
    this.#options.exchange.publish(topic, this.#options.sealAck(ack), { qos: 0, retain: false });
  }

  #admit(known: KnownTerminal, batch: Batch, payload: Bytes): void {
    const { terminal } = known.record;
    const { operator, terminals } = this.#options;
    const refuse = (code: Rejection['code'], problem: string): void =>
      this.#refuse(terminal, batch.epoch, { from: batch.from, count: batch.rows.length, code }, payload, problem);
    if (!batchAuthentic(operator, terminal, batch, known.key)) return refuse('ESIG', 'signature');
    this.#options.presence.heard(terminal);
    const glued = glueBatch(terminal, batch);
    if (!glued) return refuse('ESIG', 'the chain does not lead from prev to head');
    if (terminals.epochState(terminal, batch.epoch) === 'refused') return refuse('EEPOCH', 'unknown epoch');
    if ((this.#queuedOf.get(terminal) ?? 0) >= ingestLimits.queuedPerTerminal)
      return this.#drop(terminal, 'queue full');
    this.#noteEpoch(known, batch.epoch);
    this.#enqueue({
      terminal,
      epoch: batch.epoch,
      prev: batch.prev,
      rows: glued.map((row) => ingestRow(terminal, batch.epoch, row)),
      atMs: batch.atMs,
      history: batch.history,
      tail: batch.tail,
      signature: batch.signature,
      arrivedMs: this.#options.clock.wallMs(),
    });
  }

  #noteEpoch({ record, epochs }: KnownTerminal, epoch: number): void {
    if (epochs.has(epoch)) return;
    const { store, terminals, clock } = this.#options;
    terminals.sawEpoch(record.terminal, epoch);
    if (epochs.size === 0) return;
    const twin = [...epochs].some((other) => generationOf(other) === generationOf(epoch));
    void store.report({
      kind: twin ? 'tamper' : 'epoch_unconfirmed',
      terminal: record.terminal,
      epoch,
      seq: 0,
      detail: twin ? 'two epochs of one generation: two copies may be running' : 'opened without a grant',
      openedMs: clock.wallMs(),
    });
  }

  #enqueue(batch: IngestBatch): void {
    this.#queue.push(batch);
    this.#queuedRows += batch.rows.length;
    this.#queuedOf.set(batch.terminal, (this.#queuedOf.get(batch.terminal) ?? 0) + 1);
    if (this.#queuedRows >= ingestLimits.rowsPerCommit) return this.#flush();
    this.#collecting ??= this.#options.clock.timer('ingest.collect', ingestLimits.collectMs, () => this.#flush());
  }

  #flush(): void {
    this.#collecting?.cancel();
    this.#collecting = null;
    this.#committing = this.#committing.then(() => this.#commitNext());
  }

  async #commitNext(): Promise<void> {
    const batches = this.#take();
    if (batches.length === 0) return;
    try {
      const outcomes = await this.#options.store.commitBatches(batches);
      this.#counts.commits++;
      this.#counts.stored += outcomes.reduce((sum, { stored }) => sum + stored, 0);
      for (const { cursor, reject } of newestPerEpoch(outcomes)) this.acknowledge(cursor, { reject });
      for (const batch of batches) this.committed.emit(batch);
    } catch (error) {
      // Nothing was stored, so nothing is acknowledged: the terminals still have every row.
      this.#options.log.error('ingest.commit-failed', { count: batches.length, detail: messageOf(error) });
    }
    if (this.#queue.length > 0) this.#flush();
  }

  /** In order of terminal, so that two workers on one database could never wait for each other in a circle. */
  #take(): readonly IngestBatch[] {
    let rows = 0;
    const enough = this.#queue.findIndex((batch) => {
      rows += batch.rows.length;
      return rows > ingestLimits.rowsPerCommit;
    });
    const taken = this.#queue.splice(0, enough < 0 ? this.#queue.length : Math.max(1, enough));
    for (const { terminal, rows: own } of taken) {
      this.#queuedRows -= own.length;
      this.#queuedOf.set(terminal, (this.#queuedOf.get(terminal) ?? 1) - 1);
    }
    return taken.sort((a, b) => (a.terminal < b.terminal ? -1 : a.terminal > b.terminal ? 1 : 0));
  }

  #refuse(terminal: string, epoch: number, rejection: Rejection, raw: Bytes, problem: string): void {
    this.#counts.refused++;
    this.#options.log.warn('ingest.refused', { terminal, code: rejection.code, detail: problem });
    void this.#keepRefused(terminal, epoch, rejection, raw, problem).catch((error: unknown) =>
      this.#options.log.error('ingest.quarantine-failed', { terminal, detail: messageOf(error) }),
    );
  }

  async #keepRefused(
    terminal: string,
    epoch: number,
    rejection: Rejection,
    raw: Bytes,
    problem: string,
  ): Promise<void> {
    const { store, clock } = this.#options;
    const arrivedMs = clock.wallMs();
    await store.quarantine({ terminal, epoch, code: rejection.code, raw, problem, arrivedMs });
    if (rejection.code === 'ESIG') {
      await store.report({
        kind: 'tamper',
        terminal,
        epoch,
        seq: rejection.from,
        detail: problem,
        openedMs: arrivedMs,
      });
    }
    const cursor = (await store.cursor(terminal, epoch)) ?? emptyCursor(terminal, epoch, arrivedMs);
    this.acknowledge(cursor, { reject: [rejection] });
  }

  #drop(terminal: string, detail: string): void {
    this.#counts.dropped++;
    this.#options.log.warn('ingest.dropped', { terminal, detail });
  }

  #pace(): { readonly window: number; readonly waitSeconds: number } {
    if (this.#queuedRows >= ingestLimits.pauseAboveRows) return { window: 0, waitSeconds: ingestLimits.pauseSeconds };
    return { window: this.#queuedRows > ingestLimits.slowAboveRows ? 1 : ackLimits.window, waitSeconds: 0 };
  }
}

export const emptyCursor = (terminal: string, epoch: number, nowMs: number): IngestCursor => ({
  terminal,
  epoch,
  upto: -1,
  head: zeroHash,
  held: [],
  advertised: -1,
  progressMs: nowMs,
  wantedSinceMs: null,
});

const ingestRow = (terminal: string, epoch: number, { seq, body, hash }: GluedRow): IngestRow => ({
  seq,
  body,
  hash,
  columns: columnsOf(terminal, epoch, seq, body),
});

function columnsOf(terminal: string, epoch: number, seq: number, body: Bytes): RowColumns | null {
  try {
    const row = decodeRow(body);
    if (row.terminal !== terminal || row.epoch !== epoch || row.seq !== seq) return null;
    const { act, reason, digest } = row.payload;
    return {
      day: row.day,
      ref: referenceOf(terminal, epoch, seq),
      type: row.type,
      act: typeof act === 'string' ? act : '',
      reason: typeof reason === 'string' ? reason : null,
      digest: isBytes(digest) ? digest : null,
      ticket: ticketOf(row),
    };
  } catch {
    return null;
  }
}

/** One ack per terminal and epoch: the cursor after the last of its batches, with every rejection. */
function newestPerEpoch(
  outcomes: readonly { readonly cursor: IngestCursor; readonly rejections: readonly Rejection[] }[],
): readonly { readonly cursor: IngestCursor; readonly reject: readonly Rejection[] }[] {
  const newest = new Map<string, { cursor: IngestCursor; reject: readonly Rejection[] }>();
  for (const { cursor, rejections } of outcomes) {
    const key = `${cursor.terminal}/${cursor.epoch}`;
    newest.set(key, { cursor, reject: [...(newest.get(key)?.reject ?? []), ...rejections] });
  }
  return [...newest.values()];
}

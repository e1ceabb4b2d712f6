// The journal on the main loop: gives rows their place and hash, hands them to the writer thread, and
// reads through a connection of its own.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Epoch, epoch as epochOf, type Seq, type TerminalId } from '../core/brand.ts';
import { type Bytes, hex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import type { Entropy } from '../core/entropy.ts';
import { type ErrorCode, messageOf, StileError } from '../core/errors.ts';
import { Signal } from '../core/event.ts';
import type { Logger } from '../core/log.ts';
import type { ChainHead } from '../records/chain.ts';
import { referenceOf } from '../records/reference.ts';
import { encodeRow, zeroHash } from '../records/row.ts';
import type { WriterFaults } from './faults.ts';
import type {
  Journal,
  PreviousEpoch,
  Projection,
  RowDraft,
  RowPosition,
  StorageIncident,
  StorageLevel,
  StoredRow,
} from './journal.ts';
import { JournalTables } from './journal-tables.ts';
import { limitPageCache, pageCacheKibibytes } from './page-cache.ts';
import { ProjectionCache } from './projection-cache.ts';
import { storageLevel } from './storage-level.ts';
import type {
  FileState,
  RowToWrite,
  WriterAnswer,
  WriterOpened,
  WriterRequest,
  WriterSetup,
} from './writer-messages.ts';
import { SharedExchange, sharedBytes } from './writer-wire.ts';

export interface OpenJournalOptions {
  readonly directory: string;
  readonly terminal: TerminalId;
  /** 16 bytes; rows of one boot share a monotonic clock. */
  readonly bootId: Bytes;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly sizeCapBytes: number;
  /** The first row of a new epoch. */
  readonly genesis: (at: {
    epoch: number;
    cause: 'provisioning' | 'corrupt';
    previous: PreviousEpoch | null;
  }) => RowDraft;
  readonly faults?: WriterFaults;
}

/** A read blocks the main loop, so it waits only as long as rebuilding the WAL's index can take. */
const readerWaitMs = 100;

export interface Opened {
  readonly how: 'new' | 'recovered' | 'salvaged';
  readonly rows: number;
  readonly lost: number;
  /** What was wrong, for a salvage. */
  readonly problem: string;
}

/** @throws StileError JOURNAL_LOCKED, JOURNAL_SQLITE_REFUSED, JOURNAL_UNAVAILABLE. */
export async function openJournal(
  options: OpenJournalOptions,
): Promise<{ readonly journal: Journal; readonly opened: Opened }> {
  const shared = new SharedArrayBuffer(sharedBytes);
  const worker = startWriter(options, shared);
  const opened = await firstMessage(worker);
  if (!opened.ok) throw new StileError(opened.code as ErrorCode, opened.message, { remedy: opened.remedy });
  const { default: Database } = await import('better-sqlite3');
  const file = join(options.directory, 'journal.db');
  const database = new Database(file, { readonly: true, timeout: readerWaitMs });
  limitPageCache(database, pageCacheKibibytes.reader);
  const tables = new JournalTables(database);
  const journal = new ThreadedJournal(options, worker, new SharedExchange(shared), tables, opened.file);
  try {
    await journal.begin(opened);
  } catch (error) {
    await journal.close();
    throw error;
  }
  return { journal, opened: { how: opened.how, rows: opened.rows, lost: opened.lost, problem: opened.problem } };
}

function startWriter(options: OpenJournalOptions, shared: SharedArrayBuffer): Worker {
  const setup: WriterSetup = {
    directory: options.directory,
    bootId: hex(options.bootId),
    wallMs: options.clock.wallMs(),
    shared,
    faults: options.faults ?? {},
  };
  const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 };
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./writer-thread.js', import.meta.url), { workerData: setup, resourceLimits });
  }
  // From the sources (tests, development) a thread does not inherit the TypeScript loader: it registers its own.
  const thread = JSON.stringify(new URL('./writer-thread.ts', import.meta.url).href);
  return new Worker(`import('tsx/esm/api').then(({ register }) => { register(); return import(${thread}); });`, {
    eval: true,
    workerData: setup,
  });
}

function firstMessage(worker: Worker): Promise<WriterOpened> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(writerEnded('before the journal was open')));
  });
}

class ThreadedJournal implements Journal {
  readonly committed = new Signal<ChainHead>();
  readonly incidents = new Signal<StorageIncident>();
  readonly #options: OpenJournalOptions;
  readonly #worker: Worker;
  readonly #exchange: SharedExchange;
  readonly #tables: JournalTables;
  readonly #projections = new ProjectionCache();
  #epoch: Epoch = epochOf(0);
  #head: ChainHead | null = null;
  #file: FileState;
  #asked = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #ended = false;
  #full = false;
  #closing = false;
  /** Ends the wait for the answer that is due. One slot is enough: one request runs at a time. */
  #abandon: (fault: StileError) => void = () => {};

  constructor(
    options: OpenJournalOptions,
    worker: Worker,
    exchange: SharedExchange,
    tables: JournalTables,
    file: FileState,
  ) {
    this.#options = options;
    this.#worker = worker;
    this.#exchange = exchange;
    this.#tables = tables;
    this.#file = file;
    worker.on('error', (error) => this.#writerDied(messageOf(error)));
    worker.on('exit', () => this.#writerDied('it ended by itself'));
  }

  /** Continues the epoch found, or opens the next one with its GENESIS row. */
  async begin(opened: Extract<WriterOpened, { ok: true }>): Promise<void> {
    if (opened.head) {
      this.#head = opened.head;
      this.#epoch = epochOf(opened.head.epoch);
      return;
    }
    const generation = Math.floor((opened.previous?.epoch ?? 0) / 2 ** 32) + 1;
    const random = Buffer.from(this.#options.entropy.bytes(4)).readUInt32BE(0);
    this.#epoch = epochOf(generation * 2 ** 32 + random);
    const cause = opened.how === 'salvaged' ? 'corrupt' : 'provisioning';
    await this.commit([this.#options.genesis({ epoch: this.#epoch, cause, previous: opened.previous })]);
  }

  head(): ChainHead | null {
    return this.#head;
  }

  read(epoch: number, fromSeq: number, limit: number, maxBytes?: number): readonly StoredRow[] {
    return this.#tables.read(epoch, fromSeq, limit, maxBytes);
  }

  oldest(limit: number): readonly StoredRow[] {
    return this.#tables.oldest(limit);
  }

  before(position: RowPosition, limit: number): readonly StoredRow[] {
    return this.#tables.before(position, limit);
  }

  byReference(ref: string): readonly StoredRow[] {
    return this.#tables.byReference(ref);
  }

  projection(space: string, key: Bytes): Bytes | null {
    const known = this.#projections.get(space, key);
    if (known) return known;
    const value = this.#tables.projection(space, key);
    if (value) this.#projections.put(space, key, value);
    return value;
  }

  projections(space: string): readonly (readonly [Bytes, Bytes])[] {
    return this.#tables.projections(space);
  }

  projectionsAfter(space: string, key: Bytes, limit: number): readonly (readonly [Bytes, Bytes])[] {
    return this.#tables.projectionsAfter(space, key, limit);
  }

  commit(drafts: readonly RowDraft[], projections: readonly Projection[] = []): Promise<readonly StoredRow[]> {
    return this.#inOrder(() => this.#commit(drafts, projections));
  }

  level(): StorageLevel {
    return storageLevel({
      unavailable: this.#ended || this.#exchange.outOfService,
      refused: this.#full,
      file: this.#file,
      sizeCapBytes: this.#options.sizeCapBytes,
    });
  }

  async prune(epoch: number, uptoSeq: number): Promise<number> {
    for (let pruned = 0; ; ) {
      const changed = await this.#inOrder(() => this.#prune(epoch, uptoSeq));
      pruned += changed;
      if (changed === 0) return pruned;
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#inOrder(async () => {
      // The writer's connection must be the last one: then the WAL is folded into the file.
      this.#tables.close();
      if (!this.#ended) await this.#ask({ kind: 'close' }).catch(() => {});
      this.#ended = true;
    });
    await this.#worker.terminate();
  }

  /** One request at a time lies in the shared memory. */
  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    // Where nothing waits the request leaves at once, so that the writer works while the caller goes on.
    const mine = this.#waiting++ === 0 ? work() : this.#queue.then(work);
    this.#queue = mine.then(
      () => this.#waiting--,
      () => this.#waiting--,
    );
    return mine;
  }

  async #prune(epoch: number, uptoSeq: number): Promise<number> {
    const answer = await this.#ask({ kind: 'prune', epoch, uptoSeq });
    if (!answer.ok) throw this.#fault(answer.fault);
    return answer.changed;
  }

  async #commit(drafts: readonly RowDraft[], projections: readonly Projection[]): Promise<readonly StoredRow[]> {
    const rows = this.#place(drafts);
    this.#projections.forget(projections);
    const answer = await this.#ask({ kind: 'commit', rows, projections });
    if (!answer.ok) throw this.#fault(answer.fault);
    this.#projections.committed(projections);
    this.#full = false;
    const last = rows.at(-1);
    if (last) {
      this.#head = { epoch: last.epoch, seq: last.seq, hash: last.hash };
      this.committed.emit(this.#head);
    }
    return rows;
  }

  /** The rows as they will stand after the present head. Nothing is kept of them if the commit fails. */
  #place(drafts: readonly RowDraft[]): readonly (RowToWrite & StoredRow)[] {
    const { terminal, bootId } = this.#options;
    const placed: (RowToWrite & StoredRow)[] = [];
    let seq = this.#head?.epoch === this.#epoch ? this.#head.seq + 1 : 0;
    let prev = this.#head?.epoch === this.#epoch ? this.#head.hash : zeroHash;
    for (const { type, payload, moment, day } of drafts) {
      const at = { epoch: this.#epoch, seq };
      const { body, hash } = encodeRow({
        terminal,
        epoch: this.#epoch,
        seq: seq as Seq,
        bootId,
        tMonoMs: moment.monoMs,
        tWallMs: moment.wallMs,
        clock: { state: moment.state, uncertaintyMs: moment.uncertaintyMs },
        day,
        type,
        payload: typeof payload === 'function' ? payload(at) : payload,
        prev,
      });
      placed.push({ ...at, body, hash, ref: referenceOf(terminal, this.#epoch, seq), type, day });
      seq++;
      prev = hash;
    }
    return placed;
  }

  async #ask(request: WriterRequest): Promise<WriterAnswer> {
    if (this.#ended) throw this.#fault({ code: 'unavailable', detail: 'the writer has stopped' });
    if (!this.#exchange.request(request))
      throw this.#fault({ code: 'absent', detail: 'more than fits into one commit' });
    const answer = await new Promise<WriterAnswer>((resolve, reject) => {
      this.#abandon = reject;
      this.#exchange.waitForAnswer(this.#asked++).then(resolve, reject);
    });
    if (answer.ok) this.#file = answer.file;
    for (const incident of answer.incidents) this.#report(incident);
    return answer;
  }

  #fault(fault: Extract<WriterAnswer, { ok: false }>['fault']): StileError {
    if (fault.code === 'full') this.#full = true;
    return new StileError(
      fault.code === 'full' ? 'JOURNAL_FULL' : 'JOURNAL_UNAVAILABLE',
      `not committed: ${fault.detail}`,
      {
        remedy:
          fault.code === 'full'
            ? 'Free space on the data partition, or bring the terminal online so that acknowledged rows can be pruned.'
            : 'Check the data partition and its medium; the terminal shows out of service until a commit succeeds.',
      },
    );
  }

  #report(incident: StorageIncident): void {
    const { kind, detail } = incident;
    const fields = { code: 'JOURNAL_UNAVAILABLE', kind, detail };
    if (kind === 'in-service') this.#options.logger.info('journal can be written again', fields);
    else this.#options.logger.error('journal storage', fields);
    this.incidents.emit(incident);
  }

  #writerDied(detail: string): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#closing) this.#report({ kind: 'out-of-service', detail });
    this.#abandon(writerEnded(detail));
  }
}

const writerEnded = (detail: string): StileError =>
  new StileError('JOURNAL_UNAVAILABLE', `the journal's writer ended: ${detail}`, {
    remedy: 'Start the terminal again; report the log around it if it comes again.',
  });

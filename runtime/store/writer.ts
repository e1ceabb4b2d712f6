// The one writer of journal.db: commits, prunes, checkpoints, and keeps its promises when the disk is
// full or answers with an error. Runs in the writer thread; knows nothing of threads.
import { dirname } from 'node:path';
import { equal } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { Ballast } from './ballast.ts';
import type { CommitFault, WriterFaults } from './faults.ts';
import type { StorageIncident } from './journal.ts';
import {
  assertDurable,
  checkpoint,
  journalFileLimits,
  type OpenSqlite,
  openWriter,
  type Sqlite,
  sqliteCodeOf,
  walProbe,
  warmWal,
} from './journal-file.ts';
import { remember } from './meta.ts';
import { noteEpoch } from './start-up.ts';
import type { FileState, RowToWrite, WriterAnswer, WriterFault, WriterRequest } from './writer-messages.ts';

export const writerLimits = {
  /** Without work for so long, the WAL is checkpointed. */
  idleCheckpointMs: 2_000,
  /** From this on the next gap between commits is used. */
  gapCheckpointBytes: 3 * 1_048_576,
  gapMs: 20,
  forcedCheckpointBytes: 8 * 1_048_576,
  alarmBytes: 16 * 1_048_576,
  /** A second I/O error within this ends the journal's availability. */
  faultWindowMs: 60_000,
  /** How often what failed is tried again: a journal out of service, a ballast that found no room, a held WAL. */
  retryMs: 10_000,
  heldRetryMs: 250,
  /** Tries of the checkpoint that proves a doubtful row durable, so long apart. */
  proofTries: 5,
  proofPauseMs: 20,
  /** Rows that leave in one transaction, so that no commit waits long behind them. */
  pruneRows: 200,
} as const;

type Commit = Extract<WriterRequest, { kind: 'commit' }>;
type Prune = Extract<WriterRequest, { kind: 'prune' }>;

export interface WriterOptions {
  readonly open: OpenSqlite;
  readonly file: string;
  readonly database: Sqlite;
  readonly clock: Clock;
  readonly faults: WriterFaults;
}

export class Writer {
  readonly #options: WriterOptions;
  readonly #ballast: Ballast;
  readonly #incidents: StorageIncident[] = [];
  #database: Sqlite;
  #statements: Statements;
  #usedBytes = 0;
  #walBytes = 0;
  #held = false;
  #alarmed = false;
  #commits = 0;
  #proven = false;
  #faultsToCome: readonly CommitFault[];
  #lastFaultMonoMs: number | null = null;
  #ballastTriedMonoMs = Number.NEGATIVE_INFINITY;
  #outOfService = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#faultsToCome = options.faults.failAt ?? [];
    this.#database = options.database;
    this.#ballast = new Ballast(dirname(options.file));
    this.#warm();
    this.#rebuildBallast();
    if (!this.#ballast.whole && this.#incidents.length === 0) {
      this.#incidents.push({ kind: 'disk-full', detail: 'no room for the ballast' });
    }
    this.#statements = prepare(this.#database);
    this.#measure();
  }

  get outOfService(): boolean {
    return this.#outOfService;
  }

  /** How long the thread may sleep before there is something to do without a request. */
  get restMs(): number {
    if (this.#outOfService) return writerLimits.retryMs;
    if (this.#walBytes >= writerLimits.gapCheckpointBytes) {
      return this.#held ? writerLimits.heldRetryMs : writerLimits.gapMs;
    }
    if (this.#walBytes > 0) return writerLimits.idleCheckpointMs;
    return this.#ballast.whole ? Number.POSITIVE_INFINITY : writerLimits.retryMs;
  }

  handle(request: Exclude<WriterRequest, { kind: 'close' }>): WriterAnswer {
    if (this.#outOfService) return this.#failed({ code: 'unavailable', detail: 'the journal is out of service' });
    switch (request.kind) {
      case 'commit':
        this.#commits++;
        return this.#attempt(() => this.#write(request), request.rows);
      case 'prune':
        return this.#attempt(() => {
          const pruned = this.#prune(request);
          this.#measure();
          return pruned;
        }, []);
      default:
        return request satisfies never;
    }
  }

  /** After an answer was given: the WAL is restarted at once only when it grew beyond the force limit. */
  afterAnswer(): void {
    if (this.#outOfService) return;
    const { walBytes, pendingBytes } = this.#statements.wal();
    this.#walBytes = pendingBytes > 0 || this.#held ? walBytes : 0;
    this.#measure();
    if (this.#walBytes >= writerLimits.forcedCheckpointBytes) this.#restartWal();
  }

  /** Nothing came for {@link restMs}. */
  rest(): void {
    if (this.#outOfService) return this.#tryToReturn();
    this.#restartWal();
    this.#rebuildBallast();
  }

  /** As it stood after the request before: measured when nobody waits for an answer. */
  fileState(): FileState {
    return { usedBytes: this.#usedBytes, ballast: this.#ballast.whole };
  }

  #measure(): void {
    const pages = Number(this.#statements.pages.get());
    const free = Number(this.#statements.freePages.get());
    this.#usedBytes = (pages - free) * journalFileLimits.pageBytes;
  }

  close(): void {
    this.#database.close();
  }

  #write(request: Commit): number {
    const how = this.#injected();
    if (how === 'defect') throw new TypeError('defect (injected)');
    if (how === 'full') throw sqliteError('SQLITE_FULL');
    if (how === 'ioerr-absent') throw sqliteError('SQLITE_IOERR_FSYNC');
    this.#statements.commit(request);
    if (this.#options.faults.fsyncDelayMs) stall(this.#options.faults.fsyncDelayMs);
    if (how === 'ioerr-present') throw sqliteError('SQLITE_IOERR_FSYNC');
    this.#proveSettings();
    const first = request.rows[0];
    if (first?.seq === 0) noteEpoch(this.#options.file, first.epoch);
    return request.rows.length;
  }

  /** Once per connection, after the first rows themselves: a commit under weaker settings must not be answered. */
  #proveSettings(): void {
    if (!this.#proven) assertDurable(this.#database);
    this.#proven = true;
  }

  #prune({ epoch, uptoSeq }: Prune): number {
    return this.#statements.prune(epoch, uptoSeq, writerLimits.pruneRows);
  }

  #attempt(work: () => number, rows: readonly RowToWrite[]): WriterAnswer {
    try {
      return this.#answer(work());
    } catch (error) {
      const code = sqliteCodeOf(error);
      if (code.startsWith('SQLITE_FULL')) return this.#withoutBallast(work, rows, error);
      if (code.startsWith('SQLITE_IOERR')) return this.#outcomeUnknown(rows, error);
      if (code.startsWith('SQLITE')) return this.#failed({ code: 'absent', detail: messageOf(error) });
      throw error;
    }
  }

  /** After SQLITE_FULL the transaction is already rolled back. */
  #withoutBallast(work: () => number, rows: readonly RowToWrite[], error: unknown): WriterAnswer {
    if (!this.#giveUpBallast(error)) return this.#failed({ code: 'full', detail: messageOf(error) });
    return this.#attempt(work, rows);
  }

  /**
   * The rows may be there or not, and if they are, perhaps only in the page cache: they count only after a
   * checkpoint whose own fsync succeeds. Where that cannot be had, neither answer would be true, so nothing
   * more is answered until a checkpoint succeeds.
   */
  #outcomeUnknown(rows: readonly RowToWrite[], error: unknown): WriterAnswer {
    const again = this.#countFault(error);
    try {
      this.#reopen();
      const there = this.#holds(rows.at(-1));
      if (there && !this.#proveDurable()) throw error;
      if (again) this.#leaveService(error);
      else remember(this.#database, 'doubt', messageOf(error));
      return there
        ? this.#answer(rows.length)
        : this.#failed({ code: again ? 'unavailable' : 'absent', detail: messageOf(error) });
    } catch {
      this.#leaveService(error);
      return this.#failed({ code: 'unavailable', detail: messageOf(error) });
    }
  }

  /** True for the second fault within the window. */
  #countFault(error: unknown): boolean {
    const now = this.#options.clock.monoMs();
    const again = this.#lastFaultMonoMs !== null && now - this.#lastFaultMonoMs < writerLimits.faultWindowMs;
    this.#lastFaultMonoMs = now;
    this.#incidents.push({ kind: 'fault', detail: messageOf(error) });
    return again;
  }

  #leaveService(error: unknown): void {
    if (!this.#outOfService) this.#incidents.push({ kind: 'out-of-service', detail: messageOf(error) });
    this.#outOfService = true;
  }

  #tryToReturn(): void {
    try {
      this.#reopen();
      if (!this.#proveDurable()) return;
      remember(this.#database, 'doubt', 'was out of service');
      this.#outOfService = false;
      this.#incidents.push({ kind: 'in-service', detail: '' });
    } catch {
      // Still failing: tried again after the next pause.
    }
  }

  #reopen(): void {
    try {
      this.#database.close();
    } catch {
      // What cannot be closed is left behind; the new connection decides.
    }
    this.#database = openWriter(this.#options.open, this.#options.file);
    this.#statements = prepare(this.#database);
    this.#proven = false;
  }

  #holds(row: RowToWrite | undefined): boolean {
    if (row === undefined) return false;
    const hash = this.#statements.find.get(row.epoch, row.seq) as Uint8Array | undefined;
    return hash !== undefined && equal(hash, row.hash);
  }

  /** All of the WAL moved into the database, both synced. A reader may be in the way for a moment. */
  #proveDurable(): boolean {
    for (let tried = 0; tried < writerLimits.proofTries; tried++) {
      if (checkpoint(this.#database).pendingBytes === 0) return true;
      stall(writerLimits.proofPauseMs);
    }
    return false;
  }

  #restartWal(): void {
    try {
      const { held, walBytes } = checkpoint(this.#database);
      this.#held = held;
      this.#walBytes = held ? walBytes : 0;
      this.#alarm();
    } catch (error) {
      if (sqliteCodeOf(error).startsWith('SQLITE_FULL')) this.#giveUpBallast(error);
      else if (this.#countFault(error)) this.#leaveService(error);
    }
  }

  #alarm(): void {
    const above = this.#held && this.#walBytes >= writerLimits.alarmBytes;
    if (above && !this.#alarmed) this.#incidents.push({ kind: 'wal-held', detail: `${this.#walBytes} bytes` });
    this.#alarmed = above;
  }

  /** With a cold WAL and a full disk commits may still find room in what the ballast leaves. */
  #warm(): void {
    try {
      warmWal(this.#database, this.#options.file);
    } catch (error) {
      if (!sqliteCodeOf(error).startsWith('SQLITE_FULL')) throw error;
      if (this.#giveUpBallast(error)) this.#warm();
    }
  }

  #giveUpBallast(error: unknown): boolean {
    this.#ballastTriedMonoMs = this.#options.clock.monoMs();
    if (!this.#ballast.release()) return false;
    this.#incidents.push({ kind: 'disk-full', detail: messageOf(error) });
    return true;
  }

  #rebuildBallast(): void {
    const now = this.#options.clock.monoMs();
    if (this.#ballast.whole || now - this.#ballastTriedMonoMs < writerLimits.retryMs) return;
    this.#ballastTriedMonoMs = now;
    this.#ballast.rebuild();
  }

  #injected(): CommitFault['how'] | null {
    const fault = this.#faultsToCome.find(({ commit }) => commit === this.#commits);
    this.#faultsToCome = this.#faultsToCome.filter((other) => other !== fault);
    return fault?.how ?? null;
  }

  #answer(changed: number): WriterAnswer {
    return { ok: true, changed, file: this.fileState(), incidents: this.#incidents.splice(0) };
  }

  #failed(fault: WriterFault): WriterAnswer {
    return { ok: false, fault, incidents: this.#incidents.splice(0) };
  }
}

type Statements = ReturnType<typeof prepare>;

function prepare(database: Sqlite) {
  const insert = database.prepare(
    'INSERT INTO journal (epoch, seq, body, hash, ref, type, day) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const put = database.prepare(
    'INSERT INTO projection (space, key, value) VALUES (?, ?, ?) ON CONFLICT (space, key) DO UPDATE SET value = excluded.value',
  );
  const remove = database.prepare('DELETE FROM projection WHERE space = ? AND key = ?');
  const salvageDone = database.prepare("DELETE FROM meta WHERE name IN ('salvaging', 'problem')");
  const oldest = database.prepare(
    'SELECT epoch, seq FROM journal WHERE (epoch, seq) <= (?, ?) ORDER BY epoch, seq LIMIT ?',
  );
  const prune = database.prepare('DELETE FROM journal WHERE epoch = ? AND seq = ?');
  const newest = database.prepare('SELECT epoch, seq FROM journal ORDER BY epoch DESC, seq DESC LIMIT 1');
  const commit = database.transaction(({ rows, projections }: Commit) => {
    for (const row of rows) insert.run(row.epoch, row.seq, row.body, row.hash, row.ref, row.type, row.day);
    for (const { space, key, value } of projections) {
      if (value === null) remove.run(space, key);
      else put.run(space, key, value);
    }
    if (rows[0]?.seq === 0) salvageDone.run();
  });
  const pruneSome = database.transaction((epoch: number, uptoSeq: number, limit: number) => {
    const head = newest.get() as Place | undefined;
    const places = (oldest.all(epoch, uptoSeq, limit) as Place[]).filter(
      (place) => place.epoch !== head?.epoch || place.seq !== head.seq,
    );
    for (const place of places) prune.run(place.epoch, place.seq);
    return places.length;
  });
  return {
    commit: commit.immediate,
    prune: pruneSome.immediate,
    find: database.prepare('SELECT hash FROM journal WHERE epoch = ? AND seq = ?').pluck(),
    pages: database.prepare('PRAGMA page_count').pluck(),
    freePages: database.prepare('PRAGMA freelist_count').pluck(),
    wal: walProbe(database),
  };
}

interface Place {
  readonly epoch: number;
  readonly seq: number;
}

/** An injected fault: the shape SQLite's own has. */
const sqliteError = (code: string): Error => Object.assign(new Error(`${code} (injected)`), { code });

function stall(byMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, byMs);
}

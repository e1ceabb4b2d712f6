// The one writer of journal.db: commits, prunes, checkpoints, and keeps its promises when the disk is
// full or answers with an error. Runs in the writer thread; knows nothing of threads.
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { Ballast } from './ballast.ts';
import type { WriterFaults } from './faults.ts';
import {
  checkpoint,
  journalFileLimits,
  type OpenSqlite,
  openWriter,
  type Sqlite,
  sizeOf,
  warmWal,
} from './journal-file.ts';
import { remember } from './start-up.ts';
import type { FileState, RowToWrite, WriterAnswer, WriterFault, WriterRequest } from './writer-wire.ts';

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
} as const;

/** Pages a row touches at most on average: its own, index, interior, projections. An estimate to pace checkpoints by. */
const pagesPerChange = 3;

type Commit = Extract<WriterRequest, { kind: 'commit' }>;

export class Writer {
  readonly #open: OpenSqlite;
  readonly #file: string;
  readonly #clock: Clock;
  readonly #faults: WriterFaults;
  readonly #ballast: Ballast;
  #database: Sqlite;
  #statements: Statements;
  #walBytes = 0;
  #held = false;
  #commits = 0;
  #lastFaultMonoMs: number | null = null;
  #unavailable = false;

  constructor(options: {
    open: OpenSqlite;
    directory: string;
    file: string;
    database: Sqlite;
    clock: Clock;
    faults: WriterFaults;
  }) {
    this.#open = options.open;
    this.#file = options.file;
    this.#clock = options.clock;
    this.#faults = options.faults;
    this.#database = options.database;
    this.#ballast = new Ballast(options.directory);
    warmWal(this.#database, this.#file);
    this.#ballast.rebuild();
    this.#statements = prepare(this.#database);
  }

  /** How long the thread may sleep before there is something to do without a request. */
  get restMs(): number {
    if (this.#walBytes >= writerLimits.gapCheckpointBytes) return writerLimits.gapMs;
    return this.#walBytes > 0 ? writerLimits.idleCheckpointMs : Number.POSITIVE_INFINITY;
  }

  handle(request: Exclude<WriterRequest, { kind: 'close' }>): WriterAnswer {
    switch (request.kind) {
      case 'commit':
        return this.#commit(request);
      case 'prune':
        return this.#attempt(() => this.#statements.prune.run(request.epoch, request.epoch, request.uptoSeq).changes);
      case 'idle':
        return this.#answer(0);
      default:
        return request satisfies never;
    }
  }

  /** After an answer was given: the WAL is restarted at once only when it grew beyond the force limit. */
  afterAnswer(): void {
    if (this.#walBytes >= writerLimits.forcedCheckpointBytes) this.rest();
  }

  /** Nothing to do for {@link restMs}. */
  rest(): void {
    try {
      this.#held = !checkpoint(this.#database);
      if (!this.#held) this.#walBytes = 0;
      if (!this.#ballast.whole) this.#ballast.rebuild();
    } catch {
      this.#held = true;
    }
  }

  fileState(): FileState {
    const pages = Number(this.#statements.pages.get());
    const free = Number(this.#statements.freePages.get());
    return {
      usedBytes: (pages - free) * journalFileLimits.pageBytes,
      ballast: this.#ballast.whole,
      walHeld: this.#held && sizeOf(`${this.#file}-wal`) > writerLimits.alarmBytes,
    };
  }

  close(): void {
    this.#database.close();
  }

  #commit(request: Commit): WriterAnswer {
    if (this.#unavailable) return this.#failed({ code: 'unavailable', detail: 'two I/O errors within a minute' });
    this.#commits++;
    this.#walBytes +=
      (request.rows.length + request.projections.length + 1) * pagesPerChange * journalFileLimits.pageBytes;
    return this.#attempt(() => this.#write(request), request);
  }

  #write(request: Commit): number {
    const fails = this.#faults.failAt?.commit === this.#commits ? this.#faults.failAt.how : null;
    if (fails === 'full') throw sqliteError('SQLITE_FULL');
    if (fails === 'ioerr-absent') throw sqliteError('SQLITE_IOERR_FSYNC');
    this.#statements.commit(request);
    if (this.#faults.fsyncDelayMs) stall(this.#faults.fsyncDelayMs);
    if (fails === 'ioerr-present') throw sqliteError('SQLITE_IOERR_FSYNC');
    return request.rows.length;
  }

  #attempt(work: () => number, request?: Commit): WriterAnswer {
    try {
      return this.#answer(work());
    } catch (error) {
      const code = codeOf(error);
      if (code.startsWith('SQLITE_FULL')) return this.#retryWithoutBallast(work, error);
      if (code.startsWith('SQLITE_IOERR')) return this.#outcomeUnknown(request, error);
      return this.#failed({ code: 'absent', detail: messageOf(error) });
    }
  }

  /** After SQLITE_FULL the transaction is already rolled back. */
  #retryWithoutBallast(work: () => number, first: unknown): WriterAnswer {
    if (!this.#ballast.release()) return this.#failed({ code: 'full', detail: messageOf(first) });
    try {
      return this.#answer(work());
    } catch (error) {
      return this.#failed({ code: 'full', detail: messageOf(error) });
    }
  }

  /**
   * The row may be there or not, and if it is, perhaps only in the page cache: it counts only after a
   * checkpoint whose own fsync succeeds.
   */
  #outcomeUnknown(request: Commit | undefined, error: unknown): WriterAnswer {
    const now = this.#clock.monoMs();
    const again = this.#lastFaultMonoMs !== null && now - this.#lastFaultMonoMs < writerLimits.faultWindowMs;
    this.#lastFaultMonoMs = now;
    try {
      this.#reopen();
      remember(this.#database, 'doubt', messageOf(error));
      const durable = this.#isThere(request?.rows.at(-1)) && checkpoint(this.#database);
      if (durable) return this.#answer(request?.rows.length ?? 0);
      if (!again) return this.#failed({ code: 'absent', detail: messageOf(error) });
    } catch {
      // Not even reopening works: the same answer as a second error.
    }
    this.#unavailable = true;
    return this.#failed({ code: 'unavailable', detail: messageOf(error) });
  }

  #reopen(): void {
    try {
      this.#database.close();
    } catch {
      // What cannot be closed is left behind; the new connection decides.
    }
    this.#database = openWriter(this.#open, this.#file);
    this.#statements = prepare(this.#database);
  }

  #isThere(row: RowToWrite | undefined): boolean {
    return row !== undefined && this.#statements.find.get(row.epoch, row.seq) !== undefined;
  }

  #answer(changed: number): WriterAnswer {
    return { ok: true, changed, file: this.fileState() };
  }

  #failed(fault: WriterFault): WriterAnswer {
    return { ok: false, fault, file: { usedBytes: 0, ballast: false, walHeld: this.#held } };
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
  const commit = database.transaction(({ rows, projections }: Commit) => {
    for (const row of rows) insert.run(row.epoch, row.seq, row.body, row.hash, row.ref, row.type, row.day);
    for (const { space, key, value } of projections) {
      if (value === null) remove.run(space, key);
      else put.run(space, key, value);
    }
  });
  return {
    commit: commit.immediate,
    prune: database.prepare('DELETE FROM journal WHERE epoch < ? OR (epoch = ? AND seq <= ?)'),
    find: database.prepare('SELECT 1 FROM journal WHERE epoch = ? AND seq = ?'),
    pages: database.prepare('PRAGMA page_count').pluck(),
    freePages: database.prepare('PRAGMA freelist_count').pluck(),
  };
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** An injected fault: the shape SQLite's own has. */
const sqliteError = (code: string): Error => Object.assign(new Error(`${code} (injected)`), { code });

function stall(byMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, byMs);
}

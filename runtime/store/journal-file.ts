// journal.db as a file: its schema, and the recipe by which the one writer opens it. The order matters:
// better-sqlite3 is compiled with WAL default NORMAL, and only a FULL set after WAL outlives the first
// transaction; so the settings are read back after it.
import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { StileError } from '../core/errors.ts';
import { limitPageCache, pageCacheKibibytes } from './page-cache.ts';
import { assertSqliteVersion } from './sqlite-version.ts';

export type Sqlite = Database.Database;
export type OpenSqlite = (file: string, options?: Database.Options) => Sqlite;

export const journalFileLimits = {
  /** The WAL is kept at this size, so that commits overwrite in place instead of growing it. */
  warmWalBytes: 4_194_304,
  warmBlobBytes: 4_000_000,
  pageBytes: 4_096,
  /** A page and its header, as SQLite's file format lays a WAL frame out. */
  walFrameBytes: 4_120,
  busyTimeoutMs: 2_000,
} as const;

const schema = `
CREATE TABLE IF NOT EXISTS journal (
  epoch INTEGER NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL,
  ref TEXT NOT NULL, type TEXT NOT NULL, day TEXT NOT NULL,
  PRIMARY KEY (epoch, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS journal_ref ON journal (ref);
CREATE TABLE IF NOT EXISTS projection (
  space TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (space, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS scratch (filler BLOB);
CREATE TRIGGER IF NOT EXISTS journal_never_edited BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'journal rows are never edited'); END;
CREATE TRIGGER IF NOT EXISTS journal_appended_at_the_end BEFORE INSERT ON journal
WHEN EXISTS (SELECT 1 FROM journal WHERE epoch > NEW.epoch)
  OR NEW.seq <> coalesce((SELECT max(seq) + 1 FROM journal WHERE epoch = NEW.epoch), NEW.seq)
BEGIN SELECT RAISE(ABORT, 'journal rows are appended at the end only'); END;
CREATE TRIGGER IF NOT EXISTS journal_pruned_from_oldest BEFORE DELETE ON journal
WHEN EXISTS (SELECT 1 FROM journal WHERE (epoch, seq) < (OLD.epoch, OLD.seq))
  OR NOT EXISTS (SELECT 1 FROM journal WHERE (epoch, seq) > (OLD.epoch, OLD.seq))
BEGIN SELECT RAISE(ABORT, 'journal rows are pruned from the oldest end only, and never the newest'); END;
`;

/** Opens for writing by the recipe. @throws StileError JOURNAL_SQLITE_REFUSED, JOURNAL_UNAVAILABLE; SqliteError. */
export function openWriter(open: OpenSqlite, file: string): Sqlite {
  const database = open(file);
  try {
    applyRecipe(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function applyRecipe(database: Sqlite): void {
  assertSqliteVersion(String(database.prepare('SELECT sqlite_version()').pluck().get()));
  const mode = database.pragma('journal_mode = WAL', { simple: true });
  if (mode !== 'wal') throw unavailable(`journal mode is ${String(mode)}, not wal`);
  database.pragma('synchronous = FULL');
  database.pragma('wal_autocheckpoint = 0');
  database.pragma(`journal_size_limit = ${journalFileLimits.warmWalBytes}`);
  database.pragma('foreign_keys = ON');
  database.pragma('trusted_schema = OFF');
  database.pragma('cell_size_check = ON');
  database.pragma(`busy_timeout = ${journalFileLimits.busyTimeoutMs}`);
  database.pragma('mmap_size = 0');
  limitPageCache(database, pageCacheKibibytes.writer);
  database.exec(schema);
  countOpening(database);
  assertDurable(database);
}

/** The first transaction of this connection. Which rows follow is known only when the chain has been checked. */
function countOpening(database: Sqlite): void {
  database.exec(
    "INSERT INTO meta (name, value) VALUES ('opened', '1') ON CONFLICT (name) DO UPDATE SET value = value + 1",
  );
}

/** Reads the settings back. Only after a transaction: earlier the answer proves nothing. */
export function assertDurable(database: Sqlite): void {
  const synchronous = database.pragma('synchronous', { simple: true });
  const mode = database.pragma('journal_mode', { simple: true });
  if (synchronous === 2 && mode === 'wal') return;
  throw unavailable(
    `synchronous is ${String(synchronous)} and journal mode ${String(mode)} after the first transaction`,
  );
}

/** Grows the WAL once to its standing size. A clean close deletes it, so this runs at every start. */
export function warmWal(database: Sqlite, file: string): void {
  if (sizeOf(`${file}-wal`) < journalFileLimits.warmBlobBytes) {
    database.prepare('INSERT INTO scratch (filler) VALUES (zeroblob(?))').run(journalFileLimits.warmBlobBytes);
    database.prepare('DELETE FROM scratch').run();
  }
  checkpoint(database);
}

export interface WalState {
  /** A reader holds the WAL: it could not be restarted. */
  readonly held: boolean;
  /** Written since the WAL was restarted last. */
  readonly walBytes: number;
  /** The part of it that the database file does not have yet. */
  readonly pendingBytes: number;
}

interface CheckpointAnswer {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}

/**
 * Moves the WAL into the database and restarts it. Never waits for a reader: a commit that came
 * meanwhile would wait with it.
 */
export function checkpoint(database: Sqlite): WalState {
  database.pragma('busy_timeout = 0');
  try {
    const [answer] = database.pragma('wal_checkpoint(RESTART)') as readonly CheckpointAnswer[];
    return stateOf(answer);
  } finally {
    database.pragma(`busy_timeout = ${journalFileLimits.busyTimeoutMs}`);
  }
}

/** Prepared once: asks how far the WAL is ahead without moving anything (SQLite 3.51 and later). */
export function walProbe(database: Sqlite): () => WalState {
  const probe = database.prepare('PRAGMA wal_checkpoint(NOOP)');
  return () => stateOf(probe.get() as CheckpointAnswer | undefined);
}

function stateOf(answer: CheckpointAnswer | undefined): WalState {
  const { busy, log, checkpointed } = answer ?? { busy: 1, log: 0, checkpointed: 0 };
  const { walFrameBytes } = journalFileLimits;
  return { held: busy !== 0, walBytes: log * walFrameBytes, pendingBytes: (log - checkpointed) * walFrameBytes };
}

export function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

/** SQLite's own code of an error, or an empty string. */
export const sqliteCodeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

export const isCorruption = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(sqliteCodeOf(error));

const unavailable = (problem: string): StileError =>
  new StileError('JOURNAL_UNAVAILABLE', `journal cannot be made durable: ${problem}`, {
    remedy: 'Put the data folder on a local, writable file system (ext4) that supports shared memory maps.',
  });

// lists.db: signed documents and the exact rows of the deny list. Replaceable: what is lost here is
// fetched again, and how old it may be is remembered in the journal.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import type { Bytes } from '../core/bytes.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { isCorruption, type OpenSqlite, type Sqlite, sqliteCodeOf } from './journal-file.ts';
import { limitPageCache, pageCacheKibibytes } from './page-cache.ts';

export interface KeptDocument {
  readonly kind: string;
  readonly target: string;
  readonly version: number;
  /** SHA-256 of `bytes`. */
  readonly hash: Bytes;
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly bytes: Bytes;
}

/** One entry of the deny list, as tokens/deny describes it. */
export interface DenyRow {
  readonly issuer: string;
  readonly type: 1 | 2;
  readonly id: Bytes;
  readonly issuedBefore: number;
  readonly begin: number;
  readonly end: number;
  readonly why: number;
  readonly ref: string;
}

export interface ListStore {
  put(document: KeptDocument): void;
  get(kind: string, target: string): KeptDocument | null;
  /** The whole list at once, in one transaction. */
  replaceDeny(entries: readonly DenyRow[]): void;
  denyRow(issuer: string, type: 1 | 2, id: Bytes): DenyRow | null;
  close(): void;
}

const schema = `
CREATE TABLE IF NOT EXISTS document (
  kind TEXT NOT NULL, target TEXT NOT NULL, version INTEGER NOT NULL, hash BLOB NOT NULL,
  issued_at INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (kind, target)
);
CREATE TABLE IF NOT EXISTS deny (
  issuer TEXT NOT NULL, type INTEGER NOT NULL, id BLOB NOT NULL, issued_before INTEGER NOT NULL,
  begin INTEGER NOT NULL, end INTEGER NOT NULL, why INTEGER NOT NULL, ref TEXT NOT NULL,
  PRIMARY KEY (issuer, type, id)
) WITHOUT ROWID;
`;

/**
 * Opens, or makes anew where the file is damaged: nothing in it is precious. A full or failing disk is no
 * damage: then it throws and the file stays. @throws SqliteError.
 */
export async function openListStore(directory: string, logger: Logger): Promise<ListStore> {
  const { default: Sqlite } = await import('better-sqlite3');
  const file = join(directory, 'lists.db');
  const open: OpenSqlite = (path, options?: Database.Options) => new Sqlite(path, options);
  try {
    return openSound(open, file);
  } catch (error) {
    if (!isDamage(error)) throw error;
    logger.warn('lists.db is damaged and made anew', { path: file, detail: messageOf(error) });
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    return openSound(open, file);
  }
}

function openSound(open: OpenSqlite, file: string): ListStore {
  const database = open(file);
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    limitPageCache(database, pageCacheKibibytes.lists);
    if (database.pragma('quick_check(1)', { simple: true }) !== 'ok') throw new DamagedLists('quick_check failed');
    database.exec(schema);
    return new SqliteListStore(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

class DamagedLists extends Error {}

/** Bytes that are no database, or a database with other tables than these. */
const isDamage = (error: unknown): boolean =>
  error instanceof DamagedLists || isCorruption(error) || sqliteCodeOf(error) === 'SQLITE_ERROR';

class SqliteListStore implements ListStore {
  readonly #database: Sqlite;
  readonly #put;
  readonly #get;
  readonly #deny;
  readonly #replace;

  constructor(database: Sqlite) {
    this.#database = database;
    this.#put = database.prepare(
      'INSERT OR REPLACE INTO document (kind, target, version, hash, issued_at, bytes) VALUES (@kind, @target, @version, @hash, @issuedAt, @bytes)',
    );
    this.#get = database.prepare(
      'SELECT kind, target, version, hash, issued_at AS issuedAt, bytes FROM document WHERE kind = ? AND target = ?',
    );
    this.#deny = database.prepare(
      'SELECT issuer, type, id, issued_before AS issuedBefore, begin, end, why, ref FROM deny WHERE issuer = ? AND type = ? AND id = ?',
    );
    const insert = database.prepare(
      'INSERT INTO deny (issuer, type, id, issued_before, begin, end, why, ref) VALUES (@issuer, @type, @id, @issuedBefore, @begin, @end, @why, @ref)',
    );
    this.#replace = database.transaction((entries: readonly DenyRow[]) => {
      database.exec('DELETE FROM deny');
      for (const entry of entries) insert.run(entry);
    });
  }

  put(document: KeptDocument): void {
    this.#put.run(document);
  }

  get(kind: string, target: string): KeptDocument | null {
    const row = this.#get.get(kind, target) as KeptDocument | undefined;
    return row ? { ...row, hash: new Uint8Array(row.hash), bytes: new Uint8Array(row.bytes) } : null;
  }

  replaceDeny(entries: readonly DenyRow[]): void {
    this.#replace(entries);
  }

  denyRow(issuer: string, type: 1 | 2, id: Bytes): DenyRow | null {
    const row = this.#deny.get(issuer, type, id) as DenyRow | undefined;
    return row ? { ...row, id: new Uint8Array(row.id) } : null;
  }

  close(): void {
    this.#database.close();
  }
}

// SQLite behind the port of the stores: one connection, on which transactions and statements take turns, so that
// nobody reads or writes in the middle of somebody else's transaction.
import { resolve } from 'node:path';
import type Database from 'better-sqlite3';
import { messageOf, StileError } from '../../../runtime/core/errors.ts';
import { ignoreKnown, type SqlDatabase, type SqlSession, type SqlTable, type SqlValue, type SqlWords } from './sql.ts';

const words: SqlWords = {
  integer: 'INTEGER',
  bytes: 'BLOB',
  counted: 'INTEGER PRIMARY KEY',
  arrival: '',
  forUpdate: '',
};

/** @throws StileError NATIVE_PACKAGE_MISSING, FILE_UNREADABLE. */
export async function openSqliteDatabase(path: string): Promise<SqliteDatabase> {
  let open: typeof Database;
  try {
    open = (await import('better-sqlite3')).default;
  } catch (cause) {
    throw new StileError('NATIVE_PACKAGE_MISSING', `better-sqlite3 cannot be loaded: ${messageOf(cause)}`, {
      remedy: 'Run npm ci on this machine, with a C++ compiler at hand.',
      cause,
    });
  }
  try {
    const db = open(path);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('busy_timeout = 2000');
    return new SqliteDatabase(db, path === ':memory:' ? new Turns() : turnsOf(path));
  } catch (cause) {
    throw new StileError('FILE_UNREADABLE', `head-end database ${path}: ${messageOf(cause)}`, {
      remedy: 'Check that the folder exists and is writable, and that no other head end uses the file.',
      cause,
    });
  }
}

export class SqliteDatabase implements SqlDatabase {
  readonly words = words;
  readonly #db: Database.Database;
  readonly #session: SqliteSession;
  readonly #turns: Turns;

  constructor(db: Database.Database, turns: Turns) {
    this.#db = db;
    this.#turns = turns;
    this.#session = new SqliteSession(db);
  }

  all<Row>(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#turns.take(() => this.#session.all<Row>(sql, ...values));
  }

  run(sql: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.#turns.take(() => this.#session.run(sql, ...values));
  }

  insertAll(table: SqlTable, rows: readonly (readonly SqlValue[])[], conflict?: string): Promise<void> {
    return this.transaction((session) => session.insertAll(table, rows, conflict));
  }

  script(sql: string): Promise<void> {
    return this.#turns.take(() => this.#session.script(sql));
  }

  transaction<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    return this.#turns.take(async () => {
      this.#db.exec('BEGIN IMMEDIATE');
      try {
        const result = await work(this.#session);
        this.#db.exec('COMMIT');
        return result;
      } catch (error) {
        // A full disk may have ended the transaction by itself.
        if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  close(): Promise<void> {
    return this.#turns.take(async () => void this.#db.close());
  }
}

class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.#last.then(work);
    this.#last = next.catch(() => undefined);
    return next;
  }
}

/**
 * Connections of one process to one file share their turns: waiting for SQLite's own lock would stop the very thread
 * that has to give it back.
 */
const turnsByFile = new Map<string, WeakRef<Turns>>();

function turnsOf(path: string): Turns {
  const file = resolve(path);
  const known = turnsByFile.get(file)?.deref();
  if (known) return known;
  const turns = new Turns();
  for (const [other, held] of turnsByFile) if (!held.deref()) turnsByFile.delete(other);
  turnsByFile.set(file, new WeakRef(turns));
  return turns;
}

class SqliteSession implements SqlSession {
  readonly #db: Database.Database;
  readonly #prepared = new Map<string, Database.Statement>();

  constructor(db: Database.Database) {
    this.#db = db;
  }

  async all<Row>(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#statement(sql).all(...values) as Row[];
  }

  async run(sql: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.#statement(sql).run(...values).changes;
  }

  async insertAll(
    { name, columns }: SqlTable,
    rows: readonly (readonly SqlValue[])[],
    conflict = ignoreKnown,
  ): Promise<void> {
    const names = Object.keys(columns);
    const insert = this.#statement(
      `INSERT INTO ${name} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')}) ${conflict}`,
    );
    for (const row of rows) insert.run(...row);
  }

  async script(sql: string): Promise<void> {
    this.#db.exec(sql);
  }

  #statement(sql: string): Database.Statement {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const statement = this.#db.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

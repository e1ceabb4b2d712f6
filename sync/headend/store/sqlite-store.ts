// The embedded store: SQLite with one writer, whose BEGIN IMMEDIATE is the cursor lock. For demos, tests
// and one small site.
import type { IngestStore } from './ingest-store.ts';
import { type Migration, migrate } from './migrate.ts';
import { keepPositions, prunedUptoColumn, rowSchema } from './row-schema.ts';
import type { SqlDatabase, SqlSession, SqlWords } from './sql.ts';
import type { DayKeeper } from './sql-rows.ts';
import { sqlStore } from './sql-store.ts';
import { openSqliteDatabase } from './sqlite-database.ts';

const rows = `
CREATE TABLE IF NOT EXISTS tx (
  terminal TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, day TEXT NOT NULL,
  body BLOB NOT NULL, hash BLOB NOT NULL, ref TEXT NOT NULL, type TEXT NOT NULL, act TEXT NOT NULL,
  reason TEXT, arrived_ms INTEGER NOT NULL, verdict TEXT, digest BLOB,
  PRIMARY KEY (terminal, epoch, seq, day)
);
CREATE INDEX IF NOT EXISTS tx_day ON tx (day);
CREATE INDEX IF NOT EXISTS tx_ref ON tx (ref);
CREATE INDEX IF NOT EXISTS tx_digest ON tx (digest) WHERE digest IS NOT NULL;
CREATE INDEX IF NOT EXISTS tx_unjudged ON tx (terminal) WHERE verdict IS NULL;
`;

/** Files from before migrations were counted may have any of the first two. */
const migrationsOf = (words: SqlWords): readonly Migration[] => [
  { number: 1, apply: rows + rowSchema(words) },
  {
    number: 2,
    apply: async (session) => {
      await addColumn(session, 'ticket', 'ALTER TABLE tx ADD COLUMN ticket BLOB');
      await session.script('CREATE INDEX IF NOT EXISTS tx_ticket ON tx (ticket) WHERE ticket IS NOT NULL');
    },
  },
  { number: 3, apply: prunedUptoColumn(words) },
];

async function addColumn(session: SqlSession, column: string, alter: string): Promise<void> {
  const known = await session.all(`SELECT name FROM pragma_table_info('tx') WHERE name = ?`, column);
  if (known.length === 0) await session.script(alter);
}

/** @throws StileError NATIVE_PACKAGE_MISSING, FILE_UNREADABLE, DATABASE_REFUSED. */
export async function openSqliteStore(path: string): Promise<IngestStore> {
  const db = await openSqliteDatabase(path);
  try {
    await migrate(db, 'rows', migrationsOf(db.words));
    return sqlStore(db, new SqliteDays(db));
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** A day is an indexed column. */
class SqliteDays implements DayKeeper {
  readonly #db: SqlDatabase;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  async prepare(): Promise<void> {}

  prune(day: string, arrivedMs: number): Promise<number> {
    const old = 'day < ? AND arrived_ms < ? AND verdict IS NOT NULL';
    return this.#db.transaction(async (session) => {
      await session.run(keepPositions(`tx WHERE ${old}`), day, arrivedMs);
      return session.run(`DELETE FROM tx WHERE ${old}`, day, arrivedMs);
    });
  }
}

// The store for more than one site: PostgreSQL, rows in one partition for each business day, several workers at once.
// A cursor row locked FOR UPDATE is what one worker waits for while another has rows of the same terminal.
import type { IngestStore } from './ingest-store.ts';
import { type LoanDatabase, loansIn } from './loan-database.ts';
import { type Migration, migrate } from './migrate.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { PostgresDays } from './postgres-days.ts';
import { prunedUptoColumn, rowSchema } from './row-schema.ts';
import type { SqlSession, SqlWords } from './sql.ts';
import { sqlStore } from './sql-store.ts';

/** `rowid` is the order of arrival, which SQLite keeps by itself. A day is compared byte by byte, as in the partitions. */
const rows = `
CREATE SEQUENCE tx_arrival;
CREATE TABLE tx (
  rowid BIGINT NOT NULL DEFAULT nextval('tx_arrival'),
  terminal TEXT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL, day TEXT COLLATE "C" NOT NULL,
  body BYTEA NOT NULL, hash BYTEA NOT NULL, ref TEXT NOT NULL, type TEXT NOT NULL, act TEXT NOT NULL,
  reason TEXT, arrived_ms BIGINT NOT NULL, verdict TEXT, digest BYTEA, ticket BYTEA,
  PRIMARY KEY (terminal, epoch, seq, day)
) PARTITION BY RANGE (day);
CREATE TABLE tx_default PARTITION OF tx DEFAULT;
CREATE INDEX tx_arrived ON tx (rowid);
CREATE INDEX tx_ref ON tx (ref);
CREATE INDEX tx_digest ON tx (digest) WHERE digest IS NOT NULL;
CREATE INDEX tx_ticket ON tx (ticket) WHERE ticket IS NOT NULL;
CREATE INDEX tx_unjudged ON tx (rowid) WHERE verdict IS NULL;
`;

const migrationsOf = (words: SqlWords): readonly Migration[] => [
  { number: 1, apply: rows + rowSchema(words) },
  { number: 2, apply: prunedUptoColumn(words) },
];

/** Two processes that start at once do not both make the tables. */
const lock = async (session: SqlSession): Promise<void> => {
  await session.all(`SELECT pg_advisory_xact_lock(hashtextextended('stile migrations', 0))`);
};

/** @throws StileError DATABASE_REFUSED for tables of a newer version. */
export async function openPostgresStore(database: PostgresDatabase): Promise<IngestStore> {
  try {
    await migrate(database, 'rows', migrationsOf(database.words), lock);
    return sqlStore(database, new PostgresDays(database));
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** In the database of the rows, over connections of its own. */
export const openPostgresLoans = (database: PostgresDatabase): Promise<LoanDatabase> => loansIn(database, lock);

// One partition for each business day, so that forgetting a day is dropping a table. A day that no clock in order could
// mean goes to the default partition, which a lost clock may fill with any year.
import { keepPositions } from './row-schema.ts';
import { first, type SqlDatabase, type SqlSession } from './sql.ts';
import type { DayKeeper } from './sql-rows.ts';

export const dayLimits = { pastDays: 400, futureDays: 2 } as const;

const dayMs = 86_400_000;

export class PostgresDays implements DayKeeper {
  readonly #db: SqlDatabase;
  readonly #prepared = new Set<string>();

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  /** In a transaction of its own: a new partition waits for everybody, and nobody is to wait for a cursor meanwhile. */
  async prepare(days: readonly string[], nowMs: number): Promise<void> {
    for (const day of days) {
      if (this.#prepared.has(day) || !isNear(day, nowMs)) continue;
      await this.#db.transaction((session) => addPartition(session, day));
      if (this.#prepared.size >= dayLimits.pastDays + dayLimits.futureDays) this.#prepared.clear();
      this.#prepared.add(day);
    }
  }

  async prune(day: string, arrivedMs: number): Promise<number> {
    let count = 0;
    for (const partition of await this.#partitionsBefore(day)) {
      count += await this.#db.transaction((session) => dropPartition(session, partition, arrivedMs));
    }
    this.#prepared.clear();
    const old = 'day < ? AND arrived_ms < ? AND verdict IS NOT NULL';
    return this.#db.transaction(async (session) => {
      await session.run(keepPositions(`tx_default WHERE ${old}`), day, arrivedMs);
      return count + (await session.run(`DELETE FROM tx_default WHERE ${old}`, day, arrivedMs));
    });
  }

  async #partitionsBefore(day: string): Promise<readonly string[]> {
    const found = await this.#db.all<{ name: string }>(
      `SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
       WHERE inhparent = 'tx'::regclass AND relname COLLATE "C" < ? AND relname <> 'tx_default' ORDER BY relname`,
      partitionOf(day),
    );
    return found.map(({ name }) => name).filter((name) => /^tx_\d{4}_\d{2}_\d{2}$/.test(name));
  }
}

async function addPartition(session: SqlSession, day: string): Promise<void> {
  await session.all(`SELECT pg_advisory_xact_lock(hashtextextended('stile partitions', 0))`);
  // Rows of a day that was far ahead when they came: the partition would have to take them over.
  const early = await session.all('SELECT 1 AS found FROM tx_default WHERE day = ? LIMIT 1', day);
  if (early.length > 0) return;
  const next = dayAfter(day);
  await session.script(
    `CREATE TABLE IF NOT EXISTS ${partitionOf(day)} PARTITION OF tx FOR VALUES FROM ('${day}') TO ('${next}')`,
  );
}

/**
 * The whole day, or nothing while one of its rows is young or without a verdict. Cursors are written before the table
 * goes, in the order in which ingest takes them.
 */
async function dropPartition(session: SqlSession, partition: string, arrivedMs: number): Promise<number> {
  await session.script(`LOCK TABLE ONLY ${partition} IN SHARE MODE`);
  const kept = `SELECT 1 AS found FROM ${partition} WHERE arrived_ms >= ? OR verdict IS NULL LIMIT 1`;
  if ((await session.all(kept, arrivedMs)).length > 0) return 0;
  const counted = await session.all<{ n: number }>(`SELECT count(*) AS n FROM ${partition}`);
  await session.run(keepPositions(partition));
  await session.script(`DROP TABLE ${partition}`);
  return first(counted)?.n ?? 0;
}

const partitionOf = (day: string): string => `tx_${day.replaceAll('-', '_')}`;

/** A day of the calendar, and one that a row may well have. */
function isNear(day: string, nowMs: number): boolean {
  const atMs = startOf(day);
  if (isoDay(atMs) !== day) return false;
  return atMs > nowMs - dayLimits.pastDays * dayMs && atMs < nowMs + dayLimits.futureDays * dayMs;
}

const dayAfter = (day: string): string => isoDay(startOf(day) + dayMs);

const startOf = (day: string): number => {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return Date.UTC(year, month - 1, date);
};

const isoDay = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

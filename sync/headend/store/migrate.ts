// Brings a database to the form that this version needs. Each step has a number and is recorded in the transaction
// that makes it, so that a start after a crash, or of a second process, repeats nothing.
import { StileError } from '../../../runtime/core/errors.ts';
import type { SqlDatabase, SqlSession } from './sql.ts';

export interface Migration {
  readonly number: number;
  readonly apply: string | ((session: SqlSession) => Promise<void>);
}

/**
 * `part` names the tables that belong together: rows, or loans. Returns the numbers that were applied.
 * @throws StileError DATABASE_REFUSED for a database of a newer version.
 */
export async function migrate(
  database: SqlDatabase,
  part: string,
  migrations: readonly Migration[],
  lock?: (session: SqlSession) => Promise<void>,
): Promise<readonly number[]> {
  return database.transaction(async (session) => {
    await lock?.(session);
    await session.script(
      `CREATE TABLE IF NOT EXISTS migration (part TEXT NOT NULL, number ${database.words.integer} NOT NULL,
         PRIMARY KEY (part, number))`,
    );
    const known = await session.all<{ number: number }>('SELECT number FROM migration WHERE part = ?', part);
    const done = new Set(known.map(({ number }) => number));
    refuseNewer(part, Math.max(0, ...done), migrations);
    const missing = migrations.filter(({ number }) => !done.has(number));
    for (const { number, apply } of missing) {
      if (typeof apply === 'string') await session.script(apply);
      else await apply(session);
      await session.run('INSERT INTO migration (part, number) VALUES (?, ?)', part, number);
    }
    return missing.map(({ number }) => number);
  });
}

function refuseNewer(part: string, newest: number, migrations: readonly Migration[]): void {
  const last = Math.max(0, ...migrations.map(({ number }) => number));
  if (newest <= last) return;
  throw new StileError('DATABASE_REFUSED', `the tables for ${part} have form ${newest}; this version knows ${last}`, {
    remedy: 'Run the version that made them, or a later one; an older one may lose what it does not know.',
  });
}

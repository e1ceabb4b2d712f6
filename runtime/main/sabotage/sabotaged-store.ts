// Breaks a head end's store on purpose, so that the checker of a tour can show that it would notice: the
// first ride, or the first admission, is acknowledged but not kept, or kept a second time under another business day.
import { StileError } from '../../core/errors.ts';

export const storeSabotages = ['drop-row', 'double-row', 'drop-museum-row'] as const;
export type StoreSabotage = (typeof storeSabotages)[number];

const columns = 'terminal, epoch, seq, body, hash, ref, type, act, reason, arrived_ms, verdict, digest';
const drop = 'DELETE FROM tx WHERE rowid = NEW.rowid;';
const double = `INSERT INTO tx (day, ${columns}) SELECT '1999-12-31', ${columns} FROM tx WHERE rowid = NEW.rowid;`;
const actions: Readonly<Record<StoreSabotage, { readonly act: 'ride' | 'admit'; readonly action: string }>> = {
  'drop-row': { act: 'ride', action: drop },
  'double-row': { act: 'ride', action: double },
  'drop-museum-row': { act: 'admit', action: drop },
};

/** Leaves a trigger in the database at `file`, whose tables exist. It acts once. */
export async function sabotageStore(file: string, sabotage: StoreSabotage): Promise<void> {
  const { default: Database } = await import('better-sqlite3');
  const database = new Database(file);
  const { act, action } = actions[sabotage];
  database.exec(`
    CREATE TABLE IF NOT EXISTS sabotaged (at INTEGER);
    CREATE TRIGGER IF NOT EXISTS sabotage AFTER INSERT ON tx
    WHEN NEW.act = '${act}' AND NOT EXISTS (SELECT 1 FROM sabotaged)
    BEGIN INSERT INTO sabotaged VALUES (1); ${action} END;
  `);
  database.close();
}

/** @throws StileError USAGE. */
export function parseStoreSabotage(text: string): StoreSabotage {
  const found = storeSabotages.find((known) => known === text);
  if (found) return found;
  throw new StileError('USAGE', `sabotage ${JSON.stringify(text)} is not known`, {
    remedy: `Allowed: ${storeSabotages.join(', ')}.`,
  });
}

// Small facts about the journal file itself, kept in it by name.
import type { ChainHead } from '../records/chain.ts';
import type { Sqlite } from './journal-file.ts';

/**
 * boot: id of the boot that wrote last. doubt: an I/O error that was survived. salvaging: the file whose
 * rows are being saved; gone with the first row of the next epoch. problem: why they had to be.
 */
export type MetaName = 'boot' | 'doubt' | 'salvaging' | 'problem';

export function remember(database: Sqlite, name: MetaName, value: string): void {
  database
    .prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
    .run(name, value);
}

/** Empty where nothing is remembered. */
export const recall = (database: Sqlite, name: MetaName): string =>
  String(database.prepare('SELECT value FROM meta WHERE name = ?').pluck().get(name) ?? '');

export function headOf(database: Sqlite): ChainHead | null {
  const row = database.prepare('SELECT epoch, seq, hash FROM journal ORDER BY epoch DESC, seq DESC LIMIT 1').get() as
    | ChainHead
    | undefined;
  return row ? { epoch: row.epoch, seq: row.seq, hash: new Uint8Array(row.hash) } : null;
}

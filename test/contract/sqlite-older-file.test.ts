// A SQLite file of a head end from before its tables were counted opens, keeps its rows, and learns what is new.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { utf8 } from '../../runtime/core/bytes.ts';
import { openSqliteStore } from '../../sync/headend/store/sqlite-store.ts';
import { RowSource, ticket } from '../fixtures/row-batches.ts';

test('a SQLite file from before tickets were found opens, and learns to', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stile-store-'));
  const file = join(folder, 'old.db');
  const first = await openSqliteStore(file);
  await first.commitBatches([new RowSource('north', 2).batch(0, 2)]);
  await first.close();
  const database = new Database(file);
  database.exec(`
    DROP INDEX tx_ticket; ALTER TABLE tx DROP COLUMN ticket; ALTER TABLE cursor DROP COLUMN pruned_upto;
    DROP TABLE state; DROP TABLE migration`);
  database.close();
  const store = await openSqliteStore(file);
  const east = new RowSource('east', 2, { columns: (seq) => ({ ticket: seq === 1 ? ticket(1) : null }) });
  await store.commitBatches([east.batch(0, 2)]);
  expect(await store.sameTicket(ticket(1), 10)).toHaveLength(1);
  expect((await store.counts()).rows).toBe(4);
  await store.saveState('zone/7/hall', utf8('x'));
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

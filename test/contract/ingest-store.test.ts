// What the head end relies on in its database beside the rows: values of its own that survive, tickets found
// over all terminals, and files of an older version that open.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bytes, utf8 } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import { zeroHash } from '../../runtime/records/row.ts';
import type { IngestBatch, IngestStore } from '../../sync/headend/store/ingest-store.ts';
import { openSqliteStore } from '../../sync/headend/store/sqlite-store.ts';
import { epochOfGeneration, MemoryJournal } from '../fixtures/memory-journal.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stile-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ticket = (cti: number): Bytes => encodeCbor(['museum', new Uint8Array(8).fill(cti)]);

/** Rows of one terminal, the given ones about a ticket. */
function batchOf(terminal: string, tickets: readonly (Bytes | null)[]): IngestBatch {
  const journal = new MemoryJournal(terminal);
  journal.appendMany(tickets.length - 1);
  const rows = journal.read(journal.epoch, 0, tickets.length);
  return {
    terminal,
    epoch: epochOfGeneration(1),
    prev: zeroHash,
    rows: rows.map(({ seq, body, hash }) => ({
      seq,
      body,
      hash,
      columns: {
        day: '2026-01-05',
        ref: `R${seq}`,
        type: 'OUTCOME',
        act: 'admit',
        reason: null,
        digest: null,
        ticket: tickets[seq] ?? null,
      },
    })),
    atMs: 1,
    history: false,
    tail: false,
    signature: new Uint8Array(64),
    arrivedMs: 1,
  };
}

describe.each<readonly [string, (file: string) => Promise<IngestStore>]>([['SQLite', openSqliteStore]])(
  'the store on %s',
  (_name, open) => {
    test('keeps the values of the head end over a restart, the newest of each name', async () => {
      const file = join(folder, 'a.db');
      const store = await open(file);
      expect(await store.state('zone/7/hall')).toBeNull();
      await store.saveState('zone/7/hall', utf8('first'));
      await store.saveState('zone/7/hall', utf8('second'));
      await store.saveState('zone/7/roof', utf8('other'));
      await store.close();
      const again = await open(file);
      expect(Buffer.from((await again.state('zone/7/hall')) ?? []).toString()).toBe('second');
      expect(Buffer.from((await again.state('zone/7/roof')) ?? []).toString()).toBe('other');
      await again.close();
    });

    test('finds the rows of a ticket on every terminal, oldest first and no more than asked for', async () => {
      const store = await open(join(folder, 'b.db'));
      await store.commitBatches([batchOf('east', [null, ticket(1), ticket(2)]), batchOf('west', [ticket(1), null])]);
      const found = await store.sameTicket(ticket(1), 10);
      expect(found.map(({ terminal, seq }) => `${terminal}/${seq}`)).toEqual(['east/1', 'west/0']);
      expect(await store.sameTicket(ticket(1), 1)).toHaveLength(1);
      expect(await store.sameTicket(ticket(3), 10)).toEqual([]);
      await store.close();
    });
  },
);

test('a SQLite file from before tickets were found opens, and learns to', async () => {
  const file = join(folder, 'old.db');
  const first = await openSqliteStore(file);
  await first.commitBatches([batchOf('north', [null, null])]);
  await first.close();
  const database = new Database(file);
  database.exec('DROP INDEX tx_ticket; ALTER TABLE tx DROP COLUMN ticket; DROP TABLE state');
  database.close();
  const store = await openSqliteStore(file);
  await store.commitBatches([batchOf('east', [null, ticket(1)])]);
  expect(await store.sameTicket(ticket(1), 10)).toHaveLength(1);
  expect((await store.counts()).rows).toBe(4);
  await store.saveState('zone/7/hall', utf8('x'));
  await store.close();
});

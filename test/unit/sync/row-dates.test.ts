// How far from a row its date is looked for, and what ends the search.
import { expect, test } from 'vitest';
import { decodeRow, type Row } from '../../../runtime/records/row.ts';
import { datingLimits, RowDates } from '../../../sync/headend/row-dates.ts';
import type { LedgerRow } from '../../../sync/headend/store/ingest-store.ts';
import { MemoryJournal } from '../../fixtures/memory-journal.ts';

const { rowsEachWay } = datingLimits;
const syncedMs = Date.UTC(2026, 0, 5, 7, 0, 0);
const lost = { wallMs: 0, clock: 'UNTRUSTED', boot: 'lost' } as const;

/** Rows as the head end holds them; `spoil` makes one unreadable. */
function stored(journal: MemoryJournal, spoil: number | null = null) {
  const rows = journal.read(journal.epoch, 0, Number.POSITIVE_INFINITY);
  let reads = 0;
  const read = async (
    _terminal: string,
    _epoch: number,
    from: number,
    limit: number,
  ): Promise<readonly LedgerRow[]> => {
    reads++;
    return rows.slice(from, from + limit).map(({ seq, body }) => {
      const readable = seq !== spoil;
      return { seq, body: readable ? body : Uint8Array.of(1), verdict: 'good' } as LedgerRow;
    });
  };
  const at = (seq: number): Row => decodeRow(rows[seq]?.body ?? new Uint8Array());
  return { dates: new RowDates({ read }), at, reads: () => reads };
}

/** Row 0 is GENESIS of another boot; then `before` lost rows, the row that is asked for, `after` more, and CLOCK. */
function journal(before: number, after: number, told = true): MemoryJournal {
  const made = new MemoryJournal('bus-1');
  for (let count = 0; count < before + 1 + after; count++) made.append('DECISION', { act: 'ride' }, lost);
  if (told) made.append('CLOCK', { act: 'sync' }, { wallMs: syncedMs, boot: 'lost' });
  return made;
}

test.each([
  ['pages away', 600, 700, true],
  ['at the bound', 0, rowsEachWay - 1, true],
  ['beyond the bound', 0, rowsEachWay, false],
])('a row that was told the time %s', async (_what, before, after, found) => {
  const { dates, at } = stored(journal(before, after));
  expect((await dates.of(at(1 + before))).anchor?.wallMs ?? null).toBe(found ? syncedMs : null);
});

test('a row of the next boot dates nothing, one of the boot before bounds', async () => {
  const made = journal(2, 2, false);
  made.append('BOOT', { act: 'boot' }, { boot: 'next' });
  const { dates, at } = stored(made);
  const genesisMs = at(0).tWallMs;
  expect(await dates.of(at(3))).toEqual({ anchor: null, afterMs: genesisMs });
});

test('a clock that was lost in mid-boot is dated by what came before', async () => {
  const made = new MemoryJournal('bus-1');
  made.append('DECISION', { act: 'ride' }, { wallMs: syncedMs, boot: 'lost' });
  made.append('DECISION', { act: 'ride' }, lost);
  const { dates, at } = stored(made);
  expect(await dates.of(at(2))).toMatchObject({ anchor: { wallMs: syncedMs }, afterMs: syncedMs });
});

test('rows of one boot cost one search, a trusted row none, and an unreadable row ends nothing', async () => {
  const { dates, at, reads } = stored(journal(0, 5), 3);
  expect((await dates.of(at(1))).anchor?.wallMs).toBe(syncedMs);
  const once = reads();
  await dates.of(at(2));
  await dates.of(at(0));
  expect(reads()).toBe(once);
});

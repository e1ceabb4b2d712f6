// What the head end relies on in its database, over every database it can have: rows exactly once whoever stores them
// and how often, holes and forks and poison kept apart, tickets over all terminals, days that can be forgotten.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { equal, utf8 } from '../../runtime/core/bytes.ts';
import type { IngestBatch, IngestStore, LedgerRow } from '../../sync/headend/store/ingest-store.ts';
import { storeLimits } from '../../sync/headend/store/ingest-store.ts';
import { epoch, RowSource, ticket, today, todayMs } from '../fixtures/row-batches.ts';
import { postgresKind, type StorePlace, sqliteKind } from '../fixtures/store-under-test.ts';
import { peer } from '../peers/available.ts';

const startMs = 120_000;
const anHourLater = todayMs + 3_600_000;

describe.each([
  { kind: sqliteKind(), missing: false },
  { kind: postgresKind(), missing: !peer('postgres') },
])('the store on $kind.name', ({ kind, missing }) => {
  describe.skipIf(missing)('keeps its contract:', { timeout: 60_000 }, () => {
    let place: StorePlace;
    let store: IngestStore;
    beforeAll(() => kind.begin(), startMs);
    beforeEach(async () => {
      place = await kind.place();
      store = await place.rows();
      return () => store.close();
    });
    afterAll(() => kind.end(), startMs);

    test('values of the head end survive a restart, the newest of each name', async () => {
      expect(await store.state('zone/7/hall')).toBeNull();
      await store.saveState('zone/7/hall', utf8('first'));
      await store.saveState('zone/7/hall', utf8('second'));
      await store.saveState('zone/7/roof', utf8('other'));
      const again = await place.rows();
      expect(textOf(await again.state('zone/7/hall'))).toBe('second');
      expect(textOf(await again.state('zone/7/roof'))).toBe('other');
      await again.close();
    });

    test('rows are stored byte for byte, and the cursor names the last', async () => {
      const east = new RowSource('east', 5);
      const [outcome] = await store.commitBatches([east.batch(0, 5)]);
      expect(outcome).toMatchObject({ stored: 5, rejections: [], cursor: { upto: 4, held: [] } });
      expect(bytesEqual(outcome?.cursor.head, east.hash(4))).toBe(true);
      const rows = await store.read('east', epoch, 0, 10);
      expect(rows.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
      expect(rows.every((row) => equal(row.body, east.row(row.seq).body) && equal(row.hash, east.hash(row.seq)))).toBe(
        true,
      );
      expect(rows[0]).toMatchObject({ epoch, day: today, ref: 'R0', act: 'admit', reason: null, arrivedMs: todayMs });
      expect(await store.counts()).toMatchObject({ rows: 5, rides: 0 });
    });

    test('rows that come again, in other pieces and in another transaction, are stored once', async () => {
      const east = new RowSource('east', 6);
      await store.commitBatches([east.batch(0, 4)]);
      const outcomes = await store.commitBatches([east.batch(0, 4), east.batch(2, 6), east.batch(5, 6)]);
      expect(outcomes.map(({ stored }) => stored)).toEqual([0, 2, 0]);
      expect(outcomes.at(-1)).toMatchObject({ rejections: [], cursor: { upto: 5 } });
      expect((await store.counts()).rows).toBe(6);
    });

    test('rows beyond a hole are held, and no consumer reads across it', async () => {
      const east = new RowSource('east', 8);
      await store.commitBatches([east.batch(0, 2), east.batch(4, 6)]);
      expect(await store.cursor('east', epoch)).toMatchObject({ upto: 1, held: [[4, 5]] });
      expect((await store.read('east', epoch, 0, 10)).map(({ seq }) => seq)).toEqual([0, 1]);
      const [filled] = await store.commitBatches([east.batch(2, 4)]);
      expect(filled?.cursor).toMatchObject({ upto: 5, held: [] });
      expect(bytesEqual(filled?.cursor.head, east.hash(5))).toBe(true);
      expect((await store.read('east', epoch, 0, 10)).length).toBe(6);
    });

    test('a batch that would open one hole too many is not taken', async () => {
      const count = 2 * storeLimits.heldRanges + 4;
      const east = new RowSource('east', count);
      for (let at = 1; at <= storeLimits.heldRanges; at++) await store.commitBatches([east.batch(2 * at, 2 * at + 1)]);
      const [refused] = await store.commitBatches([east.batch(count - 1, count)]);
      expect(refused).toMatchObject({ stored: 0, cursor: { upto: -1 } });
      expect(refused?.cursor.held).toHaveLength(storeLimits.heldRanges);
      expect((await store.counts()).rows).toBe(storeLimits.heldRanges);
    });

    test('a transaction stores everything or nothing', async () => {
      const [east, west] = [new RowSource('east', 3), new RowSource('west', 3)];
      const broken = { ...west.batch(0, 3), signature: null as unknown as Uint8Array };
      await expect(store.commitBatches([east.batch(0, 3), broken])).rejects.toThrow(/null/i);
      expect((await store.counts()).rows).toBe(0);
      expect((await store.cursor('east', epoch))?.upto ?? -1).toBe(-1);
      await store.commitBatches([east.batch(0, 3)]);
      expect((await store.counts()).rows).toBe(3);
    });

    test('two workers with rows of one terminal store each once, on one chain', async () => {
      const east = new RowSource('east', 120);
      const other = await place.rows();
      const pieces = Array.from({ length: 24 }, (_, at) => east.batch(at * 5, at * 5 + 5));
      // Each worker has most pieces, some of them the other has too, and each in its own order.
      const shares: readonly (readonly [IngestStore, readonly IngestBatch[]])[] = [
        [store, pieces.filter((_, at) => at % 3 !== 0)],
        [other, pieces.filter((_, at) => at % 3 !== 1)],
      ];
      const stored = await Promise.all(
        shares.map(async ([worker, own]) => {
          let count = 0;
          for (const batch of own) for (const outcome of await worker.commitBatches([batch])) count += outcome.stored;
          return count;
        }),
      );
      expect(stored.every((count) => count > 0)).toBe(true);
      expect(stored.reduce((sum, count) => sum + count, 0)).toBe(120);
      expect(await other.cursor('east', epoch)).toMatchObject({ upto: 119, held: [] });
      const rows = await other.read('east', epoch, 0, 1_000);
      expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 120 }, (_, seq) => seq));
      expect(await store.forkedRanges('east', epoch)).toEqual([]);
      expect(await store.incidents(10)).toEqual([]);
      await other.close();
    });

    test('a second history is kept apart, once, and people are told once', async () => {
      const [east, twin] = [new RowSource('east', 4), new RowSource('east', 4, { otherFrom: 2 })];
      await store.commitBatches([east.batch(0, 4)]);
      for (let times = 0; times < 2; times++) {
        const [outcome] = await store.commitBatches([twin.batch(1, 4)]);
        expect(outcome).toMatchObject({ stored: 0, rejections: [{ from: 2, count: 2, code: 'EFORK' }] });
      }
      expect(await store.forkedRanges('east', epoch)).toEqual([[2, 3]]);
      expect(await store.incidents(10)).toMatchObject([{ kind: 'fork', terminal: 'east', seq: 2 }]);
      expect(bytesEqual(await store.hashAt('east', epoch, 3), east.hash(3))).toBe(true);
    });

    test('an authentic row that is none is kept raw and fills its place', async () => {
      const east = new RowSource('east', 4, { columns: (seq) => (seq === 1 ? null : {}) });
      const [outcome] = await store.commitBatches([east.batch(0, 3)]);
      expect(outcome).toMatchObject({ cursor: { upto: 2 }, rejections: [{ from: 1, count: 1, code: 'EROW' }] });
      expect(bytesEqual(await store.hashAt('east', epoch, 1), east.hash(1))).toBe(true);
      const [next] = await store.commitBatches([east.batch(1, 4)]);
      expect(next).toMatchObject({ stored: 1, cursor: { upto: 3 } });
      expect(await store.counts()).toMatchObject({ rows: 3, quarantined: 1 });
    });

    test('texts that a database may refuse do not stop a row', async () => {
      const east = new RowSource('east', 2, { columns: () => ({ act: 'a\0b', reason: '\u{1F9ED}' }) });
      await store.commitBatches([east.batch(0, 2)]);
      expect((await store.read('east', epoch, 0, 1))[0]).toMatchObject({ reason: '\u{1F9ED}' });
    });

    test('what cannot be accepted is kept raw, each once, and never without bound', async () => {
      const message = { terminal: 'east', epoch, code: 'ESIG', problem: 'signature', arrivedMs: todayMs } as const;
      for (let times = 0; times < 2; times++) await store.quarantine({ ...message, raw: utf8('same') });
      expect((await store.counts()).quarantined).toBe(1);
      for (let at = 0; at < storeLimits.quarantinedMessages + 3; at++) {
        await store.quarantine({ ...message, raw: utf8(`${at}`) });
      }
      expect((await store.counts()).quarantined).toBe(storeLimits.quarantinedMessages);
    });

    test('an incident is news once', async () => {
      const incident = { kind: 'seq_gap', terminal: 'east', epoch, seq: 4, detail: 'x', openedMs: todayMs } as const;
      expect(await store.report(incident)).toBe(true);
      expect(await store.report({ ...incident, detail: 'again' })).toBe(false);
      expect(await store.report({ ...incident, seq: 9 })).toBe(true);
      expect((await store.incidents(1)).map(({ seq }) => seq)).toEqual([9]);
    });

    test('what watches for gaps does not move a cursor back', async () => {
      const east = new RowSource('east', 3);
      await store.commitBatches([east.batch(0, 2)]);
      const old = await store.cursor('east', epoch);
      await store.commitBatches([east.batch(2, 3)]);
      if (!old) throw new Error('no cursor');
      await store.saveCursorWatch({ ...old, advertised: 40, wantedSinceMs: anHourLater });
      expect(await store.cursors()).toMatchObject([{ upto: 2, advertised: 40, wantedSinceMs: anHourLater }]);
    });

    test('terminals and documents are found again, the newest version first', async () => {
      const journalKey = new Uint8Array(32).fill(3);
      await store.saveTerminal({ terminal: 'east', journalKey, lastBirth: 1, lastBirthEpoch: epoch });
      await store.saveTerminal({ terminal: 'east', journalKey, lastBirth: 2, lastBirthEpoch: epoch });
      const [known, ...more] = await store.terminals();
      expect([known?.lastBirth, known?.lastBirthEpoch, more.length]).toEqual([2, epoch, 0]);
      expect(bytesEqual(known?.journalKey, journalKey)).toBe(true);
      for (const version of [1, 3, 2]) {
        await store.saveDocument({ kind: 'deny', target: '*', version, bytes: utf8(`v${version}`), entries: version });
      }
      await store.saveDocument({ kind: 'deny', target: '*', version: 3, bytes: utf8('other') });
      const newest = await store.newestDocument('deny', '*');
      expect([newest?.version, newest?.entries, textOf(newest?.bytes ?? null)]).toEqual([3, 3, 'v3']);
      expect((await store.document('deny', '*', 2))?.version).toBe(2);
      expect(await store.document('deny', 'east', 2)).toBeNull();
    });

    test('a row is judged once, oldest arrival first', async () => {
      const [east, west] = [new RowSource('east', 2), new RowSource('west', 2)];
      await store.commitBatches([west.batch(0, 2)]);
      await store.commitBatches([east.batch(0, 2)]);
      const waiting = await store.unjudged(3);
      expect(waiting.map(position)).toEqual(['west/0', 'west/1', 'east/0']);
      await store.judge(waiting.map((row) => ({ row, verdict: 'good' })));
      expect((await store.unjudged(10)).map(position)).toEqual(['east/1']);
      expect((await store.read('west', epoch, 0, 1))[0]?.verdict).toBe('good');
      expect((await store.latest(2)).map(position)).toEqual(['east/1', 'east/0']);
    });

    test('rows are found by reference, and by digest on other terminals', async () => {
      const digest = new Uint8Array(32).fill(9);
      const marked = (terminal: string): RowSource => new RowSource(terminal, 2, { columns: () => ({ digest }) });
      await store.commitBatches([marked('east').batch(0, 1), marked('west').batch(0, 2)]);
      const [own] = await store.byReference('R0');
      expect((await store.byReference('R0')).length).toBe(2);
      expect(own && (await store.sameDigest(own)).map(({ terminal }) => terminal)).toEqual(['east']);
      expect(await store.byReference('NONE')).toEqual([]);
    });

    test('rows of a ticket are found on every terminal, oldest first and no more than asked for', async () => {
      const told = (terminal: string, tickets: readonly (Uint8Array | null)[]): IngestBatch =>
        new RowSource(terminal, tickets.length, { columns: (seq) => ({ ticket: tickets[seq] ?? null }) }).batch(
          0,
          tickets.length,
        );
      await store.commitBatches([told('east', [null, ticket(1), ticket(2)]), told('west', [ticket(1), null])]);
      expect((await store.sameTicket(ticket(1), 10)).map(position)).toEqual(['east/1', 'west/0']);
      expect(await store.sameTicket(ticket(1), 1)).toHaveLength(1);
      expect(await store.sameTicket(ticket(3), 10)).toEqual([]);
    });

    test('old days are forgotten, and a row that is sent again afterwards stays forgotten', async () => {
      const days = ['2025-11-01', '2025-11-01', '2025-11-02', today];
      const east = new RowSource('east', 6, { columns: (seq) => ({ day: days[seq] ?? today }) });
      await store.commitBatches([east.batch(0, 5)]);
      expect(await store.prune(today, anHourLater)).toBe(0);
      await judgeAll(store);
      expect(await store.prune(today, todayMs)).toBe(0);
      expect(await store.prune(today, anHourLater)).toBe(3);
      expect((await store.latest(10)).map(position)).toEqual(['east/4', 'east/3']);
      const [outcome] = await store.commitBatches([east.batch(0, 6)]);
      expect(outcome).toMatchObject({ stored: 1, rejections: [], cursor: { upto: 5 } });
      expect((await store.counts()).rows).toBe(3);
      expect(await store.prune(today, anHourLater)).toBe(0);
    });

    test('a day that no clock can mean is stored like any other', async () => {
      const east = new RowSource('east', 3, {
        columns: (seq) => ({ day: ['1970-01-01', '2199-12-31', '2026-02-31'][seq] ?? today }),
      });
      await store.commitBatches([east.batch(0, 3)]);
      await judgeAll(store);
      expect((await store.read('east', epoch, 0, 9)).map(({ day }) => day)).toEqual([
        '1970-01-01',
        '2199-12-31',
        '2026-02-31',
      ]);
      expect(await store.prune(today, todayMs)).toBe(0);
      expect(await store.prune(today, anHourLater)).toBe(1);
      expect((await store.counts()).rows).toBe(2);
    });

    test('opening it again changes nothing, and neither do two at once', async () => {
      const east = new RowSource('east', 3);
      await store.commitBatches([east.batch(0, 3)]);
      const more = await Promise.all([place.rows(), place.rows()]);
      for (const again of more) {
        expect((await again.counts()).rows).toBe(3);
        await again.close();
      }
      const fresh = await kind.place();
      const both = await Promise.all([fresh.rows(), fresh.rows()]);
      await both[0].commitBatches([east.batch(0, 3)]);
      expect((await both[1].counts()).rows).toBe(3);
      for (const one of both) await one.close();
    });

    test('tables of a newer version are left alone', async () => {
      const raw = await place.raw();
      await raw.run('INSERT INTO migration (part, number) VALUES (?, ?)', 'rows', 99);
      await raw.close();
      await expect(place.rows()).rejects.toMatchObject({ code: 'DATABASE_REFUSED' });
    });
  });
});

async function judgeAll(store: IngestStore): Promise<void> {
  await store.judge((await store.unjudged(100)).map((row) => ({ row, verdict: 'none' })));
}

const position = ({ terminal, seq }: LedgerRow): string => `${terminal}/${seq}`;
const textOf = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();
const bytesEqual = (a: Uint8Array | null | undefined, b: Uint8Array): boolean => !!a && equal(a, b);

// PostgreSQL as it fails: away at the start, killed in the middle, lost between two statements. What was acknowledged is
// there afterwards, what was not is sent again, and each time somebody is told.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SystemClock } from '../../runtime/core/clock.ts';
import { type Logger, silentLogger } from '../../runtime/core/log.ts';
import { VirtualClock } from '../../runtime/core/virtual-clock.ts';
import { openLimits, openPostgresDatabase } from '../../sync/headend/store/postgres-open.ts';
import { openPostgresStore } from '../../sync/headend/store/postgres-store.ts';
import { PostgresServer } from '../fixtures/postgres-server.ts';
import { epoch, RowSource, today, todayMs } from '../fixtures/row-batches.ts';
import { peer } from './available.ts';

const startMs = 120_000;

describe.skipIf(!peer('postgres'))('PostgreSQL', { timeout: 120_000 }, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  }, startMs);
  afterAll(() => server.remove(), startMs);

  test('rows of a day lie in a table of their own, and a lost clock makes none', async () => {
    const settings = await server.fresh();
    const store = await openPostgresStore(await server.open(settings));
    const days = [today, '2026-01-06', '1970-01-01', today];
    const east = new RowSource('east', 4, { columns: (seq) => ({ day: days[seq] ?? today }) });
    await store.commitBatches([east.batch(0, 4)]);
    const raw = await server.open(settings);
    const found = await raw.all<{ place: string; n: number }>(
      'SELECT tableoid::regclass::text AS place, count(*) AS n FROM tx GROUP BY 1 ORDER BY 1',
    );
    expect(found).toEqual([
      { place: 'tx_2026_01_05', n: 2 },
      { place: 'tx_2026_01_06', n: 1 },
      { place: 'tx_default', n: 1 },
    ]);
    await store.judge((await store.unjudged(9)).map((row) => ({ row, verdict: 'none' })));
    expect(await store.prune('2026-01-06', todayMs + 1)).toBe(3);
    expect(await raw.all(`SELECT 1 AS found FROM pg_class WHERE relname = 'tx_2026_01_05'`)).toEqual([]);
    await raw.close();
    await store.close();
  });

  test('a server that is killed while rows are committed has those that were acknowledged, once', async () => {
    const settings = await server.fresh();
    const store = await openPostgresStore(await server.open(settings));
    const east = new RowSource('east', 600);
    const acknowledged: number[] = [];
    const failed: number[] = [];
    let killed = Promise.resolve();
    const sending = (async () => {
      for (let at = 0; at < 600; at += 10) {
        await store.commitBatches([east.batch(at, at + 10)]).then(
          () => acknowledged.push(at),
          () => failed.push(at),
        );
        if (failed.length > 0) return;
        if (at === 100) killed = server.stop('SIGKILL');
      }
    })();
    await sending;
    await killed;
    expect(failed).toHaveLength(1);
    await server.run();
    const stored = await store.read('east', epoch, 0, 1_000);
    expect(stored.length).toBeGreaterThanOrEqual(10 * acknowledged.length);
    expect(stored.length % 10).toBe(0);
    for (let at = 0; at < 600; at += 100) await store.commitBatches([east.batch(at, at + 100)]);
    expect((await store.counts()).rows).toBe(600);
    expect(await store.cursor('east', epoch)).toMatchObject({ upto: 599, held: [] });
    expect(await store.incidents(9)).toEqual([]);
    await store.close();
  });

  test('a head end that starts before its database waits for it, ever longer, and says so', async () => {
    const settings = await server.fresh();
    await server.stop();
    const clock = new VirtualClock();
    const warnings = new Warnings();
    const opening = openPostgresDatabase(settings, { clock, log: warnings.log });
    for (let step = 0; warnings.waitsMs.length < 7; step++) {
      if (step > 2_000) throw new Error('it does not try again');
      await clock.advance(openLimits.mostWaitMs);
    }
    expect(warnings.waitsMs.slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(warnings.details[0]).toContain(settings.host);
    await server.run();
    let opened = false;
    const database = opening.then((open) => {
      opened = true;
      return open;
    });
    for (let step = 0; !opened; step++) {
      if (step > 20_000) throw new Error('it did not notice the server');
      await clock.advance(openLimits.mostWaitMs);
    }
    await (await database).close();
  });

  test('a server that refuses is not asked again, and the remedy names what to change', async () => {
    const settings = { ...(await server.fresh()), database: 'nobody-made-it' };
    const options = { clock: new SystemClock(), log: silentLogger };
    await expect(openPostgresDatabase(settings, options)).rejects.toMatchObject({
      code: 'DATABASE_REFUSED',
      remedy: expect.stringContaining('createdb'),
    });
  });

  test('the connections of an idle head end are lost without an end of the process', async () => {
    const settings = await server.fresh();
    const store = await openPostgresStore(await server.open(settings));
    await store.counts();
    await server.stop();
    await expect(store.counts()).rejects.toThrow();
    await server.run();
    expect((await store.counts()).rows).toBe(0);
    await store.close();
  });
});

class Warnings {
  readonly waitsMs: number[] = [];
  readonly details: string[] = [];
  readonly log: Logger = {
    ...silentLogger,
    warn: (event, fields) => {
      if (event !== 'database.unreachable') return;
      this.waitsMs.push(fields?.durationMs ?? 0);
      this.details.push(fields?.detail ?? '');
    },
  };
}

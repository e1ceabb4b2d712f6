// Rows are forgotten by the hour, by business day, and a database that is away is asked again.
import { expect, test } from 'vitest';
import { silentLogger } from '../../../runtime/core/log.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { Retention, retentionLimits } from '../../../sync/headend/retention.ts';

test('asks each hour for what is older than the retention, also after it failed', async () => {
  const clock = new VirtualClock(Date.UTC(2026, 2, 1, 12));
  const asked: (readonly [string, number])[] = [];
  const prune = async (day: string, arrivedMs: number): Promise<number> => {
    asked.push([day, arrivedMs]);
    if (asked.length === 1) throw new Error('away');
    return 3;
  };
  const told: unknown[] = [];
  const log = {
    ...silentLogger,
    error: (event: string) => told.push(event),
    info: (event: string) => told.push(event),
  };
  const retention = new Retention({ store: { prune }, days: 30, clock, log });
  retention.start();
  await clock.advance(2 * retentionLimits.everyMs);
  expect(asked).toEqual([
    ['2026-01-30', Date.UTC(2026, 0, 30, 13)],
    ['2026-01-30', Date.UTC(2026, 0, 30, 14)],
  ]);
  expect(told).toEqual(['headend.retention-failed', 'headend.forgotten']);
  await retention.stop();
  await clock.advance(2 * retentionLimits.everyMs);
  expect(asked).toHaveLength(2);
});

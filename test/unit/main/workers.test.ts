// Workers need a broker that can share rows out: where it cannot, the start says so and what to change.
import { expect, it } from 'vitest';
import { SystemClock } from '../../../runtime/core/clock.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import { headEndCommand } from '../../../runtime/main/cli/headend.ts';
import type { HeadEndConfig } from '../../../runtime/main/headend/config.ts';
import { openExchange } from '../../../runtime/main/headend/open-exchange.ts';

it.each(['-1', '17', 'two', '1.5', ''])('%j is no number of workers', async (written) => {
  await expect(headEndCommand('headend.json', written)).rejects.toMatchObject({ code: 'USAGE' });
});

it('the embedded broker has no shared subscriptions', async () => {
  const config = { operator: 'demo', host: 'h', port: 0, broker: { kind: 'embedded' } } as HeadEndConfig;
  await expect(openExchange(config, 2, new SystemClock(), silentLogger)).rejects.toMatchObject({
    code: 'USAGE',
    remedy: expect.stringContaining('stile headend init'),
  });
  const alone = await openExchange(config, 0, new SystemClock(), silentLogger);
  expect(alone.workers).toBeNull();
  await alone.close();
});

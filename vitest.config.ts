// How the suite runs here and in CI. STILE_REQUIRE_PEERS=1 turns a skip for want of a peer into a
// failure; STILE_TEST_JSON=FILE also leaves the result as JSON.
import { defineConfig } from 'vitest/config';
import { SkipReporter } from './test/peers/skip-reporter.ts';

const jsonFile = process.env['STILE_TEST_JSON'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'node_modules/**', 'dist/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: [
      'default',
      ...(jsonFile ? [['json', { outputFile: jsonFile }] as ['json', { outputFile: string }]] : []),
      new SkipReporter(process.env['STILE_REQUIRE_PEERS'] === '1'),
    ],
  },
});

// The benchmarks by the names that `npm run bench -- NAME` and docs/figures.md use.

import type { BenchOptions } from './options.ts';

type Bench = (options: BenchOptions) => Promise<Record<string, unknown>>;

export const benches: Readonly<Record<string, () => Promise<{ readonly bench: Bench }>>> = {
  scan: () => import('./scan.ts'),
  gate: () => import('./gate.ts'),
  memory: () => import('./memory.ts'),
  ready: () => import('./ready.ts'),
  cabinet: () => import('./cabinet.ts'),
};

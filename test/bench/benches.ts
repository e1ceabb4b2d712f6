// The benchmarks by the names that `npm run bench -- NAME` and docs/figures.md use.

export interface BenchOptions {
  /** What is counted depends on the benchmark: rounds, scans or starts. Null for its own default. */
  readonly rounds: number | null;
  readonly say: (line: string) => void;
}

type Bench = (options: BenchOptions) => Promise<Record<string, unknown>>;

export const benches: Readonly<Record<string, () => Promise<{ readonly bench: Bench }>>> = {
  scan: () => import('./scan.ts'),
  memory: () => import('./memory.ts'),
  ready: () => import('./ready.ts'),
};

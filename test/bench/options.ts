// What every benchmark is given.

export interface BenchOptions {
  /** What is counted depends on the benchmark: rounds, scans or starts. Null for its own default. */
  readonly rounds: number | null;
  readonly say: (line: string) => void;
}

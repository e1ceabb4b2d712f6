// Runs contenders side by side: one sample of each per round, the order rotating, paced as scans come,
// so that a slow moment of the machine falls on all of them alike.
import { performance } from 'node:perf_hooks';

export interface Contender {
  readonly name: string;
  /** Work that must not be measured, before each sample. */
  readonly prepare?: () => void | Promise<void>;
  /** Resolves with when it was done (`performance.now`), where that is before the caller can go on. */
  readonly run: () => void | Promise<number | undefined> | Promise<void>;
}

export interface Measured {
  readonly name: string;
  /** Microseconds per sample, in order of rounds. */
  readonly samplesUs: readonly number[];
}

export interface Pacing {
  readonly rounds: number;
  readonly warmUpRounds: number;
  /** Pause before each sample. */
  readonly paceMs: number;
}

export async function interleave(contenders: readonly Contender[], pacing: Pacing): Promise<readonly Measured[]> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < pacing.warmUpRounds + pacing.rounds; round++) {
    for (let place = 0; place < contenders.length; place++) {
      const contender = contenders[(round + place) % contenders.length];
      if (!contender) continue;
      await contender.prepare?.();
      await new Promise((resolve) => setTimeout(resolve, pacing.paceMs));
      const started = performance.now();
      const done = await contender.run();
      const tookUs = ((done ?? performance.now()) - started) * 1000;
      if (round >= pacing.warmUpRounds) samples.get(contender.name)?.push(tookUs);
    }
  }
  return contenders.map(({ name }) => ({ name, samplesUs: samples.get(name) ?? [] }));
}

/** `share` in 0..1 of the sorted samples, nearest rank. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

/** Median over rounds of this contender's time against the floor's time in the same round. */
export function medianRatio(of: Measured, floor: Measured): number {
  return quantile(
    of.samplesUs.map((sample, round) => sample / (floor.samplesUs[round] ?? Number.NaN)),
    0.5,
  );
}

export const quantileRatio = (of: Measured, floor: Measured, share: number): number =>
  quantile(of.samplesUs, share) / quantile(floor.samplesUs, share);

export const rounded = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits;

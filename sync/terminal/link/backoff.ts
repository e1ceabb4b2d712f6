// How long to wait before connecting again: decorrelated jitter, so that a fleet which lost its broker
// does not come back in step.
import { type Entropy, uniform } from '../../../runtime/core/entropy.ts';

export const backoffLimits = { firstMs: 1_000, growth: 3, maxMs: 120_000 } as const;

export class Backoff {
  readonly #entropy: Entropy;
  #lastMs: number = backoffLimits.firstMs;

  constructor(entropy: Entropy) {
    this.#entropy = entropy;
  }

  reset(): void {
    this.#lastMs = backoffLimits.firstMs;
  }

  /** min(120 s, uniform(1 s, 3 x last wait)). */
  nextMs(): number {
    const { firstMs, growth, maxMs } = backoffLimits;
    this.#lastMs = Math.min(maxMs, firstMs + uniform(this.#entropy) * (growth * this.#lastMs - firstMs));
    return Math.round(this.#lastMs);
  }
}

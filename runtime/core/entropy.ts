// Chance comes in by the door: production draws from the kernel, a simulation from a seed it prints.
import { createHash, randomBytes, randomFillSync } from 'node:crypto';
import type { Bytes } from './bytes.ts';

export interface Entropy {
  /** `length` fresh bytes. */
  bytes(length: number): Bytes;
}

export const systemEntropy: Entropy = {
  bytes: (length) => (length > pooledBytesMax ? new Uint8Array(randomBytes(length)) : drawn(length)),
};

/** A call into the kernel's generator costs a decision more than its bytes: small draws share one. */
const pool = new Uint8Array(1_024);
const pooledBytesMax = 32;
let left = 0;

/** Each byte is given out once, and does not stay behind. */
function drawn(length: number): Bytes {
  if (left < length) left = randomFillSync(pool).length;
  left -= length;
  const bytes = pool.slice(left, left + length);
  pool.fill(0, left, left + length);
  return bytes;
}

/** SHA-256 in counter mode over a seed: repeatable, not secret. For simulations and tests. */
export class SeededEntropy implements Entropy {
  readonly #seed: string;
  #counter = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  bytes(length: number): Bytes {
    const out = new Uint8Array(length);
    for (let filled = 0; filled < length; filled += 32) {
      const block = createHash('sha256')
        .update(`${this.#seed}/${this.#counter++}`)
        .digest();
      out.set(block.subarray(0, Math.min(32, length - filled)), filled);
    }
    return out;
  }
}

/** Uniform in [0, 1), 32 bits of resolution. */
export function uniform(entropy: Entropy): number {
  const [a = 0, b = 0, c = 0, d = 0] = entropy.bytes(4);
  return (a * 0x1000000 + b * 0x10000 + c * 0x100 + d) / 0x100000000;
}

/** Uniform integer in [0, bound). */
export const pick = (entropy: Entropy, bound: number): number => Math.floor(uniform(entropy) * bound);

// The nonces this terminal made for commands that move something: each may be answered once, within 30 s of
// its own monotonic time. In memory only, so that none outlives a boot.
import { type Bytes, hex } from '../../runtime/core/bytes.ts';
import type { Clock } from '../../runtime/core/clock.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import { commandLimits } from '../wire/command.ts';

export const challengeLimits = {
  lifeMs: 30_000,
  /** Open at once; the oldest makes room. */
  open: 8,
} as const;

export class Challenges {
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #issuedMs = new Map<string, number>();

  constructor(options: { readonly clock: Clock; readonly entropy: Entropy }) {
    this.#clock = options.clock;
    this.#entropy = options.entropy;
  }

  issue(): Bytes {
    const nonce = this.#entropy.bytes(commandLimits.nonceBytes);
    const [oldest] = this.#issuedMs.keys();
    if (this.#issuedMs.size >= challengeLimits.open && oldest !== undefined) this.#issuedMs.delete(oldest);
    this.#issuedMs.set(hex(nonce), this.#clock.monoMs());
    return nonce;
  }

  /** True once per nonce of this boot, and only in time. */
  spend(nonce: Bytes): boolean {
    const issuedMs = this.#issuedMs.get(hex(nonce));
    this.#issuedMs.delete(hex(nonce));
    return issuedMs !== undefined && this.#clock.monoMs() - issuedMs <= challengeLimits.lifeMs;
  }
}

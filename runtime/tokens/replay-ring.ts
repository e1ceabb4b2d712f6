// The replay ring: which codes were accepted here lately. It remembers what was signed, not how it was
// written, so that a rewritten signature is the same code.
import type { MonoMs } from '../core/brand.ts';
import { type Bytes, hex } from '../core/bytes.ts';
import type { Moment } from '../core/trusted-time.ts';
import type { VerifyLimits } from './verifier.ts';

export const replayRingLimits = {
  accepted: 4_096,
  /** Entries live at least this long, and never less than a code's own validity. */
  keepAtLeastMs: 300_000,
  /** Beyond a code's validity. */
  marginMs: 20_000,
} as const;

/**
 * How long a code that is accepted now could still be shown, at most: made as far ahead of this clock as the
 * skew and twice its uncertainty allow, and as old as a presentation may become.
 */
export const longestValidityMs = (limits: VerifyLimits, now: Moment): number =>
  (limits.presentationAgeMaxSeconds + limits.skewSeconds) * 1_000 + 2 * now.uncertaintyMs;

export interface RingEntry {
  readonly epoch: number;
  readonly seq: number;
  readonly atMonoMs: MonoMs;
}

export interface ReplayLookup {
  /** The accepted code with this digest, or null. */
  find(digest: Bytes, now: MonoMs): RingEntry | null;
}

interface Held extends RingEntry {
  readonly untilMonoMs: number;
}

export class ReplayRing implements ReplayLookup {
  readonly #held = new Map<string, Held>();

  get size(): number {
    return this.#held.size;
  }

  find(digest: Bytes, now: MonoMs): RingEntry | null {
    const entry = this.#held.get(hex(digest));
    return entry && now < entry.untilMonoMs ? entry : null;
  }

  /** At the commit of an acceptance. `validForMs`: how much longer the code could be shown. */
  accept(digest: Bytes, entry: RingEntry, validForMs: number): void {
    const keepMs = Math.max(replayRingLimits.keepAtLeastMs, validForMs + replayRingLimits.marginMs);
    const key = hex(digest);
    this.#held.delete(key);
    this.#held.set(key, { ...entry, untilMonoMs: entry.atMonoMs + keepMs });
    this.#makeRoom(entry.atMonoMs);
  }

  /** Entries come in order of time: what has ended lies in front, and so does the oldest at the bound. */
  #makeRoom(now: MonoMs): void {
    for (const [key, entry] of this.#held) {
      if (this.#held.size <= replayRingLimits.accepted && entry.untilMonoMs > now) return;
      this.#held.delete(key);
    }
  }
}

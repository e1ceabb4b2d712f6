// The clock of one process in a scenario: when its power goes, every timer it had goes with it.
import { type MonoMs, monoMs, type WallMs } from '../../core/brand.ts';
import type { Clock, TimerHandle } from '../../core/clock.ts';

/** Far above zero, so that a clock that is set back stays a time. */
const followedStartMs = 1_000_000_000;

export class LifeClock implements Clock {
  readonly #clock: Clock;
  readonly #running = new Set<TimerHandle>();
  readonly #followFromMs: number | null;
  #ended = false;

  /** `followFromMs`: monotonic time is made of the wall clock, counted from there, as no machine may. */
  constructor(clock: Clock, followFromMs: number | null) {
    this.#clock = clock;
    this.#followFromMs = followFromMs;
  }

  wallMs(): WallMs {
    return this.#clock.wallMs();
  }

  monoMs(): MonoMs {
    if (this.#followFromMs === null) return this.#clock.monoMs();
    return monoMs(followedStartMs + this.#clock.wallMs() - this.#followFromMs);
  }

  timer(name: string, delayMs: number, fire: () => void): TimerHandle {
    if (this.#ended) return { cancel: () => {} };
    const timer = this.#clock.timer(name, delayMs, () => {
      this.#running.delete(timer);
      fire();
    });
    this.#running.add(timer);
    return timer;
  }

  pending(): readonly string[] {
    return this.#clock.pending();
  }

  end(): void {
    this.#ended = true;
    for (const timer of this.#running) timer.cancel();
    this.#running.clear();
  }
}

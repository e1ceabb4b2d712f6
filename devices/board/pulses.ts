// Time-limited pulses on outputs: high, then low by themselves, never longer than the cap. A level that is left on would
// hold a gate open or a lock drawn.
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';

/** No pulse is longer, whatever is asked for. */
export const maxPulseMs = 500;

export interface PulsesOptions {
  readonly id: string;
  readonly clock: Clock;
  /** False when nothing was sent. */
  readonly set: (pin: number, on: boolean) => boolean;
}

export class Pulses {
  readonly #options: PulsesOptions;
  readonly #running = new Map<number, TimerHandle>();

  constructor(options: PulsesOptions) {
    this.#options = options;
  }

  start(pin: number, lengthMs: number): boolean {
    const { id, clock, set } = this.#options;
    if (this.#running.has(pin) || !set(pin, true)) return false;
    const timer = clock.timer(`pulse ${id} pin ${pin}`, Math.min(lengthMs, maxPulseMs), () => {
      this.#running.delete(pin);
      set(pin, false);
    });
    this.#running.set(pin, timer);
    return true;
  }

  /** Forgets what runs: the connection is over, and the next one begins with low levels. */
  end(): void {
    for (const timer of this.#running.values()) timer.cancel();
    this.#running.clear();
  }
}

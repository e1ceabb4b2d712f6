// A controller's passage output: one pulse for each passage, half as long a gap between two, so that a second person close behind
// is a second pulse.
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';

export interface PulseOutputOptions {
  readonly clock: Clock;
  readonly lengthMs: number;
  readonly changed: () => void;
}

/** Pulses still to come; what is more is lost, as in a small controller. */
export const maxWaitingPulses = 8;

export class PulseOutput {
  readonly #options: PulseOutputOptions;
  #active = false;
  #waiting = 0;
  #running: TimerHandle | null = null;

  constructor(options: PulseOutputOptions) {
    this.#options = options;
  }

  get active(): boolean {
    return this.#active;
  }

  pulse(): void {
    if (this.#running) this.#waiting = Math.min(maxWaitingPulses, this.#waiting + 1);
    else this.#rise();
  }

  stop(): void {
    this.#running?.cancel();
  }

  #rise(): void {
    this.#show(true, this.#options.lengthMs, () => this.#fall());
  }

  #fall(): void {
    this.#show(false, this.#options.lengthMs / 2, () => {
      this.#running = null;
      if (this.#waiting === 0) return;
      this.#waiting--;
      this.#rise();
    });
  }

  #show(active: boolean, forMs: number, then: () => void): void {
    const { clock, changed } = this.#options;
    this.#active = active;
    this.#running = clock.timer('passage output', forMs, then);
    changed();
  }
}

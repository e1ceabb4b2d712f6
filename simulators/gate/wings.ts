// The two wings of a barrier and the time they take. Asked at any moment, they say where they are, so that a page can
// draw the motion.
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';

export interface WingsOptions {
  readonly clock: Clock;
  /** From shut to open. */
  readonly motionMs: number;
  readonly arrived: () => void;
}

export class Wings {
  readonly #options: WingsOptions;
  #from = 0;
  #target: 0 | 1 = 0;
  #startedMs = 0;
  #moving: TimerHandle | null = null;

  constructor(options: WingsOptions) {
    this.#options = options;
  }

  /** 0 shut .. 1 open. */
  get position(): number {
    if (!this.#moving) return this.#target;
    const { clock, motionMs } = this.#options;
    const moved = (clock.monoMs() - this.#startedMs) / motionMs;
    return this.#target === 1 ? Math.min(1, this.#from + moved) : Math.max(0, this.#from - moved);
  }

  /** At their end switch: fully open and not moving. */
  get areOpen(): boolean {
    return this.#target === 1 && !this.#moving;
  }

  open(): void {
    this.#move(1);
  }

  shut(): void {
    this.#move(0);
  }

  stop(): void {
    this.#moving?.cancel();
  }

  #move(target: 0 | 1): void {
    if (target === this.#target) return;
    const { clock, motionMs, arrived } = this.#options;
    this.#from = this.position;
    this.#target = target;
    this.#startedMs = clock.monoMs();
    this.#moving?.cancel();
    this.#moving = clock.timer('wings move', Math.abs(target - this.#from) * motionMs, () => {
      this.#moving = null;
      arrived();
    });
  }
}

// A clock that moves only when told to: for tests and the seeded world.
import { type MonoMs, monoMs, type WallMs, wallMs } from './brand.ts';
import type { Clock, TimerHandle } from './clock.ts';

interface VirtualTimer {
  readonly name: string;
  readonly dueMs: number;
  readonly order: number;
  readonly fire: () => void;
}

export class VirtualClock implements Clock {
  #monoMs: number;
  #wallMs: number;
  #order = 0;
  #timers: VirtualTimer[] = [];

  constructor(startWallMs = Date.UTC(2026, 0, 5, 8, 0, 0), startMonoMs = 1_000) {
    this.#wallMs = startWallMs;
    this.#monoMs = startMonoMs;
  }

  wallMs(): WallMs {
    return wallMs(this.#wallMs);
  }

  monoMs(): MonoMs {
    return monoMs(this.#monoMs);
  }

  timer(name: string, delayMs: number, fire: () => void): TimerHandle {
    const timer = { name, dueMs: this.#monoMs + Math.max(0, delayMs), order: this.#order++, fire };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  pending(): readonly string[] {
    return this.#timers.map((timer) => timer.name);
  }

  /** Moves time forward, firing due timers in order; promise callbacks run between two timers. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monoMs + byMs;
    for (;;) {
      await settle();
      const next = this.#earliest();
      if (!next || next.dueMs > untilMs) break;
      this.#moveTo(next.dueMs);
      this.#timers = this.#timers.filter((other) => other !== next);
      next.fire();
    }
    this.#moveTo(untilMs);
    await settle();
  }

  /** The wall clock jumps; monotonic time does not notice. */
  stepWall(byMs: number): void {
    this.#wallMs += byMs;
  }

  setWall(toMs: number): void {
    this.#wallMs = toMs;
  }

  #moveTo(toMs: number): void {
    this.#wallMs += toMs - this.#monoMs;
    this.#monoMs = toMs;
  }

  #earliest(): VirtualTimer | undefined {
    return this.#timers.reduce<VirtualTimer | undefined>(
      (best, timer) =>
        !best || timer.dueMs < best.dueMs || (timer.dueMs === best.dueMs && timer.order < best.order) ? timer : best,
      undefined,
    );
  }
}

/** Lets queued promise callbacks and I/O callbacks of this turn run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

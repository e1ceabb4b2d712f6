// Time comes in by the door. Only this room reads the machine's clocks or arms its timers, so that a
// simulation can own time and a test can list what is still waiting.
import { type MonoMs, monoMs, type WallMs, wallMs } from './brand.ts';

export interface TimerHandle {
  cancel(): void;
}

export interface Clock {
  /** The machine's wall clock: may step either way. Its trust is judged by trusted-time. */
  wallMs(): WallMs;
  /** Milliseconds of this boot; never steps back. */
  monoMs(): MonoMs;
  /** Calls `fire` once after `delayMs` of monotonic time. `name` shows in `pending`. */
  timer(name: string, delayMs: number, fire: () => void): TimerHandle;
  /** Names of the timers that have neither fired nor been cancelled. */
  pending(): readonly string[];
}

/** Milliseconds since this process was started, module loading included. */
export const sinceStartMs = (): number => Math.round(process.uptime() * 1000);

export class SystemClock implements Clock {
  readonly #pending = new Map<symbol, string>();

  wallMs(): WallMs {
    return wallMs(Date.now());
  }

  /** CLOCK_MONOTONIC, the same axis for every process of one Linux boot. */
  monoMs(): MonoMs {
    return monoMs(Number(process.hrtime.bigint() / 1_000_000n));
  }

  /** The same axis in microseconds, for traces that are compared across processes. */
  monoUs(): number {
    return Number(process.hrtime.bigint() / 1_000n);
  }

  timer(name: string, delayMs: number, fire: () => void): TimerHandle {
    const key = Symbol(name);
    this.#pending.set(key, name);
    const handle = setTimeout(() => {
      this.#pending.delete(key);
      fire();
    }, delayMs);
    return {
      cancel: () => {
        clearTimeout(handle);
        this.#pending.delete(key);
      },
    };
  }

  pending(): readonly string[] {
    return [...this.#pending.values()];
  }
}

/** Resolves after `delayMs`, or at once when `signal` aborts. */
export function sleep(clock: Clock, name: string, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = clock.timer(name, delayMs, finish);
    function finish(): void {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    }
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/** Repeats `work` every `periodMs`, the next period starting when the last call returned. */
export function repeat(clock: Clock, name: string, periodMs: number, work: () => void): TimerHandle {
  let current = clock.timer(name, periodMs, run);
  let cancelled = false;
  function run(): void {
    work();
    if (!cancelled) current = clock.timer(name, periodMs, run);
  }
  return {
    cancel: () => {
      cancelled = true;
      current.cancel();
    },
  };
}

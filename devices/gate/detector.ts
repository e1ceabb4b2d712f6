// The detector in the passage: held long enough, somebody stands in the way. A person who walks through is no event.
import type { MonoMs } from '../../runtime/core/brand.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import type { GateEvent } from '../ports/gate.ts';

/** Held so long is an event; the alarm after 30 s is the machine's. */
export const blockedAfterMs = 10_000;

export interface DetectorOptions {
  readonly id: string;
  readonly clock: Clock;
  /** Default {@link blockedAfterMs}. */
  readonly blockedAfterMs: number;
  readonly event: (event: GateEvent) => void;
}

export class Detector {
  readonly #options: DetectorOptions;
  #blocked = false;
  #holding: TimerHandle | null = null;

  constructor(options: DetectorOptions) {
    this.#options = options;
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  change(held: boolean, atMonoMs: MonoMs): void {
    this.#holding?.cancel();
    const { clock, id, blockedAfterMs: afterMs } = this.#options;
    if (held) this.#holding = clock.timer(`blocked ${id}`, afterMs, () => this.#tell(true, clock.monoMs()));
    else if (this.#blocked) this.#tell(false, atMonoMs);
  }

  /** What it saw is not known any more; whoever was told of a block learns it from the device's health. */
  forget(): void {
    this.#holding?.cancel();
    this.#blocked = false;
  }

  #tell(held: boolean, atMonoMs: MonoMs): void {
    this.#blocked = held;
    this.#options.event({ kind: 'blocked', held, atMonoMs });
  }
}

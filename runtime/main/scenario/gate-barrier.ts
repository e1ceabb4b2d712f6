// A simulated barrier: it opens some moments after its pulse and says so, unless it is stuck. The machine meets it
// only through this port, where drivers on real lines can stand in its place.
import type { Direction } from '../../machines/gate-lane/effects.ts';
import type { BootSensors, Latch } from '../../machines/gate-lane/input.ts';
import type { GateLaneSetting } from './machine-format.ts';

export interface BarrierDevice {
  online: boolean;
  stuck: boolean;
  fire: boolean;
  /** What the passage latch says at the next start; null: it answers later. */
  latch: Latch | null;
  /** The barrier says when it has opened. */
  readonly confirms: boolean;
  /** Milliseconds until it says that it has opened; null: never. */
  readonly opensAfterMs: number | null;
  /** One pulse. False: nothing was sent. */
  pulse(direction: Direction): boolean;
  sensors(): BootSensors;
}

const openingMs = 100;

export class GateBarrier implements BarrierDevice {
  online = true;
  stuck = false;
  fire = false;
  latch: Latch | null = 'unknown';
  readonly confirms: boolean;
  readonly #openingMs: number;

  constructor(setting: GateLaneSetting) {
    this.confirms = setting.confirmsOpening ?? true;
    this.#openingMs = setting.openingMs ?? openingMs;
  }

  get opensAfterMs(): number | null {
    return this.stuck || !this.confirms ? null : this.#openingMs;
  }

  pulse(_direction: Direction): boolean {
    return this.online;
  }

  sensors(): BootSensors {
    return { entry: this.latch, exit: this.latch, fire: this.fire };
  }
}

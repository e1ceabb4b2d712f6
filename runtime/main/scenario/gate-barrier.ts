// A simulated barrier: it opens some moments after its pulse and says so, unless it is stuck. The machine meets it
// only through this port, where drivers on real lines can stand in its place.
import type { Clock } from '../../core/clock.ts';
import type { Direction } from '../../machines/gate-lane/effects.ts';
import type { BootSensors, GateLaneInput, GateSensor, Latch } from '../../machines/gate-lane/input.ts';
import type { GateLaneState } from '../../machines/gate-lane/state.ts';
import type { GateLaneSetting } from './machine-format.ts';

export interface BarrierDevice {
  readonly online: boolean;
  /** The barrier says when it has opened. */
  readonly confirms: boolean;
  /** Milliseconds until it says that it has opened; null: never, or by its own event. */
  readonly opensAfterMs: number | null;
  /** One pulse. False: nothing was sent. */
  pulse(direction: Direction): boolean;
  sensors(): BootSensors;
  /** The machine's power has come, or gone. */
  begin?(life: LaneLife): void;
  end?(): void;
  /** Resolves when nothing is under way that costs no time of the story. */
  settled?(): Promise<void>;
  /** What the far end of the line saw is not what was sent there: one sentence for each. */
  problems?(sent: number): readonly string[];
  setOnline(online: boolean): void;
  setStuck(stuck: boolean): void;
  /** What the passage latch says at the next start; null: it answers later. */
  setLatch(latch: Latch | null): void;
  /** True: the machine hears of it by the device's own event. */
  setFire(active: boolean): boolean;
  /** What people do at the barrier. True: the machine hears of it by the device's own event. */
  feels(sensor: GateSensor): boolean;
}

/** What a device needs of the machine that it serves, from one start to the next cut. */
export interface LaneLife {
  readonly clock: Clock;
  readonly state: () => GateLaneState;
  readonly input: (input: GateLaneInput) => void;
}

const openingMs = 100;

export class GateBarrier implements BarrierDevice {
  online = true;
  #stuck = false;
  #fire = false;
  #latch: Latch | null = 'unknown';
  readonly confirms: boolean;
  readonly #openingMs: number;

  constructor(setting: GateLaneSetting) {
    this.confirms = setting.confirmsOpening ?? true;
    this.#openingMs = setting.openingMs ?? openingMs;
  }

  get opensAfterMs(): number | null {
    return this.#stuck || !this.confirms ? null : this.#openingMs;
  }

  pulse(_direction: Direction): boolean {
    return this.online;
  }

  sensors(): BootSensors {
    return { entry: this.#latch, exit: this.#latch, fire: this.#fire };
  }

  setOnline(online: boolean): void {
    this.online = online;
  }

  setStuck(stuck: boolean): void {
    this.#stuck = stuck;
  }

  setLatch(latch: Latch | null): void {
    this.#latch = latch;
  }

  setFire(active: boolean): boolean {
    this.#fire = active;
    return false;
  }

  feels(_sensor: GateSensor): boolean {
    return false;
  }
}

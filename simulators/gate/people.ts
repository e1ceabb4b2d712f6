// The people at a gate: they walk through, turn back, follow too close, stand still, or push. Each is where a page can
// draw them, and meets the barrier as a body does: through its detector and its wings.
import type { GateDirection } from '../../devices/ports/gate.ts';
import { type Clock, sleep } from '../../runtime/core/clock.ts';
import { Signal } from '../../runtime/core/event.ts';
import type { Barrier } from './barrier.ts';

export interface Person {
  readonly id: number;
  readonly direction: GateDirection;
  /** 0 before the gate .. 1 behind it, in the person's own direction. */
  readonly position: number;
}

/** What somebody did at the gate, at the moment of doing it: by mechanics, whatever a terminal makes of it. */
export interface PersonAct {
  readonly direction: GateDirection;
  readonly outcome: 'passed' | 'turnedBack' | 'tailgated' | 'stood';
}

export type Outcome = 'passed' | 'turnedBack' | 'gaveUp';

export interface PeopleOptions {
  readonly barrier: Barrier;
  readonly clock: Clock;
  /** From the edge of the passage to its middle, and on to the other edge. Default 600. */
  readonly stepMs?: number;
  /** How long somebody waits before a closed barrier. Default 10000. */
  readonly patienceMs?: number;
}

const defaultStepMs = 600;
const defaultPatienceMs = 10_000;
const lookMs = 10;

interface Stride {
  readonly from: number;
  readonly to: number;
  readonly startedMs: number;
  readonly durationMs: number;
}

export class People {
  readonly acted = new Signal<PersonAct>();
  readonly #barrier: Barrier;
  readonly #clock: Clock;
  readonly #stepMs: number;
  readonly #patienceMs: number;
  readonly #present = new Map<number, { readonly direction: GateDirection; stride: Stride }>();
  readonly #ended = new AbortController();
  #ids = 0;

  constructor(options: PeopleOptions) {
    this.#barrier = options.barrier;
    this.#clock = options.clock;
    this.#stepMs = options.stepMs ?? defaultStepMs;
    this.#patienceMs = options.patienceMs ?? defaultPatienceMs;
  }

  get present(): readonly Person[] {
    return [...this.#present].map(([id, { direction, stride }]) => ({ id, direction, position: this.#at(stride) }));
  }

  /** Waits for the barrier and goes through. */
  walk(direction: GateDirection): Promise<Outcome> {
    return this.#come(direction, (id) => this.#through(id, direction));
  }

  /** Goes through with `followers` right behind, who have no leave of their own. */
  async tailgate(direction: GateDirection, followers = 1): Promise<Outcome> {
    return this.#come(direction, async (id) => {
      const behind: Promise<unknown>[] = [];
      await this.#stride(id, 0, 0.5);
      for (let follower = 0; follower < followers; follower++) {
        behind.push(this.#appear(direction, (next) => this.#through(next, direction, 'tailgated')));
      }
      this.#cross(direction, 'passed');
      await this.#stride(id, 0.5, 1);
      await Promise.all(behind);
      return 'passed';
    });
  }

  /** Enters, and goes back where they came from. */
  turnBack(direction: GateDirection): Promise<Outcome> {
    return this.#come(direction, async (id) => {
      await this.#stride(id, 0, 0.5);
      await this.#stride(id, 0.5, 0);
      if (!this.#ended.signal.aborted) {
        this.acted.emit({ direction, outcome: 'turnedBack' });
        this.#barrier.turnedBack(direction);
      }
      return 'turnedBack';
    });
  }

  /** Enters, stands in the way for `standMs`, then goes on. */
  standStill(direction: GateDirection, standMs: number): Promise<Outcome> {
    return this.#come(direction, async (id) => {
      await this.#stride(id, 0, 0.4);
      this.acted.emit({ direction, outcome: 'stood' });
      await this.#pause(standMs);
      await this.#stride(id, 0.4, 0.5);
      this.#cross(direction, 'passed');
      await this.#stride(id, 0.5, 1);
      return 'passed';
    });
  }

  /** Goes through without leave. */
  push(direction: GateDirection): Promise<Outcome> {
    return this.#appear(direction, (id) => this.#through(id, direction));
  }

  /** Everybody is gone at once. */
  close(): void {
    this.#ended.abort();
  }

  async #come(direction: GateDirection, act: (id: number) => Promise<Outcome>): Promise<Outcome> {
    for (let waitedMs = 0; !this.#barrier.lets(direction); waitedMs += lookMs) {
      if (waitedMs >= this.#patienceMs || this.#ended.signal.aborted) return 'gaveUp';
      await this.#pause(lookMs);
    }
    return this.#appear(direction, act);
  }

  async #appear(direction: GateDirection, act: (id: number) => Promise<Outcome>): Promise<Outcome> {
    const id = ++this.#ids;
    const startedMs = this.#clock.monoMs();
    this.#present.set(id, { direction, stride: { from: 0, to: 0, startedMs, durationMs: 0 } });
    this.#barrier.enter(id);
    const outcome = await act(id);
    this.#present.delete(id);
    if (!this.#ended.signal.aborted) this.#barrier.leave(id);
    return outcome;
  }

  #cross(direction: GateDirection, outcome: PersonAct['outcome']): void {
    if (this.#ended.signal.aborted) return;
    this.acted.emit({ direction, outcome });
    this.#barrier.crossed(direction);
  }

  async #through(id: number, direction: GateDirection, outcome: PersonAct['outcome'] = 'passed'): Promise<Outcome> {
    await this.#stride(id, 0, 0.5);
    this.#cross(direction, outcome);
    await this.#stride(id, 0.5, 1);
    return 'passed';
  }

  async #stride(id: number, from: number, to: number): Promise<void> {
    const durationMs = Math.abs(to - from) * 2 * this.#stepMs;
    const person = this.#present.get(id);
    if (person) person.stride = { from, to, startedMs: this.#clock.monoMs(), durationMs };
    await this.#pause(durationMs);
  }

  #at({ from, to, startedMs, durationMs }: Stride): number {
    if (durationMs === 0) return to;
    const part = Math.min(1, (this.#clock.monoMs() - startedMs) / durationMs);
    return from + (to - from) * part;
  }

  #pause(ms: number): Promise<void> {
    return sleep(this.#clock, 'person', ms, this.#ended.signal);
  }
}

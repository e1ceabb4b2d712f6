// One dry contact at a board's input, debounced: it tells the settled state with the time of the edge that began it. A
// contact that bounces says one thing; a spike shorter than the debounce says nothing.

import type { MonoMs } from '../../runtime/core/brand.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import type { Edge, InputPin } from '../board/inputs.ts';

export interface ContactInput extends InputPin {
  /** Level that means "yes": `low` for a contact that closes to ground, `high` for one that opens. */
  readonly active: 'low' | 'high';
}

export interface ContactOptions {
  readonly name: string;
  readonly input: ContactInput;
  /** 20..50. */
  readonly debounceMs: number;
  readonly clock: Clock;
  readonly changed: (active: boolean, atMonoMs: MonoMs) => void;
}

export class Contact {
  readonly #options: ContactOptions;
  #active: boolean | null = null;
  #began: Edge | null = null;
  #newest: 0 | 1 = 0;
  #settling: TimerHandle | null = null;

  constructor(options: ContactOptions) {
    this.#options = options;
  }

  get pin(): number {
    return this.#options.input.pin;
  }

  /** Settled state; null while the board is not online. */
  get active(): boolean | null {
    return this.#active;
  }

  /** The level found when the board came online: a state, not an edge. */
  adopt(level: 0 | 1 | null): void {
    this.forget();
    this.#active = level === null ? null : this.#means(level);
  }

  forget(): void {
    this.#settling?.cancel();
    this.#settling = null;
    this.#began = null;
    this.#active = null;
  }

  edge(edge: Edge): void {
    const { clock, name, debounceMs } = this.#options;
    this.#began ??= edge;
    this.#newest = edge.level;
    this.#settling?.cancel();
    this.#settling = clock.timer(`contact ${name}`, debounceMs, () => this.#settle());
  }

  #settle(): void {
    const began = this.#began;
    this.#began = null;
    this.#settling = null;
    const active = this.#means(this.#newest);
    if (!began || active === this.#active) return;
    this.#active = active;
    this.#options.changed(active, began.atMonoMs);
  }

  #means(level: 0 | 1): boolean {
    return (level === 1) === (this.#options.input.active === 'high');
  }
}

// Which rows go next: new rows in the live lane, rows older than the connection in the backlog lane, so
// that what happens now does not wait behind what happened in the tunnel.

import { ackLimits } from '../wire/ack.ts';
import type { Range } from '../wire/ranges.ts';
import type { Lane } from '../wire/topics.ts';
import type { Outbox } from './outbox.ts';

export const laneLimits = {
  /** So few rows pending at connect are not worth two lanes. */
  oneLaneRows: 100,
} as const;

export interface NextRange {
  readonly lane: Lane;
  readonly outbox: Outbox;
  readonly range: Range;
}

export class Lanes {
  #outboxes: readonly Outbox[] = [];
  #liveFrom = 0;

  get outboxes(): readonly Outbox[] {
    return this.#outboxes;
  }

  get pendingRows(): number {
    return this.#outboxes.reduce((sum, outbox) => sum + outbox.pendingRows, 0);
  }

  of(epoch: number): Outbox | undefined {
    return this.#outboxes.find((outbox) => outbox.epoch === epoch);
  }

  newest(): Outbox | undefined {
    return this.#outboxes[this.#outboxes.length - 1];
  }

  /** At each connect: what waits now is backlog, what comes from now on is live. */
  split(outboxes: readonly Outbox[]): void {
    this.#outboxes = outboxes;
    const newest = this.newest();
    const oneLane = this.pendingRows <= laneLimits.oneLaneRows || (newest?.heldRanges ?? 0) >= ackLimits.held;
    this.#liveFrom = oneLane || !newest ? 0 : newest.head + 1;
  }

  /** A new epoch began while connected: all of it is live, all before it is backlog. */
  append(outbox: Outbox): void {
    this.#outboxes = [...this.#outboxes, outbox];
    this.#liveFrom = 0;
  }

  nextLive(): NextRange | null {
    const outbox = this.newest();
    const range = outbox?.nextRange([this.#liveFrom, Number.MAX_SAFE_INTEGER]);
    return outbox && range ? { lane: 'live', outbox, range } : null;
  }

  nextBacklog(): NextRange | null {
    for (const outbox of this.#outboxes) {
      const last = outbox === this.newest() ? this.#liveFrom - 1 : Number.MAX_SAFE_INTEGER;
      const range = outbox.nextRange([0, last]);
      if (range) return { lane: 'backlog', outbox, range };
    }
    return null;
  }
}

// How often the newest ack becomes a RECEIPT row: rarely, or acks and receipts would chase each other.
import type { Clock } from '../../runtime/core/clock.ts';

export const receiptPace = { rows: 1_000, ms: 3_600_000 } as const;

export class ReceiptPace {
  readonly #clock: Clock;
  #last: { readonly epoch: number; readonly upto: number; readonly atMs: number } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  due(epoch: number, upto: number): boolean {
    const atMs = this.#clock.monoMs();
    const last = this.#last;
    if (last && last.epoch === epoch) {
      const covered = upto - last.upto;
      // One row covered since then is the RECEIPT row itself.
      if (covered < receiptPace.rows && (atMs - last.atMs < receiptPace.ms || covered <= 1)) return false;
    }
    this.#last = { epoch, upto, atMs };
    return upto >= 0;
  }
}

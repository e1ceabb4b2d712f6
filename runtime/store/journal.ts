// What the journal is to the rest of the terminal: an append-only, hash-chained table that is also the
// outbox, with the projections (small derived state) that must change in the same commit.
import type { BusinessDay } from '../core/brand.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Signal } from '../core/event.ts';
import type { Moment } from '../core/trusted-time.ts';
import type { ChainHead, StoredBody } from '../records/chain.ts';
import type { Payload } from '../records/payload.ts';
import type { RowType } from '../records/row-types.ts';

export interface RowPosition {
  readonly epoch: number;
  readonly seq: number;
}

export interface RowDraft {
  readonly type: RowType;
  /** A function where the payload depends on its own position, as sealed evidence does. */
  readonly payload: Payload | ((at: RowPosition) => Payload);
  readonly moment: Moment;
  readonly day: BusinessDay;
}

/** A change to derived state: `value` null deletes. Spaces are named in runtime/terminal. */
export interface Projection {
  readonly space: string;
  readonly key: Bytes;
  readonly value: Bytes | null;
}

export interface StoredRow extends StoredBody {
  readonly type: RowType;
  readonly day: string;
  /** Six characters, see records/reference. */
  readonly ref: string;
}

/**
 * normal; warning from 80 % of the size cap; restricted from 95 % (paid acts answer STORAGE_FULL);
 * full when only the reserve is left; unavailable when no commit is possible.
 */
export type StorageLevel = 'normal' | 'warning' | 'restricted' | 'full' | 'unavailable';

export interface JournalReader {
  /** The newest committed row, null before GENESIS. */
  head(): ChainHead | null;
  /** Rows of one epoch from `fromSeq`, at most `limit` (1..1000) and about `maxBytes` of bodies. Synchronous. */
  read(epoch: number, fromSeq: number, limit: number, maxBytes?: number): readonly StoredRow[];
  byReference(ref: string): readonly StoredRow[];
  projection(space: string, key: Bytes): Bytes | null;
  projections(space: string): readonly (readonly [key: Bytes, value: Bytes])[];
}

export interface Journal extends JournalReader {
  /**
   * Appends rows and projections in one transaction and one fsync, in the writer thread. Commits queue
   * in call order. Resolves when durable. An I/O error with unknown outcome is resolved inside: found
   * durable after reopening, it resolves; absent, it rejects and nothing was written.
   * @throws StileError JOURNAL_FULL, JOURNAL_UNAVAILABLE.
   */
  commit(rows: readonly RowDraft[], projections?: readonly Projection[]): Promise<readonly StoredRow[]>;
  /** After each commit that appended rows. */
  readonly committed: Signal<ChainHead>;
  level(): StorageLevel;
  /** Deletes rows from the oldest end up to and including `uptoSeq` of `epoch`; returns how many. */
  prune(epoch: number, uptoSeq: number): Promise<number>;
  /** Tells the writer that no scan is running, so that it may checkpoint. */
  idle(): void;
  close(): Promise<void>;
}

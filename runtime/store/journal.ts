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

/** An epoch that damage closed; `head` is its newest row that could be saved, null for none. */
export interface PreviousEpoch {
  readonly epoch: number;
  readonly head: ChainHead | null;
}

/**
 * What the storage did that a person must hear of. `disk-full`: the ballast was given up. `fault`: an I/O
 * error. `out-of-service`: nothing can be committed any more. `in-service`: it can again. `wal-held`: a
 * reader keeps the WAL from being restarted.
 */
export interface StorageIncident {
  readonly kind: 'disk-full' | 'fault' | 'out-of-service' | 'in-service' | 'wal-held';
  readonly detail: string;
}

export interface JournalReader {
  /** The newest committed row, null before GENESIS. */
  head(): ChainHead | null;
  /** The oldest rows kept, at most `limit` (1..1000). */
  oldest(limit: number): readonly StoredRow[];
  /** The newest rows before `position`, oldest first and across epochs, at most `limit` (1..1000). */
  before(position: RowPosition, limit: number): readonly StoredRow[];
  /** Rows of one epoch from `fromSeq`, at most `limit` (1..1000) and about `maxBytes` of bodies. Synchronous. */
  read(epoch: number, fromSeq: number, limit: number, maxBytes?: number): readonly StoredRow[];
  byReference(ref: string): readonly StoredRow[];
  projection(space: string, key: Bytes): Bytes | null;
  projections(space: string): readonly (readonly [key: Bytes, value: Bytes])[];
  /** Entries of a space whose keys come after `key`, in their order, at most `limit` (1..1000): for spaces that grow large. */
  projectionsAfter(space: string, key: Bytes, limit: number): readonly (readonly [key: Bytes, value: Bytes])[];
}

export interface Journal extends JournalReader {
  /**
   * Appends rows and projections in one transaction and one fsync, in the writer thread. Commits queue
   * in call order. Resolves when durable. An I/O error with unknown outcome is resolved inside: rows found
   * after reopening and made durable, it resolves; absent, it rejects and nothing was written. Projections
   * without a row cannot be told apart afterwards: such a commit rejects and may be repeated.
   * @throws StileError JOURNAL_FULL, JOURNAL_UNAVAILABLE.
   */
  commit(rows: readonly RowDraft[], projections?: readonly Projection[]): Promise<readonly StoredRow[]>;
  /** After each commit that appended rows. */
  readonly committed: Signal<ChainHead>;
  readonly incidents: Signal<StorageIncident>;
  level(): StorageLevel;
  /**
   * Deletes rows from the oldest end up to and including `uptoSeq` of `epoch`, a bounded number at a time,
   * never the newest; returns how many. Whether they may go is for the caller to know.
   */
  prune(epoch: number, uptoSeq: number): Promise<number>;
  close(): Promise<void>;
}

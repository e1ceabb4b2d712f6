// Where a batch belongs: on the branch already stored, beside it as a fork, or nowhere yet. Pure, so that
// both stores decide alike.
import { type Bytes, equal } from '../../../runtime/core/bytes.ts';
import { zeroHash } from '../../../runtime/records/row.ts';
import { Ranges } from '../../wire/ranges.ts';
import { type IngestBatch, type IngestCursor, type IngestRow, storeLimits } from './ingest-store.ts';

/** What is stored around the batch: hashes by seq, and the `prev` inside the row after it. */
export interface Neighbours {
  readonly hashes: ReadonlyMap<number, Bytes>;
  readonly nextPrev: Bytes | null;
  /** The batch continues rows that are themselves a fork. */
  readonly continuesFork: boolean;
  /** Rows up to here were stored and are forgotten; -1 for none. */
  readonly prunedUpto: number;
}

export type Placement =
  /** Rows to add, rows known already, rows to keep apart as a fork. */
  | {
      readonly fits: true;
      readonly fresh: readonly IngestRow[];
      readonly known: readonly IngestRow[];
      readonly forked: readonly IngestRow[];
      readonly held: Ranges;
    }
  /** Would open a range beyond the bound: not taken, not acknowledged. */
  | { readonly fits: false };

export function placeBatch(batch: IngestBatch, cursor: IngestCursor, around: Neighbours): Placement {
  const forkIndex = firstForked(batch, around);
  const main = batch.rows.slice(0, forkIndex);
  const isKnown = ({ seq }: IngestRow): boolean => seq <= around.prunedUpto || around.hashes.has(seq);
  const fresh = main.filter((row) => !isKnown(row));
  const known = main.filter(isKnown);
  const before = Ranges.of([0, cursor.upto], ...cursor.held);
  const last = main[main.length - 1];
  const first = main[0];
  const held = first && last ? before.add([first.seq, last.seq]) : before;
  if (held.beyond().length > storeLimits.heldRanges) return { fits: false };
  return { fits: true, fresh, known, forked: batch.rows.slice(forkIndex), held };
}

function firstForked(batch: IngestBatch, around: Neighbours): number {
  const first = batch.rows[0];
  const last = batch.rows[batch.rows.length - 1];
  if (!first || !last) return 0;
  if (around.continuesFork) return 0;
  const before = first.seq === 0 ? zeroHash : around.hashes.get(first.seq - 1);
  if (before && !equal(before, batch.prev)) return 0;
  const conflict = batch.rows.findIndex((row) => !equal(around.hashes.get(row.seq) ?? row.hash, row.hash));
  if (conflict >= 0) return conflict;
  const leadsOn = around.nextPrev === null || equal(around.nextPrev, last.hash);
  // The row after the batch follows something else: what is new here cannot be on its branch.
  return leadsOn ? batch.rows.length : batch.rows.findIndex((row) => !around.hashes.has(row.seq));
}

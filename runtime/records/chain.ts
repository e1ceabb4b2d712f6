// Checks that rows are one unbroken chain: gapless seq, each `prev` the hash of the row before, each
// stored hash the hash of its bytes.
import { type Bytes, equal } from '../core/bytes.ts';
import { messageOf } from '../core/errors.ts';
import { decodeRow, hashBody, zeroHash } from './row.ts';

export interface StoredBody {
  readonly epoch: number;
  readonly seq: number;
  readonly body: Bytes;
  readonly hash: Bytes;
}

export interface ChainHead {
  readonly epoch: number;
  readonly seq: number;
  readonly hash: Bytes;
}

export type ChainVerdict =
  | { readonly whole: true; readonly rows: number; readonly head: ChainHead | null }
  | {
      readonly whole: false;
      readonly rows: number;
      readonly epoch: number;
      readonly seq: number;
      readonly problem: string;
    };

/**
 * Walks `rows` in order of (epoch, seq). `after` is the row before the first one where the oldest rows
 * have been pruned; without it the first row of each epoch must be seq 0 with a zero `prev`.
 */
export function verifyChain(rows: Iterable<StoredBody>, after: ChainHead | null = null): ChainVerdict {
  let head = after;
  let count = 0;
  for (const row of rows) {
    const problem = linkProblem(row, head);
    if (problem) return { whole: false, rows: count, epoch: row.epoch, seq: row.seq, problem };
    head = { epoch: row.epoch, seq: row.seq, hash: row.hash };
    count++;
  }
  return { whole: true, rows: count, head };
}

function linkProblem(row: StoredBody, head: ChainHead | null): string | null {
  if (!equal(hashBody(row.body), row.hash)) return 'the bytes do not have the stored hash';
  const sameEpoch = head !== null && head.epoch === row.epoch;
  const expectedSeq = sameEpoch ? head.seq + 1 : 0;
  if (row.seq !== expectedSeq) return `expected seq ${expectedSeq}`;
  try {
    const decoded = decodeRow(row.body);
    if (decoded.epoch !== row.epoch || decoded.seq !== row.seq) return 'the body names another epoch or seq';
    if (!equal(decoded.prev, sameEpoch ? head.hash : zeroHash)) return 'prev is not the hash of the row before';
  } catch (error) {
    return messageOf(error);
  }
  return null;
}

// A batch: contiguous rows of one epoch with one signature over their ends. Terminal and epoch stand
// once in the batch, and the hash before a row is the hash of the row before it, so each row travels as
// the slice between them and the head end glues the exact bodies together again.
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type Bytes, equal } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import { glueRow, hashBody } from '../../runtime/records/row.ts';
import { algorithms, signatureHolds } from '../../runtime/tokens/keys.ts';
import { bytesOf, count, hash, signature } from './fields.ts';
import { type Parsed, parseMessage, refused } from './parsed.ts';

export const batchLimits = {
  liveRows: 100,
  backlogRows: 500,
  /** Of the encoded message: below the smallest packet limit of the brokers in use. */
  maxBytes: 192 * 1024,
  maxRowBytes: 64 * 1024,
} as const;

export interface BatchContent {
  readonly epoch: number;
  readonly from: number;
  /** Slices (records/row), in order of seq. */
  readonly rows: readonly Bytes[];
  /** Hash of row from - 1, 32 zero bytes for seq 0. */
  readonly prev: Bytes;
  /** Hash of the last row. */
  readonly head: Bytes;
  /** Wall time of sending, milliseconds, as the terminal believes it. */
  readonly atMs: number;
  /** Rows older than the connection: history, never a live event. */
  readonly history: boolean;
  /** Holds rows that were recovered after a power cut. */
  readonly tail: boolean;
}

export interface Batch extends BatchContent {
  readonly alg: number;
  readonly signature: Bytes;
}

const schema = z.object({
  e: count,
  from: count,
  rows: z.array(bytesOf(1, batchLimits.maxRowBytes)).min(1).max(batchLimits.backlogRows),
  prev: hash,
  head: hash,
  at: z.int(),
  hist: z.boolean(),
  tail: z.boolean(),
  alg: z.literal(algorithms.EdDSA),
  sig: signature,
});

export function sealBatch(
  operator: string,
  terminal: string,
  content: BatchContent,
  sign: (message: Bytes) => Bytes,
): Bytes {
  return encodeCbor({
    e: content.epoch,
    from: content.from,
    rows: content.rows,
    prev: content.prev,
    head: content.head,
    at: content.atMs,
    hist: content.history,
    tail: content.tail,
    alg: algorithms.EdDSA,
    sig: sign(signatureBase(operator, terminal, content)),
  });
}

export function parseBatch(bytes: Bytes): Parsed<Batch> {
  if (bytes.length > batchLimits.maxBytes)
    return refused(`${bytes.length} bytes, at most ${batchLimits.maxBytes} allowed`);
  const parsed = parseMessage(bytes, schema);
  if (!parsed.ok) return parsed;
  const { e, from, rows, prev, head, at, hist, tail, alg, sig } = parsed.value;
  if (!Number.isSafeInteger(from + rows.length)) return refused('from: beyond the largest seq');
  return { ok: true, value: { epoch: e, from, rows, prev, head, atMs: at, history: hist, tail, alg, signature: sig } };
}

/** What the journal key signs: the ends of the batch, which the chain ties to every row between. */
function signatureBase(operator: string, terminal: string, batch: BatchContent): Bytes {
  const last = batch.from + batch.rows.length - 1;
  return encodeCbor([
    'stile-batch-1',
    operator,
    terminal,
    batch.epoch,
    batch.from,
    last,
    batch.rows.length,
    batch.prev,
    batch.head,
    batch.atMs,
    batch.history,
    batch.tail,
  ]);
}

export const batchAuthentic = (operator: string, terminal: string, batch: Batch, key: KeyObject): boolean =>
  signatureHolds(algorithms.EdDSA, key, signatureBase(operator, terminal, batch), batch.signature);

export interface GluedRow {
  readonly seq: number;
  readonly body: Bytes;
  readonly hash: Bytes;
}

/**
 * The exact bodies, none of them decoded, so that a malformed row spoils neither its neighbours nor the
 * chain. Null when they do not lead from `prev` to `head`.
 */
export function glueBatch(terminal: string, batch: BatchContent): readonly GluedRow[] | null {
  const glued: GluedRow[] = [];
  let prev = batch.prev;
  for (const [index, slice] of batch.rows.entries()) {
    const body = glueRow(terminal, batch.epoch, slice, prev);
    const row = { seq: batch.from + index, body, hash: hashBody(body) };
    glued.push(row);
    prev = row.hash;
  }
  return equal(prev, batch.head) ? glued : null;
}

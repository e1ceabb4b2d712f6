// The head end's receipt: how far a terminal's rows are stored, in a signed document. The one thing that
// moves a terminal's cursor.
import { z } from 'zod';
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { CborInput, CborValue } from '../../runtime/core/cbor.ts';
import { plain } from '../../runtime/core/cbor.ts';
import { count, hash, idText, range } from './fields.ts';
import { type Parsed, parseValue } from './parsed.ts';
import type { Range } from './ranges.ts';

export const ackLimits = { held: 8, want: 8, reject: 32, window: 4, rows: 500, waitSeconds: 3_600 } as const;

/**
 * EROW, EFORK: stored apart, counts as acked. EBATCH (unreadable), ESIG (not authentic), EEPOCH (unknown
 * epoch): not acked.
 */
export const rejectCodes = ['EROW', 'EFORK', 'EBATCH', 'ESIG', 'EEPOCH'] as const;
export type RejectCode = (typeof rejectCodes)[number];

export interface Rejection {
  readonly from: number;
  /** Rows; 0 where the batch could not even be read. */
  readonly count: number;
  readonly code: RejectCode;
}

export interface Ack {
  readonly terminal: string;
  readonly epoch: number;
  /** Highest seq with nothing missing below; -1 for none. */
  readonly upto: number;
  /** The hash there as the head end computed it; zeros for none. */
  readonly head: Bytes;
  readonly held: readonly Range[];
  readonly want: readonly Range[];
  readonly reject: readonly Rejection[];
  /** Batches allowed in flight; 0 = pause for `waitSeconds`. */
  readonly window: number;
  readonly rows: number;
  readonly waitSeconds: number;
  /** Head-end time, milliseconds. */
  readonly nowMs: number;
  /** Counter of the newest authentic birth the head end has seen: ties `nowMs` to this connection. */
  readonly birth: number;
}

const schema = z.object({
  t: idText,
  e: count,
  upto: z.int().min(-1),
  head: hash,
  held: z.array(range).max(ackLimits.held),
  want: z.array(range).max(ackLimits.want),
  reject: z.array(z.tuple([count, count, z.enum(rejectCodes)])).max(ackLimits.reject),
  window: count.max(64),
  rows: count.min(1).max(ackLimits.rows),
  wait: count.max(ackLimits.waitSeconds),
  now: count,
  bd: count,
});

export const ackBody = (ack: Ack): CborInput => ({
  t: ack.terminal,
  e: ack.epoch,
  upto: ack.upto,
  head: ack.head,
  held: ack.held.slice(0, ackLimits.held),
  want: ack.want.slice(0, ackLimits.want),
  reject: ack.reject.slice(0, ackLimits.reject).map(({ from, count: rows, code }) => [from, rows, code]),
  window: ack.window,
  rows: ack.rows,
  wait: ack.waitSeconds,
  now: ack.nowMs,
  bd: ack.birth,
});

export function parseAck(body: CborValue): Parsed<Ack> {
  const parsed = parseValue(plain(body), schema);
  if (!parsed.ok) return parsed;
  const { t, e, upto, head, held, want, reject, window, rows, wait, now, bd } = parsed.value;
  return {
    ok: true,
    value: {
      terminal: t,
      epoch: e,
      upto,
      head,
      held,
      want,
      reject: reject.map(([from, number, code]) => ({ from, count: number, code })),
      window,
      rows,
      waitSeconds: wait,
      nowMs: now,
      birth: bd,
    },
  };
}

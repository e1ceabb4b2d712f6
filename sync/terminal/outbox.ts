// The rows of one epoch that the head end has not acknowledged: a set of positions, never a queue of
// rows. The bytes stay in the journal until the moment they are sent.
import { type Range, Ranges } from '../wire/ranges.ts';
import type { UplinkJournal, UplinkRow } from './ports.ts';

export const outboxLimits = {
  /** Ranges set aside for a later try; with that many the epoch pauses until one is due. */
  stalled: 8,
} as const;

interface Cut {
  readonly upto: number;
  readonly rows: number;
}

export class Outbox {
  readonly epoch: number;
  readonly #journal: UplinkJournal;
  #head: number;
  #done: Ranges;
  #onTheWay = Ranges.empty;
  #stalled = Ranges.empty;
  #wanted = Ranges.empty;
  #cut: Cut | null = null;
  /** The newest receipt: what the head end said, not what follows from it. */
  receipt: { readonly upto: number; readonly nowMs: number };

  constructor(options: { epoch: number; journal: UplinkJournal; head: number; upto: number; receiptMs: number }) {
    this.epoch = options.epoch;
    this.#journal = options.journal;
    this.#head = options.head;
    this.#done = Ranges.of([0, Math.min(options.upto, options.head)]);
    this.receipt = { upto: options.upto, nowMs: options.receiptMs };
  }

  get head(): number {
    return this.#head;
  }

  /** Highest seq with everything below acknowledged; -1 for none. */
  get upto(): number {
    return this.#done.unbroken();
  }

  get pendingRows(): number {
    return this.#head + 1 - this.#done.size;
  }

  get heldRanges(): number {
    return this.#done.beyond().length;
  }

  get stalledRanges(): number {
    return this.#stalled.list.length;
  }

  grow(head: number): void {
    this.#head = Math.max(this.#head, head);
  }

  acknowledge(range: Range): void {
    this.#done = this.#done.add([range[0], Math.min(range[1], this.#head)]);
    this.#wanted = this.#wanted.remove(range);
  }

  /** The head end asks again: whatever was believed about these rows no longer holds. */
  want(range: Range): void {
    const own: Range = [range[0], Math.min(range[1], this.#head)];
    this.#done = this.#done.remove(own);
    this.#wanted = this.#wanted.add(own);
  }

  /** The head end went back to an earlier state: everything it does not name is to be sent again. */
  rewind(upto: number, held: readonly Range[]): void {
    this.#done = Ranges.of([0, Math.min(upto, this.#head)], ...held).remove([this.#head + 1, Number.MAX_SAFE_INTEGER]);
  }

  isDone(range: Range): boolean {
    return this.#done.covers(range);
  }

  missingIn(range: Range): readonly Range[] {
    return this.#done.missing(range);
  }

  depart(range: Range): void {
    this.#onTheWay = this.#onTheWay.add(range);
  }

  land(range: Range): void {
    this.#onTheWay = this.#onTheWay.remove(range);
  }

  /** Sets `range` aside; what comes after it is sent in full batches again. */
  stall(range: Range): void {
    this.#cut = null;
    this.#stalled = this.#stalled.add(range);
  }

  release(range: Range): void {
    this.#stalled = this.#stalled.remove(range);
  }

  /** Batches up to `upto` carry at most `rows` rows: how a batch that cannot be read is narrowed down. */
  cutTo(rows: number, upto: number): void {
    this.#cut = { rows, upto };
  }

  /** First unsent range inside [first, last], or null. */
  nextRange([first, last]: Range): Range | null {
    if (this.stalledRanges >= outboxLimits.stalled) return null;
    const busy = this.#done.union(this.#onTheWay).union(this.#stalled);
    return busy.missing([first, Math.min(last, this.#head)])[0] ?? null;
  }

  /** The rows of `range` as far as bounds allow. Positions the journal no longer has are skipped and named. */
  load(
    range: Range,
    maxRows: number,
    maxBytes: number,
  ): { readonly rows: readonly UplinkRow[]; readonly absent: Range | null } {
    const [first, last] = range;
    const cut = this.#cut && first <= this.#cut.upto ? this.#cut.rows : maxRows;
    const limit = Math.min(maxRows, cut, last - first + 1);
    const rows = this.#journal.read(this.epoch, first, limit, maxBytes);
    const start = rows[0];
    if (!start || start.seq > last) return { rows: [], absent: range };
    if (start.seq > first) return { rows: [], absent: [first, start.seq - 1] };
    return { rows: contiguous(rows, last), absent: null };
  }

  /** CHECKPOINT and RECEIPT rows at the end of the journal are not worth a batch unless they are asked for. */
  worthSending(rows: readonly UplinkRow[]): boolean {
    const last = rows[rows.length - 1];
    if (!last || last.seq < this.#head) return true;
    return rows.some((row) => (row.type !== 'CHECKPOINT' && row.type !== 'RECEIPT') || this.#wanted.has(row.seq));
  }
}

function contiguous(rows: readonly UplinkRow[], last: number): readonly UplinkRow[] {
  const start = rows[0]?.seq ?? 0;
  const broken = rows.findIndex((row, index) => row.seq !== start + index || row.seq > last);
  return broken < 0 ? rows : rows.slice(0, broken);
}

// A look into a running terminal's journal from another process: through a connection of its own a row
// shows only after its fsync.
import { join } from 'node:path';
import type { LedgerReader } from '../../../sync/headend/store/read-ledger.ts';
import { decodeRow, type Row } from '../../records/row.ts';
import type { StoredRow } from '../../store/journal.ts';
import { type JournalFileReader, openJournalReader } from '../../store/read-journal.ts';

export interface Seen {
  readonly epoch: number;
  readonly seq: number;
  /** Rows visible that let something happen: rides of a bus, motions of a gate or a cabinet. */
  readonly accepted: number;
}

const pageRows = 500;
const keptRows = 2_000;

export const isRide = ({ payload }: Row): boolean => payload.act === 'ride';
export const isIntent = ({ type }: Row): boolean => type === 'INTENT';

export class JournalSight {
  readonly #file: string;
  readonly #lets: (row: Row) => boolean;
  #reader: JournalFileReader | null = null;
  #seen: Seen = { epoch: -1, seq: -1, accepted: 0 };
  #rows: readonly Row[] = [];

  /** `lets` tells which rows are counted as accepted. */
  constructor(terminalData: string, lets: (row: Row) => boolean) {
    this.#lets = lets;
    this.#file = join(terminalData, 'journal.db');
  }

  /** Once the terminal has made its journal. */
  async open(): Promise<void> {
    this.#reader ??= await openJournalReader(this.#file);
  }

  /** Synchronous, so that it says what is visible at this very moment. Null before {@link open}. */
  look(): Seen | null {
    if (!this.#reader) return null;
    for (;;) {
      const page = this.#reader.after(this.#seen.epoch, this.#seen.seq, pageRows);
      const last = page.at(-1);
      if (!last) return this.#seen.seq < 0 ? null : this.#seen;
      const rows = page.map(({ body }) => decodeRow(body));
      const accepted = this.#seen.accepted + rows.filter(this.#lets).length;
      this.#seen = { epoch: last.epoch, seq: last.seq, accepted };
      this.#rows = [...this.#rows, ...rows].slice(-keptRows);
    }
  }

  /** The newest rows, oldest first, as far as they are kept here. */
  rows(): readonly Row[] {
    this.look();
    return this.#rows;
  }

  /** What kinds of things the journal says have happened. */
  acts(): ReadonlySet<string> {
    return new Set(this.rows().map(({ payload }) => payload.act));
  }

  /** Version of the newest deny list taken among the newest rows; 0 where none is. */
  denyVersion(): number {
    return this.rows().findLast(({ payload }) => payload.act === 'deny')?.payload.version ?? 0;
  }

  /** All rows of `terminal` but CHECKPOINT and RECEIPT at the very end are in `ledger`, with a verdict. */
  allStoredIn(ledger: LedgerReader, terminal: string): boolean {
    const newest = this.newest(pageRows);
    const last = newest.findLast((row) => row.type !== 'CHECKPOINT' && row.type !== 'RECEIPT');
    return last !== undefined && ledger.judgedUpto(terminal, last.epoch) >= last.seq;
  }

  newest(limit: number): readonly StoredRow[] {
    return this.#reader?.newest(limit) ?? [];
  }

  close(): void {
    this.#reader?.close();
    this.#reader = null;
  }
}

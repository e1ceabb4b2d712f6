// A look into a running terminal's journal from another process: through a connection of its own a row
// shows only after its fsync.
import { join } from 'node:path';
import type { LedgerReader } from '../../../sync/headend/store/read-ledger.ts';
import { decodeRow } from '../../records/row.ts';
import type { StoredRow } from '../../store/journal.ts';
import { type JournalFileReader, openJournalReader } from '../../store/read-journal.ts';

export interface Seen {
  readonly epoch: number;
  readonly seq: number;
  /** Accepted rides visible. */
  readonly accepted: number;
}

const pageRows = 500;

export class JournalSight {
  readonly #file: string;
  #reader: JournalFileReader | null = null;
  #seen: Seen = { epoch: -1, seq: -1, accepted: 0 };

  constructor(terminalData: string) {
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
      const rides = page.filter((row) => decodeRow(row.body).payload.act === 'ride').length;
      this.#seen = { epoch: last.epoch, seq: last.seq, accepted: this.#seen.accepted + rides };
    }
  }

  /** What kinds of things the journal says have happened. */
  acts(): ReadonlySet<string> {
    return new Set(this.newest(pageRows).map((row) => decodeRow(row.body).payload.act));
  }

  /** Version of the newest deny list taken among the newest rows; 0 where none is. */
  denyVersion(): number {
    const lists = this.newest(pageRows).map((row) => decodeRow(row.body).payload);
    return lists.findLast((payload) => payload.act === 'deny')?.version ?? 0;
  }

  /** All rows but CHECKPOINT and RECEIPT at the very end are in `ledger`, with a verdict. */
  allStoredIn(ledger: LedgerReader): boolean {
    const newest = this.newest(pageRows);
    const last = newest.findLast((row) => row.type !== 'CHECKPOINT' && row.type !== 'RECEIPT');
    return last !== undefined && ledger.judgedUpto(last.epoch) >= last.seq;
  }

  newest(limit: number): readonly StoredRow[] {
    return this.#reader?.newest(limit) ?? [];
  }

  close(): void {
    this.#reader?.close();
    this.#reader = null;
  }
}

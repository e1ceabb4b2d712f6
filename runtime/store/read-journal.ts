// A journal read by somebody else than its terminal: the command line, a technician, the street page.
// Read-only, also while the terminal writes. SQLite keeps its shared index (-shm) beside the file.
import { existsSync } from 'node:fs';
import type { Bytes } from '../core/bytes.ts';
import { messageOf, StileError } from '../core/errors.ts';
import type { ChainHead } from '../records/chain.ts';
import type { StoredRow } from './journal.ts';
import { JournalTables } from './journal-tables.ts';

export interface JournalFileReader {
  /** The newest rows, oldest first. */
  newest(limit: number): readonly StoredRow[];
  /** Up to `limit` rows after (epoch, seq), across epochs; (-1, -1) for the first. */
  after(epoch: number, seq: number, limit: number): readonly StoredRow[];
  /** All rows in order of (epoch, seq), read page by page. */
  rows(): Iterable<StoredRow>;
  byReference(ref: string): readonly StoredRow[];
  /** Derived state of one space, as it stands beside the newest row. */
  projections(space: string): readonly (readonly [key: Bytes, value: Bytes])[];
  /** The row before the oldest one kept, as that row names it; null where nothing was pruned. */
  prunedBefore(): ChainHead | null;
  close(): void;
}

const pageRows = 500;

/** @throws StileError FILE_UNREADABLE for a file that is absent or no journal. */
export async function openJournalReader(file: string): Promise<JournalFileReader> {
  if (!existsSync(file)) throw unreadable(file, 'there is no such file');
  const { default: Database } = await import('better-sqlite3');
  try {
    return new Reader(new JournalTables(new Database(file, { readonly: true, fileMustExist: true, timeout: 2_000 })));
  } catch (error) {
    throw unreadable(file, messageOf(error));
  }
}

class Reader implements JournalFileReader {
  readonly #tables: JournalTables;

  constructor(tables: JournalTables) {
    this.#tables = tables;
  }

  newest(limit: number): readonly StoredRow[] {
    return this.#tables.newest(limit);
  }

  after(epoch: number, seq: number, limit: number): readonly StoredRow[] {
    return this.#tables.after(epoch, seq, limit);
  }

  *rows(): Iterable<StoredRow> {
    for (let [epoch, seq] = [-1, -1]; ; ) {
      const page = this.#tables.after(epoch, seq, pageRows);
      const last = page.at(-1);
      if (!last) return;
      yield* page;
      [epoch, seq] = [last.epoch, last.seq];
    }
  }

  byReference(ref: string): readonly StoredRow[] {
    return this.#tables.byReference(ref);
  }

  projections(space: string): readonly (readonly [key: Bytes, value: Bytes])[] {
    return this.#tables.projections(space);
  }

  prunedBefore(): ChainHead | null {
    const [oldest] = this.#tables.after(-1, -1, 1);
    if (!oldest || oldest.seq === 0) return null;
    return { epoch: oldest.epoch, seq: oldest.seq - 1, hash: oldest.body.slice(-32) };
  }

  close(): void {
    this.#tables.close();
  }
}

const unreadable = (file: string, problem: string): StileError =>
  new StileError('FILE_UNREADABLE', `journal ${file}: ${problem}`, {
    remedy: "Name the journal.db in a terminal's data folder, and run as a user who may read it.",
  });

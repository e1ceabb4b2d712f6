// The ledger read by somebody else than its head end: a page or the command line. Read-only, also while
// the head end writes.
import { existsSync } from 'node:fs';
import type { Bytes } from '../../../runtime/core/bytes.ts';
import { messageOf, StileError } from '../../../runtime/core/errors.ts';

export interface LedgerLine {
  readonly terminal: string;
  readonly epoch: number;
  readonly seq: number;
  readonly ref: string;
  readonly type: string;
  readonly act: string;
  readonly reason: string | null;
  readonly body: Bytes;
  readonly arrivedMs: number;
  /** What the second pass said of the evidence; null before it. */
  readonly verdict: string | null;
}

export interface LedgerReader {
  /** Newest arrivals first. */
  newest(limit: number): readonly LedgerLine[];
  byReference(ref: string): readonly LedgerLine[];
  rides(): number;
  /** Highest seq of `epoch` of `terminal` below which every row is stored and judged; -1 for none. */
  judgedUpto(terminal: string, epoch: number): number;
  close(): void;
}

const columns = 'terminal, epoch, seq, ref, type, act, reason, body, arrived_ms AS arrivedMs, verdict';

/** @throws StileError FILE_UNREADABLE. */
export async function openLedgerReader(file: string): Promise<LedgerReader> {
  if (!existsSync(file)) throw unreadable(file, 'there is no such file');
  const { default: Database } = await import('better-sqlite3');
  try {
    const database = new Database(file, { readonly: true, fileMustExist: true, timeout: 2_000 });
    const newest = database.prepare(`SELECT ${columns} FROM tx ORDER BY rowid DESC LIMIT ?`);
    const byReference = database.prepare(`SELECT ${columns} FROM tx WHERE ref = ? ORDER BY rowid DESC LIMIT 16`);
    const rides = database.prepare("SELECT count(*) FROM tx WHERE act = 'ride'").pluck();
    const counted = database.prepare(
      'SELECT count(*) AS judged, max(seq) AS newest FROM tx WHERE terminal = ? AND epoch = ? AND verdict IS NOT NULL',
    );
    return {
      newest: (limit) => newest.all(limit) as LedgerLine[],
      byReference: (ref) => byReference.all(ref) as LedgerLine[],
      rides: () => Number(rides.get()),
      judgedUpto: (terminal, epoch) => {
        const { judged, newest: seq } = counted.get(terminal, epoch) as { judged: number; newest: number | null };
        return seq !== null && judged >= seq + 1 ? seq : -1;
      },
      close: () => database.close(),
    };
  } catch (error) {
    throw unreadable(file, messageOf(error));
  }
}

const unreadable = (file: string, problem: string): StileError =>
  new StileError('FILE_UNREADABLE', `ledger ${file}: ${problem}`, {
    remedy: "Name the headend.db in a head end's data folder, and run as a user who may read it.",
  });

// What becomes of a damaged journal: it is moved aside, never deleted, and what still verifies goes on as
// history before a new epoch. A kill at any moment in between is taken up again at the next start.
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type ChainHead, type StoredBody, verifyChain } from '../records/chain.ts';
import { syncFolder } from './folder.ts';
import { isCorruption, type OpenSqlite, type Sqlite, sizeOf } from './journal-file.ts';
import { headOf } from './meta.ts';

export const salvageLimits = { rowsPerCommit: 256 } as const;

export interface Salvaged {
  /** Newest row that was saved, null for none. */
  readonly head: ChainHead | null;
  readonly rows: number;
  /** Rows that could be read and do not verify. */
  readonly lost: number;
}

/** Moves the file and what belongs to it aside; returns where it is now. The database first: see {@link claimOrphanedWal}. */
export function moveAside(file: string, wallMs: number): string {
  const aside = asideName(file, wallMs);
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  }
  syncFolder(dirname(file));
  return aside;
}

/**
 * A WAL without its database would be deleted by SQLite when it opens. It belongs to the database that was
 * moved aside before a kill, or else is kept on its own. True when there was one.
 */
export function claimOrphanedWal(file: string, wallMs: number): boolean {
  if (sizeOf(file) > 0 || sizeOf(`${file}-wal`) === 0) return false;
  const newest = newestAside(file);
  const owner = newest !== null && !existsSync(`${newest}-wal`) ? newest : asideName(file, wallMs);
  renameSync(`${file}-wal`, `${owner}-wal`);
  syncFolder(dirname(file));
  return true;
}

/** The database that was moved aside last, null for none. */
export function newestAside(file: string): string | null {
  const prefix = `${basename(file)}.corrupt-`;
  const times = readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
  return times.length === 0 ? null : join(dirname(file), prefix + Math.max(...times));
}

const asideName = (file: string, wallMs: number): string => `${file}.corrupt-${wallMs}`;

/**
 * Copies rows, oldest first, until an epoch's chain breaks, and goes on after the newest row that `into`
 * has. Derived state comes along as it is: floors below which no list is believed, uses of accounts.
 */
export function copyWhatVerifies(open: OpenSqlite, aside: string, into: Sqlite): Salvaged {
  const already = headOf(into);
  const rowsBefore = Number(into.prepare('SELECT count(*) FROM journal').pluck().get());
  let damaged: Sqlite | null = null;
  try {
    damaged = open(aside, { readonly: true, fileMustExist: true });
    // Without this SQLite reads nothing of a file that is shorter than its header says.
    damaged.unsafeMode(true).pragma('writable_schema = ON');
    damaged.pragma('trusted_schema = OFF');
    damaged.pragma('cell_size_check = ON');
  } catch {
    damaged?.close();
    return { head: already, rows: rowsBefore, lost: 0 };
  }
  try {
    copyProjections(damaged, into);
    const { head, rows, lost } = copyRows(damaged, into, already);
    return { head, rows: rowsBefore + rows, lost };
  } finally {
    damaged.close();
  }
}

function copyRows(damaged: Sqlite, into: Sqlite, already: ChainHead | null): Salvaged {
  const insert = into.prepare(
    'INSERT INTO journal (epoch, seq, body, hash, ref, type, day) VALUES (@epoch, @seq, @body, @hash, @ref, @type, @day)',
  );
  let head = already;
  let [rows, lost, broken] = [0, 0, -1];
  const saveBatch = into.transaction((batch: readonly StoredBody[]) => {
    for (const row of batch) {
      const before = head?.epoch === row.epoch ? head : beforePruned(row);
      if (broken === row.epoch || !verifyChain([row], before).whole) {
        broken = row.epoch;
        lost++;
        continue;
      }
      insert.run(row);
      head = { epoch: row.epoch, seq: row.seq, hash: row.hash };
      rows++;
    }
  });
  for (const batch of readableBatches(damaged, already)) saveBatch(batch);
  return { head, rows, lost };
}

/** Pages of rows up to the first place that cannot be read; then row by row, so that none before it is missed. */
function* readableBatches(damaged: Sqlite, after: ChainHead | null): Iterable<readonly StoredBody[]> {
  const columns = 'epoch, seq, body, hash, ref, type, day';
  const sql = `SELECT ${columns} FROM journal WHERE (epoch, seq) > (?, ?) ORDER BY epoch, seq LIMIT ?`;
  let limit: number = salvageLimits.rowsPerCommit;
  let at: readonly [number, number] = [after?.epoch ?? -1, after?.seq ?? -1];
  for (;;) {
    const batch = readOr(() => damaged.prepare(sql).all(...at, limit) as StoredBody[], null);
    if (batch === null && limit === 1) return;
    if (batch === null) {
      limit = 1;
      continue;
    }
    const last = batch.at(-1);
    if (!last) return;
    yield batch;
    at = [last.epoch, last.seq];
  }
}

function copyProjections(damaged: Sqlite, into: Sqlite): void {
  const put = into.prepare('INSERT OR REPLACE INTO projection (space, key, value) VALUES (@space, @key, @value)');
  const sql = 'SELECT space, key, value FROM projection WHERE (space, key) > (?, ?) ORDER BY space, key LIMIT ?';
  const saveBatch = into.transaction((batch: readonly { space: string; key: Uint8Array }[]) => {
    for (const projection of batch) put.run(projection);
  });
  for (let at: readonly [string, Uint8Array] = ['', new Uint8Array()]; ; ) {
    const query = () =>
      damaged.prepare(sql).all(...at, salvageLimits.rowsPerCommit) as { space: string; key: Uint8Array }[];
    const batch = readOr(query, []);
    const last = batch.at(-1);
    if (!last) return;
    saveBatch(batch);
    at = [last.space, last.key];
  }
}

/** Only the damaged side may fail here: a full disk on the other side must not pass for lost rows. */
function readOr<T, F>(read: () => T, otherwise: F): T | F {
  try {
    return read();
  } catch (error) {
    if (isCorruption(error) || isUnreadable(error)) return otherwise;
    throw error;
  }
}

/** A bad sector, or a schema that does not hold the table any more. */
const isUnreadable = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^SQLITE_(IOERR|ERROR|CANTOPEN)/.test(String(error.code));

/** The oldest row kept may not be seq 0: its predecessor was pruned, and its own `prev` vouches for the link. */
export const beforePruned = (row: StoredBody): ChainHead | null =>
  row.seq === 0 ? null : { epoch: row.epoch, seq: row.seq - 1, hash: row.body.slice(-32) };

// Reads of journal.db through a read-only connection. Every read ends at once (LIMIT and .all): a
// statement left open would hold the WAL.
import type { Bytes } from '../core/bytes.ts';
import type { RowType } from '../records/row-types.ts';
import type { RowPosition, StoredRow } from './journal.ts';
import type { Sqlite } from './journal-file.ts';

export const readLimits = { rows: 1_000 } as const;

interface RawRow {
  readonly epoch: number;
  readonly seq: number;
  readonly body: Uint8Array;
  readonly hash: Uint8Array;
  readonly ref: string;
  readonly type: string;
  readonly day: string;
}

interface RawProjection {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const columns = 'epoch, seq, body, hash, ref, type, day';

export class JournalTables {
  readonly #database: Sqlite;
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: Sqlite) {
    this.#database = database;
    this.#statements = prepare(database);
  }

  /** Rows of one epoch from `fromSeq`, fewer where `maxBytes` of bodies is reached; at least one if there is one. */
  read(epoch: number, fromSeq: number, limit: number, maxBytes = Number.POSITIVE_INFINITY): readonly StoredRow[] {
    const rows = this.#statements.read.all(epoch, fromSeq, Math.min(limit, readLimits.rows)) as RawRow[];
    return within(rows, maxBytes).map(stored);
  }

  /** Rows after (epoch, seq) across epochs. */
  after(epoch: number, seq: number, limit: number): readonly StoredRow[] {
    return (this.#statements.after.all(epoch, seq, Math.min(limit, readLimits.rows)) as RawRow[]).map(stored);
  }

  /** The newest `limit` rows, oldest first. */
  newest(limit: number): readonly StoredRow[] {
    return (this.#statements.newest.all(limit) as RawRow[]).reverse().map(stored);
  }

  oldest(limit: number): readonly StoredRow[] {
    return this.after(-1, -1, limit);
  }

  /** The newest rows before a position, oldest first. */
  before({ epoch, seq }: RowPosition, limit: number): readonly StoredRow[] {
    return (this.#statements.before.all(epoch, seq, Math.min(limit, readLimits.rows)) as RawRow[])
      .reverse()
      .map(stored);
  }

  byReference(ref: string): readonly StoredRow[] {
    return (this.#statements.byReference.all(ref) as RawRow[]).map(stored);
  }

  projection(space: string, key: Bytes): Bytes | null {
    const value = this.#statements.projection.get(space, key) as Uint8Array | undefined;
    return value ? new Uint8Array(value) : null;
  }

  projections(space: string): readonly (readonly [Bytes, Bytes])[] {
    return (this.#statements.projections.all(space) as RawProjection[]).map(projected);
  }

  projectionsAfter(space: string, key: Bytes, limit: number): readonly (readonly [Bytes, Bytes])[] {
    const most = Math.min(limit, readLimits.rows);
    return (this.#statements.projectionsAfter.all(space, key, most) as RawProjection[]).map(projected);
  }

  close(): void {
    this.#database.close();
  }
}

function prepare(database: Sqlite) {
  return {
    read: database.prepare(`SELECT ${columns} FROM journal WHERE epoch = ? AND seq >= ? ORDER BY seq LIMIT ?`),
    after: database.prepare(`SELECT ${columns} FROM journal WHERE (epoch, seq) > (?, ?) ORDER BY epoch, seq LIMIT ?`),
    before: database.prepare(
      `SELECT ${columns} FROM journal WHERE (epoch, seq) < (?, ?) ORDER BY epoch DESC, seq DESC LIMIT ?`,
    ),
    newest: database.prepare(`SELECT ${columns} FROM journal ORDER BY epoch DESC, seq DESC LIMIT ?`),
    byReference: database.prepare(`SELECT ${columns} FROM journal WHERE ref = ? ORDER BY epoch, seq LIMIT 16`),
    projection: database.prepare('SELECT value FROM projection WHERE space = ? AND key = ?').pluck(),
    projections: database.prepare('SELECT key, value FROM projection WHERE space = ? ORDER BY key'),
    projectionsAfter: database.prepare(
      'SELECT key, value FROM projection WHERE space = ? AND key > ? ORDER BY key LIMIT ?',
    ),
  };
}

/** The first rows whose bodies fit, but at least one: a row larger than the room must not stop the reader. */
function within(rows: readonly RawRow[], maxBytes: number): readonly RawRow[] {
  let bytes = 0;
  for (const [at, row] of rows.entries()) {
    bytes += row.body.length;
    if (bytes > maxBytes && at > 0) return rows.slice(0, at);
  }
  return rows;
}

const projected = ({ key, value }: RawProjection): readonly [Bytes, Bytes] => [
  new Uint8Array(key),
  new Uint8Array(value),
];

const stored = (row: RawRow): StoredRow => ({
  epoch: row.epoch,
  seq: row.seq,
  body: new Uint8Array(row.body),
  hash: new Uint8Array(row.hash),
  ref: row.ref,
  type: row.type as RowType,
  day: row.day,
});

// Cursors in SQL. Whoever moves one holds it first, so that two workers with rows of one terminal follow each other.
import type { Bytes } from '../../../runtime/core/bytes.ts';
import { zeroHash } from '../../../runtime/records/row.ts';
import type { Range } from '../../wire/ranges.ts';
import type { CursorBook, IngestCursor } from './ingest-store.ts';
import { first, type SqlDatabase, type SqlSession, type SqlTable } from './sql.ts';

export interface StoredCursor extends IngestCursor {
  /** Rows up to here were stored once and are forgotten. */
  readonly prunedUpto: number;
}

interface CursorRecord {
  readonly terminal: string;
  readonly epoch: number;
  readonly upto: number;
  readonly head: Bytes;
  readonly held: string;
  readonly advertised: number;
  readonly progress_ms: number;
  readonly wanted_since_ms: number | null;
  readonly pruned_upto: number;
}

export type CursorKey = Pick<IngestCursor, 'terminal' | 'epoch'>;

const table: SqlTable = {
  name: 'cursor',
  columns: {
    terminal: 'text',
    epoch: 'integer',
    upto: 'integer',
    head: 'bytes',
    held: 'text',
    advertised: 'integer',
    progress_ms: 'integer',
    wanted_since_ms: 'integer',
  },
};

const moved = `ON CONFLICT (terminal, epoch) DO UPDATE SET upto = excluded.upto, head = excluded.head,
  held = excluded.held, advertised = excluded.advertised, progress_ms = excluded.progress_ms,
  wanted_since_ms = excluded.wanted_since_ms`;

/** In order of `keys`, which is the same for every worker. A cursor that did not exist begins now. */
export async function holdCursors(
  session: SqlSession,
  forUpdate: string,
  keys: readonly CursorKey[],
  nowMs: number,
): Promise<readonly StoredCursor[]> {
  const fresh = keys.map((key) => ({ ...key, ...nothingYet, progressMs: nowMs }));
  await session.insertAll(table, fresh.map(valuesOf));
  const held: StoredCursor[] = [];
  for (const { terminal, epoch } of keys) {
    const cursor = await readCursor(session, terminal, epoch, forUpdate);
    if (cursor) held.push(cursor);
  }
  return held;
}

export const writeCursors = (session: SqlSession, cursors: readonly IngestCursor[]): Promise<void> =>
  session.insertAll(table, cursors.map(valuesOf), moved);

export class SqlCursors implements CursorBook {
  readonly #db: SqlDatabase;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  async cursor(terminal: string, epoch: number): Promise<IngestCursor | null> {
    return readCursor(this.#db, terminal, epoch);
  }

  async cursors(): Promise<readonly IngestCursor[]> {
    return (await this.#db.all<CursorRecord>('SELECT * FROM cursor ORDER BY terminal, epoch')).map(toCursor);
  }

  saveCursorWatch(cursor: IngestCursor): Promise<void> {
    return this.#db.transaction(async (session) => {
      const { forUpdate } = this.#db.words;
      const [stored] = await holdCursors(session, forUpdate, [cursor], cursor.progressMs);
      const { advertised, progressMs, wantedSinceMs } = cursor;
      await writeCursors(session, [{ ...(stored ?? cursor), advertised, progressMs, wantedSinceMs }]);
    });
  }
}

async function readCursor(
  session: SqlSession,
  terminal: string,
  epoch: number,
  forUpdate = '',
): Promise<StoredCursor | null> {
  const sql = `SELECT * FROM cursor WHERE terminal = ? AND epoch = ?${forUpdate}`;
  const record = first(await session.all<CursorRecord>(sql, terminal, epoch));
  return record ? toCursor(record) : null;
}

const nothingYet = { upto: -1, head: zeroHash, held: [], advertised: -1, wantedSinceMs: null } as const;

const valuesOf = (cursor: IngestCursor) => [
  cursor.terminal,
  cursor.epoch,
  cursor.upto,
  cursor.head,
  JSON.stringify(cursor.held),
  cursor.advertised,
  cursor.progressMs,
  cursor.wantedSinceMs,
];

const toCursor = (record: CursorRecord): StoredCursor => ({
  terminal: record.terminal,
  epoch: record.epoch,
  upto: record.upto,
  head: record.head,
  held: JSON.parse(record.held) as readonly Range[],
  advertised: record.advertised,
  progressMs: record.progress_ms,
  wantedSinceMs: record.wanted_since_ms,
  prunedUpto: record.pruned_upto,
});

// One transaction of ingest: batches of many terminals, each placed on its branch, written together. The cursors are
// held from the first statement to the commit.
import { type Bytes, equal } from '../../../runtime/core/bytes.ts';
import { zeroHash } from '../../../runtime/records/row.ts';
import type { Rejection } from '../../wire/ack.ts';
import { Ranges } from '../../wire/ranges.ts';
import { type Neighbours, placeBatch } from './branch.ts';
import type { BatchOutcome, Incident, IngestBatch, IngestRow } from './ingest-store.ts';
import { first, ignoreKnown, type SqlSession, type SqlTable, type SqlValue } from './sql.ts';
import { type CursorKey, holdCursors, type StoredCursor, writeCursors } from './sql-cursors.ts';
import { insertIncident } from './sql-incidents.ts';

const rowTable: SqlTable = {
  name: 'tx',
  columns: {
    terminal: 'text',
    epoch: 'integer',
    seq: 'integer',
    day: 'text',
    body: 'bytes',
    hash: 'bytes',
    ref: 'text',
    type: 'text',
    act: 'text',
    reason: 'text',
    arrived_ms: 'integer',
    digest: 'bytes',
    ticket: 'bytes',
  },
};

const checkpointTable: SqlTable = {
  name: 'checkpoint',
  columns: {
    terminal: 'text',
    epoch: 'integer',
    last_seq: 'integer',
    first_seq: 'integer',
    head: 'bytes',
    at_ms: 'integer',
    history: 'integer',
    tail: 'integer',
    signature: 'bytes',
  },
};

/** In one transaction: `session` is inside it. */
export async function commitRun(
  session: SqlSession,
  forUpdate: string,
  batches: readonly IngestBatch[],
): Promise<readonly BatchOutcome[]> {
  const held = await holdCursors(session, forUpdate, keysOf(batches), batches[0]?.arrivedMs ?? 0);
  const run = new CommitRun(session, held);
  const outcomes: BatchOutcome[] = [];
  for (const batch of batches) outcomes.push(await run.place(batch));
  await run.write();
  return outcomes;
}

class CommitRun {
  readonly #session: SqlSession;
  readonly #cursors: Map<string, StoredCursor>;
  #rows: SqlValue[][] = [];
  #checkpoints: SqlValue[][] = [];

  constructor(session: SqlSession, held: readonly StoredCursor[]) {
    this.#session = session;
    this.#cursors = new Map(held.map((cursor) => [keyOf(cursor), cursor]));
  }

  async place(batch: IngestBatch): Promise<BatchOutcome> {
    const before = this.#cursors.get(keyOf(batch));
    if (!before) throw new RangeError('a batch whose cursor is not held');
    const placement = placeBatch(batch, before, await this.#neighbours(batch, before));
    if (!placement.fits) return { cursor: before, rejections: [], stored: 0 };
    for (const row of placement.fresh) await this.#addRow(batch, row);
    for (const row of placement.forked) await this.#addFork(batch, row);
    if (placement.fresh.length > 0) this.#addCheckpoint(batch);
    if (placement.forked[0]) await insertIncident(this.#session, forkIncident(batch, placement.forked[0]));
    const cursor = await this.#advance(before, placement.held, batch);
    this.#cursors.set(keyOf(batch), cursor);
    const poison = [...placement.known, ...placement.fresh].filter(({ columns }) => columns === null);
    return {
      cursor,
      rejections: [...grouped(poison, 'EROW'), ...grouped(placement.forked, 'EFORK')],
      stored: placement.fresh.length,
    };
  }

  async write(): Promise<void> {
    await this.#writeRows();
    await this.#session.insertAll(checkpointTable, this.#checkpoints, ignoreKnown);
    await writeCursors(this.#session, [...this.#cursors.values()]);
  }

  /** What was placed before must be found by what is placed next. */
  async #writeRows(): Promise<void> {
    if (this.#rows.length > 0) await this.#session.insertAll(rowTable, this.#rows, ignoreKnown);
    this.#rows = [];
  }

  async #neighbours(batch: IngestBatch, before: StoredCursor): Promise<Neighbours> {
    const { prunedUpto } = before;
    if (followsAlone(batch, before)) {
      return { hashes: new Map([[before.upto, before.head]]), nextPrev: null, continuesFork: false, prunedUpto };
    }
    await this.#writeRows();
    const from = batch.rows[0]?.seq ?? 0;
    const next = from + batch.rows.length;
    const key = [batch.terminal, batch.epoch] as const;
    const found = await this.#session.all<{ seq: number; hash: Bytes }>(
      `SELECT seq, hash FROM tx WHERE terminal = ? AND epoch = ? AND seq BETWEEN ? AND ?
       UNION ALL SELECT seq, hash FROM quarantine
         WHERE terminal = ? AND epoch = ? AND seq BETWEEN ? AND ? AND code = 'EROW'`,
      ...[...key, from - 1, next - 1, ...key, from - 1, next - 1],
    );
    const follower = first(
      await this.#session.all<{ body: Bytes }>(
        `SELECT body FROM tx WHERE terminal = ? AND epoch = ? AND seq = ?
         UNION ALL SELECT raw FROM quarantine WHERE terminal = ? AND epoch = ? AND seq = ? AND code = 'EROW'`,
        ...[...key, next, ...key, next],
      ),
    );
    const fork = await this.#session.all(
      'SELECT 1 AS found FROM fork WHERE terminal = ? AND epoch = ? AND seq = ? AND hash = ?',
      ...[...key, from - 1, batch.prev],
    );
    return {
      hashes: new Map(found.map(({ seq, hash }) => [seq, hash])),
      nextPrev: follower ? follower.body.subarray(follower.body.length - 32) : null,
      continuesFork: fork.length > 0,
      prunedUpto,
    };
  }

  async #addRow({ terminal, epoch, arrivedMs }: IngestBatch, { seq, body, hash, columns }: IngestRow): Promise<void> {
    if (columns) {
      const { day, ref, type, act, reason, digest, ticket } = columns;
      this.#rows.push([terminal, epoch, seq, day, body, hash, ref, type, act, reason, arrivedMs, digest, ticket]);
      return;
    }
    await this.#session.run(
      `INSERT INTO quarantine (terminal, epoch, seq, code, raw, hash, problem, arrived_ms)
       VALUES (?, ?, ?, 'EROW', ?, ?, 'not a row', ?) ON CONFLICT DO NOTHING`,
      ...[terminal, epoch, seq, body, hash, arrivedMs],
    );
  }

  async #addFork({ terminal, epoch, arrivedMs }: IngestBatch, { seq, body, hash }: IngestRow): Promise<void> {
    await this.#session.run(
      `INSERT INTO fork (terminal, epoch, seq, hash, body, arrived_ms) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
      ...[terminal, epoch, seq, hash, body, arrivedMs],
    );
  }

  #addCheckpoint({ terminal, epoch, rows, atMs, history, tail, signature }: IngestBatch): void {
    const [from, last] = [rows[0], rows[rows.length - 1]];
    if (!from || !last) return;
    const flags = [Number(history), Number(tail)];
    this.#checkpoints.push([terminal, epoch, last.seq, from.seq, last.hash, atMs, ...flags, signature]);
  }

  async #advance(before: StoredCursor, held: Ranges, batch: IngestBatch): Promise<StoredCursor> {
    const upto = held.unbroken();
    const moved = upto > before.upto;
    return {
      ...before,
      upto,
      head: moved ? await this.#hashOf(batch, upto) : before.head,
      held: held.beyond(),
      progressMs: moved ? batch.arrivedMs : before.progressMs,
      wantedSinceMs: moved ? null : before.wantedSinceMs,
    };
  }

  async #hashOf(batch: IngestBatch, seq: number): Promise<Bytes> {
    const own = batch.rows.find((row) => row.seq === seq);
    if (own) return own.hash;
    await this.#writeRows();
    return (await storedHash(this.#session, batch.terminal, batch.epoch, seq)) ?? zeroHash;
  }
}

export async function storedHash(
  session: SqlSession,
  terminal: string,
  epoch: number,
  seq: number,
): Promise<Bytes | null> {
  const found = await session.all<{ hash: Bytes }>(
    `SELECT hash FROM tx WHERE terminal = ? AND epoch = ? AND seq = ?
     UNION ALL SELECT hash FROM quarantine WHERE terminal = ? AND epoch = ? AND seq = ? AND code = 'EROW'`,
    ...[terminal, epoch, seq, terminal, epoch, seq],
  );
  return first(found)?.hash ?? null;
}

/**
 * The next rows of a journal without holes: the cursor alone says what stands around them. Spares a search through
 * every business day, for all but rows that were sent twice or out of order.
 */
function followsAlone({ rows, prev }: IngestBatch, { upto, head, held }: StoredCursor): boolean {
  return held.length === 0 && rows[0]?.seq === upto + 1 && equal(prev, head);
}

/** One order for every worker: none waits for another in a circle. */
function keysOf(batches: readonly IngestBatch[]): readonly CursorKey[] {
  const keys = new Map(batches.map(({ terminal, epoch }) => [keyOf({ terminal, epoch }), { terminal, epoch }]));
  return [...keys].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}

const keyOf = ({ terminal, epoch }: CursorKey): string => `${terminal}/${epoch}`;

const forkIncident = (batch: IngestBatch, row: IngestRow): Incident => ({
  kind: 'fork',
  terminal: batch.terminal,
  epoch: batch.epoch,
  seq: row.seq,
  detail: 'two authentic histories from this row on',
  openedMs: batch.arrivedMs,
});

function grouped(rows: readonly IngestRow[], code: Rejection['code']): readonly Rejection[] {
  const ranges = rows.reduce<Ranges>((set, { seq }) => set.add([seq, seq]), Ranges.empty);
  return ranges.list.map(([from, last]) => ({ from, count: last - from + 1, code }));
}

// The rows in SQL: committed with their cursors, read by consumers, judged once, forgotten by business day.
import type { Bytes } from '../../../runtime/core/bytes.ts';
import { commitRun, storedHash } from './commit-run.ts';
import type { BatchOutcome, IngestBatch, LedgerCounts, LedgerRow, RowBook } from './ingest-store.ts';
import { first, type SqlDatabase, type SqlValue } from './sql.ts';

/** How a database keeps business days apart. */
export interface DayKeeper {
  /** Before rows of these days are committed. */
  prepare(days: readonly string[], nowMs: number): Promise<void>;
  prune(day: string, arrivedMs: number): Promise<number>;
}

const ledgerColumns = `terminal, epoch, seq, day, body, hash, ref, type, act, reason, arrived_ms AS "arrivedMs", verdict`;

export class SqlRows implements RowBook {
  readonly #db: SqlDatabase;
  readonly #days: DayKeeper;

  constructor(db: SqlDatabase, days: DayKeeper) {
    this.#db = db;
    this.#days = days;
  }

  async commitBatches(batches: readonly IngestBatch[]): Promise<readonly BatchOutcome[]> {
    const days = new Set(batches.flatMap(({ rows }) => rows.flatMap(({ columns }) => columns?.day ?? [])));
    await this.#days.prepare([...days], batches[0]?.arrivedMs ?? 0);
    return this.#db.transaction((session) => commitRun(session, this.#db.words.forUpdate, batches));
  }

  hashAt(terminal: string, epoch: number, seq: number): Promise<Bytes | null> {
    return storedHash(this.#db, terminal, epoch, seq);
  }

  unjudged(limit: number): Promise<readonly LedgerRow[]> {
    return this.#rows('WHERE verdict IS NULL ORDER BY rowid LIMIT ?', limit);
  }

  judge(verdicts: readonly { readonly row: LedgerRow; readonly verdict: string }[]): Promise<void> {
    return this.#db.transaction(async (session) => {
      for (const { row, verdict } of verdicts) {
        await session.run(
          'UPDATE tx SET verdict = ? WHERE terminal = ? AND epoch = ? AND seq = ? AND day = ?',
          ...[verdict, row.terminal, row.epoch, row.seq, row.day],
        );
      }
    });
  }

  sameDigest({ terminal, epoch, seq, day }: LedgerRow): Promise<readonly LedgerRow[]> {
    return this.#rows(
      `WHERE digest = (SELECT digest FROM tx WHERE terminal = ? AND epoch = ? AND seq = ? AND day = ?)
       AND terminal <> ? ORDER BY rowid LIMIT 8`,
      ...[terminal, epoch, seq, day, terminal],
    );
  }

  sameTicket(ticket: Bytes, limit: number): Promise<readonly LedgerRow[]> {
    return this.#rows('WHERE ticket = ? ORDER BY rowid LIMIT ?', ticket, limit);
  }

  latest(limit: number): Promise<readonly LedgerRow[]> {
    return this.#rows('ORDER BY rowid DESC LIMIT ?', limit);
  }

  byReference(ref: string): Promise<readonly LedgerRow[]> {
    return this.#rows('WHERE ref = ? ORDER BY rowid DESC LIMIT 16', ref);
  }

  async read(terminal: string, epoch: number, fromSeq: number, limit: number): Promise<readonly LedgerRow[]> {
    const found = await this.#db.all<{ upto: number }>(
      'SELECT upto FROM cursor WHERE terminal = ? AND epoch = ?',
      terminal,
      epoch,
    );
    const upto = first(found)?.upto ?? -1;
    if (fromSeq > upto) return [];
    return this.#rows(
      'WHERE terminal = ? AND epoch = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?',
      ...[terminal, epoch, fromSeq, upto, limit],
    );
  }

  async counts(): Promise<LedgerCounts> {
    const one = async (sql: string): Promise<number> => first(await this.#db.all<{ n: number }>(sql))?.n ?? 0;
    return {
      rows: await one('SELECT count(*) AS n FROM tx'),
      rides: await one(`SELECT count(*) AS n FROM tx WHERE type = 'DECISION' AND act = 'ride'`),
      incidents: await one('SELECT count(*) AS n FROM incident'),
      quarantined: await one('SELECT count(*) AS n FROM quarantine'),
    };
  }

  prune(day: string, arrivedMs: number): Promise<number> {
    return this.#days.prune(day, arrivedMs);
  }

  #rows(tail: string, ...values: readonly SqlValue[]): Promise<readonly LedgerRow[]> {
    return this.#db.all<LedgerRow>(`SELECT ${ledgerColumns} FROM tx ${tail}`, ...values);
  }
}

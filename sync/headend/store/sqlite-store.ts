// The embedded store: SQLite with one writer, whose BEGIN IMMEDIATE is the cursor lock. For demos, tests
// and one small site.
import { createHash } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { Bytes } from '../../../runtime/core/bytes.ts';
import { messageOf, StileError } from '../../../runtime/core/errors.ts';
import { zeroHash } from '../../../runtime/records/row.ts';
import type { Rejection } from '../../wire/ack.ts';
import { type Range, Ranges } from '../../wire/ranges.ts';
import { type Neighbours, placeBatch } from './branch.ts';
import {
  type BatchOutcome,
  type Incident,
  type IngestBatch,
  type IngestCursor,
  type IngestRow,
  type IngestStore,
  type LedgerCounts,
  type LedgerRow,
  type PublishedDocument,
  type QuarantinedMessage,
  storeLimits,
  type TerminalRecord,
} from './ingest-store.ts';
import { addedColumns, lateIndexes, schema } from './sqlite-schema.ts';

/** @throws StileError NATIVE_PACKAGE_MISSING, FILE_UNREADABLE. */
export async function openSqliteStore(path: string): Promise<SqliteStore> {
  let open: typeof Database;
  try {
    open = (await import('better-sqlite3')).default;
  } catch (cause) {
    throw new StileError('NATIVE_PACKAGE_MISSING', `better-sqlite3 cannot be loaded: ${messageOf(cause)}`, {
      remedy: 'Run npm ci on this machine, with a C++ compiler at hand.',
      cause,
    });
  }
  try {
    return new SqliteStore(open(path));
  } catch (cause) {
    throw new StileError('FILE_UNREADABLE', `head-end database ${path}: ${messageOf(cause)}`, {
      remedy: 'Check that the folder exists and is writable, and that no other head end uses the file.',
      cause,
    });
  }
}

interface CursorRecord {
  readonly terminal: string;
  readonly epoch: number;
  readonly upto: number;
  readonly head: Buffer;
  readonly held: string;
  readonly advertised: number;
  readonly progress_ms: number;
  readonly wanted_since_ms: number | null;
}

const ledgerColumns = 'terminal, epoch, seq, day, body, hash, ref, type, act, reason, arrived_ms AS arrivedMs, verdict';

export class SqliteStore implements IngestStore {
  readonly #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();

  constructor(db: Database.Database) {
    this.#db = db;
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('busy_timeout = 2000');
    db.exec(schema);
    for (const { table, column, type } of addedColumns) {
      const known = db.pragma(`table_info(${table})`) as { name: string }[];
      if (!known.some(({ name }) => name === column)) db.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`);
    }
    db.exec(lateIndexes);
  }

  async commitBatches(batches: readonly IngestBatch[]): Promise<readonly BatchOutcome[]> {
    const commit = this.#db.transaction(() => batches.map((batch) => this.#commitBatch(batch)));
    return commit.immediate();
  }

  #commitBatch(batch: IngestBatch): BatchOutcome {
    const before = this.#cursor(batch.terminal, batch.epoch) ?? freshCursor(batch);
    const placement = placeBatch(batch, before, this.#neighbours(batch));
    if (!placement.fits) return { cursor: before, rejections: [], stored: 0 };
    for (const row of placement.fresh) this.#insertRow(batch, row);
    for (const row of placement.forked) this.#insertFork(batch, row);
    if (placement.fresh.length > 0) this.#insertCheckpoint(batch);
    if (placement.forked[0]) this.#insertIncident(forkIncident(batch, placement.forked[0]));
    const cursor = this.#advance(before, placement.held, batch.arrivedMs);
    const poison = [...placement.known, ...placement.fresh]
      .filter(({ columns }) => columns === null)
      .map(({ seq }) => seq);
    return {
      cursor,
      rejections: [
        ...grouped(poison, 'EROW'),
        ...grouped(
          placement.forked.map(({ seq }) => seq),
          'EFORK',
        ),
      ],
      stored: placement.fresh.length,
    };
  }

  #neighbours(batch: IngestBatch): Neighbours {
    const first = batch.rows[0]?.seq ?? 0;
    const next = first + batch.rows.length;
    const key = [batch.terminal, batch.epoch] as const;
    const found = this.#prepare(
      `SELECT seq, hash FROM tx WHERE terminal = ? AND epoch = ? AND seq BETWEEN ? AND ?
       UNION ALL SELECT seq, hash FROM quarantine WHERE terminal = ? AND epoch = ? AND seq BETWEEN ? AND ? AND code = 'EROW'`,
    ).all(...key, first - 1, next - 1, ...key, first - 1, next - 1) as { seq: number; hash: Buffer }[];
    const follower = this.#prepare(
      `SELECT body FROM tx WHERE terminal = ? AND epoch = ? AND seq = ?
       UNION ALL SELECT raw FROM quarantine WHERE terminal = ? AND epoch = ? AND seq = ? AND code = 'EROW'`,
    ).get(...key, next, ...key, next) as { body: Buffer } | undefined;
    const fork = this.#prepare('SELECT 1 FROM fork WHERE terminal = ? AND epoch = ? AND seq = ? AND hash = ?');
    return {
      hashes: new Map(found.map(({ seq, hash }) => [seq, hash])),
      nextPrev: follower ? follower.body.subarray(follower.body.length - 32) : null,
      continuesFork: fork.get(...key, first - 1, batch.prev) !== undefined,
    };
  }

  #insertRow(batch: IngestBatch, { seq, body, hash, columns }: IngestRow): void {
    if (!columns) return this.#insertPoison(batch, seq, body, hash);
    this.#prepare(
      `INSERT INTO tx (terminal, epoch, seq, day, body, hash, ref, type, act, reason, arrived_ms, verdict, digest, ticket)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?) ON CONFLICT DO NOTHING`,
    ).run(
      batch.terminal,
      batch.epoch,
      seq,
      columns.day,
      body,
      hash,
      columns.ref,
      columns.type,
      columns.act,
      columns.reason,
      batch.arrivedMs,
      columns.digest,
      columns.ticket,
    );
  }

  #insertPoison(batch: IngestBatch, seq: number, body: Bytes, hash: Bytes): void {
    this.#prepare(
      `INSERT INTO quarantine (terminal, epoch, seq, code, raw, hash, problem, arrived_ms)
       VALUES (?, ?, ?, 'EROW', ?, ?, 'not a row', ?) ON CONFLICT DO NOTHING`,
    ).run(batch.terminal, batch.epoch, seq, body, hash, batch.arrivedMs);
  }

  #insertFork(batch: IngestBatch, { seq, body, hash }: IngestRow): void {
    this.#prepare(
      'INSERT INTO fork (terminal, epoch, seq, hash, body, arrived_ms) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ).run(batch.terminal, batch.epoch, seq, hash, body, batch.arrivedMs);
  }

  #insertCheckpoint(batch: IngestBatch): void {
    const first = batch.rows[0];
    const last = batch.rows[batch.rows.length - 1];
    if (!first || !last) return;
    this.#prepare(
      `INSERT INTO checkpoint (terminal, epoch, last_seq, first_seq, head, at_ms, history, tail, signature)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ).run(
      batch.terminal,
      batch.epoch,
      last.seq,
      first.seq,
      last.hash,
      batch.atMs,
      Number(batch.history),
      Number(batch.tail),
      batch.signature,
    );
  }

  #advance(before: IngestCursor, held: Ranges, nowMs: number): IngestCursor {
    const upto = held.unbroken();
    const moved = upto > before.upto;
    const cursor: IngestCursor = {
      ...before,
      upto,
      head: moved ? (this.#hashAt(before.terminal, before.epoch, upto) ?? zeroHash) : before.head,
      held: held.beyond(),
      progressMs: moved ? nowMs : before.progressMs,
      wantedSinceMs: moved ? null : before.wantedSinceMs,
    };
    this.#writeCursor(cursor);
    return cursor;
  }

  #writeCursor(cursor: IngestCursor): void {
    this.#prepare(
      `INSERT INTO cursor (terminal, epoch, upto, head, held, advertised, progress_ms, wanted_since_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET upto = excluded.upto, head = excluded.head, held = excluded.held,
         advertised = excluded.advertised, progress_ms = excluded.progress_ms, wanted_since_ms = excluded.wanted_since_ms`,
    ).run(
      cursor.terminal,
      cursor.epoch,
      cursor.upto,
      cursor.head,
      JSON.stringify(cursor.held),
      cursor.advertised,
      cursor.progressMs,
      cursor.wantedSinceMs,
    );
  }

  async cursor(terminal: string, epoch: number): Promise<IngestCursor | null> {
    return this.#cursor(terminal, epoch);
  }

  async cursors(): Promise<readonly IngestCursor[]> {
    return (this.#prepare('SELECT * FROM cursor ORDER BY terminal, epoch').all() as CursorRecord[]).map(toCursor);
  }

  /** Rows may have been committed since `cursor` was read: only what watches for gaps is written. */
  async saveCursorWatch(cursor: IngestCursor): Promise<void> {
    const write = this.#db.transaction(() => {
      const stored = this.#cursor(cursor.terminal, cursor.epoch);
      const { advertised, progressMs, wantedSinceMs } = cursor;
      this.#writeCursor(stored ? { ...stored, advertised, progressMs, wantedSinceMs } : cursor);
    });
    write.immediate();
  }

  #cursor(terminal: string, epoch: number): IngestCursor | null {
    const record = this.#prepare('SELECT * FROM cursor WHERE terminal = ? AND epoch = ?').get(terminal, epoch);
    return record ? toCursor(record as CursorRecord) : null;
  }

  async hashAt(terminal: string, epoch: number, seq: number): Promise<Bytes | null> {
    return this.#hashAt(terminal, epoch, seq);
  }

  #hashAt(terminal: string, epoch: number, seq: number): Bytes | null {
    const row = this.#prepare(
      `SELECT hash FROM tx WHERE terminal = ? AND epoch = ? AND seq = ?
       UNION ALL SELECT hash FROM quarantine WHERE terminal = ? AND epoch = ? AND seq = ? AND code = 'EROW'`,
    ).get(terminal, epoch, seq, terminal, epoch, seq) as { hash: Buffer } | undefined;
    return row?.hash ?? null;
  }

  async forkedRanges(terminal: string, epoch: number): Promise<readonly Range[]> {
    const rows = this.#prepare('SELECT DISTINCT seq FROM fork WHERE terminal = ? AND epoch = ? ORDER BY seq').all(
      terminal,
      epoch,
    ) as { seq: number }[];
    return rows.reduce<Ranges>((set, { seq }) => set.add([seq, seq]), Ranges.empty).list;
  }

  async terminals(): Promise<readonly TerminalRecord[]> {
    return this.#prepare(
      `SELECT terminal, journal_key AS journalKey, last_birth AS lastBirth, last_birth_epoch AS lastBirthEpoch FROM terminal`,
    ).all() as TerminalRecord[];
  }

  async saveTerminal({ terminal, journalKey, lastBirth, lastBirthEpoch }: TerminalRecord): Promise<void> {
    this.#prepare(
      `INSERT INTO terminal (terminal, journal_key, last_birth, last_birth_epoch) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET journal_key = excluded.journal_key, last_birth = excluded.last_birth,
         last_birth_epoch = excluded.last_birth_epoch`,
    ).run(terminal, journalKey, lastBirth, lastBirthEpoch);
  }

  async quarantine({ terminal, epoch, code, raw, problem, arrivedMs }: QuarantinedMessage): Promise<void> {
    const kept = this.#prepare('SELECT count(*) AS n FROM quarantine WHERE terminal = ? AND seq IS NULL').get(terminal);
    if ((kept as { n: number }).n >= storeLimits.quarantinedMessages) return;
    const hash = createHash('sha256').update(raw).digest();
    this.#prepare(
      `INSERT INTO quarantine (terminal, epoch, seq, code, raw, hash, problem, arrived_ms)
       VALUES (?, ?, NULL, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ).run(terminal, epoch, code, raw, hash, problem, arrivedMs);
  }

  async report(incident: Incident): Promise<boolean> {
    return this.#insertIncident(incident);
  }

  #insertIncident({ kind, terminal, epoch, seq, detail, openedMs }: Incident): boolean {
    return (
      this.#prepare(
        `INSERT INTO incident (kind, terminal, epoch, seq, detail, opened_ms) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      ).run(kind, terminal, epoch, seq, detail, openedMs).changes > 0
    );
  }

  async incidents(limit: number): Promise<readonly Incident[]> {
    return this.#prepare(
      'SELECT kind, terminal, epoch, seq, detail, opened_ms AS openedMs FROM incident ORDER BY id DESC LIMIT ?',
    ).all(limit) as Incident[];
  }

  async unjudged(limit: number): Promise<readonly LedgerRow[]> {
    return this.#rows('WHERE verdict IS NULL ORDER BY rowid LIMIT ?', limit);
  }

  async judge(verdicts: readonly { readonly row: LedgerRow; readonly verdict: string }[]): Promise<void> {
    const update = this.#prepare('UPDATE tx SET verdict = ? WHERE terminal = ? AND epoch = ? AND seq = ? AND day = ?');
    const write = this.#db.transaction(() => {
      for (const { row, verdict } of verdicts) update.run(verdict, row.terminal, row.epoch, row.seq, row.day);
    });
    write.immediate();
  }

  async sameDigest(row: LedgerRow): Promise<readonly LedgerRow[]> {
    return this.#rows(
      `WHERE digest = (SELECT digest FROM tx WHERE terminal = ? AND epoch = ? AND seq = ? AND day = ?)
       AND terminal <> ? ORDER BY rowid LIMIT 8`,
      row.terminal,
      row.epoch,
      row.seq,
      row.day,
      row.terminal,
    );
  }

  async sameTicket(ticket: Bytes, limit: number): Promise<readonly LedgerRow[]> {
    return this.#rows('WHERE ticket = ? ORDER BY rowid LIMIT ?', ticket, limit);
  }

  async latest(limit: number): Promise<readonly LedgerRow[]> {
    return this.#rows('ORDER BY rowid DESC LIMIT ?', limit);
  }

  async byReference(ref: string): Promise<readonly LedgerRow[]> {
    return this.#rows('WHERE ref = ? ORDER BY rowid DESC LIMIT 16', ref);
  }

  async read(terminal: string, epoch: number, fromSeq: number, limit: number): Promise<readonly LedgerRow[]> {
    const upto = this.#cursor(terminal, epoch)?.upto ?? -1;
    return this.#rows(
      'WHERE terminal = ? AND epoch = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?',
      terminal,
      epoch,
      fromSeq,
      upto,
      limit,
    );
  }

  async counts(): Promise<LedgerCounts> {
    const one = (sql: string): number => (this.#prepare(sql).get() as { n: number }).n;
    return {
      rows: one('SELECT count(*) AS n FROM tx'),
      rides: one(`SELECT count(*) AS n FROM tx WHERE type = 'DECISION' AND act = 'ride'`),
      incidents: one('SELECT count(*) AS n FROM incident'),
      quarantined: one('SELECT count(*) AS n FROM quarantine'),
    };
  }

  async saveDocument({ kind, target, version, bytes, entries = 0 }: PublishedDocument): Promise<void> {
    this.#prepare(
      'INSERT INTO document (kind, target, version, bytes, entries) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ).run(kind, target, version, bytes, entries);
  }

  async newestDocument(kind: string, target: string): Promise<PublishedDocument | null> {
    const found = this.#prepare(
      'SELECT * FROM document WHERE kind = ? AND target = ? ORDER BY version DESC LIMIT 1',
    ).get(kind, target);
    return (found as PublishedDocument | undefined) ?? null;
  }

  async document(kind: string, target: string, version: number): Promise<PublishedDocument | null> {
    const found = this.#prepare('SELECT * FROM document WHERE kind = ? AND target = ? AND version = ?').get(
      kind,
      target,
      version,
    );
    return (found as PublishedDocument | undefined) ?? null;
  }

  async saveState(name: string, value: Bytes): Promise<void> {
    this.#prepare('INSERT INTO state (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value').run(
      name,
      value,
    );
  }

  async state(name: string): Promise<Bytes | null> {
    const found = this.#prepare('SELECT value FROM state WHERE name = ?').get(name) as { value: Buffer } | undefined;
    return found?.value ?? null;
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #rows(tail: string, ...parameters: readonly (string | number | Bytes)[]): readonly LedgerRow[] {
    return this.#prepare(`SELECT ${ledgerColumns} FROM tx ${tail}`).all(...parameters) as LedgerRow[];
  }

  #prepare(sql: string): Database.Statement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

const freshCursor = (batch: IngestBatch): IngestCursor => ({
  terminal: batch.terminal,
  epoch: batch.epoch,
  upto: -1,
  head: zeroHash,
  held: [],
  advertised: -1,
  progressMs: batch.arrivedMs,
  wantedSinceMs: null,
});

const toCursor = (record: CursorRecord): IngestCursor => ({
  terminal: record.terminal,
  epoch: record.epoch,
  upto: record.upto,
  head: record.head,
  held: JSON.parse(record.held) as readonly Range[],
  advertised: record.advertised,
  progressMs: record.progress_ms,
  wantedSinceMs: record.wanted_since_ms,
});

const forkIncident = (batch: IngestBatch, row: IngestRow): Incident => ({
  kind: 'fork',
  terminal: batch.terminal,
  epoch: batch.epoch,
  seq: row.seq,
  detail: 'two authentic histories from this row on',
  openedMs: batch.arrivedMs,
});

function grouped(seqs: readonly number[], code: Rejection['code']): readonly Rejection[] {
  const ranges = seqs.reduce<Ranges>((set, seq) => set.add([seq, seq]), Ranges.empty);
  return ranges.list.map(([first, last]) => ({ from: first, count: last - first + 1, code }));
}

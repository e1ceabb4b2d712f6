// Terminals, signed documents and small values of the head end's own.
import type { Bytes } from '../../../runtime/core/bytes.ts';
import type { PublishedDocument, Shelf, TerminalBook, TerminalRecord } from './ingest-store.ts';
import { first, type SqlDatabase } from './sql.ts';

export class SqlShelf implements Shelf, TerminalBook {
  readonly #db: SqlDatabase;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  terminals(): Promise<readonly TerminalRecord[]> {
    return this.#db.all<TerminalRecord>(
      `SELECT terminal, journal_key AS "journalKey", last_birth AS "lastBirth", last_birth_epoch AS "lastBirthEpoch"
       FROM terminal`,
    );
  }

  async saveTerminal({ terminal, journalKey, lastBirth, lastBirthEpoch }: TerminalRecord): Promise<void> {
    await this.#db.run(
      `INSERT INTO terminal (terminal, journal_key, last_birth, last_birth_epoch) VALUES (?, ?, ?, ?)
       ON CONFLICT (terminal) DO UPDATE SET journal_key = excluded.journal_key, last_birth = excluded.last_birth,
         last_birth_epoch = excluded.last_birth_epoch`,
      terminal,
      journalKey,
      lastBirth,
      lastBirthEpoch,
    );
  }

  async saveDocument({ kind, target, version, bytes, entries = 0 }: PublishedDocument): Promise<void> {
    await this.#db.run(
      'INSERT INTO document (kind, target, version, bytes, entries) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      kind,
      target,
      version,
      bytes,
      entries,
    );
  }

  async newestDocument(kind: string, target: string): Promise<PublishedDocument | null> {
    const sql = 'SELECT * FROM document WHERE kind = ? AND target = ? ORDER BY version DESC LIMIT 1';
    return first(await this.#db.all<PublishedDocument>(sql, kind, target));
  }

  async document(kind: string, target: string, version: number): Promise<PublishedDocument | null> {
    const sql = 'SELECT * FROM document WHERE kind = ? AND target = ? AND version = ?';
    return first(await this.#db.all<PublishedDocument>(sql, kind, target, version));
  }

  async saveState(name: string, value: Bytes): Promise<void> {
    await this.#db.run(
      'INSERT INTO state (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      name,
      value,
    );
  }

  async state(name: string): Promise<Bytes | null> {
    const found = first(await this.#db.all<{ value: Bytes }>('SELECT value FROM state WHERE name = ?', name));
    return found?.value ?? null;
  }
}

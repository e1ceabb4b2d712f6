// What people are to look at, and what is kept raw because it could not be taken as it came.
import { createHash } from 'node:crypto';
import { type Range, Ranges } from '../../wire/ranges.ts';
import { type Incident, type IncidentBook, type QuarantinedMessage, storeLimits } from './ingest-store.ts';
import { first, type SqlDatabase, type SqlSession } from './sql.ts';

export async function insertIncident(session: SqlSession, incident: Incident): Promise<boolean> {
  const { kind, terminal, epoch, seq, detail, openedMs } = incident;
  const changes = await session.run(
    `INSERT INTO incident (kind, terminal, epoch, seq, detail, opened_ms) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    kind,
    terminal,
    epoch,
    seq,
    detail,
    openedMs,
  );
  return changes > 0;
}

export class SqlIncidents implements IncidentBook {
  readonly #db: SqlDatabase;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  async forkedRanges(terminal: string, epoch: number): Promise<readonly Range[]> {
    const rows = await this.#db.all<{ seq: number }>(
      'SELECT DISTINCT seq FROM fork WHERE terminal = ? AND epoch = ? ORDER BY seq',
      terminal,
      epoch,
    );
    return rows.reduce<Ranges>((set, { seq }) => set.add([seq, seq]), Ranges.empty).list;
  }

  async quarantine({ terminal, epoch, code, raw, problem, arrivedMs }: QuarantinedMessage): Promise<void> {
    const kept = await this.#db.all<{ n: number }>(
      'SELECT count(*) AS n FROM quarantine WHERE terminal = ? AND seq IS NULL',
      terminal,
    );
    if ((first(kept)?.n ?? 0) >= storeLimits.quarantinedMessages) return;
    const hash = createHash('sha256').update(raw).digest();
    await this.#db.run(
      `INSERT INTO quarantine (terminal, epoch, seq, code, raw, hash, problem, arrived_ms)
       VALUES (?, ?, NULL, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      terminal,
      epoch,
      code,
      raw,
      hash,
      problem,
      arrivedMs,
    );
  }

  report(incident: Incident): Promise<boolean> {
    return insertIncident(this.#db, incident);
  }

  incidents(limit: number): Promise<readonly Incident[]> {
    return this.#db.all<Incident>(
      `SELECT kind, terminal, epoch, seq, detail, opened_ms AS "openedMs" FROM incident ORDER BY id DESC LIMIT ?`,
      limit,
    );
  }
}

// Scanned codes in SQLite, in the file of the loans that come of them.
import type Database from 'better-sqlite3';
import type { CodeStore, OrderReason, OrderStage, ScannedOrder } from '../loans/code-store.ts';
import type { Statements } from './statements.ts';

const columns = `terminal, nonce, visit, order_id AS "order", language, stage, reason, claimed_ms AS claimedMs,
  not_after AS notAfter`;

export class SqliteCodeStore implements CodeStore {
  readonly #db: Database.Database;
  readonly #sql: Statements;

  constructor(db: Database.Database, statements: Statements) {
    this.#db = db;
    this.#sql = statements;
  }

  async claim({ terminal, nonce, visit, order, language, stage, claimedMs, notAfter }: ScannedOrder): Promise<boolean> {
    const claim = this.#db.transaction(() => {
      const { changes } = this.#sql
        .of(
          `INSERT INTO scanned_code (terminal, nonce, visit, order_id, language, stage, claimed_ms, not_after)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        )
        .run(terminal, nonce, visit, order, language, stage, claimedMs, notAfter);
      return changes > 0;
    });
    return claim.immediate();
  }

  async byVisit(visit: string): Promise<ScannedOrder | null> {
    const [found] = this.#orders('WHERE visit = ?', visit);
    return found ?? null;
  }

  async advance(order: string, stage: Exclude<OrderStage, 'claimed'>, reason: OrderReason | null): Promise<void> {
    const from = { sent: `('claimed')`, answered: `('claimed', 'sent')`, failed: `('claimed', 'sent', 'answered')` }[
      stage
    ];
    this.#sql
      .of(`UPDATE scanned_code SET stage = ?, reason = ? WHERE order_id = ? AND stage IN ${from}`)
      .run(stage, reason, order);
  }

  async open(limit: number): Promise<readonly ScannedOrder[]> {
    return this.#orders(`WHERE stage IN ('claimed', 'sent') ORDER BY claimed_ms LIMIT ?`, limit);
  }

  async neverBegun(marginMs: number, limit: number): Promise<readonly ScannedOrder[]> {
    return this.#orders(
      `WHERE begun = 0 AND stage IN ('sent', 'answered') AND not_after * 1000 + ? <
         (SELECT max(synced_ms) FROM read_position WHERE read_position.terminal = scanned_code.terminal)
       ORDER BY claimed_ms LIMIT ?`,
      marginMs,
      limit,
    );
  }

  async forget(beforeMs: number): Promise<void> {
    this.#sql.of(`DELETE FROM scanned_code WHERE claimed_ms < ? AND (stage = 'failed' OR begun = 1)`).run(beforeMs);
  }

  #orders(tail: string, ...parameters: readonly (string | number)[]): readonly ScannedOrder[] {
    return this.#sql.of(`SELECT ${columns} FROM scanned_code ${tail}`).all(...parameters) as ScannedOrder[];
  }
}

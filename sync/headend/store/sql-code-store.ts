// Scanned codes in SQL, beside the loans that come of them.
import type { CodeStore, OrderReason, OrderStage, ScannedOrder } from '../loans/code-store.ts';
import { first, type SqlDatabase, type SqlValue } from './sql.ts';

const columns = `terminal, nonce, visit, order_id AS "order", language, stage, reason, claimed_ms AS "claimedMs",
  not_after AS "notAfter"`;

export class SqlCodeStore implements CodeStore {
  readonly #db: SqlDatabase;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  async claim({ terminal, nonce, visit, order, language, stage, claimedMs, notAfter }: ScannedOrder): Promise<boolean> {
    const changes = await this.#db.run(
      `INSERT INTO scanned_code (terminal, nonce, visit, order_id, language, stage, claimed_ms, not_after)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      ...[terminal, nonce, visit, order, language, stage, claimedMs, notAfter],
    );
    return changes > 0;
  }

  async byVisit(visit: string): Promise<ScannedOrder | null> {
    return first(await this.#orders('WHERE visit = ?', visit));
  }

  async advance(order: string, stage: Exclude<OrderStage, 'claimed'>, reason: OrderReason | null): Promise<void> {
    const from = { sent: `('claimed')`, answered: `('claimed', 'sent')`, failed: `('claimed', 'sent', 'answered')` }[
      stage
    ];
    await this.#db.run(
      `UPDATE scanned_code SET stage = ?, reason = ? WHERE order_id = ? AND stage IN ${from}`,
      stage,
      reason,
      order,
    );
  }

  open(limit: number): Promise<readonly ScannedOrder[]> {
    return this.#orders(`WHERE stage IN ('claimed', 'sent') ORDER BY claimed_ms LIMIT ?`, limit);
  }

  neverBegun(marginMs: number, limit: number): Promise<readonly ScannedOrder[]> {
    return this.#orders(
      `WHERE begun = 0 AND stage IN ('sent', 'answered') AND not_after * 1000 + ? <
         (SELECT max(synced_ms) FROM read_position WHERE read_position.terminal = scanned_code.terminal)
       ORDER BY claimed_ms LIMIT ?`,
      marginMs,
      limit,
    );
  }

  async forget(beforeMs: number): Promise<void> {
    await this.#db.run(`DELETE FROM scanned_code WHERE claimed_ms < ? AND (stage = 'failed' OR begun = 1)`, beforeMs);
  }

  #orders(tail: string, ...values: readonly SqlValue[]): Promise<readonly ScannedOrder[]> {
    return this.#db.all<ScannedOrder>(`SELECT ${columns} FROM scanned_code ${tail}`, ...values);
  }
}

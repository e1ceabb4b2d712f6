// Deposits in SQL, beside the loans that decide them.
import type { DepositAct } from '../../wire/deposits.ts';
import type { Deposit, DepositStep, StepState } from '../loans/deposit.ts';
import type { DepositStore, ReconciliationRun } from '../loans/deposit-store.ts';
import { fromJson, toJson } from './json-bytes.ts';
import { first, type SqlDatabase, type SqlSession, type SqlValue } from './sql.ts';

interface DepositRecord {
  readonly id: string;
  readonly claim: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly expires_ms: number | null;
  readonly loan: string | null;
  readonly keep_minor: number | null;
}

interface StepRecord {
  readonly deposit: string;
  readonly number: number;
  readonly act: DepositAct;
  readonly amount_minor: number;
  readonly state: StepState;
  readonly attempts: number;
  readonly next_ms: number;
  readonly reason: string | null;
}

export class SqlDepositStore implements DepositStore {
  readonly #db: SqlDatabase;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  openDeposit(deposit: Omit<Deposit, 'loan' | 'steps' | 'keepMinor'>, nowMs: number): Promise<boolean> {
    const { id, claim, amountMinor, currency, expiresMs } = deposit;
    return this.#db.transaction(async (session) => {
      const changes = await session.run(
        `INSERT INTO deposit (id, claim, amount_minor, currency, expires_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
        ...[id, claim, amountMinor, currency, expiresMs],
      );
      if (changes > 0) await insertStep(session, id, hold(amountMinor, nowMs));
      return changes > 0;
    });
  }

  async deposit(id: string): Promise<Deposit | null> {
    return first(await this.#deposits('WHERE id = ?', id));
  }

  async depositOfClaim(claim: string): Promise<Deposit | null> {
    return first(await this.#deposits('WHERE claim = ?', claim));
  }

  async letGo(id: string): Promise<boolean> {
    return (await this.#db.run('UPDATE deposit SET keep_minor = 0, undone = 1 WHERE id = ? AND loan IS NULL', id)) > 0;
  }

  async expire(nowMs: number): Promise<void> {
    await this.#db.run(
      'UPDATE deposit SET keep_minor = 0, undone = 1 WHERE expires_ms <= ? AND loan IS NULL AND keep_minor IS NULL',
      nowMs,
    );
  }

  undone(limit: number): Promise<readonly Deposit[]> {
    return this.#deposits('WHERE undone = 1 ORDER BY rowid LIMIT ?', limit);
  }

  async dueSteps(nowMs: number, limit: number): Promise<readonly { deposit: Deposit; step: DepositStep }[]> {
    const rows = await this.#db.all<StepRecord>(
      `SELECT * FROM deposit_step WHERE state = 'due' AND next_ms <= ? ORDER BY next_ms LIMIT ?`,
      nowMs,
      limit,
    );
    const due: { deposit: Deposit; step: DepositStep }[] = [];
    for (const row of rows) {
      const deposit = await this.deposit(row.deposit);
      if (deposit !== null) due.push({ deposit, step: toStep(row) });
    }
    return due;
  }

  addStep(id: string, step: DepositStep): Promise<void> {
    return insertStep(this.#db, id, step);
  }

  endStep(id: string, number: number, state: Exclude<StepState, 'due'>, reason: string | null): Promise<boolean> {
    return this.#db.transaction(async (session) => {
      const changes = await session.run(
        `UPDATE deposit_step SET state = ?, reason = ? WHERE deposit = ? AND number = ? AND state = 'due'`,
        ...[state, reason, id, number],
      );
      if (changes > 0) await session.run('UPDATE deposit SET undone = 1 WHERE id = ?', id);
      return changes > 0;
    });
  }

  async countAttempt(id: string, number: number, nextMs: number): Promise<void> {
    await this.#db.run(
      'UPDATE deposit_step SET attempts = attempts + 1, next_ms = ? WHERE deposit = ? AND number = ?',
      nextMs,
      id,
      number,
    );
  }

  async settle(id: string, keepMinor: number | null): Promise<void> {
    await this.#db.run(
      'UPDATE deposit SET undone = 0 WHERE id = ? AND keep_minor IS NOT DISTINCT FROM ?',
      id,
      keepMinor,
    );
  }

  page(afterId: string, limit: number): Promise<readonly Deposit[]> {
    return this.#deposits('WHERE id > ? ORDER BY id LIMIT ?', afterId, limit);
  }

  async saveRun(run: ReconciliationRun): Promise<void> {
    await this.#db.run(
      `INSERT INTO reconciliation (at_ms, body) VALUES (?, ?)
       ON CONFLICT (at_ms) DO UPDATE SET body = excluded.body`,
      run.atMs,
      toJson(run),
    );
  }

  async newestRun(): Promise<ReconciliationRun | null> {
    const sql = 'SELECT body FROM reconciliation ORDER BY at_ms DESC LIMIT 1';
    const row = first(await this.#db.all<{ body: string }>(sql));
    return row === null ? null : fromJson<ReconciliationRun>(row.body);
  }

  async #deposits(tail: string, ...values: readonly SqlValue[]): Promise<readonly Deposit[]> {
    const rows = await this.#db.all<DepositRecord>(`SELECT * FROM deposit ${tail}`, ...values);
    const deposits: Deposit[] = [];
    for (const { id, claim, amount_minor, currency, expires_ms, loan, keep_minor } of rows) {
      const steps = await this.#db.all<StepRecord>('SELECT * FROM deposit_step WHERE deposit = ? ORDER BY number', id);
      deposits.push({
        id,
        claim,
        amountMinor: amount_minor,
        currency,
        expiresMs: expires_ms,
        loan,
        keepMinor: keep_minor,
        steps: steps.map(toStep),
      });
    }
    return deposits;
  }
}

async function insertStep(session: SqlSession, id: string, step: DepositStep): Promise<void> {
  const { number, act, amountMinor, state, attempts, nextMs, reason } = step;
  await session.run(
    `INSERT INTO deposit_step (deposit, number, act, amount_minor, state, attempts, next_ms, reason)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[id, number, act, amountMinor, state, attempts, nextMs, reason],
  );
}

const hold = (amountMinor: number, nowMs: number): DepositStep => ({
  number: 0,
  act: 'hold',
  amountMinor,
  state: 'due',
  attempts: 0,
  nextMs: nowMs,
  reason: null,
});

const toStep = ({ number, act, amount_minor, state, attempts, next_ms, reason }: StepRecord): DepositStep => ({
  number,
  act,
  amountMinor: amount_minor,
  state,
  attempts,
  nextMs: next_ms,
  reason,
});

// Deposits in SQLite, in the file of the loans that decide them.
import type Database from 'better-sqlite3';
import type { DepositAct } from '../../wire/deposits.ts';
import type { Deposit, DepositStep, StepState } from '../loans/deposit.ts';
import type { DepositStore, ReconciliationRun } from '../loans/deposit-store.ts';
import { fromJson, toJson } from './json-bytes.ts';
import type { Statements } from './statements.ts';

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

export class SqliteDepositStore implements DepositStore {
  readonly #db: Database.Database;
  readonly #sql: Statements;

  constructor(db: Database.Database, statements: Statements) {
    this.#db = db;
    this.#sql = statements;
  }

  async openDeposit(deposit: Omit<Deposit, 'loan' | 'steps' | 'keepMinor'>, nowMs: number): Promise<boolean> {
    const open = this.#db.transaction(() => {
      const { id, claim, amountMinor, currency, expiresMs } = deposit;
      const { changes } = this.#sql
        .of(
          `INSERT INTO deposit (id, claim, amount_minor, currency, expires_ms) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT DO NOTHING`,
        )
        .run(id, claim, amountMinor, currency, expiresMs);
      if (changes > 0) this.#addStep(id, hold(amountMinor, nowMs));
      return changes > 0;
    });
    return open.immediate();
  }

  async deposit(id: string): Promise<Deposit | null> {
    const [deposit] = this.#deposits('WHERE id = ?', id);
    return deposit ?? null;
  }

  async depositOfClaim(claim: string): Promise<Deposit | null> {
    const [deposit] = this.#deposits('WHERE claim = ?', claim);
    return deposit ?? null;
  }

  async letGo(id: string): Promise<boolean> {
    return (
      this.#sql.of('UPDATE deposit SET keep_minor = 0, undone = 1 WHERE id = ? AND loan IS NULL').run(id).changes > 0
    );
  }

  async expire(nowMs: number): Promise<void> {
    this.#sql
      .of('UPDATE deposit SET keep_minor = 0, undone = 1 WHERE expires_ms <= ? AND loan IS NULL AND keep_minor IS NULL')
      .run(nowMs);
  }

  async undone(limit: number): Promise<readonly Deposit[]> {
    return this.#deposits('WHERE undone = 1 ORDER BY rowid LIMIT ?', limit);
  }

  async dueSteps(nowMs: number, limit: number): Promise<readonly { deposit: Deposit; step: DepositStep }[]> {
    const rows = this.#sql
      .of(`SELECT * FROM deposit_step WHERE state = 'due' AND next_ms <= ? ORDER BY next_ms LIMIT ?`)
      .all(nowMs, limit) as StepRecord[];
    return rows.flatMap((row) => {
      const [deposit] = this.#deposits('WHERE id = ?', row.deposit);
      return deposit === undefined ? [] : [{ deposit, step: toStep(row) }];
    });
  }

  async addStep(id: string, step: DepositStep): Promise<void> {
    this.#addStep(id, step);
  }

  #addStep(id: string, { number, act, amountMinor, state, attempts, nextMs, reason }: DepositStep): void {
    this.#sql
      .of(
        `INSERT INTO deposit_step (deposit, number, act, amount_minor, state, attempts, next_ms, reason)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(id, number, act, amountMinor, state, attempts, nextMs, reason);
  }

  async endStep(id: string, number: number, state: Exclude<StepState, 'due'>, reason: string | null): Promise<boolean> {
    const end = this.#db.transaction(() => {
      const { changes } = this.#sql
        .of(`UPDATE deposit_step SET state = ?, reason = ? WHERE deposit = ? AND number = ? AND state = 'due'`)
        .run(state, reason, id, number);
      if (changes > 0) this.#sql.of('UPDATE deposit SET undone = 1 WHERE id = ?').run(id);
      return changes > 0;
    });
    return end.immediate();
  }

  async countAttempt(id: string, number: number, nextMs: number): Promise<void> {
    this.#sql
      .of('UPDATE deposit_step SET attempts = attempts + 1, next_ms = ? WHERE deposit = ? AND number = ?')
      .run(nextMs, id, number);
  }

  async settle(id: string, keepMinor: number | null): Promise<void> {
    this.#sql.of('UPDATE deposit SET undone = 0 WHERE id = ? AND keep_minor IS ?').run(id, keepMinor);
  }

  async page(afterId: string, limit: number): Promise<readonly Deposit[]> {
    return this.#deposits('WHERE id > ? ORDER BY id LIMIT ?', afterId, limit);
  }

  async saveRun(run: ReconciliationRun): Promise<void> {
    this.#sql
      .of('INSERT INTO reconciliation (at_ms, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body')
      .run(run.atMs, toJson(run));
  }

  async newestRun(): Promise<ReconciliationRun | null> {
    const row = this.#sql.of('SELECT body FROM reconciliation ORDER BY at_ms DESC LIMIT 1').get();
    return row === undefined ? null : fromJson<ReconciliationRun>((row as { body: string }).body);
  }

  #deposits(tail: string, ...parameters: readonly (string | number)[]): readonly Deposit[] {
    const rows = this.#sql.of(`SELECT * FROM deposit ${tail}`).all(...parameters) as DepositRecord[];
    const steps = this.#sql.of('SELECT * FROM deposit_step WHERE deposit = ? ORDER BY number');
    return rows.map(({ id, claim, amount_minor, currency, expires_ms, loan, keep_minor }) => ({
      id,
      claim,
      amountMinor: amount_minor,
      currency,
      expiresMs: expires_ms,
      loan,
      keepMinor: keep_minor,
      steps: (steps.all(id) as StepRecord[]).map(toStep),
    }));
  }
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

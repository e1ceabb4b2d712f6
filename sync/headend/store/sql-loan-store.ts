// Loans in SQL, beside the rows they are made from.
import { claimOf } from '../loans/deposit.ts';
import type { Attempt, ItemEvent } from '../loans/item-event.ts';
import type { Loan, LoanState } from '../loans/loan.ts';
import { type ItemRecord, type LoanStore, loanLimits, type ReadPosition, type RowRun } from '../loans/loan-store.ts';
import { type Anchor, anchorKey, type EventMark } from '../loans/mark.ts';
import type { OpenAct } from '../loans/row-facts.ts';
import { fromJson, toJson } from './json-bytes.ts';
import { storeRun, wait } from './loan-run.ts';
import { first, type SqlDatabase, type SqlSession } from './sql.ts';

export class SqlLoanStore implements LoanStore {
  readonly #db: SqlDatabase;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  async position(terminal: string, epoch: number): Promise<ReadPosition> {
    const found = first(
      await this.#db.all<{ seq: number; syncedMs: number | null }>(
        'SELECT seq, synced_ms AS "syncedMs" FROM read_position WHERE terminal = ? AND epoch = ?',
        terminal,
        epoch,
      ),
    );
    return { terminal, epoch, seq: found?.seq ?? -1, syncedMs: found?.syncedMs ?? null };
  }

  async acts(txs: readonly string[]): Promise<ReadonlyMap<string, OpenAct>> {
    const acts = new Map<string, OpenAct>();
    for (const tx of txs) {
      const row = first(await this.#db.all<{ body: string }>('SELECT body FROM act WHERE tx = ?', tx));
      if (row !== null) acts.set(tx, fromJson<OpenAct>(row.body));
    }
    return acts;
  }

  storeRun(run: RowRun): Promise<void> {
    return this.#db.transaction((session) => storeRun(session, run));
  }

  async waitingItems(nowMs: number, limit: number): Promise<readonly string[]> {
    const rows = await this.#db.all<{ item: string }>(
      `SELECT item FROM waiting UNION SELECT item FROM loan WHERE due_ms IS NOT NULL AND due_ms <= ?
       ORDER BY item LIMIT ?`,
      nowMs,
      limit,
    );
    return rows.map(({ item }) => item);
  }

  async item(item: string): Promise<ItemRecord> {
    const found = await this.#db.all<{ body: string }>(
      'SELECT body FROM item_event WHERE item = ? ORDER BY rowid DESC LIMIT ?',
      item,
      loanLimits.eventsPerItem,
    );
    const events = found.map(({ body }) => fromJson<ItemEvent>(body));
    const anchors = new Map<string, Anchor>();
    for (const { mark } of events) {
      const anchor = await this.#anchorOf(mark);
      if (anchor !== null) anchors.set(anchorKey(mark), anchor);
    }
    const loans = await this.#db.all<{ body: string }>('SELECT body FROM loan WHERE item = ?', item);
    return {
      events,
      anchors,
      loans: new Map(loans.map(({ body }) => fromJson<Loan>(body)).map((loan) => [loan.tx, loan])),
    };
  }

  async attempts(keys: readonly string[]): Promise<readonly (Attempt & { readonly anchor: Anchor | null })[]> {
    const attempts: (Attempt & { readonly anchor: Anchor | null })[] = [];
    for (const key of keys) {
      const rows = await this.#db.all<{ body: string }>(
        'SELECT body FROM attempt WHERE key = ? ORDER BY rowid DESC LIMIT ?',
        key,
        loanLimits.attemptsPerLoan,
      );
      for (const { body } of rows) {
        const mark = fromJson<EventMark>(body);
        attempts.push({ key, mark, anchor: await this.#anchorOf(mark) });
      }
    }
    return attempts;
  }

  async #anchorOf(mark: EventMark): Promise<Anchor | null> {
    const row = first(await this.#db.all<{ body: string }>('SELECT body FROM anchor WHERE boot = ?', anchorKey(mark)));
    return row === null ? null : fromJson<Anchor>(row.body);
  }

  saveItem(item: string, loans: readonly Loan[]): Promise<void> {
    return this.#db.transaction(async (session) => {
      // What is no longer among the newest events is not judged again, by time neither.
      await session.run('UPDATE loan SET due_ms = NULL WHERE item = ?', item);
      for (const loan of loans) await saveLoan(session, loan);
      await session.run('DELETE FROM waiting WHERE item = ?', item);
    });
  }

  note(tx: string, said: Pick<Loan, 'dispute' | 'settledMinor'>): Promise<boolean> {
    return this.#db.transaction(async (session) => {
      const loan = await readLoan(session, tx);
      if (loan === null) return false;
      await session.run('UPDATE loan SET body = ? WHERE tx = ?', toJson({ ...loan, ...said }), tx);
      await wait(session, loan.taken.item);
      return true;
    });
  }

  loan(tx: string): Promise<Loan | null> {
    return readLoan(this.#db, tx);
  }

  async loans(states: readonly LoanState[], limit: number): Promise<readonly Loan[]> {
    if (states.length === 0) return [];
    const rows = await this.#db.all<{ body: string }>(
      `SELECT body FROM loan WHERE state IN (${states.map(() => '?').join(', ')}) ORDER BY rowid DESC LIMIT ?`,
      ...states,
      limit,
    );
    return rows.map(({ body }) => fromJson<Loan>(body));
  }
}

async function readLoan(session: SqlSession, tx: string): Promise<Loan | null> {
  const row = first(await session.all<{ body: string }>('SELECT body FROM loan WHERE tx = ?', tx));
  return row === null ? null : fromJson<Loan>(row.body);
}

async function saveLoan(session: SqlSession, loan: Loan): Promise<void> {
  const { tx, taken, state, dueMs, chargeMinor } = loan;
  await session.run(
    `INSERT INTO loan (tx, item, state, due_ms, code, digest, body) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (tx) DO UPDATE SET state = excluded.state, due_ms = excluded.due_ms, body = excluded.body`,
    ...[tx, taken.item, state, dueMs, taken.code, taken.digest, toJson(loan)],
  );
  const claim =
    taken.order !== null ? claimOf.order(taken.order) : taken.code === null ? null : claimOf.code(taken.code);
  if (claim === null) return;
  await session.run(
    `UPDATE deposit SET loan = ?, keep_minor = ?, undone = 1
     WHERE claim = ? AND (loan = ? OR (loan IS NULL AND keep_minor IS NULL))
       AND (loan IS DISTINCT FROM ? OR keep_minor IS DISTINCT FROM ?)`,
    ...[tx, chargeMinor, claim, tx, tx, chargeMinor],
  );
}

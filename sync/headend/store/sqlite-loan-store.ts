// Loans in SQLite, for demos, tests and one small site: a file of its own beside the rows it is made from.
import type Database from 'better-sqlite3';
import { messageOf, StileError } from '../../../runtime/core/errors.ts';
import { claimOf } from '../loans/deposit.ts';
import { type Attempt, attemptKeys, type ItemEvent } from '../loans/item-event.ts';
import type { Loan, LoanState } from '../loans/loan.ts';
import { type ItemRecord, type LoanStore, loanLimits, type ReadPosition, type RowRun } from '../loans/loan-store.ts';
import { type Anchor, anchorKey, type EventMark } from '../loans/mark.ts';
import type { OpenAct } from '../loans/row-facts.ts';
import { fromJson, toJson } from './json-bytes.ts';
import { SqliteCodeStore } from './sqlite-code-store.ts';
import { SqliteDepositStore } from './sqlite-deposit-store.ts';
import { loanSchema } from './sqlite-loan-schema.ts';
import { Statements } from './statements.ts';

/** Three views of one file, so that a decision about a loan and its deposit are one transaction. */
export interface LoanDatabase {
  readonly loans: LoanStore;
  readonly deposits: SqliteDepositStore;
  readonly codes: SqliteCodeStore;
  close(): Promise<void>;
}

/** @throws StileError NATIVE_PACKAGE_MISSING, FILE_UNREADABLE. */
export async function openLoanDatabase(path: string): Promise<LoanDatabase> {
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
    return databaseOf(open(path));
  } catch (cause) {
    throw new StileError('FILE_UNREADABLE', `loan database ${path}: ${messageOf(cause)}`, {
      remedy: 'Check that the folder exists and is writable, and that no other head end uses the file.',
      cause,
    });
  }
}

function databaseOf(db: Database.Database): LoanDatabase {
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('busy_timeout = 2000');
  db.exec(loanSchema);
  const statements = new Statements(db);
  const close = async (): Promise<void> => void db.close();
  return {
    loans: new SqliteLoanStore(db, statements),
    deposits: new SqliteDepositStore(db, statements),
    codes: new SqliteCodeStore(db, statements),
    close,
  };
}

class SqliteLoanStore implements LoanStore {
  readonly #db: Database.Database;
  readonly #sql: Statements;

  constructor(db: Database.Database, statements: Statements) {
    this.#db = db;
    this.#sql = statements;
  }

  async position(terminal: string, epoch: number): Promise<ReadPosition> {
    const found = this.#sql
      .of('SELECT seq, synced_ms AS syncedMs FROM read_position WHERE terminal = ? AND epoch = ?')
      .get(terminal, epoch) as { seq: number; syncedMs: number | null } | undefined;
    return { terminal, epoch, seq: found?.seq ?? -1, syncedMs: found?.syncedMs ?? null };
  }

  async acts(txs: readonly string[]): Promise<ReadonlyMap<string, OpenAct>> {
    const select = this.#sql.of('SELECT body FROM act WHERE tx = ?');
    const found = txs.flatMap((tx): [string, OpenAct][] => {
      const row = select.get(tx) as { body: string } | undefined;
      return row === undefined ? [] : [[tx, fromJson<OpenAct>(row.body)]];
    });
    return new Map(found);
  }

  async storeRun(run: RowRun): Promise<void> {
    this.#db.transaction(() => this.#storeRun(run)).immediate();
  }

  #storeRun({ position, events, attempts, acts, anchors, begun, over }: RowRun): void {
    for (const event of events) this.#addEvent(event);
    for (const attempt of attempts) this.#addAttempt(attempt);
    for (const [boot, anchor] of anchors) this.#addAnchor(boot, anchor);
    for (const [tx, act] of acts) {
      if (act === null) this.#sql.of('DELETE FROM act WHERE tx = ?').run(tx);
      else
        this.#sql
          .of('INSERT INTO act (tx, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body')
          .run(tx, toJson(act));
    }
    for (const order of begun) this.#sql.of('UPDATE scanned_code SET begun = 1 WHERE order_id = ?').run(order);
    for (const order of over) this.#letGo(order);
    const { terminal, epoch, seq, syncedMs } = position;
    this.#sql
      .of(
        `INSERT INTO read_position (terminal, epoch, seq, synced_ms) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq),
           synced_ms = max(coalesce(synced_ms, excluded.synced_ms), coalesce(excluded.synced_ms, synced_ms))`,
      )
      .run(terminal, epoch, seq, syncedMs);
  }

  /** Standing in a slot says something once: only after the item had left that terminal. */
  #addEvent(event: ItemEvent): void {
    const { terminal, epoch, seq } = event.mark;
    if (event.kind === 'back' && event.way === 'found' && this.#wasBack(event)) return;
    const { changes } = this.#sql
      .of(
        `INSERT INTO item_event (terminal, epoch, seq, item, kind, boot, body) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
      )
      .run(terminal, epoch, seq, event.item, event.kind, anchorKey(event.mark), toJson(event));
    if (changes > 0) this.#wait(event.item);
  }

  #wasBack({ item, mark: { terminal, epoch, seq } }: ItemEvent): boolean {
    const last = this.#sql
      .of(
        `SELECT kind FROM item_event WHERE item = ? AND terminal = ? AND (epoch < ? OR (epoch = ? AND seq < ?))
         ORDER BY epoch DESC, seq DESC LIMIT 1`,
      )
      .get(item, terminal, epoch, epoch, seq) as { kind: string } | undefined;
    return last?.kind === 'back';
  }

  #addAttempt({ key, mark }: Attempt): void {
    const { changes } = this.#sql
      .of(
        `INSERT INTO attempt (terminal, epoch, seq, key, boot, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      )
      .run(mark.terminal, mark.epoch, mark.seq, key, anchorKey(mark), toJson(mark));
    if (changes > 0) this.#waitForKey(key);
  }

  #addAnchor(boot: string, anchor: Anchor): void {
    const { changes } = this.#sql
      .of('INSERT INTO anchor (boot, body) VALUES (?, ?) ON CONFLICT DO NOTHING')
      .run(boot, toJson(anchor));
    if (changes === 0) return;
    this.#sql.of('INSERT OR IGNORE INTO waiting SELECT DISTINCT item FROM item_event WHERE boot = ?').run(boot);
    const dated = this.#sql.of('SELECT DISTINCT key FROM attempt WHERE boot = ?').all(boot) as { key: string }[];
    for (const { key } of dated) this.#waitForKey(key);
  }

  #waitForKey(key: string): void {
    const at = key.indexOf(':');
    const value = key.slice(at + 1);
    if (key === attemptKeys.item(value)) return this.#wait(value);
    const column = key === attemptKeys.code(value) ? 'code' : 'digest';
    this.#sql.of(`INSERT OR IGNORE INTO waiting SELECT item FROM loan WHERE ${column} = ?`).run(value);
  }

  #wait(item: string): void {
    this.#sql.of('INSERT OR IGNORE INTO waiting (item) VALUES (?)').run(item);
  }

  /** Nothing was lent for this order; a deposit that a loan decides is left to the loan. */
  #letGo(order: string): void {
    this.#sql
      .of('UPDATE deposit SET keep_minor = 0, undone = 1 WHERE claim = ? AND loan IS NULL AND keep_minor IS NOT 0')
      .run(claimOf.order(order));
    this.#sql.of('UPDATE scanned_code SET begun = 1 WHERE order_id = ?').run(order);
  }

  async waitingItems(nowMs: number, limit: number): Promise<readonly string[]> {
    const rows = this.#sql
      .of(
        `SELECT item FROM waiting UNION SELECT item FROM loan WHERE due_ms IS NOT NULL AND due_ms <= ?
         ORDER BY item LIMIT ?`,
      )
      .all(nowMs, limit) as { item: string }[];
    return rows.map(({ item }) => item);
  }

  async item(item: string): Promise<ItemRecord> {
    const found = this.#sql
      .of('SELECT body FROM item_event WHERE item = ? ORDER BY rowid DESC LIMIT ?')
      .all(item, loanLimits.eventsPerItem) as { body: string }[];
    const events = found.map(({ body }) => fromJson<ItemEvent>(body));
    const loans = this.#sql.of('SELECT body FROM loan WHERE item = ?').all(item) as { body: string }[];
    return {
      events,
      anchors: new Map(events.flatMap(({ mark }) => this.#anchorEntry(mark))),
      loans: new Map(loans.map(({ body }) => fromJson<Loan>(body)).map((loan) => [loan.tx, loan])),
    };
  }

  async attempts(keys: readonly string[]): Promise<readonly (Attempt & { readonly anchor: Anchor | null })[]> {
    const select = this.#sql.of('SELECT body FROM attempt WHERE key = ? ORDER BY rowid DESC LIMIT ?');
    return keys.flatMap((key) => {
      const rows = select.all(key, loanLimits.attemptsPerLoan) as { body: string }[];
      return rows.map(({ body }) => {
        const mark = fromJson<EventMark>(body);
        return { key, mark, anchor: this.#anchorEntry(mark)[0]?.[1] ?? null };
      });
    });
  }

  #anchorEntry(mark: EventMark): readonly [string, Anchor][] {
    const boot = anchorKey(mark);
    const row = this.#sql.of('SELECT body FROM anchor WHERE boot = ?').get(boot) as { body: string } | undefined;
    return row === undefined ? [] : [[boot, fromJson<Anchor>(row.body)]];
  }

  async saveItem(item: string, loans: readonly Loan[]): Promise<void> {
    const save = this.#db.transaction(() => {
      // What is no longer among the newest events is not judged again, by time neither.
      this.#sql.of('UPDATE loan SET due_ms = NULL WHERE item = ?').run(item);
      for (const loan of loans) this.#saveLoan(loan);
      this.#sql.of('DELETE FROM waiting WHERE item = ?').run(item);
    });
    save.immediate();
  }

  #saveLoan(loan: Loan): void {
    const { tx, taken, state, dueMs, chargeMinor } = loan;
    this.#sql
      .of(
        `INSERT INTO loan (tx, item, state, due_ms, code, digest, body) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET state = excluded.state, due_ms = excluded.due_ms, body = excluded.body`,
      )
      .run(tx, taken.item, state, dueMs, taken.code, taken.digest, toJson(loan));
    const claim =
      taken.order !== null ? claimOf.order(taken.order) : taken.code === null ? null : claimOf.code(taken.code);
    if (claim === null) return;
    this.#sql
      .of(
        `UPDATE deposit SET loan = ?, keep_minor = ?, undone = 1
         WHERE claim = ? AND (loan = ? OR (loan IS NULL AND keep_minor IS NULL))
           AND (loan IS NOT ? OR keep_minor IS NOT ?)`,
      )
      .run(tx, chargeMinor, claim, tx, tx, chargeMinor);
  }

  async note(tx: string, said: Pick<Loan, 'dispute' | 'settledMinor'>): Promise<boolean> {
    const note = this.#db.transaction(() => {
      const loan = this.#loan(tx);
      if (loan === null) return false;
      this.#sql.of('UPDATE loan SET body = ? WHERE tx = ?').run(toJson({ ...loan, ...said }), tx);
      this.#wait(loan.taken.item);
      return true;
    });
    return note.immediate();
  }

  async loan(tx: string): Promise<Loan | null> {
    return this.#loan(tx);
  }

  #loan(tx: string): Loan | null {
    const row = this.#sql.of('SELECT body FROM loan WHERE tx = ?').get(tx) as { body: string } | undefined;
    return row === undefined ? null : fromJson<Loan>(row.body);
  }

  async loans(states: readonly LoanState[], limit: number): Promise<readonly Loan[]> {
    const rows = this.#sql
      .of('SELECT body FROM loan WHERE state IN (SELECT value FROM json_each(?)) ORDER BY rowid DESC LIMIT ?')
      .all(JSON.stringify(states), limit) as { body: string }[];
    return rows.map(({ body }) => fromJson<Loan>(body));
  }
}

// Loans, deposits and scanned codes over one database, so that a decision about a loan and its deposit are one
// transaction.
import type { CodeStore } from '../loans/code-store.ts';
import type { DepositStore } from '../loans/deposit-store.ts';
import type { LoanStore } from '../loans/loan-store.ts';
import { loanSchema } from './loan-schema.ts';
import { migrate } from './migrate.ts';
import type { SqlDatabase, SqlSession } from './sql.ts';
import { SqlCodeStore } from './sql-code-store.ts';
import { SqlDepositStore } from './sql-deposit-store.ts';
import { SqlLoanStore } from './sql-loan-store.ts';
import { openSqliteDatabase } from './sqlite-database.ts';

export interface LoanDatabase {
  readonly loans: LoanStore;
  readonly deposits: DepositStore;
  readonly codes: CodeStore;
  close(): Promise<void>;
}

/** A file of its own. @throws StileError NATIVE_PACKAGE_MISSING, FILE_UNREADABLE, DATABASE_REFUSED. */
export async function openSqliteLoans(path: string): Promise<LoanDatabase> {
  return loansIn(await openSqliteDatabase(path));
}

/** Closing the loans closes `db`. */
export async function loansIn(db: SqlDatabase, lock?: (session: SqlSession) => Promise<void>): Promise<LoanDatabase> {
  try {
    await migrate(db, 'loans', [{ number: 1, apply: loanSchema(db.words) }], lock);
  } catch (error) {
    await db.close();
    throw error;
  }
  return {
    loans: new SqlLoanStore(db),
    deposits: new SqlDepositStore(db),
    codes: new SqlCodeStore(db),
    close: () => db.close(),
  };
}

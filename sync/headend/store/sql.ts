// What the stores need from a database that speaks SQL, so that one set of statements serves both. Statements are
// written in what SQLite and PostgreSQL share, with `?` for a value; the rest of a dialect stands in `words`.
import type { Bytes } from '../../../runtime/core/bytes.ts';

export type SqlValue = string | number | Bytes | null;
type ColumnType = 'text' | 'integer' | 'bytes';

/** A table as far as rows are put into it many at a time: columns in order. */
export interface SqlTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
}

export interface SqlSession {
  all<Row>(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]>;
  /** Returns how many rows were changed. */
  run(sql: string, ...values: readonly SqlValue[]): Promise<number>;
  /** A row holds a value for each column, in order. Rows that exist already stay, unless `conflict` says otherwise. */
  insertAll(table: SqlTable, rows: readonly (readonly SqlValue[])[], conflict?: string): Promise<void>;
  /** Statements without values, such as a schema. */
  script(sql: string): Promise<void>;
}

export interface SqlDatabase extends SqlSession {
  readonly words: SqlWords;
  /** Durable when it resolves. Rejects with nothing stored. */
  transaction<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Where the dialects differ. */
export interface SqlWords {
  readonly integer: string;
  readonly bytes: string;
  /** A number that the database counts. */
  readonly counted: string;
  /** A column `rowid` in order of insertion, where a table has none by itself. */
  readonly arrival: string;
  /** After a SELECT whose rows nobody else may change before the transaction ends. */
  readonly forUpdate: string;
}

export const ignoreKnown = 'ON CONFLICT DO NOTHING';

export const first = <Row>(rows: readonly Row[]): Row | null => rows[0] ?? null;

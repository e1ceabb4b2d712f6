// PostgreSQL behind the port of the stores: a small pool, statements prepared once per connection, and rows put in as
// columns of arrays, one round trip for any number of them.
import type { Client, CustomTypesConfig, Pool, PoolClient } from 'pg';
import type { Logger } from '../../../runtime/core/log.ts';
import { ignoreKnown, type SqlDatabase, type SqlSession, type SqlTable, type SqlValue, type SqlWords } from './sql.ts';

export interface PostgresSettings {
  /** A host name, an address, or the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | null;
  /** PEM of the authority that signed the server's certificate; null for a socket or loopback. */
  readonly ca: string | null;
}

export const postgresLimits = {
  connections: 8,
  connectMs: 5_000,
  statementMs: 30_000,
  /** Nobody holds a cursor longer than a transaction of ingest takes. */
  lockMs: 10_000,
  idleInTransactionMs: 30_000,
  statements: 256,
} as const;

const words: SqlWords = {
  integer: 'BIGINT',
  bytes: 'BYTEA',
  counted: 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  arrival: 'rowid BIGINT GENERATED ALWAYS AS IDENTITY,',
  forUpdate: ' FOR UPDATE',
};

const arrays = { text: 'text[]', integer: 'bigint[]', bytes: 'bytea[]' } as const;

/** Connects with the first statement. */
export async function postgresDatabase(settings: PostgresSettings, log: Logger): Promise<PostgresDatabase> {
  const { default: pg } = await import('pg');
  const bigint = pg.types.builtins.INT8;
  const types: CustomTypesConfig = {
    // Positions, epochs and times all fit; a text would not compare with them.
    getTypeParser: ((oid: number, format: 'text' | 'binary') =>
      oid === bigint ? Number : pg.types.getTypeParser(oid, format)) as CustomTypesConfig['getTypeParser'],
  };
  const { host, port, database, user, password, ca } = settings;
  const pool = new pg.Pool({
    host,
    port,
    database,
    user,
    ...(password === null ? {} : { password }),
    ...(ca === null ? {} : { ssl: { ca, rejectUnauthorized: true, minVersion: 'TLSv1.2' } }),
    max: postgresLimits.connections,
    connectionTimeoutMillis: postgresLimits.connectMs,
    statement_timeout: postgresLimits.statementMs,
    lock_timeout: postgresLimits.lockMs,
    idle_in_transaction_session_timeout: postgresLimits.idleInTransactionMs,
    // An ack promises that a commit survives: whatever the server's default is.
    options: '-c synchronous_commit=on',
    application_name: 'stile-headend',
    types,
  });
  // A connection may end while nobody uses it, or between two statements of a transaction: the next statement says so.
  const lost = (error: Error): void => log.warn('database.connection-lost', { detail: error.message });
  pool.on('error', lost);
  pool.on('connect', (client: PoolClient) => client.on('error', () => {}));
  return new PostgresDatabase(pool);
}

export class PostgresDatabase implements SqlDatabase {
  readonly words = words;
  readonly #pool: Pool;
  readonly #statements = new Statements();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  all<Row>(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#with((session) => session.all<Row>(sql, ...values));
  }

  run(sql: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.#with((session) => session.run(sql, ...values));
  }

  insertAll(table: SqlTable, rows: readonly (readonly SqlValue[])[], conflict?: string): Promise<void> {
    return this.#with((session) => session.insertAll(table, rows, conflict));
  }

  script(sql: string): Promise<void> {
    return this.#with((session) => session.script(sql));
  }

  transaction<Result>(work: (session: SqlSession) => Promise<Result>): Promise<Result> {
    return this.#with(async (session) => {
      await session.script('BEGIN');
      try {
        const result = await work(session);
        await session.script('COMMIT');
        return result;
      } catch (error) {
        await session.script('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #with<Result>(work: (session: PostgresSession) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    let failed = true;
    try {
      const result = await work(new PostgresSession(client, this.#statements));
      failed = false;
      return result;
    } finally {
      // After an error nobody knows what state the connection is in: it is not used again.
      client.release(failed);
    }
  }
}

/** The same statement has the same name on every connection, so that each plans it once. */
class Statements {
  readonly #known = new Map<string, { readonly name: string; readonly text: string }>();

  of(sql: string): { readonly name?: string; readonly text: string } {
    const known = this.#known.get(sql);
    if (known) return known;
    let position = 0;
    const text = sql.replace(/\?/g, () => `$${++position}`);
    if (this.#known.size >= postgresLimits.statements) return { text };
    const statement = { name: `stile-${this.#known.size}`, text };
    this.#known.set(sql, statement);
    return statement;
  }
}

class PostgresSession implements SqlSession {
  readonly #client: Pick<Client, 'query'>;
  readonly #statements: Statements;

  constructor(client: Pick<Client, 'query'>, statements: Statements) {
    this.#client = client;
    this.#statements = statements;
  }

  async all<Row>(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]> {
    return (await this.#query(sql, values.map(storable))).rows as Row[];
  }

  async run(sql: string, ...values: readonly SqlValue[]): Promise<number> {
    return (await this.#query(sql, values.map(storable))).rowCount ?? 0;
  }

  async insertAll(
    { name, columns }: SqlTable,
    rows: readonly (readonly SqlValue[])[],
    conflict = ignoreKnown,
  ): Promise<void> {
    if (rows.length === 0) return;
    const names = Object.keys(columns);
    const parts = Object.values(columns).map((type) => `?::${arrays[type]}`);
    const sql = `INSERT INTO ${name} (${names.join(', ')}) SELECT * FROM unnest(${parts.join(', ')}) ${conflict}`;
    await this.#query(
      sql,
      names.map((_column, index) => rows.map((row) => storable(row[index] ?? null))),
    );
  }

  async script(sql: string): Promise<void> {
    await this.#client.query(sql);
  }

  #query(sql: string, values: readonly unknown[]) {
    return this.#client.query({ ...this.#statements.of(sql), values: [...values] });
  }
}

/** PostgreSQL keeps no NUL in a text. One field of one authentic row must not stop every row behind it. */
const storable = (value: SqlValue): SqlValue =>
  typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;

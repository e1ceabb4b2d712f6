// Rows as they stand in a journal and at the head end: columns beside bodies, so that the two can be compared.
import { EvidenceProblem, evidenceFiles, evidenceLimits, withDatabase } from './evidence-files.ts';
import { count, text } from './shape.ts';
import { type RowFacts, readRow } from './tour-row.ts';

export interface StoredRow {
  readonly epoch: number;
  readonly seq: number;
  readonly day: string;
  readonly type: string;
  readonly ref: string;
  readonly body: Uint8Array;
  /** Hexadecimal, as stored. */
  readonly hash: string;
  /** null where the body is not a row. */
  readonly facts: RowFacts | null;
}

export interface HeadEndRow extends StoredRow {
  readonly terminal: string;
  readonly act: string | null;
  readonly reason: string | null;
  /** What the second pass said of the evidence. */
  readonly verdict: string | null;
}

export const readJournal = (directory: string, file: string): Table<StoredRow> =>
  readTable(directory, file, journalQuery, storedRow);

export const readHeadEnd = (directory: string): Table<HeadEndRow> =>
  readTable(directory, evidenceFiles.headEnd, headEndQuery, headEndRow);

const journalQuery = 'SELECT epoch, seq, day, type, ref, body, hash FROM journal ORDER BY epoch, seq';
const headEndQuery =
  'SELECT terminal, epoch, seq, day, type, ref, body, hash, act, reason, verdict FROM tx ORDER BY terminal, epoch, seq, day';

export interface Table<T> {
  readonly rows: readonly T[];
  readonly damage: readonly string[];
}

export function readTable<T>(
  directory: string,
  file: string,
  query: string,
  read: (row: DatabaseRow, where: string) => T,
): Table<T> {
  return withDatabase(directory, file, (database) => {
    const held = Number(database.prepare(`SELECT count(*) FROM (${query})`).pluck().get());
    if (held > evidenceLimits.maxRows) throw new EvidenceProblem(`${file}: more than ${evidenceLimits.maxRows} rows`);
    const raw = database.prepare(query).all() as readonly DatabaseRow[];
    const integrity = String(database.pragma('integrity_check(1)', { simple: true }));
    const rows = raw.map((row) => read(row, `${file}: epoch ${row['epoch']} seq ${row['seq']}`));
    return { rows, damage: integrity === 'ok' ? [] : [`${file}: ${integrity}`] };
  });
}

export type DatabaseRow = Readonly<Record<string, unknown>>;

function storedRow(row: DatabaseRow, where: string): StoredRow {
  const body = blob(row['body'], `${where} body`);
  return {
    epoch: count(row['epoch'], `${where} epoch`),
    seq: count(row['seq'], `${where} seq`),
    day: text(row['day'], `${where} day`),
    type: text(row['type'], `${where} type`),
    ref: text(row['ref'], `${where} ref`),
    body,
    hash: blob(row['hash'], `${where} hash`).toString('hex'),
    facts: readRow(body),
  };
}

const headEndRow = (row: DatabaseRow, where: string): HeadEndRow => ({
  ...storedRow(row, where),
  terminal: text(row['terminal'], `${where} terminal`),
  act: textOrNull(row['act'], `${where} act`),
  reason: textOrNull(row['reason'], `${where} reason`),
  verdict: textOrNull(row['verdict'], `${where} verdict`),
});

function blob(value: unknown, where: string): Buffer {
  if (!Buffer.isBuffer(value)) throw new EvidenceProblem(`${where}: not bytes`);
  return value;
}

export const textOrNull = (value: unknown, where: string): string | null =>
  value === null ? null : text(value, where);

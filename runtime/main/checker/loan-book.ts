// What the head end made of the cabinets' rows: loans, and what was really kept of deposits.
import { EvidenceProblem } from './evidence-files.ts';
import { type JsonObject, object, text } from './shape.ts';
import { type DatabaseRow, readTable, type Table, textOrNull } from './stored-rows.ts';

export const loansFile = 'headend/loans.db';

export interface RowPlace {
  readonly terminal: string;
  readonly epoch: number;
  readonly seq: number;
}

export interface Loan {
  /** Transaction of its order, hexadecimal. */
  readonly tx: string;
  readonly item: string;
  readonly state: string;
  /** Rows that began and ended it. */
  readonly taken: RowPlace;
  readonly returned: RowPlace | null;
  /** What is kept of the visitor's money; null while nothing is decided. */
  readonly chargeMinor: number | null;
}

/** Money of a visitor that the provider was told to keep. */
export interface Capture {
  readonly deposit: string;
  readonly amountMinor: number;
  /** Transaction of the loan it pays for. */
  readonly loan: string | null;
}

const loanQuery = 'SELECT tx, item, state, body FROM loan ORDER BY tx';
const captureQuery = `SELECT deposit, deposit_step.amount_minor AS amountMinor, loan FROM deposit_step
  JOIN deposit ON deposit.id = deposit_step.deposit WHERE act = 'capture' AND deposit_step.amount_minor > 0
  ORDER BY deposit, number`;

export const readLoans = (directory: string): Table<Loan> => readTable(directory, loansFile, loanQuery, loanOf);

export const readCaptures = (directory: string): Table<Capture> =>
  readTable(directory, loansFile, captureQuery, captureOf);

function loanOf(row: DatabaseRow): Loan {
  const tx = text(row['tx'], `${loansFile}: tx`);
  const where = `${loansFile}: loan ${tx}`;
  const body = bodyOf(row['body'], where);
  const { chargeMinor } = body;
  const returned = body['returned'] ?? null;
  return {
    tx,
    item: text(row['item'], `${where} item`),
    state: text(row['state'], `${where} state`),
    taken: placeOf(body['taken'], `${where} taken`),
    returned: returned === null ? null : placeOf(returned, `${where} returned`),
    chargeMinor: typeof chargeMinor === 'number' ? chargeMinor : null,
  };
}

function bodyOf(value: unknown, where: string): JsonObject {
  try {
    return object(JSON.parse(text(value, where)), where);
  } catch (cause) {
    throw cause instanceof EvidenceProblem ? cause : new EvidenceProblem(`${where}: not JSON`, { cause });
  }
}

function placeOf(event: unknown, where: string): RowPlace {
  const mark = object(object(event, where)['mark'], `${where} mark`);
  return {
    terminal: text(mark['terminal'], `${where} terminal`),
    epoch: Number(mark['epoch']),
    seq: Number(mark['seq']),
  };
}

const captureOf = (row: DatabaseRow): Capture => ({
  deposit: text(row['deposit'], `${loansFile}: deposit`),
  amountMinor: Number(row['amountMinor']),
  loan: textOrNull(row['loan'], `${loansFile}: deposit's loan`),
});

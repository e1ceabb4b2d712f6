// A row of the journal or the ledger in words, and which journal rows have not arrived yet.
import type { StreetRow } from '../street-row.ts';
import { happened, reasons, rowTypes, verdicts } from './strings.ts';

export type RowTone = 'paid' | 'refused' | 'quiet';

export interface RowWords {
  readonly what: string;
  readonly why: string;
  readonly time: string;
  readonly tone: RowTone;
}

export function wordsOf(row: StreetRow): RowWords {
  return {
    what: wordFor(row),
    why: row.reason === '' || row.reason === 'OK' ? '' : (reasons[row.reason] ?? row.reason),
    time: clockTime(row.at),
    tone: toneOf(row),
  };
}

/** An intent and its outcome name the same act; what the row is for tells them apart. */
function wordFor({ act, type }: StreetRow): string {
  const what = happened[act] ?? act;
  if (type === 'INTENT') return `${what}: ${rowTypes.intent}`;
  return type === 'OUTCOME' ? `${what}: ${rowTypes.outcome}` : what;
}

/** Two lists that are newest first, in one that is. */
export const merged = (one: readonly StreetRow[], other: readonly StreetRow[]): readonly StreetRow[] =>
  other.length === 0 ? one : [...one, ...other].sort((left, right) => Date.parse(right.at) - Date.parse(left.at));

/** References of journal rows the ledger does not hold: both lists are the newest of their kind. */
export function waitingRefs(journal: readonly StreetRow[], ledger: readonly StreetRow[]): ReadonlySet<string> {
  const arrived = new Set(ledger.map(keyOf));
  const waiting = journal.filter((row) => !arrived.has(keyOf(row)));
  return new Set(waiting.every(travelsWithTheNext) ? [] : waiting.map(keyOf));
}

/** Bookkeeping at the end of a journal is not worth a message of its own: it goes up with the next row. */
const travelsWithTheNext = ({ type }: StreetRow): boolean => type === 'CHECKPOINT' || type === 'RECEIPT';

export const verdictWords = (verdict: string | undefined): string => verdicts[verdict ?? 'checking'] ?? verdict ?? '';

/** The same as the server names rows that wait. */
export const keyOf = ({ terminal, seq, ref }: StreetRow): string => `${terminal}/${ref}/${seq}`;

const goodOutcomes: ReadonlySet<string> = new Set(['passed', 'taken', 'returned']);

function toneOf({ act, reason }: StreetRow): RowTone {
  if (act === 'ride' || goodOutcomes.has(reason)) return 'paid';
  return act === 'decline' || act === 'declines' ? 'refused' : 'quiet';
}

/** Local time of day; a time this page cannot read is shown as it came. */
function clockTime(at: string): string {
  const parsed = Date.parse(at);
  return Number.isNaN(parsed) ? at : new Date(parsed).toLocaleTimeString('en-GB');
}

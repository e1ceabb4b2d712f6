// A row of the journal or the ledger in words, and which journal rows have not arrived yet.
import type { StreetRow } from '../world.ts';
import { happened, reasons, verdicts } from './strings.ts';

export type RowTone = 'paid' | 'refused' | 'quiet';

export interface RowWords {
  readonly what: string;
  readonly why: string;
  readonly time: string;
  readonly tone: RowTone;
}

export function wordsOf(row: StreetRow): RowWords {
  return {
    what: happened[row.act] ?? row.act,
    why: row.reason === '' || row.reason === 'OK' ? '' : (reasons[row.reason] ?? row.reason),
    time: clockTime(row.at),
    tone: toneOf(row),
  };
}

/** References of journal rows the ledger does not hold: both lists are the newest of their kind. */
export function waitingRefs(journal: readonly StreetRow[], ledger: readonly StreetRow[]): ReadonlySet<string> {
  const arrived = new Set(ledger.map(keyOf));
  const waiting = journal.filter((row) => !arrived.has(keyOf(row)));
  return new Set(waiting.every(travelsWithTheNext) ? [] : waiting.map(keyOf));
}

/** Bookkeeping at the end of a journal is not worth a message of its own: it goes up with the next row. */
const travelsWithTheNext = ({ type }: StreetRow): boolean => type === 'CHECKPOINT' || type === 'RECEIPT';

export const verdictWords = (verdict: string | undefined): string => verdicts[verdict ?? 'checking'] ?? verdict ?? '';

export const keyOf = ({ seq, ref }: StreetRow): string => `${ref}/${seq}`;

function toneOf({ act }: StreetRow): RowTone {
  if (act === 'ride') return 'paid';
  return act === 'decline' || act === 'declines' ? 'refused' : 'quiet';
}

/** Local time of day; a time this page cannot read is shown as it came. */
function clockTime(at: string): string {
  const parsed = Date.parse(at);
  return Number.isNaN(parsed) ? at : new Date(parsed).toLocaleTimeString('en-GB');
}

// What every check asks of the rows: which are charges, which are refusals, and which codes may be
// charged at all.
import { type AcceptCue, acceptCues } from './cues.ts';
import type { StoredRow } from './stored-rows.ts';
import type { Tour, WalletLine } from './tour.ts';
import type { RowFacts } from './tour-row.ts';

export interface Findings {
  readonly tour: Tour;
  /** Facts of every readable journal row, in order of (epoch, seq). */
  readonly rows: readonly RowFacts[];
  readonly charges: readonly RowFacts[];
  readonly refusals: readonly RowFacts[];
  readonly cues: readonly AcceptCue[];
}

export function findingsOf(tour: Tour): Findings {
  const rows = tour.journal.map((row) => row.facts).filter((facts) => facts !== null);
  return {
    tour,
    rows,
    charges: rows.filter(isCharge),
    refusals: rows.filter(isRefusal),
    cues: acceptCues(tour.board),
  };
}

/** An accepted ride: one row, one fare, whatever its rider count. */
export const isCharge = (row: RowFacts): boolean => row.type === 'DECISION' && row.act === 'ride';

const refusalActs: ReadonlySet<string> = new Set(['decline', 'declines']);
const acceptingReasons: ReadonlySet<string | null> = new Set([null, 'OK', 'REPEAT']);
export const isRefusal = (row: RowFacts): boolean =>
  refusalActs.has(row.act) || (row.type === 'DECISION' && !isCharge(row) && !acceptingReasons.has(row.reason));

const refusedStories: ReadonlySet<string> = new Set(['forged', 'foreign', 'stale', 'denied']);
/** A code that must never be charged: not genuine, or genuine but too old or denied. */
export const mustBeRefused = (line: WalletLine): boolean => !line.genuine || refusedStories.has(line.story);

export const placeOf = (row: Pick<StoredRow, 'epoch' | 'seq'>): string => `epoch ${row.epoch} seq ${row.seq}`;
export const shortHex = (hex: string): string => `${hex.slice(0, 12)}…`;

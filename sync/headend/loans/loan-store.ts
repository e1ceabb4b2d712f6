// What loans need from a database, whichever it is. One call is one transaction, and when it resolves everything
// in it is durable.
import type { Attempt, ItemEvent } from './item-event.ts';
import type { Loan, LoanState } from './loan.ts';
import type { Anchor } from './mark.ts';
import type { OpenAct } from './row-facts.ts';

/** How far one journal has been read. */
export interface ReadPosition {
  readonly terminal: string;
  readonly epoch: number;
  /** -1 for nothing. */
  readonly seq: number;
  /** Newest SYNCED time read, UTC milliseconds. */
  readonly syncedMs: number | null;
}

/** What a run of rows of one journal says, stored together with the position after it. */
export interface RowRun {
  readonly position: ReadPosition;
  readonly events: readonly ItemEvent[];
  readonly attempts: readonly Attempt[];
  /** By transaction; null where it is over. */
  readonly acts: ReadonlyMap<string, OpenAct | null>;
  /** By boot id in hexadecimal. */
  readonly anchors: ReadonlyMap<string, Anchor>;
  /** Order ids that a cabinet has taken up. */
  readonly begun: readonly string[];
  /** Order ids for which nothing was lent. */
  readonly over: readonly string[];
}

export interface ItemRecord {
  /** At most {@link loanLimits.eventsPerItem}, the newest. */
  readonly events: readonly ItemEvent[];
  readonly anchors: ReadonlyMap<string, Anchor>;
  /** As last judged, by transaction. */
  readonly loans: ReadonlyMap<string, Loan>;
}

export const loanLimits = {
  eventsPerItem: 128,
  attemptsPerLoan: 32,
  rowsPerRead: 200,
  itemsPerPass: 64,
} as const;

export interface LoanStore {
  position(terminal: string, epoch: number): Promise<ReadPosition>;
  acts(txs: readonly string[]): Promise<ReadonlyMap<string, OpenAct>>;
  /** Storing a run again changes nothing. Items of which it says something wait to be judged. */
  storeRun(run: RowRun): Promise<void>;
  /** Items that wait; those whose loans change by time at `nowMs` among them. */
  waitingItems(nowMs: number, limit: number): Promise<readonly string[]>;
  item(item: string): Promise<ItemRecord>;
  attempts(keys: readonly string[]): Promise<readonly (Attempt & { readonly anchor: Anchor | null })[]>;
  /** Stores loans as judged, and tells their deposits what is to be kept. */
  saveItem(item: string, loans: readonly Loan[]): Promise<void>;
  /** Makes the loan wait to be judged, with what a person said of it. False for an unknown loan. */
  note(tx: string, said: Pick<Loan, 'dispute' | 'settledMinor'>): Promise<boolean>;
  loan(tx: string): Promise<Loan | null>;
  /** Newest first. */
  loans(states: readonly LoanState[], limit: number): Promise<readonly Loan[]>;
}

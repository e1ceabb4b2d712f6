// What a ticket has done so far, in the form that rules ask about: entries by the minute, totals and whether
// its holder is inside.
import type { UnixSeconds } from '../core/brand.ts';

/** Entries in one minute. Local days and clock times begin at whole minutes, so nothing a rule can ask is lost. */
export interface EntryRun {
  /** Minutes since 1970-01-01 UTC. */
  readonly minute: number;
  readonly count: number;
}

export interface EntryHistory {
  /** In order of time. */
  readonly runs: readonly EntryRun[];
  /** All entries; not less than what the runs add up to. */
  readonly entries: number;
  readonly exits: number;
  readonly firstEntryAt: UnixSeconds | null;
  readonly lastEntryAt: UnixSeconds | null;
}

export type EntryState = 'never' | 'inside' | 'outside';

export const noEntries: EntryHistory = { runs: [], entries: 0, exits: 0, firstEntryAt: null, lastEntryAt: null };

export function entryStateOf(history: EntryHistory): EntryState {
  if (history.entries === 0) return 'never';
  return history.entries > history.exits ? 'inside' : 'outside';
}

/** Entries in [from, to). What was dropped from the runs is older than all of them. */
export function entriesBetween(history: EntryHistory, from: number, to: number): number {
  let count = 0;
  for (const run of history.runs) if (run.minute * 60 >= from && run.minute * 60 < to) count += run.count;
  const kept = history.runs.reduce((sum, run) => sum + run.count, 0);
  const oldest = history.runs[0];
  // Entries no longer kept one by one count as if they lay inside: a limit is never loosened by forgetting.
  return oldest === undefined || from > oldest.minute * 60 ? count : count + history.entries - kept;
}

// Loans of one item from all that is known of it, whatever order it arrived in: a pure function of the set of
// events. Each journal is in order by itself. Between journals the order is sought in which the item is never in
// two places: from where it was put it can only be taken, and clocks decide only where that does not.
import type { BackEvent, ItemEvent, TakenEvent } from './item-event.ts';
import { type Anchor, mayFollow, sortMs } from './mark.ts';

export interface JoinedLoan {
  readonly taken: TakenEvent;
  readonly returned: BackEvent | null;
  /** It was lent again, and no return was seen in between. */
  readonly overtaken: boolean;
}

export interface ItemHistory {
  /** In the order found. */
  readonly loans: readonly JoinedLoan[];
  /** Back without having been out as far as rows say: stock that was put in, or a return whose order is still to come. */
  readonly loose: readonly BackEvent[];
}

export const historyLimits = {
  /** Orders that are followed side by side; the least contradictory ones are kept. */
  candidates: 48,
} as const;

type AnchorOf = (event: ItemEvent) => Anchor | null;

export function joinItem(events: readonly ItemEvent[], anchorOf: AnchorOf): ItemHistory {
  const journals = journalsOf(events, anchorOf);
  return historyOf(byClocks(journals) ?? leastContradictory(journals));
}

/** The order that the clocks say, where nothing contradicts it: no other can be better. Null where something does. */
function byClocks(journals: Journals): Candidate | null {
  let candidate = start(journals);
  for (;;) {
    const next = successors(candidate, journals);
    if (next.length === 0) return candidate;
    const first = next.find(({ inversions, contradictions }) => inversions === 0 && contradictions === 0);
    if (first === undefined) return null;
    candidate = first;
  }
}

function leastContradictory(journals: Journals): Candidate {
  let candidates: readonly Candidate[] = [start(journals)];
  for (;;) {
    const next = candidates.flatMap((candidate) => successors(candidate, journals));
    if (next.length === 0) return candidates[0] ?? start(journals);
    candidates = best(next);
  }
}

type Journals = readonly (readonly Placed[])[];

interface Placed {
  readonly event: ItemEvent;
  readonly anchor: Anchor | null;
  /** Never falls within a journal, so that one clock cannot put its own rows out of order. */
  readonly sortMs: number;
}

/** A beginning of an order of all events. */
interface Candidate {
  /** By journal: events told. */
  readonly told: readonly number[];
  /** The loan that is out. */
  readonly open: Placed | null;
  /** Terminal it was last put into; null where that is not known, or it is out. */
  readonly at: string | null;
  readonly contradictions: number;
  /** Events told although another seems earlier. */
  readonly inversions: number;
  readonly last: Told | null;
}

interface Told {
  readonly before: Told | null;
  readonly loan: JoinedLoan | null;
  readonly loose: BackEvent | null;
}

const start = (journals: Journals): Candidate => ({
  told: journals.map(() => 0),
  open: null,
  at: null,
  contradictions: 0,
  inversions: 0,
  last: null,
});

function successors(candidate: Candidate, journals: Journals): readonly Candidate[] {
  const heads = journals.flatMap((journal, at) => {
    const head = journal[candidate.told[at] ?? 0];
    return head === undefined ? [] : [{ head, at }];
  });
  return heads.map(({ head, at }) => {
    const told = candidate.told.map((count, journal) => (journal === at ? count + 1 : count));
    const earlier = heads.filter(({ head: other }) => other.sortMs < head.sortMs).length;
    return { ...follow(candidate, head), told, inversions: candidate.inversions + earlier };
  });
}

function follow(candidate: Candidate, placed: Placed): Omit<Candidate, 'told' | 'inversions'> {
  const { event } = placed;
  const { open, at, contradictions, last: before } = candidate;
  const { terminal } = event.mark;
  if (event.kind === 'taken') {
    const overtaken = open?.event.kind === 'taken' ? open.event : null;
    const elsewhere = overtaken !== null || (at !== null && at !== terminal);
    const loan = overtaken === null ? null : { taken: overtaken, returned: null, overtaken: true };
    const last = loan === null ? before : { before, loan, loose: null };
    return { open: placed, at: null, contradictions: contradictions + (elsewhere ? 1 : 0), last };
  }
  if (open?.event.kind === 'taken' && isAfter(open, placed)) {
    const loan = { taken: open.event, returned: event, overtaken: false };
    return { open: null, at: terminal, contradictions, last: { before, loan, loose: null } };
  }
  const last = { before, loan: null, loose: event };
  const wasSomewhere = open !== null || at !== null;
  const here = open === null ? terminal : null;
  return { open, at: here, contradictions: contradictions + (wasSomewhere ? 1 : 0), last };
}

const isAfter = (from: Placed, to: Placed): boolean =>
  mayFollow({ mark: from.event.mark, anchor: from.anchor }, { mark: to.event.mark, anchor: to.anchor });

/** The best of those that have told the same and leave the item in the same place; of these the best few. */
function best(candidates: readonly Candidate[]): readonly Candidate[] {
  const kept = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const key = `${candidate.told.join()}/${candidate.open?.event.mark.terminal ?? ''}/${candidate.at ?? ''}`;
    const known = kept.get(key);
    if (known === undefined || compare(candidate, known) < 0) kept.set(key, candidate);
  }
  return [...kept.values()].sort(compare).slice(0, historyLimits.candidates);
}

const compare = (a: Candidate, b: Candidate): number =>
  a.contradictions - b.contradictions || a.inversions - b.inversions;

function historyOf({ open, last }: Candidate): ItemHistory {
  const loans: JoinedLoan[] = [];
  const loose: BackEvent[] = [];
  if (open?.event.kind === 'taken') loans.push({ taken: open.event, returned: null, overtaken: false });
  for (let told = last; told !== null; told = told.before) {
    if (told.loan !== null) loans.push(told.loan);
    if (told.loose !== null) loose.push(told.loose);
  }
  return { loans: loans.reverse(), loose: loose.reverse() };
}

/** By terminal, in order of its name, so that the same set gives the same history. */
function journalsOf(events: readonly ItemEvent[], anchorOf: AnchorOf): Journals {
  const journals = new Map<string, Placed[]>();
  const inOrder = events.toSorted(
    ({ mark: a }, { mark: b }) => compareText(a.terminal, b.terminal) || a.epoch - b.epoch || a.seq - b.seq,
  );
  for (const event of inOrder) {
    const journal = journals.get(event.mark.terminal) ?? [];
    const anchor = anchorOf(event);
    const before = journal.at(-1)?.sortMs ?? Number.NEGATIVE_INFINITY;
    journal.push({ event, anchor, sortMs: Math.max(before, sortMs(event.mark, anchor)) });
    journals.set(event.mark.terminal, journal);
  }
  return [...journals.values()];
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

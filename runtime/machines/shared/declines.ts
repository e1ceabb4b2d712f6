// Refusals on their way to the journal. Each has a row and a reference, up to a rate; beyond it they are
// counted and written once a minute, so that a flood of garbage cannot grow the journal per scan.
import { type MonoMs, monoMs } from '../../core/brand.ts';
import type { Payload } from '../../records/payload.ts';
import { type ReasonCode, reasonCodes } from '../../records/reasons.ts';
import type { ReferenceSource } from './effects.ts';
import type { CountingState, StepDraft } from './step-draft.ts';
import type { StorageLevel } from './storage.ts';

export interface DeclineBudget {
  /** Thousandths of a row that may still be written now. */
  readonly milliRows: number;
  readonly filledMonoMs: MonoMs | null;
  /** Refusals not written one by one, and when they are written together. */
  readonly counts: Readonly<Partial<Record<ReasonCode, number>>>;
  readonly dueMonoMs: MonoMs | null;
}

export const fullBudget: DeclineBudget = { milliRows: 0, filledMonoMs: null, counts: {}, dueMonoMs: null };

/** Refusals beyond the rate are counted and written once per this. */
export const declinesEveryMs = 60_000;

interface DecliningState extends CountingState {
  readonly declines: DeclineBudget;
}

interface DeclineFacts {
  readonly storage: StorageLevel;
  readonly config: {
    /** Refusals that get a row and a reference of their own. */
    readonly badScansPerSecond: number;
  };
}

const oneRow = 1_000;

/** Writes the refusal, or counts it. Returns the reference to show, null where no row stands behind it. */
export function recordDecline<State extends DecliningState, Effect>(
  draft: StepDraft<State, Effect>,
  payload: Payload & { readonly reason: ReasonCode },
  atMonoMs: MonoMs,
  facts: DeclineFacts,
): ReferenceSource | null {
  const budget = refilled(draft.state.declines, atMonoMs, facts.config);
  // Space past the restricted mark is kept for passes and for rows that end something.
  if (budget.milliRows < oneRow || !hasRoom(facts.storage)) {
    setBudget(draft, counted(budget, payload.reason, atMonoMs));
    return null;
  }
  setBudget(draft, { ...budget, milliRows: budget.milliRows - oneRow });
  return { from: 'record', index: draft.record({ type: 'DECISION', payload, evidence: null }) };
}

/** Writes what was counted, one row per reason, when its minute is over and there is room. */
export function writeCounted<State extends DecliningState, Effect>(
  draft: StepDraft<State, Effect>,
  atMonoMs: MonoMs,
  facts: DeclineFacts,
): void {
  const { counts, dueMonoMs } = draft.state.declines;
  if (dueMonoMs === null || atMonoMs < dueMonoMs) return;
  if (!isWritable(facts.storage)) {
    setBudget(draft, { ...draft.state.declines, dueMonoMs: monoMs(atMonoMs + declinesEveryMs) });
    return;
  }
  for (const reason of reasonCodes) {
    const count = counts[reason];
    if (count === undefined) continue;
    draft.record({ type: 'DECISION', payload: { act: 'declines', reason, count, trigger: 'timer' }, evidence: null });
  }
  setBudget(draft, { ...draft.state.declines, counts: {}, dueMonoMs: null });
}

const setBudget = <State extends DecliningState, Effect>(
  draft: StepDraft<State, Effect>,
  declines: DeclineBudget,
): void => draft.set({ declines } as Partial<State>);

const hasRoom = (level: StorageLevel): boolean => level === 'normal' || level === 'warning';
/** One row a minute and reason is little enough for the restricted level. */
const isWritable = (level: StorageLevel): boolean => hasRoom(level) || level === 'restricted';

function refilled(budget: DeclineBudget, atMonoMs: MonoMs, config: DeclineFacts['config']): DeclineBudget {
  const full = config.badScansPerSecond * oneRow;
  if (budget.filledMonoMs === null) return { ...budget, milliRows: full, filledMonoMs: atMonoMs };
  const elapsedMs = Math.max(0, atMonoMs - budget.filledMonoMs);
  return {
    ...budget,
    milliRows: Math.min(full, budget.milliRows + elapsedMs * config.badScansPerSecond),
    filledMonoMs: monoMs(Math.max(atMonoMs, budget.filledMonoMs)),
  };
}

const counted = (budget: DeclineBudget, reason: ReasonCode, atMonoMs: MonoMs): DeclineBudget => ({
  ...budget,
  counts: { ...budget.counts, [reason]: (budget.counts[reason] ?? 0) + 1 },
  dueMonoMs: budget.dueMonoMs ?? monoMs(atMonoMs + declinesEveryMs),
});

// Refusals on their way to the journal. Each has a row and a reference, up to a rate; beyond it they are
// counted and written once a minute, so that a flood of garbage cannot grow the journal per scan.
import { type MonoMs, monoMs } from '../../core/brand.ts';
import type { Payload } from '../../records/payload.ts';
import { type ReasonCode, reasonCodes } from '../../records/reasons.ts';
import { declinesEveryMs, type ValidatorConfig } from './config.ts';
import type { StepDraft } from './draft.ts';
import type { ReferenceSource } from './effects.ts';
import type { StorageLevel, ValidatorFacts } from './facts.ts';
import type { DeclineBudget } from './state.ts';

const oneRow = 1_000;

/** Writes the refusal, or counts it. Returns the reference to show, null where no row stands behind it. */
export function recordDecline(
  draft: StepDraft,
  payload: Payload & { readonly reason: ReasonCode },
  atMonoMs: MonoMs,
  facts: ValidatorFacts,
): ReferenceSource | null {
  const budget = refilled(draft.state.declines, atMonoMs, facts.config);
  // Space past the restricted mark is kept for passes and for rows that end something.
  if (budget.milliRows < oneRow || !hasRoom(facts.storage)) {
    draft.set({ declines: counted(budget, payload.reason, atMonoMs) });
    return null;
  }
  draft.set({ declines: { ...budget, milliRows: budget.milliRows - oneRow } });
  return { from: 'record', index: draft.record({ type: 'DECISION', payload, evidence: null }) };
}

/** Writes what was counted, one row per reason, when its minute is over and there is room. */
export function writeCounted(draft: StepDraft, atMonoMs: MonoMs, facts: ValidatorFacts): void {
  const { counts, dueMonoMs } = draft.state.declines;
  if (dueMonoMs === null || atMonoMs < dueMonoMs) return;
  if (!isWritable(facts.storage)) {
    draft.set({ declines: { ...draft.state.declines, dueMonoMs: monoMs(atMonoMs + declinesEveryMs) } });
    return;
  }
  for (const reason of reasonCodes) {
    const count = counts[reason];
    if (count === undefined) continue;
    draft.record({ type: 'DECISION', payload: { act: 'declines', reason, count, trigger: 'timer' }, evidence: null });
  }
  draft.set({ declines: { ...draft.state.declines, counts: {}, dueMonoMs: null } });
}

const hasRoom = (level: StorageLevel): boolean => level === 'normal' || level === 'warning';
/** One row a minute and reason is little enough for the restricted level. */
const isWritable = (level: StorageLevel): boolean => hasRoom(level) || level === 'restricted';

function refilled(budget: DeclineBudget, atMonoMs: MonoMs, config: ValidatorConfig): DeclineBudget {
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

// The act that a power cut interrupted: the journal names it, the passage latch says what came of it. The pulse is
// never given again; where the latch is silent the act is in doubt, and said so.
import type { MonoMs } from '../../core/brand.ts';
import { inDoubt, notPassed, passed } from './admission.ts';
import { addInside } from './capacity.ts';
import type { GateLaneDraft } from './draft.ts';
import { endExit } from './exit.ts';
import type { GateLaneFacts } from './facts.ts';
import { homeLaneOf } from './home-lane.ts';
import type { Latch } from './input.ts';
import type { OpenAct } from './replay.ts';
import type { Admission } from './state.ts';

/** Ends RECOVERING. Without an open INTENT the latch has nothing to say. */
export function resolveOpen(draft: GateLaneDraft, latch: Latch, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const { entry } = draft.state;
  if (entry.kind !== 'recovering' || !entry.booted) return;
  draft.set({ entry: { kind: 'closedIdle' } });
  if (entry.open === null) return;
  const admission = admissionOf(entry.open, facts);
  switch (latch) {
    case 'passed':
      return passed(draft, admission, atMonoMs, 'boot', facts, false);
    case 'notPassed':
      return notPassed(draft, admission, atMonoMs, 'boot', facts);
    case 'unknown':
      return inDoubt(draft, admission, { kind: 'closedIdle' }, 'boot', facts);
    default:
      return latch satisfies never;
  }
}

export function resolveExit(
  draft: GateLaneDraft,
  open: OpenAct,
  latch: Latch,
  atMonoMs: MonoMs,
  facts: GateLaneFacts,
): void {
  const leaver = { raw: '', ticket: open.ticket, reason: 'OK' } as const;
  const { tx, actId } = open;
  const exit = { kind: 'open', tx, actId, leaver, confirmed: true, untilMonoMs: atMonoMs } as const;
  draft.set({ exit });
  if (latch === 'passed') {
    addInside(draft, -1);
    endExit(draft, exit, 'passed', 'done', 'boot', atMonoMs, facts);
  } else if (latch === 'notPassed') {
    endExit(draft, exit, 'not_passed', 'not_passed', 'boot', atMonoMs, facts);
  } else {
    endExit(draft, exit, 'in_doubt', null, 'boot', atMonoMs, facts);
  }
}

/** Each person of a group before this one wrote an OUTCOME and an INTENT of its own. */
function admissionOf(open: OpenAct, facts: GateLaneFacts): Admission {
  const { tx, actId, txSeq, ticket, rest, lease, unclaimed, staff, cause } = open;
  const homeLane =
    ticket === null || facts.rules === null ? null : homeLaneOf(ticket.issuer, ticket.cti, facts.rules.gates);
  return {
    tx,
    actId,
    txSeq,
    raw: null,
    ticket,
    rest,
    passed: txSeq / 2,
    lease,
    home: homeLane === facts.config.gate ? null : homeLane,
    unclaimed,
    staff,
    cause,
    afterwards: { kind: 'closedIdle' },
  };
}

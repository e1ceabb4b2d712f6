// This gate lane as the home of other lanes' tickets: it serialises their claims, and learns from their outcomes.
// A claim is a row before it is an answer, so that a power cut cannot grant the same ticket twice.
import { hex } from '../../core/bytes.ts';
import { isHeldElsewhere, type TicketUse } from '../shared/use-ledger.ts';
import { isBooted } from './capacity.ts';
import { gateLaneBounds } from './config.ts';
import type { GateLaneDraft } from './draft.ts';
import type { ClaimSubject } from './effects.ts';
import type { GateLaneFacts } from './facts.ts';
import { homeLaneOf } from './home-lane.ts';
import type { InputOf } from './input.ts';

const issuerPattern = /^[A-Za-z0-9_-]{1,16}$/;

/** No answer leaves the asking lane to its own mode; a wrong one would let two persons in. */
export function claimRequested(draft: GateLaneDraft, input: InputOf<'ClaimRequest'>, facts: GateLaneFacts): void {
  if (!isAnswerable(draft, input, facts)) return draft.ignore();
  const { from, claimId, issuer, cti, uses, validUntil, atMonoMs } = input;
  const use = draft.useOf(issuer, cti);
  const asked = use?.hold != null && hex(use.hold.tx) === hex(claimId);
  const granted = asked || isFree(draft, use, uses, atMonoMs, facts);
  if (granted && !asked) {
    draft.record({
      type: 'DECISION',
      payload: { act: 'claim', tx: claimId, issuer, cti, validUntil, place: facts.config.gate, detail: from },
      evidence: null,
    });
  }
  draft.effects.push({ kind: 'answerClaim', to: from, claimId, issuer, cti, granted, use });
}

/** What became of a claim, also of one that was never granted: it has happened all the same. */
export function claimSettled(draft: GateLaneDraft, input: InputOf<'ClaimSettled'>, facts: GateLaneFacts): void {
  const act = hex(input.actId);
  if (!isAnswerable(draft, input, facts) || draft.state.settled.includes(act)) return draft.ignore();
  const { from, claimId: tx, actId, issuer, cti, uses, validUntil, outcome, more } = input;
  const held = draft.useOf(issuer, cti)?.hold ?? null;
  if (outcome === 'released' && (held === null || hex(held.tx) !== hex(tx))) return draft.ignore();
  const subject = { tx, issuer, cti, validUntil, place: facts.config.gate, detail: from };
  draft.record({
    type: 'OUTCOME',
    payload: {
      act: 'settle',
      actId,
      outcome: outcome === 'released' ? 'not_passed' : 'passed',
      ...(outcome === 'exited' ? { direction: 'exit' } : {}),
      rest: more ? 1 : 0,
      ...subject,
    },
    evidence: null,
  });
  draft.set({ settled: [...draft.state.settled, act].slice(-gateLaneBounds.settledActs) });
  if (outcome !== 'used' || (draft.useOf(issuer, cti)?.entries ?? 0) <= uses) return;
  draft.count('doubleUse');
  draft.record({ type: 'SECURITY', payload: { act: 'incident', incident: 'double_use', ...subject }, evidence: null });
}

/** Held by nobody, this lane's own barrier included, and not used up. */
function isFree(
  draft: GateLaneDraft,
  use: TicketUse | null,
  uses: number,
  atMonoMs: InputOf<'ClaimRequest'>['atMonoMs'],
  facts: GateLaneFacts,
): boolean {
  if (use === null) return true;
  const now = { bootId: facts.bootId, monoMs: atMonoMs, bootMonoMs: draft.state.bootMonoMs };
  const heldHere = use.hold !== null && use.hold.by === null;
  return !heldHere && !isHeldElsewhere(use, now, facts.config.claimTtlMs) && use.entries < uses;
}

/** Asked by a lane of this site, of a ticket whose home is here, in words that can be written down. */
function isAnswerable(
  draft: GateLaneDraft,
  asked: ClaimSubject & { readonly from: string },
  facts: GateLaneFacts,
): boolean {
  const { from, claimId, issuer, cti, uses, validUntil } = asked;
  const gates = facts.rules?.gates ?? [];
  return (
    isBooted(draft.state) &&
    facts.storage !== 'unavailable' &&
    gates.some(({ id }) => id === from && id !== facts.config.gate) &&
    claimId.length === 16 &&
    issuerPattern.test(issuer) &&
    cti.length >= 8 &&
    cti.length <= 16 &&
    isCount(uses, 1_000) &&
    uses >= 1 &&
    isCount(validUntil, 0xffff_ffff) &&
    homeLaneOf(issuer, cti, gates) === facts.config.gate
  );
}

const isCount = (value: number, most: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= most;

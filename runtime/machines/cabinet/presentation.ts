// Flow M: the visitor shows a loan code, or a ticket whose product includes a guide, on a phone or on
// paper. It works without a network; other machines of the site are asked for a moment at most.
import type { MonoMs, WallMs } from '../../core/brand.ts';
import { equal, hex } from '../../core/bytes.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { Outcome, Verdict } from '../../tokens/outcome.ts';
import { recordDecline } from '../shared/declines.ts';
import { messages } from '../shared/messages.ts';
import { payloadOf } from '../shared/step-draft.ts';
import { windowFields, windowTime } from '../shared/window-time.ts';
import { eligibleSlots } from './choice.ts';
import { cabinetBounds } from './config.ts';
import { decide, guidesOf, listAgeOf, stockReason, type Words } from './decide.ts';
import type { CabinetDraft } from './draft.ts';
import type { CabinetFacts } from './facts.ts';
import { homeToAsk } from './home-machine.ts';
import type { InputOf } from './input.ts';
import type { OrderUse } from './order.ts';
import { beginOrder, settleClaim } from './orders.ts';
import { isFull, recordAttempt } from './returns.ts';
import type { Claim } from './state.ts';

type Shown = InputOf<'Presentation'>;

export function present(draft: CabinetDraft, shown: Shown): void {
  const { state, facts } = draft;
  if (state.service === 'recovering' || facts.storage === 'unavailable') {
    draft.signal({ cue: 'outOfOrder', reason: 'OUT_OF_SERVICE', reference: null });
  } else if (isStillAnswered(draft, shown)) {
    return;
  } else if (shown.verdict === null) {
    refuse(draft, shown, 'DEVICE_FAULT');
  } else if (shown.verdict.accepted) {
    presentVerified(draft, shown, shown.verdict.outcome, shown.verdict);
  } else {
    presentRefused(draft, shown, shown.verdict);
  }
}

/** What the code's home says of it. */
export function claimAnswered(draft: CabinetDraft, input: InputOf<'ClaimAnswer'>): void {
  const claim = draft.state.claims.find((open) => equal(open.tx, input.claimId));
  if (claim === undefined) return draft.ignore();
  closeClaim(draft, claim);
  if (!input.granted) return refuseClaim(draft, claim, 'ALREADY_USED');
  const reason = stockReason(draft.state, draft.facts, claim.language);
  if (reason === null) return accept(draft, claim, false);
  settleClaim(draft, claim.tx, useOf(claim, draft.facts), 'released');
  refuseClaim(draft, claim, reason);
}

/** A home that is silent cannot be waited for: lend and report, or send the visitor there. */
export function passClaimTime(draft: CabinetDraft): void {
  for (const claim of draft.state.claims) {
    if (draft.atMonoMs < claim.dueMonoMs) continue;
    closeClaim(draft, claim);
    const strict = draft.facts.config.dupMode === 'strict';
    const reason = strict ? 'WRONG_GATE' : stockReason(draft.state, draft.facts, claim.language);
    if (reason === null) {
      accept(draft, claim, true);
      continue;
    }
    settleClaim(draft, claim.tx, useOf(claim, draft.facts), 'released');
    refuseClaim(draft, claim, reason);
  }
}

const closeClaim = (draft: CabinetDraft, claim: Claim): void =>
  draft.set({ claims: draft.state.claims.filter((open) => open !== claim) });

const useOf = ({ outcome }: Claim, facts: CabinetFacts): OrderUse => ({
  issuer: outcome.issuer,
  cti: outcome.cti ?? new Uint8Array(),
  uses: guidesOf(outcome, facts),
  validUntil: outcome.exp,
});

function presentVerified(draft: CabinetDraft, shown: Shown, outcome: Outcome, words: Words): void {
  const { state, facts } = draft;
  const { cti } = outcome;
  const isClaimed = state.claims.some(({ outcome: open }) => sameCode(open, outcome));
  if (isClaimed) return;
  const language = shown.language ?? outcome.language;
  const decision = decide(outcome, words, language, state, facts);
  if (decision.kind === 'running') {
    const reference = decision.tx === null ? null : draft.referenceOf(decision.tx);
    return draft.signal({ cue: 'repeat', reason: 'REPEAT', reference });
  }
  if (decision.kind === 'refusal') {
    // The code that took a guide here is what the visitor has to show when no slot can take it back.
    const bringsBack = decision.reason === 'ALREADY_USED' && isFull(draft) && cti !== null;
    if (bringsBack) return recordAttempt(draft, { issuer: outcome.issuer, cti, digest: outcome.digest }, true);
    return refuse(draft, shown, decision.reason, decision, decision.time);
  }
  const home = cti === null ? null : homeToAsk(outcome.issuer, cti, facts);
  const claim: Claim = {
    tx: draft.freshTx(),
    outcome,
    language,
    done: decision.done,
    found: decision.found,
    review: decision.review,
    home: home ?? '',
    dueMonoMs: (draft.atMonoMs + facts.config.claimTimeoutMs) as MonoMs,
  };
  if (home === null) return accept(draft, claim, false);
  draft.set({ claims: [...state.claims, claim] });
  draft.effects.push({ kind: 'claimUse', to: home, claimId: claim.tx, ...useOf(claim, facts) });
}

/** An expired loan code cannot be proven any more, but at a full cabinet it still names its loan. */
function presentRefused(draft: CabinetDraft, shown: Shown, verdict: Extract<Verdict, { accepted: false }>): void {
  const { reason, digest } = verdict;
  if (reason !== 'EXPIRED' || digest === null || !isFull(draft)) return refuse(draft, shown, reason);
  recordAttempt(draft, { digest }, false);
  rememberRefused(draft, shown);
}

function accept(draft: CabinetDraft, claim: Claim, unclaimed: boolean): void {
  const { state, facts } = draft;
  const { outcome } = claim;
  const [slot] = eligibleSlots(state, facts, claim.language);
  if (slot === undefined) return refuseClaim(draft, claim, 'NO_STOCK');
  const { issuer, cti, kid, format, digest, subject, limits, exp } = outcome;
  beginOrder(
    draft,
    slot,
    {
      ...circumstances(facts),
      tx: claim.tx,
      format,
      issuer,
      kid,
      account: subject ?? undefined,
      digest,
      cti: cti ?? undefined,
      count: guidesOf(outcome, facts),
      validUntil: exp,
      product: limits.product ?? undefined,
      done: claim.done,
      found: claim.found,
      review: claim.review || undefined,
      unclaimed: unclaimed || undefined,
      language: claim.language ?? undefined,
      trigger: 'presentation',
    },
    outcome.evidence,
  );
}

function refuseClaim(draft: CabinetDraft, claim: Claim, reason: ReasonCode): void {
  const place = reason === 'WRONG_GATE' ? claim.home : undefined;
  decline(draft, { ...claim, accepted: true, denyAgeSeconds: null }, reason, claim, null, place);
}

function refuse(
  draft: CabinetDraft,
  shown: Shown,
  reason: ReasonCode,
  words: Words | null = null,
  time: WallMs | null = null,
): void {
  decline(draft, shown.verdict, reason, words, time);
  rememberRefused(draft, shown);
}

/** Nobody who is turned away is written down: neither account nor token id nor token bytes. */
function decline(
  draft: CabinetDraft,
  verdict: Verdict | null,
  reason: ReasonCode,
  words: Words | null,
  named: WallMs | null,
  place?: string,
): void {
  const time = words === null ? windowTime(reason, verdict?.outcome ?? null) : named;
  const payload = payloadOf({
    ...circumstances(draft.facts),
    act: 'decline',
    format: verdict?.outcome?.format,
    issuer: verdict?.outcome?.issuer ?? (verdict?.accepted === false ? (verdict.issuer ?? undefined) : undefined),
    kid: verdict?.outcome?.kid,
    done: words?.done ?? verdict?.done,
    found: words?.found ?? verdict?.found,
    detail: verdict?.accepted === false ? verdict.detail : undefined,
    ...windowFields(reason, time),
    place,
    trigger: 'presentation',
  });
  const reference = recordDecline(draft, { ...payload, reason }, draft.atMonoMs, draft.facts);
  draft.signal({ cue: messages[reason].cue, reason, reference, time, place: place ?? null });
}

const circumstances = (facts: CabinetFacts) => ({
  offline: !facts.online,
  trust: facts.lists.trust ?? undefined,
  denyVersion: facts.lists.denyVersion ?? undefined,
  listAgeSeconds: listAgeOf(facts) ?? undefined,
});

/** While the red lamp of the same bytes stands, they get no second one. */
const isStillAnswered = (draft: CabinetDraft, { rawDigest }: Shown): boolean =>
  draft.state.refused.some(
    ({ raw, atMonoMs }) => raw === hex(rawDigest) && draft.atMonoMs - atMonoMs < draft.facts.config.repeatMs,
  );

function rememberRefused(draft: CabinetDraft, { rawDigest }: Shown): void {
  const raw = hex(rawDigest);
  const others = draft.state.refused.filter((code) => code.raw !== raw);
  draft.set({ refused: [...others, { raw, atMonoMs: draft.atMonoMs }].slice(-cabinetBounds.refusedCodes) });
}

const sameCode = (a: Outcome, b: Outcome): boolean =>
  a.issuer === b.issuer && a.cti !== null && b.cti !== null && equal(a.cti, b.cti);

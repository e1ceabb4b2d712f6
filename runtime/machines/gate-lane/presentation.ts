// What happens when a code is shown at the entry: the answer for the person, and what is written down about it.
import { type MonoMs, monoMs, unixSeconds, type WallMs } from '../../core/brand.ts';
import { type Bytes, hex } from '../../core/bytes.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { AccessRules } from '../../rules/access-rules.ts';
import type { Verdict } from '../../tokens/outcome.ts';
import { recordDecline } from '../shared/declines.ts';
import { messages } from '../shared/messages.ts';
import { mergedUse, type TicketUse } from '../shared/use-ledger.ts';
import { windowTime } from '../shared/window-time.ts';
import { runningAdmission, startAdmission, tellHome } from './admission.ts';
import { hasPlace } from './capacity.ts';
import type { GateLaneDraft } from './draft.ts';
import { isRunningExit, presentExit } from './exit.ts';
import type { GateLaneFacts } from './facts.ts';
import { homeLaneOf } from './home-lane.ts';
import type { InputOf } from './input.ts';
import { type Judgement, judge } from './judge.ts';
import { declinePayload } from './payloads.ts';
import { judgeRisk } from './risk.ts';
import { rememberShown, shownCode, slideShown, ticketId } from './shown-codes.ts';
import type { Candidate } from './state.ts';
import type { TicketRef } from './ticket.ts';

type Shown = InputOf<'Presentation'>;
type Clear = Extract<Judgement, { kind: 'clear' }>;

export function present(draft: GateLaneDraft, shown: Shown, facts: GateLaneFacts): void {
  if (shown.direction === 'exit') return presentExit(draft, shown, facts);
  switch (draft.state.entry.kind) {
    case 'emergencyOpen':
      // No redemption: the way is open, and the ticket stays as good as it was.
      return draft.signal({ cue: 'emergency', reason: 'OUT_OF_SERVICE', reference: null });
    case 'recovering':
      return draft.signal({ cue: 'outOfOrder', reason: 'OUT_OF_SERVICE', reference: null });
    case 'manual':
      return refuse(draft, shown, 'OUT_OF_SERVICE', facts);
    case 'claiming':
    case 'authorised':
    case 'openWait':
      return presentDuringAdmission(draft, shown);
    case 'closedIdle':
    case 'hold':
    case 'fault':
      return presentIdle(draft, shown, facts);
    default:
      return draft.state.entry satisfies never;
  }
}

/** The same bytes again: the running transaction is shown, whatever ended stays as it was told. */
export function presentSame(draft: GateLaneDraft, same: InputOf<'SameCode'>): void {
  const raw = hex(same.rawDigest);
  const { entry, exit, shown } = draft.state;
  const code = shown.find((known) => known.raw === raw && known.direction === same.direction);
  if (code === undefined) return draft.ignore();
  slideShown(draft, code, same.atMonoMs);
  const running =
    same.direction === 'exit' ? isRunningExit(exit, same.rawDigest) : runningAdmission(entry)?.raw === raw;
  if (running) draft.signal({ cue: 'repeat', reason: 'REPEAT', reference: null });
}

/** One person at a time: another's code is judged once the barrier is free, and its reader tries again. */
function presentDuringAdmission(draft: GateLaneDraft, shown: Shown): void {
  const { entry } = draft.state;
  const running = runningAdmission(entry)?.ticket ?? null;
  const outcome = shown.verdict?.outcome ?? null;
  const same =
    running !== null &&
    outcome?.cti != null &&
    ticketId(running.issuer, running.cti) === ticketId(outcome.issuer, outcome.cti);
  if (same) draft.signal({ cue: 'repeat', reason: 'REPEAT', reference: null });
  else draft.ignore();
}

function presentIdle(draft: GateLaneDraft, shown: Shown, facts: GateLaneFacts): void {
  draft.set({ pending: null });
  if (facts.storage === 'unavailable' || facts.rules === null)
    return draft.signal({ cue: 'outOfOrder', reason: 'OUT_OF_SERVICE', reference: null });
  const { verdict } = shown;
  if (verdict === null) return refuse(draft, shown, 'DEVICE_FAULT', facts);
  if (!verdict.accepted) return refuse(draft, shown, verdict.reason, facts);
  const { outcome } = verdict;
  // Only tickets carry a token id that the ledger knows.
  if (outcome.cti === null || outcome.kind !== 'ticket') return refuse(draft, shown, 'WRONG_PRODUCT', facts);
  const id = ticketId(outcome.issuer, outcome.cti);
  const { atMonoMs } = shown;
  const lingering = shownCode(
    draft.state,
    'entry',
    (code) => code.accepted && code.ticket === id,
    atMonoMs,
    facts.config,
  );
  if (lingering !== null) return slideShown(draft, lingering, atMonoMs);
  const candidate: Candidate = {
    outcome,
    cti: outcome.cti,
    done: verdict.done,
    found: verdict.found,
    raw: hex(shown.rawDigest),
    identityMatched: shown.identityMatched,
    waived: [],
    staff: null,
    cause: null,
  };
  consider(draft, candidate, facts.rules, atMonoMs, facts);
}

/** From a verified ticket to a claim, an admission or a refusal. Also the way of a ticket that staff override. */
export function consider(
  draft: GateLaneDraft,
  candidate: Candidate,
  rules: AccessRules,
  atMonoMs: MonoMs,
  facts: GateLaneFacts,
): void {
  const { outcome, cti } = candidate;
  const judgement = judgeNow(draft, candidate, rules, draft.useOf(outcome.issuer, cti), atMonoMs, facts);
  if (judgement.kind === 'refusal')
    return refuseCandidate(draft, candidate, judgement.reason, judgement, atMonoMs, facts);
  const home = homeLaneOf(outcome.issuer, cti, rules.gates);
  const claimId = facts.fresh.tx;
  if (home === null || home === facts.config.gate)
    return admit(draft, candidate, judgement, { tx: claimId, home: null, unclaimed: false }, atMonoMs, facts);
  if (!facts.gateReady || draft.state.entry.kind === 'fault')
    return refuseCandidate(draft, candidate, 'DEVICE_FAULT', judgement, atMonoMs, facts);
  if (!draft.state.siteReachable) return admitUnclaimed(draft, candidate, judgement, claimId, home, atMonoMs, facts);
  const untilMonoMs = monoMs(atMonoMs + facts.config.claimTimeoutMs);
  const { issuer, uses, validUntil } = ticketOf(candidate, judgement);
  draft.effects.push({ kind: 'claimUse', to: home, claimId, issuer, cti, uses, validUntil });
  const back = draft.state.entry.kind === 'hold' ? 'hold' : 'closedIdle';
  draft.set({ entry: { kind: 'claiming', candidate, claimId, to: home, untilMonoMs, back } });
}

/** The home gate lane has answered. What it knows of the ticket counts as if it had happened here. */
export function claimAnswered(draft: GateLaneDraft, input: InputOf<'ClaimAnswer'>, facts: GateLaneFacts): void {
  const { entry } = draft.state;
  if (entry.kind !== 'claiming' || hex(entry.claimId) !== hex(input.claimId) || facts.rules === null) {
    return lateAnswer(draft, input, facts);
  }
  const { candidate, claimId, to } = entry;
  const { atMonoMs } = input;
  draft.set({ entry: { kind: entry.back } });
  const own = draft.useOf(candidate.outcome.issuer, candidate.cti);
  const judgement = judgeNow(draft, candidate, facts.rules, mergedUse(own, input.use), atMonoMs, facts);
  if (!input.granted) {
    const time = input.use?.lastEntryAt == null ? null : ((input.use.lastEntryAt * 1000) as WallMs);
    return refuseCandidate(draft, candidate, 'ALREADY_USED', { ...judgement, time }, atMonoMs, facts);
  }
  if (judgement.kind === 'clear')
    admit(draft, candidate, judgement, { tx: claimId, home: to, unclaimed: false }, atMonoMs, facts);
  else refuseCandidate(draft, candidate, judgement.reason, judgement, atMonoMs, facts);
  if (runningAdmission(draft.state.entry) === null) releaseClaim(draft, candidate, claimId, to);
}

/** Nobody answered in time. */
export function claimTimedOut(draft: GateLaneDraft, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const { entry } = draft.state;
  if (entry.kind !== 'claiming' || facts.rules === null) return;
  const { candidate, claimId, to } = entry;
  draft.set({ entry: { kind: entry.back } });
  const use = draft.useOf(candidate.outcome.issuer, candidate.cti);
  const judgement = judgeNow(draft, candidate, facts.rules, use, atMonoMs, facts);
  if (judgement.kind === 'refusal') refuseCandidate(draft, candidate, judgement.reason, judgement, atMonoMs, facts);
  else admitUnclaimed(draft, candidate, judgement, claimId, to, atMonoMs, facts);
  // The question may have arrived though no answer came: a claim that is not used must not stand.
  if (runningAdmission(draft.state.entry) === null) releaseClaim(draft, candidate, claimId, to);
}

export function releaseClaim(draft: GateLaneDraft, candidate: Candidate, claimId: Bytes, home: string): void {
  const { issuer, exp, limits } = candidate.outcome;
  const ticket: TicketRef = {
    issuer,
    cti: candidate.cti,
    product: limits.product,
    uses: limits.uses,
    validUntil: exp,
  };
  tellHome(draft, { tx: claimId, actId: claimId.slice(0, 8), home, ticket }, 'released', false);
}

/** An answer to a question that was given up: what it granted is given back, what it refused is a double use. */
function lateAnswer(draft: GateLaneDraft, input: InputOf<'ClaimAnswer'>, facts: GateLaneFacts): void {
  const { entry, ended } = draft.state;
  const running = runningAdmission(entry);
  const mine = [running, ended?.admission ?? null].find((act) => act !== null && hex(act.tx) === hex(input.claimId));
  if (mine === undefined || mine === null) return draft.ignore();
  if (input.granted || !mine.unclaimed) return;
  if (running === null && ended?.passed !== true) return;
  draft.count('doubleUse');
  draft.record({
    type: 'SECURITY',
    payload: {
      act: 'incident',
      incident: 'double_use',
      tx: mine.tx,
      issuer: input.issuer,
      cti: input.cti,
      place: facts.config.gate,
      detail: input.from,
    },
    evidence: null,
  });
}

function admitUnclaimed(
  draft: GateLaneDraft,
  candidate: Candidate,
  judgement: Clear,
  tx: Bytes,
  home: string,
  atMonoMs: MonoMs,
  facts: GateLaneFacts,
): void {
  if (facts.config.dupMode === 'lenient')
    return admit(draft, candidate, judgement, { tx, home, unclaimed: true }, atMonoMs, facts);
  refuseCandidate(draft, candidate, 'WRONG_GATE', { ...judgement, place: home }, atMonoMs, facts);
}

/** Risk and capacity, then the pulse. */
function admit(
  draft: GateLaneDraft,
  candidate: Candidate,
  judgement: Clear,
  how: { readonly tx: Bytes; readonly home: string | null; readonly unclaimed: boolean },
  atMonoMs: MonoMs,
  facts: GateLaneFacts,
): void {
  const risk = judgeRisk(candidate, judgement.product, judgement, facts);
  const words = { done: risk.done, found: risk.found };
  if (risk.reason !== null) return refuseCandidate(draft, candidate, risk.reason, words, atMonoMs, facts);
  if (!hasPlace(draft.state, atMonoMs, facts)) {
    refuseCandidate(draft, candidate, 'SITE_FULL', words, atMonoMs, facts);
    if (draft.state.entry.kind === 'closedIdle') draft.set({ entry: { kind: 'hold' } });
    return;
  }
  if (!facts.gateReady || draft.state.entry.kind === 'fault')
    return refuseCandidate(draft, candidate, 'DEVICE_FAULT', words, atMonoMs, facts);
  const ticket = ticketOf(candidate, judgement);
  const id = ticketId(ticket.issuer, ticket.cti);
  rememberShown(draft, {
    raw: candidate.raw,
    direction: 'entry',
    ticket: id,
    accepted: true,
    lastReadMonoMs: atMonoMs,
  });
  const { staff, cause, raw } = candidate;
  const afterwards = { kind: 'closedIdle' } as const;
  const admission = { ...how, raw, ticket, rest: judgement.rest, staff, cause, afterwards };
  startAdmission(draft, admission, { candidate, ...words, review: risk.review }, atMonoMs, facts);
}

const judgeNow = (
  draft: GateLaneDraft,
  candidate: Candidate,
  rules: AccessRules,
  use: TicketUse | null,
  atMonoMs: MonoMs,
  facts: GateLaneFacts,
): Judgement => judge(candidate, rules, use, { atMonoMs, bootMonoMs: draft.state.bootMonoMs }, facts);

/** `validUntil` includes the grace, so that the ledger does not forget a ticket that may still be shown. */
function ticketOf({ outcome, cti }: Candidate, { uses, product }: Clear): TicketRef {
  const validUntil = unixSeconds(Math.min(0xffff_ffff, outcome.exp + product.graceAfterSeconds + 1));
  return { issuer: outcome.issuer, cti, product: product.id, uses, validUntil };
}

/** What staff on the spot may decide otherwise. */
const overridable: readonly ReasonCode[] = [
  'ID_REQUIRED',
  'PROOF_REQUIRED',
  'REENTRY_NEEDS_EXIT',
  'LISTS_TOO_OLD',
  'CLOCK_UNTRUSTED',
];

function refuseCandidate(
  draft: GateLaneDraft,
  candidate: Candidate,
  reason: ReasonCode,
  more: {
    readonly done: number;
    readonly found: number;
    readonly time?: WallMs | null;
    readonly rule?: string | null;
    readonly place?: string;
  },
  atMonoMs: MonoMs,
  facts: GateLaneFacts,
): void {
  const { outcome, done, found } = candidate;
  const verdict: Verdict = { accepted: true, outcome, done, found, denyAgeSeconds: null };
  decline(draft, verdict, candidate.raw, reason, more, atMonoMs, facts);
  if (!overridable.includes(reason)) return;
  draft.set({ pending: { candidate, reason, untilMonoMs: monoMs(atMonoMs + facts.config.overrideMs) } });
}

const refuse = (draft: GateLaneDraft, shown: Shown, reason: ReasonCode, facts: GateLaneFacts): void =>
  decline(draft, shown.verdict, hex(shown.rawDigest), reason, null, shown.atMonoMs, facts);

function decline(
  draft: GateLaneDraft,
  verdict: Verdict | null,
  raw: string,
  reason: ReasonCode,
  more: {
    readonly done: number;
    readonly found: number;
    readonly time?: WallMs | null;
    readonly rule?: string | null;
    readonly place?: string;
  } | null,
  atMonoMs: MonoMs,
  facts: GateLaneFacts,
): void {
  const place = more?.place ?? null;
  const time = more === null ? windowTime(reason, verdict?.outcome ?? null) : (more.time ?? null);
  const words = more === null ? null : { ...more, ...(place === null ? {} : { detail: place }) };
  const reference = recordDecline(draft, declinePayload(verdict, reason, words, time, facts), atMonoMs, facts);
  draft.count(`decline ${reason}`);
  rememberShown(draft, { raw, direction: 'entry', ticket: null, accepted: false, lastReadMonoMs: atMonoMs });
  const waitMinutes = reason === 'SITE_FULL' ? draft.state.waitMinutes : null;
  draft.signal({ cue: messages[reason].cue, reason, reference, time, place, waitMinutes });
}

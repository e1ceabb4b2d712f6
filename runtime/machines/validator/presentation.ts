// What happens when a code is shown: the answer for the person, and what is written down about it.
import type { Money, MonoMs, WallMs } from '../../core/brand.ts';
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { Outcome, Verdict } from '../../tokens/outcome.ts';
import { recordDecline } from '../shared/declines.ts';
import { messages } from '../shared/messages.ts';
import { windowTime } from '../shared/window-time.ts';
import { accountId, accountKey, encodeAccountMemory, rememberRide } from './account-memory.ts';
import { validatorBounds } from './config.ts';
import { type Decision, decide } from './decide.ts';
import type { ValidatorDraft } from './draft.ts';
import type { ValidatorFacts } from './facts.ts';
import { countRepeat, holdOffByDigest, holdOffOf, openHoldOff, rememberShown } from './hold-off.ts';
import type { InputOf } from './input.ts';
import { declinePayload, ridePayload } from './payloads.ts';
import type { RideMark, ValidatorState } from './state.ts';
import type { Trip } from './trip.ts';

type Shown = InputOf<'Presentation'>;
type Accepted = Extract<Verdict, { accepted: true }>;
type Refused = Extract<Verdict, { accepted: false }>;

export function present(draft: ValidatorDraft, shown: Shown, facts: ValidatorFacts): void {
  const { service } = draft.state;
  if (service.kind === 'recovering' || facts.storage === 'unavailable') {
    draft.signal({ cue: 'outOfOrder', reason: 'OUT_OF_SERVICE', reference: null });
    rememberRefused(draft, shown);
  } else if (service.kind === 'closed') {
    refuse(draft, shown, 'OUT_OF_SERVICE', null, facts);
  } else if (shown.verdict === null) {
    refuse(draft, shown, 'DEVICE_FAULT', service.trip, facts);
  } else if (shown.verdict.accepted) {
    presentVerified(draft, shown, shown.verdict, service.trip, facts);
  } else {
    presentRefused(draft, shown, shown.verdict, service.trip, facts);
  }
}

/** The same bytes again: the earlier answer stands, and an accepted one slides on. */
export function presentSame(draft: ValidatorDraft, same: InputOf<'SameCode'>): void {
  const raw = hex(same.rawDigest);
  const code = draft.state.shown.find((shown) => shown.raw === raw);
  if (code !== undefined) return repeatRide(draft, code.account, same.atMonoMs);
  if (!draft.state.refused.some((refused) => refused.raw === raw)) draft.ignore();
}

function presentVerified(
  draft: ValidatorDraft,
  shown: Shown,
  verdict: Accepted,
  trip: Trip,
  facts: ValidatorFacts,
): void {
  const { outcome } = verdict;
  const account = outcome.subject === null ? null : accountId(outcome.issuer, outcome.subject);
  if (account !== null && resumePresence(draft, account, shown.atMonoMs, facts)) {
    rememberShown(draft, shown.rawDigest, outcome.digest, account);
    return repeatRide(draft, account, shown.atMonoMs);
  }
  const riders = draft.state.riders?.count ?? 1;
  const { atMonoMs } = shown;
  const { done, found } = verdict;
  const decision = decide({ outcome, done, found, riders, atMonoMs, trip }, draft.state, facts);
  if (decision.kind === 'ride' && account !== null && outcome.subject !== null) {
    ride(draft, shown, { outcome, subject: outcome.subject, account, riders, decision, trip }, facts);
  } else if (decision.kind === 'refusal') {
    refuse(draft, shown, decision.reason, trip, facts, decision);
  }
}

/** A code met before answers REPEAT while its presence lasts, or while its ride still owes the rider a cue. */
function presentRefused(
  draft: ValidatorDraft,
  shown: Shown,
  verdict: Refused,
  trip: Trip,
  facts: ValidatorFacts,
): void {
  const replay = verdict.reason === 'REPLAYED' || verdict.reason === 'REPEAT';
  if (!replay || verdict.digest === null) return refuse(draft, shown, verdict.reason, trip, facts);
  const { digest } = verdict;
  const owed = draft.state.unsignalled.find((mark) => equal(mark.digest, digest));
  if (owed !== undefined) {
    if (holdOffOf(draft.state, owed.account) === null) openHoldOff(draft, owed, shown.atMonoMs, facts);
    rememberShown(draft, shown.rawDigest, digest, owed.account);
    return repeatRide(draft, owed.account, shown.atMonoMs);
  }
  // The replay ring answers before any signature is checked, so this read must not slide the hold-off.
  const holdOff = holdOffByDigest(draft.state, digest);
  if (holdOff !== null) return repeatRide(draft, holdOff.account, null);
  refuse(draft, shown, 'REPLAYED', trip, facts);
}

/** Whether the account's presence goes on: a running hold-off, a ride that owes a cue, or one cut short by a restart. */
function resumePresence(draft: ValidatorDraft, account: string, atMonoMs: MonoMs, facts: ValidatorFacts): boolean {
  if (holdOffOf(draft.state, account) !== null) return true;
  const mark = newestOwed(draft.state, account) ?? rideBeforeRestart(draft.state, account, atMonoMs, facts);
  if (mark === null) return false;
  openHoldOff(draft, mark, atMonoMs, facts);
  return true;
}

function rideBeforeRestart(
  state: ValidatorState,
  account: string,
  atMonoMs: MonoMs,
  facts: ValidatorFacts,
): RideMark | null {
  const memory = facts.account;
  if (memory === null || !equal(memory.bootId, facts.bootId) || memory.monoMs >= state.bootMonoMs) return null;
  if (atMonoMs - memory.monoMs >= facts.config.repeatMs) return null;
  const { tx, monoMs } = memory;
  return { tx, account, digest: new Uint8Array(0), fare: null, seq: null, ref: null, atMonoMs: monoMs };
}

/** Green again; with the tone only when the ride's own cue is not known to have been given. */
function repeatRide(draft: ValidatorDraft, account: string, slideTo: MonoMs | null): void {
  countRepeat(draft, account, slideTo);
  const ride = holdOffOf(draft.state, account)?.ride ?? null;
  const owed = newestOwed(draft.state, account);
  draft.signal({
    cue: owed === null ? 'repeat' : 'accepted',
    reason: 'REPEAT',
    reference: ride?.ref == null ? null : { from: 'row', ref: ride.ref },
    fare: ride?.fare ?? null,
    ride: owed?.tx ?? null,
  });
}

const newestOwed = (state: ValidatorState, account: string): RideMark | null =>
  state.unsignalled.findLast((mark) => mark.account === account) ?? null;

interface Ride {
  readonly outcome: Outcome;
  readonly subject: Bytes;
  readonly account: string;
  readonly riders: number;
  readonly decision: Extract<Decision, { kind: 'ride' }>;
  readonly trip: Trip;
}

function ride(draft: ValidatorDraft, shown: Shown, ride: Ride, facts: ValidatorFacts): void {
  const { outcome, account, decision } = ride;
  const fare: Money = { amountMinor: decision.fare.amountMinor, currency: decision.fare.currency };
  const payload = ridePayload(outcome, decision, ride.riders, ride.trip, facts);
  const index = draft.record({ type: 'DECISION', payload, evidence: outcome.evidence });
  const { monoMs, wallMs, state: clockState } = facts.moment;
  const memory = rememberRide(
    facts.account,
    payload,
    { bootId: facts.bootId, monoMs, wallMs, clockState },
    facts.config,
  );
  draft.projections.push({
    space: 'account',
    key: accountKey(outcome.issuer, ride.subject),
    value: encodeAccountMemory(memory),
  });
  const { atMonoMs } = shown;
  const mark: RideMark = { tx: facts.freshTx, account, digest: outcome.digest, fare, seq: null, ref: null, atMonoMs };
  openHoldOff(draft, mark, atMonoMs, facts);
  rememberShown(draft, shown.rawDigest, outcome.digest, account);
  draft.set({
    riders: null,
    unsignalled: [...draft.state.unsignalled, mark].slice(-validatorBounds.unsignalledRides),
  });
  const reference = { from: 'record', index } as const;
  draft.signal({ cue: 'accepted', reason: 'OK', reference, fare, ride: mark.tx });
}

function refuse(
  draft: ValidatorDraft,
  shown: Shown,
  reason: ReasonCode,
  trip: Trip | null,
  facts: ValidatorFacts,
  decision: { readonly done: number; readonly found: number; readonly time: WallMs | null } | null = null,
): void {
  const time = decision === null ? windowTime(reason, shown.verdict?.outcome ?? null) : decision.time;
  const payload = declinePayload(shown.verdict, reason, { decision, time }, trip, facts);
  const reference = recordDecline(draft, payload, shown.atMonoMs, facts);
  rememberRefused(draft, shown);
  draft.signal({ cue: messages[reason].cue, reason, reference, time });
}

function rememberRefused(draft: ValidatorDraft, shown: Shown): void {
  const raw = hex(shown.rawDigest);
  const others = draft.state.refused.filter((code) => code.raw !== raw);
  draft.set({ refused: [...others, { raw, atMonoMs: shown.atMonoMs }].slice(-validatorBounds.refusedCodes) });
}

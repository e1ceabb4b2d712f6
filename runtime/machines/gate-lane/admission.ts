// The physical act of letting somebody in: INTENT, one pulse, and what the sensors make of it. A pulse is asked
// for here only, always beside its INTENT, and never a second time for the same one.
import { type MonoMs, monoMs } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { Ending, TransactionEvent } from '../../records/payload.ts';
import { addInside, givePlaceBack, hasPlace, takePlace } from './capacity.ts';
import type { GateLaneDraft } from './draft.ts';
import type { ClaimOutcome } from './effects.ts';
import type { GateLaneFacts } from './facts.ts';
import { type ActOutcome, type IntentWords, intentPayload, outcomePayload } from './payloads.ts';
import { forgetShown } from './shown-codes.ts';
import type { Admission, EntryState, RestingState } from './state.ts';

export type NewAdmission = Omit<Admission, 'actId' | 'txSeq' | 'passed' | 'lease'>;

/** AUTHORISED: the caller has cleared everything up to capacity. */
export function startAdmission(
  draft: GateLaneDraft,
  admission: NewAdmission,
  words: IntentWords,
  atMonoMs: MonoMs,
  facts: GateLaneFacts,
): void {
  pulse(draft, { ...admission, actId: facts.fresh.actId, txSeq: 0, passed: 0, lease: null }, words, atMonoMs, facts);
}

/** The admission whose pulse has been given, or null. */
export const runningAdmission = (entry: EntryState): Admission | null =>
  entry.kind === 'authorised' || entry.kind === 'openWait' ? entry.admission : null;

export function barrierOpened(draft: GateLaneDraft, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const { entry } = draft.state;
  if (entry.kind !== 'authorised') return draft.ignore();
  draft.set({ entry: waitForPassage(entry.admission, atMonoMs, facts) });
}

export function passed(
  draft: GateLaneDraft,
  admission: Admission,
  atMonoMs: MonoMs,
  trigger: string,
  facts: GateLaneFacts,
  mayGoOn = true,
): void {
  addInside(draft, 1);
  const done: Admission = { ...admission, rest: admission.rest - 1, passed: admission.passed + 1 };
  draft.count('passed');
  draft.set({ ended: { admission: done, passed: true, atMonoMs } });
  const goesOn = mayGoOn && done.rest > 0 && hasPlace(draft.state, atMonoMs, facts) && facts.gateReady;
  const txSeq = done.txSeq + 1;
  record(draft, done, 'passed', goesOn ? ['admission', 'Updated', txSeq] : ended(txSeq, 'done'), trigger, facts);
  settle(draft, done, 'used', goesOn);
  if (goesOn) return pulse(draft, { ...done, actId: facts.fresh.actId, txSeq: txSeq + 1 }, null, atMonoMs, facts);
  draft.set({ entry: restingAfter(done, atMonoMs, facts) });
}

/** Nobody walked through: the ticket is free again, and showing it again works at once. */
export function notPassed(
  draft: GateLaneDraft,
  admission: Admission,
  atMonoMs: MonoMs,
  trigger: string,
  facts: GateLaneFacts,
): void {
  draft.count('notPassed');
  release(draft, admission, 'not_passed', admission.passed > 0 ? 'done' : 'not_passed', trigger, facts);
  draft.set({ entry: restingAfter(admission, atMonoMs, facts), ended: { admission, passed: false, atMonoMs } });
}

/** The barrier did not open. */
export function failed(
  draft: GateLaneDraft,
  admission: Admission,
  detail: string,
  trigger: string,
  facts: GateLaneFacts,
): void {
  draft.count('failed');
  const index = release(draft, admission, 'failed', 'voided', trigger, facts);
  draft.set({ entry: { kind: 'fault', detail } });
  draft.signal({ cue: 'staff', reason: 'DEVICE_FAULT', reference: { from: 'record', index } });
  draft.effects.push({ kind: 'alarm', alarm: 'fault' });
}

/** The barrier opened and nothing says who went through: inside for the count, usable once more for the ticket. */
export function inDoubt(
  draft: GateLaneDraft,
  admission: Admission,
  next: EntryState,
  trigger: string,
  facts: GateLaneFacts,
): void {
  addInside(draft, 1);
  draft.count('inDoubt');
  const index = record(draft, admission, 'in_doubt', ['admission', 'Updated', admission.txSeq + 1], trigger, facts);
  settle(draft, admission, 'released', false);
  forgetShown(draft, admission.raw);
  draft.set({ entry: next, ended: null });
  draft.signal({ cue: 'staff', reason: 'DEVICE_FAULT', reference: { from: 'record', index } });
  draft.effects.push({ kind: 'alarm', alarm: 'fault' });
}

/** The fire release has opened everything: the ticket in hand stays free. */
export function overtakenByFire(draft: GateLaneDraft, admission: Admission, facts: GateLaneFacts): void {
  release(draft, admission, 'not_passed', 'emergency', 'fire', facts);
}

function pulse(
  draft: GateLaneDraft,
  before: Admission,
  words: IntentWords | null,
  atMonoMs: MonoMs,
  facts: GateLaneFacts,
): void {
  const admission: Admission = { ...before, lease: takePlace(draft) };
  const payload = intentPayload(admission, words, draft.state, facts);
  const evidence = words?.candidate?.outcome.evidence ?? null;
  const index = draft.record({ type: 'INTENT', payload, evidence });
  draft.effects.push({ kind: 'actuate', actId: admission.actId, direction: 'entry' });
  draft.signal({ cue: 'accepted', reason: 'OK', reference: { from: 'record', index } });
  draft.count('authorised');
  draft.set({
    pending: null,
    entry: facts.confirmsOpening
      ? { kind: 'authorised', admission, untilMonoMs: monoMs(atMonoMs + facts.config.openConfirmMs) }
      : waitForPassage(admission, atMonoMs, facts),
  });
}

function release(
  draft: GateLaneDraft,
  admission: Admission,
  outcome: ActOutcome,
  ending: Ending,
  trigger: string,
  facts: GateLaneFacts,
): number {
  givePlaceBack(draft, admission.lease);
  const index = record(draft, admission, outcome, ended(admission.txSeq + 1, ending), trigger, facts);
  settle(draft, admission, 'released', false);
  forgetShown(draft, admission.raw);
  return index;
}

const record = (
  draft: GateLaneDraft,
  admission: Admission,
  outcome: ActOutcome,
  event: TransactionEvent,
  trigger: string,
  facts: GateLaneFacts,
): number =>
  draft.record({
    type: 'OUTCOME',
    payload: outcomePayload(admission, outcome, event, trigger, draft.state, facts),
    evidence: null,
  });

const ended = (txSeq: number, ending: Ending): TransactionEvent => ['admission', 'Ended', txSeq, ending];

function settle(draft: GateLaneDraft, admission: Admission, outcome: ClaimOutcome, more: boolean): void {
  if (admission.home === null || admission.ticket === null) return;
  tellHome(draft, { ...admission, home: admission.home, ticket: admission.ticket }, outcome, more);
}

export function tellHome(
  draft: GateLaneDraft,
  act: Pick<Admission, 'tx' | 'actId'> & {
    readonly home: string;
    readonly ticket: NonNullable<Admission['ticket']>;
  },
  outcome: ClaimOutcome,
  more: boolean,
): void {
  const { issuer, cti, uses, validUntil } = act.ticket;
  const claimId: Bytes = act.tx;
  const { home: to, actId } = act;
  draft.effects.push({ kind: 'settleClaim', to, actId, outcome, more, claimId, issuer, cti, uses, validUntil });
}

const waitForPassage = (admission: Admission, atMonoMs: MonoMs, facts: GateLaneFacts): EntryState => ({
  kind: 'openWait',
  admission,
  untilMonoMs: monoMs(atMonoMs + facts.config.passTimeoutMs),
});

const restingAfter = ({ afterwards }: Admission, atMonoMs: MonoMs, { config }: GateLaneFacts): RestingState =>
  afterwards.kind === 'manual' ? { ...afterwards, untilMonoMs: monoMs(atMonoMs + config.manualIdleMs) } : afterwards;

// What the rows of a validator say. A refusal names neither account nor digest nor token bytes: nobody
// who was turned away is written down.
import type { WallMs } from '../../core/brand.ts';
import type { Payload } from '../../records/payload.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { Outcome, Verdict } from '../../tokens/outcome.ts';
import { type PayloadFields, payloadOf } from '../shared/step-draft.ts';
import { windowFields } from '../shared/window-time.ts';
import { type Decision, pinnedTable } from './decide.ts';
import type { ValidatorFacts } from './facts.ts';
import { ladderOf, listAgeOf } from './risk.ts';
import type { Trip } from './trip.ts';

/** One row for a flat ride: Started and Ended together. */
export function ridePayload(
  outcome: Outcome,
  decision: Extract<Decision, { kind: 'ride' }>,
  riders: number,
  trip: Trip,
  facts: ValidatorFacts,
): Payload {
  return payloadOf({
    ...circumstances(trip, facts),
    act: 'ride',
    reason: 'OK',
    tx: facts.freshTx,
    events: [
      ['ride', 'Started', 0],
      ['ride', 'Ended', 1, 'done'],
    ],
    format: outcome.format,
    issuer: outcome.issuer,
    kid: outcome.kid,
    account: outcome.subject ?? undefined,
    digest: outcome.digest,
    counter: outcome.presentation?.counter ?? undefined,
    presentedAt: outcome.presentation?.iat,
    done: decision.done,
    found: decision.found,
    fareMinor: decision.fare.amountMinor,
    currency: decision.fare.currency,
    rule: decision.fare.rule,
    riders,
    review: decision.review || undefined,
    acked: facts.online ? undefined : (facts.ackedSeq ?? -1),
    visit: facts.stop.visit ?? undefined,
  });
}

export function declinePayload(
  verdict: Verdict | null,
  reason: ReasonCode,
  {
    decision,
    time,
  }: { readonly decision: { readonly done: number; readonly found: number } | null; readonly time: WallMs | null },
  trip: Trip | null,
  facts: ValidatorFacts,
): Payload & { readonly reason: ReasonCode } {
  const claimed = verdict?.outcome ?? null;
  const payload = payloadOf({
    ...circumstances(trip, facts),
    act: 'decline',
    reason,
    format: claimed?.format,
    issuer: claimed?.issuer ?? claimedIssuer(verdict),
    kid: claimed?.kid,
    done: decision?.done ?? verdict?.done,
    found: decision?.found ?? verdict?.found,
    ...windowFields(reason, time),
    detail: verdict !== null && !verdict.accepted ? verdict.detail : undefined,
  });
  return { ...payload, reason };
}

/** Trip Started and Ended rows. */
export const tripPayload = (trip: Trip, trigger: string, event: Required<Payload>['events'][number]): Payload =>
  payloadOf({
    act: 'trip',
    tx: trip.tx,
    events: [event],
    trigger,
    line: trip.line,
    direction: trip.direction,
    trip: trip.tx,
    fareVersion: trip.fareVersion ?? undefined,
  });

function circumstances(trip: Trip | null, facts: ValidatorFacts): Omit<PayloadFields, 'act'> {
  const table = trip === null ? null : pinnedTable(trip, facts);
  return {
    trigger: 'presentation',
    offline: !facts.online,
    line: trip?.line,
    trip: trip?.tx,
    stop: facts.stop.id ?? undefined,
    stopConfidence: facts.stop.confidencePercent,
    fareVersion: table?.version,
    trust: facts.lists.trust ?? undefined,
    denyVersion: facts.lists.denyVersion ?? undefined,
    listAgeSeconds: listAgeOf(facts) ?? undefined,
    ladder: ladderOf(facts),
  };
}

/** Read before any signature: counted per issuer, believed for nothing. */
const claimedIssuer = (verdict: Verdict | null): string | undefined =>
  verdict === null || verdict.accepted ? undefined : (verdict.issuer ?? undefined);

// What the rows of a gate lane say. A refusal names neither ticket nor digest nor token bytes: nobody who was
// turned away is written down.
import type { WallMs } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { Payload, TransactionEvent } from '../../records/payload.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { Verdict } from '../../tokens/outcome.ts';
import { type PayloadFields, payloadOf } from '../shared/step-draft.ts';
import { windowFields } from '../shared/window-time.ts';
import { countsOf } from './capacity.ts';
import type { GateLaneFacts } from './facts.ts';
import { listAgeOf } from './risk.ts';
import type { Admission, Candidate, GateLaneState, Leaver } from './state.ts';
import type { TicketRef } from './ticket.ts';

export type ActOutcome = 'passed' | 'not_passed' | 'failed' | 'in_doubt';

export interface IntentWords {
  readonly candidate: Candidate | null;
  readonly done: number | null;
  readonly found: number | null;
  readonly review: boolean;
}

/** The first act of an admission says all; the next persons of a group only refer to it. */
export function intentPayload(
  admission: Admission,
  words: IntentWords | null,
  state: GateLaneState,
  facts: GateLaneFacts,
): Payload {
  const { ticket, txSeq } = admission;
  const outcome = words?.candidate?.outcome;
  return payloadOf({
    act: 'admit',
    reason: 'OK',
    tx: admission.tx,
    events: [['admission', txSeq === 0 ? 'Started' : 'Updated', txSeq]],
    trigger: ticket === null ? 'staff' : txSeq === 0 ? 'presentation' : 'sensor',
    ...(words === null ? {} : circumstances(facts)),
    actId: admission.actId,
    direction: 'entry',
    place: facts.config.gate,
    ...ticketFields(ticket),
    count: ticket?.uses,
    format: outcome?.format,
    kid: outcome?.kid,
    digest: outcome?.digest,
    done: words?.done ?? undefined,
    found: words?.found ?? undefined,
    review: words?.review || undefined,
    rest: admission.rest,
    ...countsOf(state),
    lease: admission.lease ?? undefined,
    leaseLeft: admission.lease === null ? undefined : state.lease?.left,
    unclaimed: admission.unclaimed || undefined,
    staff: admission.staff ?? undefined,
    cause: admission.cause ?? undefined,
  });
}

export function outcomePayload(
  admission: Admission,
  outcome: ActOutcome,
  event: TransactionEvent,
  trigger: string,
  state: GateLaneState,
  facts: GateLaneFacts,
): Payload {
  return payloadOf({
    act: 'admit',
    reason: outcome === 'failed' ? 'DEVICE_FAULT' : undefined,
    tx: admission.tx,
    events: [event],
    trigger,
    actId: admission.actId,
    outcome,
    incident: outcome === 'in_doubt' ? 'in_doubt' : undefined,
    direction: 'entry',
    place: facts.config.gate,
    ...ticketFields(admission.ticket),
    rest: admission.rest,
    ...countsOf(state),
  });
}

export function declinePayload(
  verdict: Verdict | null,
  reason: ReasonCode,
  more: {
    readonly done: number;
    readonly found: number;
    readonly rule?: string | null;
    readonly detail?: string;
  } | null,
  time: WallMs | null,
  facts: GateLaneFacts,
): Payload & { readonly reason: ReasonCode } {
  const claimed = verdict?.outcome ?? null;
  const payload = payloadOf({
    ...circumstances(facts),
    act: 'decline',
    reason,
    trigger: 'presentation',
    direction: 'entry',
    place: facts.config.gate,
    format: claimed?.format,
    issuer: claimed?.issuer ?? claimedIssuer(verdict),
    kid: claimed?.kid,
    product: claimed?.limits.product ?? undefined,
    done: more?.done ?? verdict?.done,
    found: more?.found ?? verdict?.found,
    ...windowFields(reason, time),
    rule: more?.rule ?? undefined,
    detail: more?.detail ?? (verdict !== null && !verdict.accepted ? verdict.detail : undefined),
  });
  return { ...payload, reason };
}

export function exitPayload(
  leaver: Leaver | null,
  act: { readonly tx: Bytes; readonly actId: Bytes | null; readonly outcome: ActOutcome | null },
  events: readonly TransactionEvent[],
  trigger: string,
  state: GateLaneState,
  facts: GateLaneFacts,
): Payload {
  return payloadOf({
    act: 'exit',
    reason: leaver?.reason,
    tx: act.tx,
    events,
    trigger,
    actId: act.actId ?? undefined,
    outcome: act.outcome ?? undefined,
    incident: act.outcome === 'in_doubt' ? 'in_doubt' : undefined,
    direction: 'exit',
    place: facts.config.gate,
    ...ticketFields(leaver?.ticket ?? null),
    count: leaver?.ticket?.uses,
    ...countsOf(state),
  });
}

const ticketFields = (
  ticket: TicketRef | null,
): { readonly [Name in 'issuer' | 'cti' | 'product' | 'validUntil']: Payload[Name] | undefined } => ({
  issuer: ticket?.issuer,
  cti: ticket?.cti,
  product: ticket?.product ?? undefined,
  validUntil: ticket?.validUntil,
});

const circumstances = (facts: GateLaneFacts): Omit<PayloadFields, 'act'> => ({
  offline: !facts.online,
  site: facts.rules?.site,
  rulesVersion: facts.rules?.version,
  trust: facts.lists.trust ?? undefined,
  denyVersion: facts.lists.denyVersion ?? undefined,
  listAgeSeconds: listAgeOf(facts) ?? undefined,
});

/** Read before any signature: counted per issuer, believed for nothing. */
const claimedIssuer = (verdict: Verdict | null): string | undefined =>
  verdict === null || verdict.accepted ? undefined : (verdict.issuer ?? undefined);

// The way out. Nobody is refused: not for an expired, denied, unknown or unreadable code. What was shown is only
// recorded; without a journal the barrier's own free exit remains.
import { type MonoMs, monoMs } from '../../core/brand.ts';
import { equal, hex } from '../../core/bytes.ts';
import type { Ending, TransactionEvent } from '../../records/payload.ts';
import type { Verdict } from '../../tokens/outcome.ts';
import { tellHome } from './admission.ts';
import { addInside, countsOf, givePlaceBack, isBooted } from './capacity.ts';
import { gateLaneBounds } from './config.ts';
import type { GateLaneDraft } from './draft.ts';
import type { GateLaneFacts } from './facts.ts';
import { homeLaneOf } from './home-lane.ts';
import type { InputOf } from './input.ts';
import { type ActOutcome, exitPayload } from './payloads.ts';
import { rememberShown } from './shown-codes.ts';
import type { ExitState, Leaver } from './state.ts';
import type { TicketRef } from './ticket.ts';

type OpenExit = Extract<ExitState, { kind: 'open' }>;

export function presentExit(draft: GateLaneDraft, shown: InputOf<'Presentation'>, facts: GateLaneFacts): void {
  const raw = hex(shown.rawDigest);
  const leaver = leaverOf(raw, shown.verdict, facts);
  const { atMonoMs } = shown;
  rememberShown(draft, { raw, direction: 'exit', ticket: null, accepted: true, lastReadMonoMs: atMonoMs });
  if (draft.state.entry.kind === 'emergencyOpen') return leaveThroughOpenGate(draft, leaver, facts);
  if (isBooted(draft.state) && draft.state.exit.kind === 'idle') return startExit(draft, leaver, atMonoMs, facts);
  draft.set({ exitsWaiting: [...draft.state.exitsWaiting, leaver].slice(-gateLaneBounds.exitsWaiting) });
}

export function exitOpened(draft: GateLaneDraft, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const { exit } = draft.state;
  if (exit.kind !== 'open' || exit.confirmed) return draft.ignore();
  draft.set({ exit: { ...exit, confirmed: true, untilMonoMs: monoMs(atMonoMs + facts.config.passTimeoutMs) } });
}

/** Somebody has gone out, with a code or without one. */
export function exitPassed(draft: GateLaneDraft, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const { exit } = draft.state;
  addInside(draft, -1);
  draft.count('exits');
  if (facts.config.creditLocalExits) givePlaceBack(draft, draft.state.lease?.id ?? null);
  if (exit.kind === 'open') return endExit(draft, exit, 'passed', 'done', 'sensor', atMonoMs, facts);
  const act = { tx: facts.fresh.exitTx, actId: null, outcome: 'passed' } as const;
  const events: readonly TransactionEvent[] = [
    ['exit', 'Started', 0],
    ['exit', 'Ended', 1, 'done'],
  ];
  const payload = exitPayload(null, act, events, 'sensor', draft.state, facts);
  draft.record({ type: 'OUTCOME', payload, evidence: null });
}

export function endExit(
  draft: GateLaneDraft,
  exit: OpenExit,
  outcome: ActOutcome,
  ending: Ending | null,
  trigger: string,
  atMonoMs: MonoMs,
  facts: GateLaneFacts,
): void {
  const event: TransactionEvent = ending === null ? ['exit', 'Updated', 1] : ['exit', 'Ended', 1, ending];
  const act = { tx: exit.tx, actId: exit.actId, outcome };
  const payload = exitPayload(exit.leaver, act, [event], trigger, draft.state, facts);
  draft.record({ type: 'OUTCOME', payload, evidence: null });
  if (outcome === 'passed') tellHomeOfExit(draft, exit, facts);
  // A barrier that keeps people in is the worst fault there is.
  if (outcome === 'failed') draft.effects.push({ kind: 'alarm', alarm: 'fault' });
  draft.set({ exit: { kind: 'idle' } });
  if (ending !== 'emergency') startNext(draft, atMonoMs, facts);
}

/** Whoever showed a code before the journal was read, or behind somebody, has a turn now. */
export function startNext(draft: GateLaneDraft, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const [next, ...others] = draft.state.exitsWaiting;
  if (next === undefined || draft.state.exit.kind === 'open') return;
  draft.set({ exitsWaiting: others });
  startExit(draft, next, atMonoMs, facts);
}

function startExit(draft: GateLaneDraft, leaver: Leaver, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const { exitTx: tx, exitActId: actId } = facts.fresh;
  const events: readonly TransactionEvent[] = [['exit', 'Started', 0]];
  const payload = exitPayload(leaver, { tx, actId, outcome: null }, events, 'presentation', draft.state, facts);
  const index = draft.record({ type: 'INTENT', payload, evidence: null });
  draft.effects.push({ kind: 'actuate', actId, direction: 'exit' });
  draft.signal({ cue: 'accepted', reason: 'OK', reference: { from: 'record', index } });
  const { confirmsOpening, config } = facts;
  const untilMonoMs = monoMs(atMonoMs + (confirmsOpening ? config.openConfirmMs : config.passTimeoutMs));
  draft.set({ exit: { kind: 'open', tx, actId, leaver, confirmed: !confirmsOpening, untilMonoMs } });
}

/** The release has opened everything: no pulse, no count; the code is recorded all the same. */
function leaveThroughOpenGate(draft: GateLaneDraft, leaver: Leaver, facts: GateLaneFacts): void {
  const act = { tx: facts.fresh.exitTx, actId: null, outcome: null };
  const events: readonly TransactionEvent[] = [
    ['exit', 'Started', 0],
    ['exit', 'Ended', 1, 'emergency'],
  ];
  const payload = exitPayload(leaver, act, events, 'presentation', draft.state, facts);
  draft.record({ type: 'DECISION', payload: { ...payload, ...countsOf(draft.state) }, evidence: null });
  draft.signal({ cue: 'emergency', reason: 'OK', reference: null });
}

/** A ticket is named only where its signatures held; expired or denied, it may still be the one that went in. */
function leaverOf(raw: string, verdict: Verdict | null, facts: GateLaneFacts): Leaver {
  const outcome = verdict?.outcome ?? null;
  const product = facts.rules?.products.get(outcome?.limits.product ?? -1);
  const ticket: TicketRef | null =
    outcome === null || outcome.kind !== 'ticket' || outcome.cti === null
      ? null
      : {
          issuer: outcome.issuer,
          cti: outcome.cti,
          product: outcome.limits.product,
          uses: product?.entries ?? outcome.limits.uses,
          validUntil: outcome.exp,
        };
  const reason = verdict === null ? 'OUT_OF_SERVICE' : verdict.accepted ? 'OK' : verdict.reason;
  return { raw, ticket, reason };
}

function tellHomeOfExit(draft: GateLaneDraft, { tx, actId, leaver }: OpenExit, facts: GateLaneFacts): void {
  const { ticket } = leaver;
  if (ticket === null || facts.rules === null) return;
  const home = homeLaneOf(ticket.issuer, ticket.cti, facts.rules.gates);
  if (home !== null && home !== facts.config.gate) tellHome(draft, { tx, actId, home, ticket }, 'exited', false);
}

export const isRunningExit = (exit: ExitState, rawDigest: Uint8Array): boolean =>
  exit.kind === 'open' && equal(Buffer.from(exit.leaver.raw, 'hex'), rawDigest);

// Whether a verified code may borrow a guide here and now: steps 10 to 13 of the verification order. The
// first step that fails gives the one reason.
import { secondsOf, type WallMs, wallMs } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import { type CheckName, checkWord } from '../../core/check-words.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import { maskedReason, needsReview } from '../../rules/risk-masks.ts';
import type { Outcome } from '../../tokens/outcome.ts';
import type { TicketUse } from '../shared/use-ledger.ts';
import { eligibleSlots } from './choice.ts';
import type { CabinetFacts } from './facts.ts';
import { isHeldByOther } from './home-machine.ts';
import { type CabinetState, orderOf } from './state.ts';

export type Decision = { readonly done: number; readonly found: number } & (
  | { readonly kind: 'lend'; readonly review: boolean }
  /** The code's own order is under way. */
  | { readonly kind: 'running'; readonly tx: Bytes | null }
  | { readonly kind: 'refusal'; readonly reason: ReasonCode; readonly time: WallMs | null }
);

export interface Words {
  readonly done: number;
  readonly found: number;
}

const riskWord = checkWord(
  'listsPastSoftAge',
  'listsPastHardAge',
  'clockUntrusted',
  'noStatusOrNoList',
  'terminalOffline',
);

export function decide(
  outcome: Outcome,
  words: Words,
  language: string | null,
  state: CabinetState,
  facts: CabinetFacts,
): Decision {
  const refuse = (reason: ReasonCode, { done, found }: Words, time: WallMs | null = null): Decision => ({
    kind: 'refusal',
    reason,
    done,
    found,
    time,
  });
  const clockLost = facts.moment.state === 'UNTRUSTED' && !outlivesFloor(outcome, facts);
  const timed = examined(words, ['clockUntrusted'], clockLost);
  if (clockLost) return refuse('CLOCK_UNTRUSTED', timed);

  const scope = scopeReason(outcome, facts);
  const scoped = examined(timed, ['outOfScope'], scope !== null);
  if (scope !== null) return refuse(scope, scoped);

  const use = outcome.cti === null ? null : facts.useOf(outcome.issuer, outcome.cti);
  const uses = usesOf(outcome, use, state, facts);
  const counted = examined(scoped, ['usesOrPassback'], uses !== 'free');
  if (uses === 'running') return { kind: 'running', tx: use?.hold?.tx ?? null, ...counted };
  if (uses === 'doubt') return refuse('DEVICE_FAULT', counted);
  if (uses === 'used') return refuse('ALREADY_USED', counted, lastUse(use));

  const found = (counted.found | conditions(facts)) >>> 0;
  const judged = { done: (counted.done | riskWord) >>> 0, found };
  const masks = facts.masks.byProduct.get(outcome.limits.product ?? -1) ?? facts.masks.standard;
  const risk = listReason(outcome, facts) ?? maskedReason(masks, found, !facts.online) ?? storageReason(facts);
  if (risk !== null) return refuse(risk, judged);

  const stock = stockReason(state, facts, language);
  if (stock !== null) return refuse(stock, judged);
  return { kind: 'lend', review: needsReview(masks, found), ...judged };
}

/** Whether a guide could go now: asked again when a claim or a command comes back. */
export function stockReason(state: CabinetState, facts: CabinetFacts, language: string | null): ReasonCode | null {
  if (!facts.device.online) return 'DEVICE_FAULT';
  if (isLendingStopped(facts)) return 'NO_STOCK';
  if (eligibleSlots(state, facts, language).length <= state.claims.length) return 'NO_STOCK';
  const waiting = [...state.ledger.orders.values()].filter((order) => order.phase !== 'IN_DOUBT').length;
  return waiting + state.claims.length > facts.config.orderQueue ? 'SITE_FULL' : null;
}

/** The last part of storage is kept for what ends something. */
export const storageReason = (facts: CabinetFacts): ReasonCode | null =>
  facts.storage === 'normal' || facts.storage === 'warning' ? null : 'STORAGE_FULL';

/** Before closing, guides only come back. Without a clock nobody knows, and lending goes on. */
export function isLendingStopped(facts: CabinetFacts): boolean {
  if (facts.closesAt === null || facts.moment.state === 'UNTRUSTED') return false;
  return secondsOf(facts.moment.wallMs) >= facts.closesAt - facts.config.lendStopSeconds;
}

/** Guides one code may take in all. */
export const guidesOf = (outcome: Outcome, facts: CabinetFacts): number =>
  outcome.kind === 'loan' ? 1 : (facts.products.get(outcome.limits.product ?? -1)?.guides ?? 0);

export const listAgeOf = (facts: CabinetFacts): number | null =>
  facts.lists.denyIssuedAt === null ? null : secondsOf(facts.moment.wallMs) - facts.lists.denyIssuedAt;

/** Without a clock no loan code is believed, and a ticket only when it outlives the floor widely. */
function outlivesFloor(outcome: Outcome, facts: CabinetFacts): boolean {
  const floor = secondsOf(facts.moment.floorMs);
  return (
    outcome.kind === 'ticket' && (outcome.nbf ?? 0) <= floor && outcome.exp >= floor + facts.config.wideValiditySeconds
  );
}

function scopeReason(outcome: Outcome, facts: CabinetFacts): ReasonCode | null {
  const { site } = outcome.limits;
  if (facts.config.site !== null && site !== null && site !== facts.config.site) return 'WRONG_SITE';
  const borrows = outcome.kind === 'loan' || outcome.kind === 'ticket';
  return borrows && outcome.cti !== null && guidesOf(outcome, facts) > 0 ? null : 'WRONG_PRODUCT';
}

function usesOf(
  outcome: Outcome,
  use: TicketUse | null,
  state: CabinetState,
  facts: CabinetFacts,
): 'free' | 'running' | 'used' | 'doubt' {
  const order = orderOf(state, use?.hold?.tx ?? null);
  if (order !== null) return order.phase === 'IN_DOUBT' ? 'doubt' : 'running';
  const elsewhere = isHeldByOther({ state, facts, atMonoMs: facts.moment.monoMs }, use);
  return elsewhere || (use !== null && use.entries >= guidesOf(outcome, facts)) ? 'used' : 'free';
}

const lastUse = (use: TicketUse | null): WallMs | null =>
  use === null || use.lastEntryAt === null ? null : wallMs(use.lastEntryAt * 1000);

/** A deposit is money that an old list may have taken back; a ticket's guide is worth what its product says. */
function listReason(outcome: Outcome, facts: CabinetFacts): ReasonCode | null {
  const { config, lists } = facts;
  const age = listAgeOf(facts);
  const hard = age === null || age > config.listHardAgeSeconds;
  if (outcome.kind === 'loan') {
    const bearsDeposit = (outcome.limits.depositMinor ?? 0) > 0;
    return hard || (bearsDeposit && age > config.cabinetListAgeSeconds) ? 'LISTS_TOO_OLD' : null;
  }
  const highValue = facts.products.get(outcome.limits.product ?? -1)?.highValue ?? true;
  if (hard) return highValue ? 'LISTS_TOO_OLD' : null;
  const issuedLater = lists.denyIssuedAt !== null && outcome.iat > lists.denyIssuedAt;
  return age > config.listSoftAgeSeconds && (highValue || issuedLater) ? 'LISTS_TOO_OLD' : null;
}

function conditions(facts: CabinetFacts): number {
  const age = listAgeOf(facts);
  const names: CheckName[] = [];
  if (!facts.online) names.push('terminalOffline');
  if (facts.moment.state === 'UNTRUSTED') names.push('clockUntrusted');
  if (age === null) names.push('noStatusOrNoList', 'listsPastSoftAge', 'listsPastHardAge');
  else if (age > facts.config.listHardAgeSeconds) names.push('listsPastSoftAge', 'listsPastHardAge');
  else if (age > facts.config.listSoftAgeSeconds) names.push('listsPastSoftAge');
  return checkWord(...names);
}

function examined(words: Words, names: readonly CheckName[], met: boolean): Words {
  const word = checkWord(...names);
  return { done: (words.done | word) >>> 0, found: (words.found | (met ? word : 0)) >>> 0 };
}

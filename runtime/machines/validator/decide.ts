// Whether a verified code is good here and now, and what it costs: steps 10 to 14 of the verification
// order. The first step that fails gives the one reason.
import type { MonoMs, WallMs } from '../../core/brand.ts';
import { equal } from '../../core/bytes.ts';
import { checkWord } from '../../core/check-words.ts';
import type { FareTable } from '../../fares/fare-table.ts';
import { type Fare, flatFare } from '../../fares/flat-fare.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { Outcome } from '../../tokens/outcome.ts';
import { type AccountMemory, sameVisit } from './account-memory.ts';
import type { ValidatorFacts } from './facts.ts';
import { judgeRisk } from './risk.ts';
import type { ValidatorState } from './state.ts';
import type { Trip } from './trip.ts';

export type Decision = { readonly done: number; readonly found: number } & (
  | {
      readonly kind: 'ride';
      readonly fare: Extract<Fare, { known: true }>;
      readonly review: boolean;
    }
  | { readonly kind: 'refusal'; readonly reason: ReasonCode; readonly time: WallMs | null }
);

export interface Question {
  readonly outcome: Outcome;
  readonly done: number;
  readonly found: number;
  readonly riders: number;
  readonly atMonoMs: MonoMs;
  readonly trip: Trip;
}

const scopeWord = checkWord('outOfScope');
const usesWord = checkWord('usesOrPassback');

/** For a code whose account is not in a running presence: that is answered before. */
export function decide(question: Question, state: ValidatorState, facts: ValidatorFacts): Decision {
  const { outcome, trip } = question;
  const table = pinnedTable(trip, facts);
  const scope = scopeReason(outcome, trip, table, facts);
  const done = (question.done | scopeWord) >>> 0;
  if (scope !== null) return refusal(scope, done, question.found | scopeWord);

  const uses = usesReason(question, table, state, facts);
  const usesDone = (done | usesWord) >>> 0;
  if (uses !== null) return refusal(uses, usesDone, question.found | usesWord, facts.account?.wallMs ?? null);

  const fare = fareOf(question, table);
  const chargeMinor = fare.known ? fare.amountMinor : null;
  const risk = judgeRisk({ outcome, done: usesDone, found: question.found, chargeMinor, table }, facts);
  const words = { done: risk.done, found: risk.found };
  if (risk.reason !== null) return refusal(risk.reason, words.done, words.found);
  if (!facts.indicatorReady) return refusal('DEVICE_FAULT', words.done, words.found);
  if (!fare.known) return refusal('FARE_UNKNOWN', words.done, words.found);
  const capMinor = outcome.limits.fareCapMinor;
  if (capMinor !== null && fare.amountMinor > capMinor) return refusal('OVER_LIMIT', words.done, words.found);
  return { kind: 'ride', fare, review: risk.review, ...words };
}

/** The table pinned when the trip was opened; null when none was, or when it is no longer held. */
export const pinnedTable = (trip: Trip, facts: ValidatorFacts): FareTable | null =>
  facts.fares.find((table) => table.version === trip.fareVersion) ?? null;

/** Durations inside one boot are monotonic; one that spans boots counts from the present boot. */
export function sinceRideMs(
  memory: AccountMemory,
  atMonoMs: MonoMs,
  state: ValidatorState,
  facts: ValidatorFacts,
): number {
  const from = equal(memory.bootId, facts.bootId) ? memory.monoMs : state.bootMonoMs;
  return Math.max(0, atMonoMs - from);
}

/** The key that signed may be bound to lines or sites. A bus carries accounts, priced in its own currency, of products its fare table knows. */
function scopeReason(outcome: Outcome, trip: Trip, table: FareTable | null, facts: ValidatorFacts): ReasonCode | null {
  const places = [trip.line, ...(facts.config.site === null ? [] : [String(facts.config.site)])];
  if (outcome.scope.length > 0 && !outcome.scope.some((place) => places.includes(place))) return 'WRONG_SITE';
  const { site, product, currency } = outcome.limits;
  if (facts.config.site !== null && site !== null && site !== facts.config.site) return 'WRONG_SITE';
  if (outcome.kind !== 'account' && outcome.kind !== 'bearer') return 'WRONG_PRODUCT';
  if (outcome.subject === null || product === null) return 'WRONG_PRODUCT';
  if (table !== null && (!table.products.has(product) || currency !== table.currency)) return 'WRONG_PRODUCT';
  return null;
}

function usesReason(
  question: Question,
  table: FareTable | null,
  state: ValidatorState,
  facts: ValidatorFacts,
): ReasonCode | null {
  const { outcome, riders, trip, atMonoMs } = question;
  const product = table?.products.get(outcome.limits.product ?? -1);
  const memory = facts.account;
  if (product !== undefined && !product.companions) {
    if (riders > 1) return 'GROUP_LIMIT';
    const held = memory !== null && sinceRideMs(memory, atMonoMs, state, facts) < facts.config.passbackSeconds * 1000;
    return held ? 'PASSBACK' : null;
  }
  const groupMax = product?.groupMax ?? table?.lines.get(trip.line)?.groupMax ?? facts.config.groupMax;
  const now = { bootId: facts.bootId, monoMs: atMonoMs };
  const together = memory !== null && sameVisit(memory, trip.tx, facts.stop.visit, now, facts.config);
  return riders + (together ? memory.ridersInVisit : 0) > groupMax ? 'GROUP_LIMIT' : null;
}

function fareOf(question: Question, table: FareTable | null): Fare {
  if (table === null) return { known: false, missing: 'line' };
  return flatFare(table, question.trip.line, question.outcome.limits.product ?? -1, question.riders);
}

const refusal = (reason: ReasonCode, done: number, found: number, time: WallMs | null = null): Decision => ({
  kind: 'refusal',
  reason,
  time,
  done: done >>> 0,
  found: found >>> 0,
});

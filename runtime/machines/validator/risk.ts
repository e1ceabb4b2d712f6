// The ladder of offline risk: what a terminal may still sell while it knows less than the head end does.
// The worst level applies, and passes (nothing to lose) stand outside the limits on money.
import { secondsOf, type UnixSeconds } from '../../core/brand.ts';
import { equal } from '../../core/bytes.ts';
import { type CheckName, checkWord, hasCheck } from '../../core/check-words.ts';
import type { FareTable } from '../../fares/fare-table.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import { maskedReason, needsReview, type RiskMasks } from '../../rules/risk-masks.ts';
import type { Outcome } from '../../tokens/outcome.ts';
import { offlineUseOf, staleUseOf } from './account-memory.ts';
import type { ValidatorFacts } from './facts.ts';

/** 0 online, 1 offline, 2 lists past soft age, 3 clock untrusted, 4 storage restricted. */
export type Ladder = 0 | 1 | 2 | 3 | 4;

export interface Risk {
  readonly reason: ReasonCode | null;
  /** Check words with this step's bits added. */
  readonly done: number;
  readonly found: number;
  readonly review: boolean;
}

const examined = checkWord(
  'listsPastSoftAge',
  'listsPastHardAge',
  'clockUntrusted',
  'accountFirstSeen',
  'overOfflineCount',
  'noStatusOrNoList',
  'terminalOffline',
);

export const listAgeOf = (facts: ValidatorFacts): number | null =>
  facts.lists.denyIssuedAt === null ? null : secondsOf(facts.moment.wallMs) - facts.lists.denyIssuedAt;

export function ladderOf(facts: ValidatorFacts): Ladder {
  if (facts.storage !== 'normal' && facts.storage !== 'warning') return 4;
  if (facts.moment.state === 'UNTRUSTED') return 3;
  const age = listAgeOf(facts);
  if (age === null || age > facts.config.listSoftAgeSeconds) return 2;
  return facts.online ? 0 : 1;
}

export interface RiskQuestion {
  readonly outcome: Outcome;
  readonly done: number;
  readonly found: number;
  /** Integer minor units; null while the price is not known, which counts as chargeable. */
  readonly chargeMinor: number | null;
  readonly table: FareTable | null;
}

/** Step 12 of the verification order: clock, masks and counters, list ages, storage. */
export function judgeRisk(question: RiskQuestion, facts: ValidatorFacts): Risk {
  const found = (question.found | conditions(question, facts)) >>> 0;
  const masks = masksFor(question.outcome.limits.product, facts);
  const reason = riskReason(question, facts, found) ?? maskedReason(masks, found, !facts.online);
  return { reason, done: (question.done | examined) >>> 0, found, review: needsReview(masks, found) };
}

function riskReason(question: RiskQuestion, facts: ValidatorFacts, found: number): ReasonCode | null {
  if (hasCheck(found, 'clockUntrusted') && !decidableWithoutClock(question.outcome, facts)) return 'CLOCK_UNTRUSTED';
  if (question.chargeMinor === 0) return facts.storage === 'full' ? 'STORAGE_FULL' : null;
  if (hasCheck(found, 'overOfflineCount')) return 'OFFLINE_LIMIT';
  if (hasCheck(found, 'listsPastHardAge')) return 'LISTS_TOO_OLD';
  return ladderOf(facts) === 4 ? 'STORAGE_FULL' : null;
}

function conditions(question: RiskQuestion, facts: ValidatorFacts): number {
  const age = listAgeOf(facts);
  const names: CheckName[] = [];
  if (!facts.online) names.push('terminalOffline');
  if (facts.account === null) names.push('accountFirstSeen');
  if (facts.moment.state === 'UNTRUSTED') names.push('clockUntrusted');
  if (age === null) names.push('noStatusOrNoList', 'listsPastSoftAge', 'listsPastHardAge');
  else if (age > facts.config.listHardAgeSeconds) names.push('listsPastSoftAge', 'listsPastHardAge');
  else if (age > facts.config.listSoftAgeSeconds) names.push('listsPastSoftAge');
  if (question.chargeMinor !== 0 && overCount(question, facts, age)) names.push('overOfflineCount');
  return checkWord(...names);
}

function overCount(question: RiskQuestion, facts: ValidatorFacts, age: number | null): boolean {
  const { config } = facts;
  const charge = question.chargeMinor ?? 0;
  const offline = offlineUseOf(facts.account, facts.ackedSeq ?? -1);
  const overOffline =
    offline.taps + 1 > config.offlineTapsMax || offline.spendMinor + charge > config.offlineSpendMaxMinor;
  if (!facts.online && overOffline) return true;
  if (age === null || age <= config.listSoftAgeSeconds) return false;
  const stale = staleUseOf(facts.account, facts.lists.denyIssuedAt ?? 0);
  const spendMaxMinor = config.staleSpendMaxMinor ?? question.table?.maxFareMinor ?? 0;
  return stale.taps + 1 > config.staleTapsMax || stale.spendMinor + charge > spendMaxMinor;
}

/**
 * With an untrusted clock only the floor is certain: the credential must span it widely, and of an account
 * only one ride is taken per boot, for a presentation newer than any it has shown.
 */
function decidableWithoutClock(outcome: Outcome, facts: ValidatorFacts): boolean {
  const presentation = outcome.presentation;
  if (outcome.kind !== 'account' || presentation === null) return false;
  const floor: UnixSeconds = secondsOf(facts.moment.floorMs);
  if (outcome.exp < floor + facts.config.wideValiditySeconds || outcome.freshUntil < floor) return false;
  const memory = facts.account;
  if (memory === null) return true;
  const riddenThisBoot = memory.untrustedBootId !== null && equal(memory.untrustedBootId, facts.bootId);
  return presentation.iat > memory.presentedAt && !riddenThisBoot;
}

const masksFor = (product: number | null, facts: ValidatorFacts): RiskMasks =>
  (product === null ? undefined : facts.masks.byProduct.get(product)) ?? facts.masks.standard;

// What a ticket is worth while the lane knows less than the head end does: old lists, an untrusted clock, a full
// journal. Tickets cost nothing at the gate, so low-value ones still pass where an account would not.
import { secondsOf } from '../../core/brand.ts';
import { type CheckName, checkWord, hasCheck } from '../../core/check-words.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { AccessProduct } from '../../rules/access-rules.ts';
import { maskedReason, needsReview, type RiskMasks } from '../../rules/risk-masks.ts';
import type { GateLaneFacts } from './facts.ts';
import type { Candidate } from './state.ts';

export interface TicketRisk {
  readonly reason: ReasonCode | null;
  /** Check words with this step's bits added. */
  readonly done: number;
  readonly found: number;
  readonly review: boolean;
}

const examined = checkWord('listsPastSoftAge', 'listsPastHardAge', 'noStatusOrNoList', 'terminalOffline');

/** Step 12 of the verification order. `words` are those of the steps before. */
export function judgeRisk(
  candidate: Candidate,
  product: AccessProduct,
  words: { readonly done: number; readonly found: number },
  facts: GateLaneFacts,
): TicketRisk {
  const found = (words.found | conditions(facts)) >>> 0;
  const masks = masksFor(product.id, facts);
  const reason =
    listsReason(candidate, product, found, facts) ??
    maskedReason(masks, found, !facts.online) ??
    (facts.storage === 'full' ? 'STORAGE_FULL' : null);
  const overridden = reason !== null && candidate.waived.includes(reason);
  return {
    reason: overridden ? null : reason,
    done: (words.done | examined) >>> 0,
    found,
    review: needsReview(masks, found),
  };
}

export const listAgeOf = (facts: GateLaneFacts): number | null =>
  facts.lists.denyIssuedAt === null ? null : secondsOf(facts.moment.wallMs) - facts.lists.denyIssuedAt;

/**
 * Past the soft age a ticket sold after the list was signed may be refunded already; past the hard age that is
 * true of nearly all, and refusing them would close the house.
 */
function listsReason(
  candidate: Candidate,
  product: AccessProduct,
  found: number,
  facts: GateLaneFacts,
): ReasonCode | null {
  if (!hasCheck(found, 'listsPastSoftAge')) return null;
  if (product.highValue) return 'LISTS_TOO_OLD';
  if (hasCheck(found, 'listsPastHardAge')) return null;
  return candidate.outcome.iat > (facts.lists.denyIssuedAt ?? 0) ? 'LISTS_TOO_OLD' : null;
}

function conditions(facts: GateLaneFacts): number {
  const age = listAgeOf(facts);
  const names: CheckName[] = [];
  if (!facts.online) names.push('terminalOffline');
  if (age === null) names.push('noStatusOrNoList', 'listsPastSoftAge', 'listsPastHardAge');
  else if (age > facts.config.listHardAgeSeconds) names.push('listsPastSoftAge', 'listsPastHardAge');
  else if (age > facts.config.listSoftAgeSeconds) names.push('listsPastSoftAge');
  return checkWord(...names);
}

const masksFor = (product: number, facts: GateLaneFacts): RiskMasks =>
  facts.masks.byProduct.get(product) ?? facts.masks.standard;

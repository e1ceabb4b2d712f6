// What an operator makes of the conditions a decision met: refuse always, refuse while offline, or mark
// for review. The masks are signed per product; the model is terminal risk management of EMV.

import { type CheckName, checkWord, hasCheck } from '../core/check-words.ts';
import type { ReasonCode } from '../records/reasons.ts';

export interface RiskMasks {
  /** Check bits that refuse. */
  readonly deny: number;
  /** Check bits that refuse while the terminal is offline. */
  readonly denyIfOffline: number;
  /** Check bits that only mark the record for the head end. */
  readonly review: number;
}

export const openMasks: RiskMasks = { deny: 0, denyIfOffline: 0, review: 0 };

/** The only bits masks speak about, in the order in which they answer. */
const maskable: readonly (readonly [CheckName, ReasonCode])[] = [
  ['usedElsewhere', 'ALREADY_USED'],
  ['listsPastSoftAge', 'LISTS_TOO_OLD'],
  ['listsPastHardAge', 'LISTS_TOO_OLD'],
  ['dependsOnUncertainty', 'CLOCK_UNTRUSTED'],
  ['clockUntrusted', 'CLOCK_UNTRUSTED'],
  ['accountFirstSeen', 'OFFLINE_LIMIT'],
  ['overOfflineCount', 'OFFLINE_LIMIT'],
  ['noStatusOrNoList', 'LISTS_TOO_OLD'],
  ['valueOverFloor', 'OFFLINE_LIMIT'],
  ['randomReview', 'OFFLINE_LIMIT'],
];
const maskableBits = checkWord(...maskable.map(([name]) => name));

/** The reason with which the masks refuse `found`, or null. */
export function maskedReason(masks: RiskMasks, found: number, offline: boolean): ReasonCode | null {
  const refusing = found & (masks.deny | (offline ? masks.denyIfOffline : 0));
  return maskable.find(([name]) => hasCheck(refusing, name))?.[1] ?? null;
}

export const needsReview = (masks: RiskMasks, found: number): boolean => (found & masks.review & maskableBits) !== 0;

// The bits of the two check words `done` and `found`: what a decision examined, and what it met. The
// numbers are part of every row and never change.

export const checkBit = {
  malformed: 0,
  issuerOrKeyUnknown: 1,
  keyExpired: 2,
  issuerSignature: 3,
  holderSignature: 4,
  notYetValid: 5,
  expired: 6,
  staleCode: 7,
  replayHere: 8,
  usedElsewhere: 9,
  denied: 10,
  revoked: 11,
  outOfScope: 12,
  usesOrPassback: 13,
  listsPastSoftAge: 14,
  listsPastHardAge: 15,
  dependsOnUncertainty: 16,
  clockUntrusted: 17,
  accountFirstSeen: 18,
  overOfflineCount: 19,
  noStatusOrNoList: 20,
  valueOverFloor: 21,
  randomReview: 22,
  terminalOffline: 23,
} as const;
export type CheckName = keyof typeof checkBit;

/** The word with exactly these bits set (u32). */
export function checkWord(...names: readonly CheckName[]): number {
  let word = 0;
  for (const name of names) word |= 1 << checkBit[name];
  return word >>> 0;
}

export const hasCheck = (word: number, name: CheckName): boolean => (word & (1 << checkBit[name])) !== 0;

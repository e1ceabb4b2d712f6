// What the operator's masks make of the conditions a decision met.
import { describe, expect, it } from 'vitest';
import { type CheckName, checkBit, checkWord } from '../../../runtime/core/check-words.ts';
import { maskedReason, needsReview, openMasks } from '../../../runtime/rules/risk-masks.ts';

const every = 0xff_ffff;
const speaking: readonly (readonly [CheckName, string])[] = [
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
const silent = (Object.keys(checkBit) as CheckName[]).filter((name) => !speaking.some(([each]) => each === name));

describe('a condition of which masks speak', () => {
  it.each(speaking)('%s refuses with %s where the mask says so', (name, reason) => {
    const found = checkWord(name);

    expect(maskedReason({ ...openMasks, deny: found }, found, false)).toBe(reason);
    expect(maskedReason({ ...openMasks, denyIfOffline: found }, found, true)).toBe(reason);
    expect(maskedReason({ ...openMasks, denyIfOffline: found }, found, false)).toBeNull();
    expect(maskedReason({ ...openMasks, deny: every & ~found }, found, true)).toBeNull();
    expect(maskedReason({ ...openMasks, deny: found }, every & ~found, true)).toBeNull();
  });

  it.each(speaking)('%s only marks where the review mask says so', (name) => {
    const found = checkWord(name);

    expect(needsReview({ ...openMasks, review: found }, found)).toBe(true);
    expect(needsReview({ ...openMasks, review: every & ~found }, found)).toBe(false);
    expect(maskedReason({ ...openMasks, review: every }, found, true)).toBeNull();
  });
});

it.each(silent)('%s is not for masks to speak of', (name) => {
  const masks = { deny: every, denyIfOffline: every, review: every };

  expect([maskedReason(masks, checkWord(name), true), needsReview(masks, checkWord(name))]).toEqual([null, false]);
});

it('of several conditions the first in order answers', () => {
  const masks = { ...openMasks, deny: every };

  expect(maskedReason(masks, checkWord('randomReview', 'clockUntrusted'), false)).toBe('CLOCK_UNTRUSTED');
  expect(maskedReason(masks, every, false)).toBe('ALREADY_USED');
});

it('open masks refuse nothing', () => {
  expect([maskedReason(openMasks, every, true), needsReview(openMasks, every)]).toEqual([null, false]);
});

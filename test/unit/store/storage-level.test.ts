// From how full the file is to one word: the bounds themselves belong to the level they open.
import { describe, expect, it } from 'vitest';
import { storageLevel } from '../../../runtime/store/storage-level.ts';

const cap = 100_000_000;
const at = (usedBytes: number, more: { ballast?: boolean; refused?: boolean; unavailable?: boolean } = {}) =>
  storageLevel({
    unavailable: more.unavailable ?? false,
    refused: more.refused ?? false,
    file: { usedBytes, ballast: more.ballast ?? true },
    sizeCapBytes: cap,
  });

describe('storageLevel', () => {
  it.each([
    [0, 'normal'],
    [79_999_999, 'normal'],
    [80_000_000, 'warning'],
    [94_999_999, 'warning'],
    [95_000_000, 'restricted'],
    [99_999_999, 'restricted'],
    [100_000_000, 'full'],
    [200_000_000, 'full'],
  ])('%d of 100000000 bytes is %s', (usedBytes, level) => {
    expect(at(usedBytes)).toBe(level);
  });

  it('is restricted without ballast, full when a commit found no room, unavailable before all else', () => {
    expect(at(0, { ballast: false })).toBe('restricted');
    expect(at(0, { ballast: false, refused: true })).toBe('full');
    expect(at(0, { refused: true, unavailable: true })).toBe('unavailable');
  });
});

// The kernel's chance in small draws: as many bytes as asked for, none given out twice.
import { expect, it } from 'vitest';
import { hex } from '../../../runtime/core/bytes.ts';
import { systemEntropy } from '../../../runtime/core/entropy.ts';

it.each([0, 1, 16, 31, 32, 33, 5_000])('draws %d bytes', (length) => {
  expect(systemEntropy.bytes(length)).toHaveLength(length);
});

it('never answers the same twice, also across many fillings of its pool', () => {
  const draws = Array.from({ length: 2_000 }, (_, count) => hex(systemEntropy.bytes(count % 2 === 0 ? 16 : 31)));
  expect(new Set(draws).size).toBe(draws.length);
  expect(draws.filter((draw) => /^0+$/.test(draw))).toEqual([]);
});

it('hands out bytes of their own', () => {
  const first = systemEntropy.bytes(16);
  const kept = hex(first);
  const second = systemEntropy.bytes(16);
  second.fill(0);
  expect(hex(first)).toBe(kept);
});

// The deny snapshot under any bytes: entries that encode to the same bytes, or null.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromHex } from '../../runtime/core/bytes.ts';
import { decodeDenySnapshot, encodeDenySnapshot } from '../../runtime/tokens/deny.ts';
import { account, cti } from '../fixtures/hand-made-codes.ts';
import { denyEntry } from '../fixtures/token-world.ts';
import { mutationsOf } from './mutations.ts';

const seed = 6;
const snapshot = encodeDenySnapshot([
  denyEntry(1, account, { begin: 1, end: 2 }),
  denyEntry(2, cti, { why: 5, ref: 'Ä' }),
  denyEntry(2, fromHex('01020304'), { issuer: 'rail', issuedBefore: 2 ** 32 - 1 }),
]);

it.each([
  ['any bytes', fc.uint8Array({ maxLength: 65_536, size: 'max' }), 100],
  ['few bytes', fc.uint8Array({ maxLength: 20 }), 5_000],
  ['changed lists', mutationsOf([snapshot], (bytes) => bytes).map(({ bytes }) => bytes), 20_000],
] as const)(`%s, seed ${seed}`, (name, inputs, numRuns) => {
  let read = 0;
  fc.assert(
    fc.property(inputs, (bytes) => {
      const entries = decodeDenySnapshot(bytes);
      if (entries === null) return;
      read++;
      expect(encodeDenySnapshot(entries)).toEqual(bytes);
    }),
    { seed, numRuns },
  );
  if (name === 'changed lists') expect(read).toBeGreaterThan(1_000);
});

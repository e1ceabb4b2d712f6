// Base45 under any bytes: an answer or null, never a throw, and never two texts for the same bytes.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { utf8 } from '../../runtime/core/bytes.ts';
import { decodeBase45, encodeBase45 } from '../../runtime/tokens/base45.ts';
import { mutationsOf } from './mutations.ts';

const seed = 1;
const texts = ['%69 VD92EX0', 'UJCLQE7W581', 'FGWFGWU5', '', encodeBase45(new Uint8Array(300).fill(0xa5))].map(utf8);

it.each([
  ['any bytes', fc.uint8Array({ maxLength: 65_536, size: 'max' }), 100],
  ['changed texts', mutationsOf(texts, (text) => text).map(({ bytes }) => bytes), 20_000],
] as const)(`%s, seed ${seed}`, (_name, bytes, numRuns) => {
  let decodedSome = false;
  fc.assert(
    fc.property(bytes, fc.nat(5), (characters, start) => {
      const decoded = decodeBase45(characters, Math.min(start, characters.length));
      if (decoded === null) return;
      decodedSome ||= decoded.length > 0;
      expect(utf8(encodeBase45(decoded))).toEqual(characters.slice(Math.min(start, characters.length)));
    }),
    { seed, numRuns },
  );
  expect(decodedSome).toBe(numRuns > 1_000);
});

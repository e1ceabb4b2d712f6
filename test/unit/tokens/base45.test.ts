// One text per byte string: what RFC 9285 gives as examples, and everything a lenient decoder would take.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex, utf8 } from '../../../runtime/core/bytes.ts';
import { decodeBase45, encodeBase45 } from '../../../runtime/tokens/base45.ts';
import { base45 } from '../../fixtures/hand-made-codes.ts';

const seed = 45;

describe('RFC 9285', () => {
  it.each([
    ['AB', 'BB8'],
    ['Hello!!', '%69 VD92EX0'],
    ['base-45', 'UJCLQE7W581'],
    ['ietf!', 'QED8WEX0'],
    ['', ''],
  ])('%j is %j', (bytes, text) => {
    expect(encodeBase45(utf8(bytes))).toBe(text);
    expect(decodeBase45(utf8(text))).toEqual(utf8(bytes));
  });
});

describe('the edges of a group', () => {
  it.each([
    ['FGW', 'ffff'],
    ['000', '0000'],
    ['U5', 'ff'],
    ['00', '00'],
    ['FGWU5', 'ffffff'],
  ])('%s is %s', (text, bytes) => {
    expect(hex(decodeBase45(utf8(text)) ?? new Uint8Array([9, 9, 9, 9]))).toBe(bytes);
  });

  it.each([
    ['one character', 'B'],
    ['a group of one behind a triple', 'BB8B'],
    ['a triple of 65,536', 'GGW'],
    ['the highest triple', ':::'],
    ['a pair of 256', 'V5'],
    ['the highest pair', '::'],
    ['lower case', 'bb8'],
    ['lower case in a pair', 'BB80a'],
    ['a line end', 'BB8\r\n'],
    ['a leading space too many', ' BB8'],
    ['a NUL', 'BB\0'],
    ['a character beyond ASCII', 'BÄ'],
    ['a comma', 'BB,'],
    ['an escaped space', 'BB%20'],
  ])('%s is nothing', (_name, text) => {
    expect(decodeBase45(utf8(text))).toBeNull();
  });

  it('no byte outside the alphabet stands in any place of a group', () => {
    const foreign = [...Array(256).keys()].filter((byte) => !/[0-9A-Z $%*+\-./:]/.test(String.fromCharCode(byte)));
    const taken = foreign.flatMap((byte) =>
      [3, 4, 5].filter((place) => decodeBase45(utf8('000000').with(place, byte)) !== null),
    );

    expect([foreign.length, taken]).toEqual([256 - 45, []]);
  });

  it('starts where it is told to', () => {
    expect(decodeBase45(utf8('ST1:BB8'), 4)).toEqual(utf8('AB'));
  });
});

it(`agrees with a second encoder, and comes back, seed ${seed}`, () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const text = encodeBase45(bytes);
      expect(text).toBe(base45(bytes));
      expect(decodeBase45(utf8(text))).toEqual(bytes);
    }),
    { seed, numRuns: 1_000 },
  );
});

it(`any text that decodes is the one text of its bytes, seed ${seed}`, () => {
  let decoded = 0;
  const letters = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:');
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 30 }), (characters) => {
      const text = characters.join('');
      const bytes = decodeBase45(utf8(text));
      if (!bytes) return;
      decoded++;
      expect(encodeBase45(bytes)).toBe(text);
    }),
    { seed, numRuns: 5_000 },
  );
  expect(decoded).toBeGreaterThan(100);
});

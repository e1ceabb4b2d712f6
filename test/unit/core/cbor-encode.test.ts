// Our encoder against a foreign one: the same bytes for every value that has an encoding.
import { encode, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CborInput, encodeCanonical, NotEncodable } from '../../../runtime/core/cbor-encode.ts';

const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.startsWith('\ufeff') && value.isWellFormed());
const { tree } = fc.letrec<{ tree: CborInput }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.maxSafeInteger(),
    fc.integer({ min: -300, max: 70_000 }),
    text,
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('tree'), { maxLength: 30 }),
    fc
      .array(fc.tuple(fc.oneof(text, fc.maxSafeInteger(), fc.integer({ min: -30, max: 300 })), tie('tree')))
      .map((entries) => new Map(entries)),
  ),
}));
const foreign = (value: CborInput): Uint8Array => new Uint8Array(encode(value, rfc8949EncodeOptions));

it('writes what cborg writes under its rules of RFC 8949 (seed 11)', () => {
  fc.assert(
    fc.property(tree, (value) => {
      expect(encodeCanonical(value)).toEqual(foreign(value));
    }),
    { seed: 11, numRuns: 500 },
  );
});

it.each([0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER])(
  '%d and its negative',
  (edge) => {
    expect(encodeCanonical(edge)).toEqual(foreign(edge));
    expect(encodeCanonical(-edge || 0)).toEqual(foreign(-edge || 0));
  },
);

it('answers bytes of its own, also above the size of its buffer', () => {
  const large = 'ä'.repeat(100_000);
  const first = encodeCanonical([large]);
  const kept = first.slice();
  encodeCanonical(['x'.repeat(200_000)]);
  expect(first).toEqual(kept);
  expect(first).toEqual(foreign([large]));
});

it('is ready for the next value after one that has no encoding', () => {
  expect(() => encodeCanonical([1, 'abc', 0.5])).toThrow(NotEncodable);
  expect(encodeCanonical([1])).toEqual(Uint8Array.of(0x81, 0x01));
});

// Our reader against a foreign decoder: the same value for every canonical encoding.
import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readCanonical } from '../../../runtime/core/cbor-read.ts';

const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.startsWith('\ufeff') && value.isWellFormed());
const { tree } = fc.letrec((tie) => ({
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
const foreign = (bytes: Uint8Array): unknown => decode(bytes, { strict: true, useMaps: true });

it('reads what cborg reads (seed 12)', () => {
  fc.assert(
    fc.property(tree, (value) => {
      const bytes = encode(value, rfc8949EncodeOptions);
      expect(readCanonical(bytes)).toEqual(foreign(bytes));
    }),
    { seed: 12, numRuns: 500 },
  );
});

it.each([0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER])(
  '%d and its negative',
  (edge) => {
    expect(readCanonical(encode(edge))).toBe(edge);
    expect(readCanonical(encode(-edge || 0))).toBe(-edge || 0);
  },
);

it.each(['', 'metro1', 'ä', 'x'.repeat(25), `${'x'.repeat(23)}ä`, 'a\ufeffb', '🚌'.repeat(20)])(
  'text %j',
  (written) => {
    expect(readCanonical(encode(written))).toBe(written);
  },
);

it('hands out bytes of its own', () => {
  const bytes = encode([Uint8Array.of(1, 2, 3)]);
  const read = readCanonical(bytes);
  bytes.fill(0);
  expect(read).toEqual([Uint8Array.of(1, 2, 3)]);
});

// One encoding per value: what is not the canonical form is refused, and nothing but a CBOR_MALFORMED
// ever comes out of bad bytes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, hex } from '../../../runtime/core/bytes.ts';
import {
  type CborInput,
  type CborProfile,
  type CborValue,
  decodeCbor,
  documentProfile,
  encodeCbor,
  messageProfile,
  plain,
  recordProfile,
  tokenProfile,
} from '../../../runtime/core/cbor.ts';
import { scanCbor } from '../../../runtime/core/cbor-scan.ts';
import { StileError } from '../../../runtime/core/errors.ts';

const seed = 20_260_105;

/** `null` when the bytes decode, else the message of the fault. */
function refusal(bytes: Uint8Array, profile: CborProfile): string | null {
  try {
    decodeCbor(bytes, profile);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(StileError);
    expect((error as StileError).code).toBe('CBOR_MALFORMED');
    return (error as StileError).message;
  }
}

describe('the canonical encoding', () => {
  // RFC 8949 appendix A, where the value is one that Stile allows.
  const vectors: readonly (readonly [value: CborInput, encoded: string])[] = [
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [256, '190100'],
    [1000, '1903e8'],
    [65_536, '1a00010000'],
    [1_000_000, '1a000f4240'],
    [1_000_000_000_000, '1b000000e8d4a51000'],
    [Number.MAX_SAFE_INTEGER, '1b001fffffffffffff'],
    [-1, '20'],
    [-100, '3863'],
    [-1000, '3903e7'],
    [Number.MIN_SAFE_INTEGER, '3b001ffffffffffffe'],
    [false, 'f4'],
    [true, 'f5'],
    [null, 'f6'],
    [fromHex('01020304'), '4401020304'],
    ['', '60'],
    ['IETF', '6449455446'],
    ['\u6c34', '63e6b0b4'],
    ['\u{10151}', '64f0908591'],
    ['mar\ufeffked', '696d6172efbbbf6b6564'],
    [[1, [2, 3], [4, 5]], '8301820203820405'],
    [
      new Map<number, CborInput>([
        [3, 4],
        [1, 2],
      ]),
      'a201020304',
    ],
    [{ b: [2, 3], a: 1 }, 'a26161016162820203'],
    // Shorter keys first by their encoding, integers before text, negative after positive.
    [
      new Map<number | string, CborInput>([
        ['aa', 0],
        ['b', 1],
        [-1, 2],
        [10, 3],
        [100, 4],
      ]),
      'a50a03186404200261620162616100',
    ],
  ];

  it.each(vectors)('%j is %s, both ways', (value, encoded) => {
    expect(hex(encodeCbor(value))).toBe(encoded);
    expect(hex(encodeCbor(decodeCbor(fromHex(encoded), documentProfile)))).toBe(encoded);
  });

  it.each([
    ['a float', 1.5],
    ['not a number', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['an integer beyond 2^53 - 1', 2 ** 53],
    ['undefined', undefined],
    ['undefined inside', [undefined]],
    ['a lone surrogate', 'a\ud800'],
    ['a lone surrogate in a long text', `${'a'.repeat(100)}\udc00`],
    ['a text that begins with a byte order mark', '\ufeffa'],
    ['a key that is none', new Map([['\ud800', 1]])],
  ])('%s has none', (_name, value) => {
    expect(() => encodeCbor(value as CborInput)).toThrow(expect.objectContaining({ code: 'CBOR_MALFORMED' }));
  });

  it('writes minus zero as zero', () => {
    expect(hex(encodeCbor(-0))).toBe('00');
  });

  it.each([
    ['a Uint8Array', fromHex('43010203')],
    ['a Buffer', Buffer.from('43010203', 'hex')],
  ])('hands out byte strings of %s that do not change with it', (_name, input) => {
    const value = decodeCbor(input, tokenProfile);
    input.fill(9);

    expect(value).toEqual(fromHex('010203'));
  });

  it('is a plain Uint8Array at every size', () => {
    const kinds = [1, 100, 5_000].map((size) => encodeCbor('a'.repeat(size)).constructor.name);

    expect(kinds).toEqual(['Uint8Array', 'Uint8Array', 'Uint8Array']);
  });
});

describe('what is refused', () => {
  const table: readonly (readonly [name: string, bytes: string, says: string])[] = [
    ['no bytes', '', 'unexpected end'],
    ['a head cut short', '19 01', 'unexpected end'],
    ['bytes after the item', '00 00', 'trailing bytes'],
    ['23 in two bytes', '18 17', 'not the shortest'],
    ['255 in three bytes', '19 00ff', 'not the shortest'],
    ['65535 in five bytes', '1a 0000ffff', 'not the shortest'],
    ['2^32 - 1 in nine bytes', '1b 00000000ffffffff', 'not the shortest'],
    ['a length that is not the shortest', '58 01 00', 'not the shortest'],
    ['2^53', '1b 0020000000000000', 'beyond 2^53'],
    ['-2^53', '3b 001fffffffffffff', 'beyond -(2^53'],
    ['2^64 - 1', '1b ffffffffffffffff', 'beyond 2^53'],
    ['an indefinite byte string', '5f 41 00 ff', 'indefinite'],
    ['an indefinite text', '7f 61 61 ff', 'indefinite'],
    ['an indefinite array', '9f 00 ff', 'indefinite'],
    ['an indefinite map', 'bf 01 02 ff', 'indefinite'],
    ['a reserved head', '1c', 'reserved'],
    ['a tag', 'c0 00', 'tag'],
    ['a tag of two bytes', 'd8 3d 00', 'tag'],
    ['a big number', 'c2 41 01', 'tag'],
    ['null', 'f6', 'not allowed here'],
    ['undefined', 'f7', 'not allowed here'],
    ['half precision', 'f9 3c00', 'not allowed here'],
    ['single precision', 'fa 47c35000', 'not allowed here'],
    ['double precision', 'fb 3ff199999999999a', 'not allowed here'],
    ['not a number', 'f9 7e00', 'not allowed here'],
    ['a simple value', 'f0', 'not allowed here'],
    ['false in two bytes', 'f8 14', 'not allowed here'],
    ['a break alone', 'ff', 'not allowed here'],
    ['a byte string longer than the input', '44 010203', 'beyond the end'],
    ['an array longer than the input', '9a 7fffffff', 'beyond the end'],
    ['a map longer than the input', 'ba 7fffffff', 'beyond the end'],
    ['a map without its last value', 'a2 01 02 03', 'beyond the end'],
    ['keys out of order', 'a2 03 00 01 00', 'ascending'],
    ['a key twice', 'a2 01 00 01 00', 'ascending'],
    ['a longer key first', 'a2 18 18 00 01 00', 'ascending'],
    ['a negative key before a positive one', 'a2 20 00 01 00', 'ascending'],
    ['a text key in a token', 'a1 61 61 00', 'key of a type'],
    ['a byte string as key', 'a1 41 00 00', 'key of a type'],
    ['an array as key', 'a1 80 00', 'key of a type'],
    ['a truth value as key', 'a1 f5 00', 'key of a type'],
    ['an overlong UTF-8 form', '62 c080', 'UTF-8'],
    ['an overlong form of three bytes', '63 e08080', 'UTF-8'],
    ['an overlong form of four bytes', '64 f0808080', 'UTF-8'],
    ['a surrogate in UTF-8', '63 eda080', 'UTF-8'],
    ['a code point above U+10FFFF', '64 f4908080', 'UTF-8'],
    ['a lead byte above F4', '64 f5808080', 'UTF-8'],
    ['a continuation byte alone', '61 80', 'UTF-8'],
    ['a character cut short by the end of its text', '62 e6b0', 'UTF-8'],
    ['a character continued by a letter', '62 c341', 'UTF-8'],
    ['a byte order mark before a text', '64 efbbbf61', 'byte order mark'],
  ];

  it.each(table)('%s', (_name, bytes, says) => {
    expect(refusal(fromHex(bytes.replaceAll(' ', '')), tokenProfile)).toContain(says);
  });

  it('names the offset of the fault', () => {
    expect(scanCbor(fromHex('82011817'), tokenProfile)).toEqual({
      problem: 'head is not the shortest',
      offset: 2,
    });
  });

  it('a document may hold null and text keys, a message no integer keys', () => {
    expect(refusal(fromHex('a10100'), documentProfile)).toBeNull();
    expect(refusal(fromHex('a16161f6'), documentProfile)).toBeNull();
    expect(refusal(fromHex('a16161f6'), messageProfile)).toBeNull();
    expect(refusal(fromHex('a10100'), messageProfile)).toContain('key of a type');
  });
});

describe.each([tokenProfile, documentProfile, messageProfile, recordProfile])('the bounds of a $name', (profile) => {
  const nested = (levels: number): Uint8Array => Uint8Array.from([...Array<number>(levels - 1).fill(0x81), 0x00]);
  const itemsIn = (count: number): Uint8Array => encodeCbor(Array<number>(count - 1).fill(0));
  const textOfSize = (bytes: number): Uint8Array =>
    encodeCbor('a'.repeat(bytes - encodeCbor('a'.repeat(bytes - 3)).length + bytes - 3));

  it(`at most ${profile.maxDepth} levels`, () => {
    expect(refusal(nested(profile.maxDepth), profile)).toBeNull();
    expect(refusal(nested(profile.maxDepth + 1), profile)).toContain('levels');
  });

  it(`at most ${profile.maxItems} items`, () => {
    expect(refusal(itemsIn(profile.maxItems), profile)).toBeNull();
    expect(refusal(itemsIn(profile.maxItems + 1), profile)).toContain('items');
  });

  it(`at most ${profile.maxBytes} bytes`, () => {
    const largest = textOfSize(profile.maxBytes);
    expect(largest.length).toBe(profile.maxBytes);
    expect(refusal(largest, profile)).toBeNull();
    expect(refusal(encodeCbor('a'.repeat(profile.maxBytes)), profile)).toContain('allowed');
  });

  it('ten thousand levels are a refusal, not a full stack', () => {
    expect(refusal(new Uint8Array(10_000).fill(0x81), profile)).not.toBeNull();
  });
});

const value: fc.Memo<CborInput> = fc.memo((depth) =>
  depth <= 1
    ? leaf
    : fc.oneof({ weight: 2, arbitrary: leaf }, fc.array(value(depth - 1), { maxLength: 5 }), mapOf(value(depth - 1))),
);
const leaf: fc.Arbitrary<CborInput> = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 70_000 }),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.uint8Array({ maxLength: 40 }),
);
const mapOf = (inner: fc.Arbitrary<CborInput>): fc.Arbitrary<CborInput> =>
  fc
    .array(
      fc.tuple(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -30, max: 30 }), fc.string({ maxLength: 6 })), inner),
      { maxLength: 6 },
    )
    .map((entries) => new Map(entries));

describe(`properties, seed ${seed}`, () => {
  it('what was encoded decodes to the same value', () => {
    fc.assert(
      fc.property(value(6), (given) => {
        const encoded = encodeCbor(given);
        const decoded = decodeCbor(encoded, documentProfile);
        expect(sorted(decoded)).toEqual(sorted(given as CborValue));
      }),
      { seed, numRuns: 1000 },
    );
  });

  it('bytes that decode are the one encoding of what they decode to, and anything else is CBOR_MALFORMED', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        value(4),
        fc.nat(),
        fc.nat(255),
        fc.constantFrom('replace', 'insert', 'remove'),
        (given, place, byte, how) => {
          const mutated = mutate(encodeCbor(given), place, byte, how);
          if (refusal(mutated, documentProfile) !== null) return;
          accepted++;
          expect(encodeCbor(decodeCbor(mutated, documentProfile))).toEqual(mutated);
        },
      ),
      { seed, numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('random bytes never make anything but a value or a CBOR_MALFORMED', () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        if (refusal(bytes, tokenProfile) !== null) refused++;
      }),
      { seed, numRuns: 5000 },
    );
    expect(refused).toBeGreaterThan(1000);
  });

  it('what the pre-scan lets through, the decoder takes: it knows no further form', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
        const scanned = scanCbor(bytes, documentProfile) === null;
        expect(refusal(bytes, documentProfile) === null).toBe(scanned);
      }),
      { seed, numRuns: 5000 },
    );
  });
});

function mutate(bytes: Uint8Array, place: number, byte: number, how: string): Uint8Array {
  const list = [...bytes];
  const at = place % list.length;
  if (how === 'replace') list[at] = byte;
  else list.splice(at, how === 'remove' ? 1 : 0, ...(how === 'insert' ? [byte] : []));
  return Uint8Array.from(list);
}

/** Maps as lists of entries in order of their encoded keys, byte strings as hexadecimal: comparable by value. */
function sorted(given: CborValue): unknown {
  if (given instanceof Uint8Array) return `h'${hex(given)}'`;
  if (given instanceof Map) {
    const entries = [...given].map(([key, inner]) => [hex(encodeCbor(key)), sorted(inner)] as const);
    return entries.sort(([a], [b]) => (a < b ? -1 : 1));
  }
  if (Array.isArray(given)) return given.map(sorted);
  return Object.is(given, -0) ? 0 : given;
}

describe('plain', () => {
  it('makes objects without a prototype, so that no key of a sender reaches one', () => {
    const object = plain(decodeCbor(encodeCbor(new Map([['__proto__', 1]])), documentProfile)) as Record<
      string,
      unknown
    >;

    expect(Object.getPrototypeOf(object)).toBeNull();
    expect(Object.entries(object)).toEqual([['__proto__', 1]]);
  });

  it('leaves a map with an integer key alone: 1 and "1" are two keys', () => {
    const map = new Map<number | string, string>([
      [1, 'a'],
      ['1', 'b'],
    ]);

    expect(plain(map)).toBe(map);
    expect(plain([new Map([['inner', map]])])).toEqual([{ inner: map }]);
  });
});

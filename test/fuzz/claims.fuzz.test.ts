// The claims of a token under any value that strict CBOR lets through: a reason or claims that encode to the
// same bytes, never a throw.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CborInput, type CborValue, decodeCbor, encodeCbor, tokenProfile } from '../../runtime/core/cbor.ts';
import { decodeClaims, encodeClaims } from '../../runtime/tokens/claims.ts';
import { type Kind, payloadOf } from '../fixtures/hand-made-codes.ts';
import { mutationsOf } from './mutations.ts';

const seed = 3;
const kinds: readonly Kind[] = ['account', 'bearer', 'ticket', 'loan'];

function check(value: CborValue, bytes: Uint8Array): 'ok' | 'refused' {
  const result = decodeClaims(value);
  if (!result.ok) {
    expect(['MALFORMED', 'UNSUPPORTED_FORMAT']).toContain(result.reason);
    return 'refused';
  }
  expect(encodeClaims(result.claims)).toEqual(bytes);
  return 'ok';
}

it(`changed payloads, seed ${seed}`, () => {
  const answers = { ok: 0, refused: 0, 'no CBOR': 0 };
  fc.assert(
    fc.property(
      mutationsOf(kinds, (kind) => payloadOf(kind)),
      ({ bytes }) => {
        let value: CborValue;
        try {
          value = decodeCbor(bytes, tokenProfile);
        } catch {
          answers['no CBOR']++;
          return;
        }
        answers[check(value, bytes)]++;
      },
    ),
    { seed, numRuns: 30_000 },
  );
  expect(Math.min(...Object.values(answers))).toBeGreaterThan(1_000);
});

it(`any maps, seed ${seed}`, () => {
  const leaf: fc.Arbitrary<CborInput> = fc.oneof(
    fc.constantFrom<CborInput>(0, 1, 4, 60, 2 ** 32, 'metro1', 'en', true),
    fc.integer(),
    fc.uint8Array({ maxLength: 33 }),
    fc.string({ maxLength: 20 }).filter((text) => text.isWellFormed() && !text.startsWith('\ufeff')),
  );
  const mapOf = (inner: fc.Arbitrary<CborInput>): fc.Arbitrary<CborInput> =>
    fc.array(fc.tuple(fc.integer({ min: -3, max: 13 }), inner), { maxLength: 8 }).map((entries) => new Map(entries));
  const nested = fc.oneof(leaf, mapOf(leaf), mapOf(mapOf(leaf)));
  const payload = fc
    .tuple(mapOf(nested), nested)
    .map(([map, app]) => new Map([...(map as Map<number, CborInput>), [-70_001, app] as const]));
  fc.assert(
    fc.property(payload, (value) => {
      const bytes = encodeCbor(value);
      if (bytes.length <= tokenProfile.maxBytes) check(decodeCbor(bytes, { ...tokenProfile, maxItems: 500 }), bytes);
    }),
    { seed, numRuns: 10_000 },
  );
});

// The fare document under any value: a table that encodes to itself, or DOCUMENT_REFUSED. What is taken
// never gives an unpriced ride away.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CborInput, type CborValue, decodeCbor, documentProfile, encodeCbor } from '../../runtime/core/cbor.ts';
import { decodeFareTable, encodeFareTable } from '../../runtime/fares/fare-document.ts';
import { flatFare } from '../../runtime/fares/flat-fare.ts';
import { mutationsOf } from './mutations.ts';

const seed = 7;
const body = {
  version: 3,
  effectiveFrom: 1_767_600_000,
  effectiveUntil: null,
  notice: 'https://example.org/fares',
  currency: 'CNY',
  serviceDayStart: 240,
  maxFare: 600,
  unknownFare: { policy: 'max', amount: 600, rule: 'U1' },
  products: [{ id: 1, companions: true, groupMax: 4 }],
  lines: [{ id: '7', tapModel: 'flat', groupMax: null, prices: [{ product: 1, amount: 200, rule: 'F1' }] }],
} as const;

function check(value: CborValue): boolean {
  let table: ReturnType<typeof decodeFareTable>;
  try {
    table = decodeFareTable(value);
  } catch (error) {
    expect(error).toMatchObject({ name: 'StileError', code: 'DOCUMENT_REFUSED' });
    return false;
  }
  expect(encodeCbor(encodeFareTable(table))).toEqual(encodeCbor(value as CborInput));
  const unpriced = flatFare(table, 'no such line', 70_000, 1);
  expect(unpriced.known ? unpriced.amountMinor : 1).toBeGreaterThan(0);
  return true;
}

it(`changed documents, seed ${seed}`, () => {
  let taken = 0;
  fc.assert(
    fc.property(
      mutationsOf([encodeCbor(body)], (bytes) => bytes),
      ({ bytes }) => {
        let value: CborValue;
        try {
          value = decodeCbor(bytes, documentProfile);
        } catch {
          return;
        }
        if (check(value)) taken++;
      },
    ),
    { seed, numRuns: 8_000 },
  );
  expect(taken).toBeGreaterThan(100);
});

it(`any value in any place, seed ${seed}`, () => {
  const value: fc.Arbitrary<CborInput> = fc.oneof(
    fc.constantFrom<CborInput>(
      null,
      true,
      0,
      -1,
      1,
      2 ** 33,
      '',
      'flat',
      'reject',
      '__proto__',
      [],
      [null],
      {},
      { policy: 'max', amount: 0, rule: 'x' },
    ),
    fc.integer(),
    fc.uint8Array({ maxLength: 4 }),
    fc.string({ maxLength: 20 }).filter((text) => text.isWellFormed() && !text.startsWith('\ufeff')),
  );
  const place = fc.constantFrom(...Object.keys(body), 'unknown');
  const changed = fc.oneof(
    fc.tuple(place, value).map(([key, given]) => ({ ...body, [key]: given })),
    fc
      .tuple(fc.constantFrom(...Object.keys(body.lines[0])), value)
      .map(([key, given]) => ({ ...body, lines: [{ ...body.lines[0], [key]: given }] })),
    value,
  );
  fc.assert(
    fc.property(changed, (given) => {
      check(decodeCbor(encodeCbor(given), documentProfile));
    }),
    { seed, numRuns: 5_000 },
  );
});

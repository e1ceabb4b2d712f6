// The fare document: what goes in comes out, and whatever is not a fare table is refused by name.
import { describe, expect, test } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import { type CborInput, decodeCbor, documentProfile, encodeCbor } from '../../../runtime/core/cbor.ts';
import { StileError } from '../../../runtime/core/errors.ts';
import { decodeFareTable, encodeFareTable, fareBounds } from '../../../runtime/fares/fare-document.ts';
import { tableInForce } from '../../../runtime/fares/fare-table.ts';
import { flatFare } from '../../../runtime/fares/flat-fare.ts';
import { adult, pass, tableBody, tableOf, unpriced } from '../../scenario/validator-bus.ts';

const body = tableBody();
const throughBytes = (value: CborInput) => decodeCbor(encodeCbor(value), documentProfile);
const line = body.lines[0];

function problemOf(value: CborInput): string {
  try {
    decodeFareTable(throughBytes(value));
  } catch (error) {
    if (error instanceof StileError && error.code === 'DOCUMENT_REFUSED') return error.message;
    throw error;
  }
  throw new Error('the table was taken');
}

describe('a fare document', () => {
  test('survives the way to the terminal', () => {
    const table = tableOf(body);
    expect(tableOf(encodeFareTable(table))).toEqual(table);
    expect(encodeCbor(encodeFareTable(table))).toEqual(encodeCbor(body));
  });

  test.each<{ name: string; value: CborInput; says: RegExp }>([
    { name: 'not a map', value: [1], says: /body/ },
    { name: 'an unknown key', value: { ...body, colour: 'red' }, says: /colour/ },
    { name: 'a missing key', value: Object.fromEntries(Object.entries(body).slice(1)) as CborInput, says: /version/ },
    { name: 'a currency of two letters', value: { ...body, currency: 'CN' }, says: /currency.*ISO 4217/ },
    {
      name: 'a service day that starts on the next day',
      value: { ...body, serviceDayStart: 1_440 },
      says: /serviceDayStart/,
    },
    { name: 'a negative price', value: priced(-1), says: /lines\.0\.prices\.0\.amount/ },
    { name: 'a price above the largest fare', value: priced(601), says: /amount 601 is above maxFare 600/ },
    {
      name: 'a product priced twice',
      value: { ...body, lines: [{ ...line, prices: [line.prices[0], line.prices[0]] }] },
      says: /twice/,
    },
    {
      name: 'a line that stands there twice',
      value: { ...body, lines: [line, line] },
      says: /lines 7 stands there twice/,
    },
    { name: 'a price for no product', value: { ...body, products: [] }, says: /product 1 is not in products/ },
    {
      name: 'an unknown fare of nothing',
      value: { ...body, unknownFare: { policy: 'max', amount: 0, rule: 'U' } },
      says: /unknownFare\.amount/,
    },
    { name: 'an end before the start', value: { ...body, effectiveUntil: 5 }, says: /effectiveUntil/ },
    {
      name: 'another tap model',
      value: { ...body, lines: [{ ...line, tapModel: 'zonal' }] },
      says: /lines\.0\.tapModel/,
    },
    {
      name: 'an integer key beside the text it would become',
      value: new Map<number | string, CborInput>([...Object.entries(body), [1, 0]]),
      says: /version/,
    },
    {
      name: 'more products than the bound',
      value: { ...body, products: manyProducts(fareBounds.products + 1) },
      says: /products/,
    },
    {
      name: 'a fare beyond what a credential can cap',
      value: { ...body, maxFare: fareBounds.amountMinor + 1 },
      says: /maxFare/,
    },
    { name: 'a largest fare of nothing', value: { ...body, maxFare: 0 }, says: /maxFare/ },
    { name: 'a group beyond the bound', value: grouped(fareBounds.groupMax + 1), says: /groupMax/ },
    { name: 'a group of none', value: grouped(0), says: /groupMax/ },
    {
      name: 'a rule without a name',
      value: { ...body, unknownFare: { policy: 'max', amount: 1, rule: '' } },
      says: /rule/,
    },
    {
      name: 'a rule of 17 characters',
      value: { ...body, unknownFare: { policy: 'max', amount: 1, rule: 'x'.repeat(17) } },
      says: /rule/,
    },
    { name: 'a notice of 201 characters', value: { ...body, notice: 'x'.repeat(201) }, says: /notice/ },
    {
      name: 'a line of 17 characters',
      value: { ...body, lines: [{ ...line, id: 'x'.repeat(17) }] },
      says: /lines\.0\.id/,
    },
    { name: 'version 0', value: { ...body, version: 0 }, says: /version/ },
    { name: 'a time beyond 32 bits', value: { ...body, effectiveFrom: 2 ** 32 }, says: /effectiveFrom/ },
    {
      name: 'a product beyond 16 bits',
      value: { ...body, products: [{ id: 65_536, companions: true, groupMax: null }] },
      says: /products/,
    },
    { name: 'a policy nobody knows', value: { ...body, unknownFare: { policy: 'free' } }, says: /unknownFare/ },
    { name: 'more lines than the bound', value: { ...body, lines: manyLines(fareBounds.lines + 1) }, says: /lines/ },
  ])('refuses $name', ({ value, says }) => {
    expect(problemOf(value)).toMatch(says);
  });

  test('is frozen down to its prices', () => {
    const table = tableOf(body);
    const prices = [...table.lines.values()].flatMap((each) => [each, ...each.prices.values()]);

    expect([table, table.unknownFare, ...table.products.values(), ...prices].every(Object.isFrozen)).toBe(true);
  });

  test('takes as many products as the bound allows', () => {
    expect(tableOf({ ...body, lines: [], products: manyProducts(fareBounds.products) }).products.size).toBe(
      fareBounds.products,
    );
  });

  test('takes as many lines as the bound allows', () => {
    expect(tableOf({ ...body, lines: manyLines(fareBounds.lines) }).lines.size).toBe(fareBounds.lines);
  });
});

describe('a flat fare', () => {
  const table = tableOf(body);
  const generous = tableOf({ ...body, unknownFare: { policy: 'max', amount: 600, rule: 'U1' } });

  test.each([
    {
      name: 'one adult',
      of: flatFare(table, '7', adult, 1),
      is: { known: true, amountMinor: 200, currency: 'CNY', rule: 'F1' },
    },
    {
      name: 'three adults',
      of: flatFare(table, '7', adult, 3),
      is: { known: true, amountMinor: 600, currency: 'CNY', rule: 'F1' },
    },
    {
      name: 'a pass',
      of: flatFare(table, '7', pass, 1),
      is: { known: true, amountMinor: 0, currency: 'CNY', rule: 'F3' },
    },
    {
      name: 'a product without a price',
      of: flatFare(table, '7', unpriced, 1),
      is: { known: false, missing: 'product' },
    },
    {
      name: 'a line that is not in the table',
      of: flatFare(table, '8', adult, 1),
      is: { known: false, missing: 'line' },
    },
    {
      name: 'an unknown fare under the policy max',
      of: flatFare(generous, '8', adult, 2),
      is: { known: true, amountMinor: 1_200, currency: 'CNY', rule: 'U1' },
    },
  ])('of $name', ({ of, is }) => {
    expect(of).toEqual(is);
  });
});

describe('the table in force', () => {
  const old = tableOf({ ...body, version: 1, effectiveFrom: 1_000, effectiveUntil: 2_000 });
  const next = tableOf({ ...body, version: 2, effectiveFrom: 2_000 });
  const inForce = (tables: Parameters<typeof tableInForce>[0], now: number) => {
    const found = tableInForce(tables, unixSeconds(now), 100);
    return found === null ? null : [found.table.version, found.overdue];
  };

  test.each([
    { name: 'nothing before the first begins', tables: [old, next], now: 999, is: null },
    { name: 'the old one up to its last second', tables: [next, old], now: 1_999, is: [1, false] },
    { name: 'the new one from its first second', tables: [old, next], now: 2_000, is: [2, false] },
    { name: 'the old one in its grace, marked overdue', tables: [old], now: 2_099, is: [1, true] },
    { name: 'nothing once the grace is over', tables: [old], now: 2_100, is: null },
    {
      name: 'the higher version of two that begin together',
      tables: [next, { ...next, version: 3 }],
      now: 3_000,
      is: [3, false],
    },
  ])('is $name', ({ tables, now, is }) => {
    expect(inForce(tables, now)).toEqual(is);
  });
});

test.each([0, -1, 1.5, Number.NaN, 2 ** 53])('a fare of %d riders is a bug of whoever asks', (riders) => {
  expect(() => flatFare(tableOf(body), '7', adult, riders)).toThrow('riders is');
});

test('an unpriced ride is never free: it is refused, or costs what the policy says', () => {
  const policies = [{ policy: 'reject' }, { policy: 'max', amount: 1, rule: 'U1' }] as const;
  const asked = policies.flatMap((unknownFare) =>
    ['7', '8', '', 'toString', '__proto__'].flatMap((id) =>
      [unpriced, 65_535, -1, Number.NaN].map((product) => flatFare(tableOf({ ...body, unknownFare }), id, product, 1)),
    ),
  );

  expect(asked.filter((fare) => fare.known && fare.amountMinor < 1)).toEqual([]);
  expect(asked.filter((fare) => fare.known).length).toBe(asked.length / 2);
});

function manyProducts(count: number): CborInput[] {
  return Array.from({ length: count }, (_, id) => ({ id, companions: true, groupMax: null }));
}

function grouped(groupMax: number): CborInput {
  return { ...body, lines: [{ ...line, groupMax }] };
}

function priced(amount: number): CborInput {
  return { ...body, lines: [{ ...line, prices: [{ product: adult, amount, rule: 'F1' }] }] };
}

function manyLines(count: number): CborInput[] {
  return Array.from({ length: count }, (_, n) => ({ ...line, id: `L${n}`, prices: [] }));
}

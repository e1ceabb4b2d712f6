// The fare table as it travels: the body of a signed document. Decoding is strict, because a table that
// is understood differently at the two ends charges people differently.
import { z } from 'zod';
import { unixSeconds } from '../core/brand.ts';
import { type CborInput, type CborValue, plain } from '../core/cbor.ts';
import { StileError } from '../core/errors.ts';
import type { FareLine, FareTable, FlatPrice, UnknownFare } from './fare-table.ts';

export const fareBounds = {
  lines: 2_000,
  products: 256,
  /** The largest fare cap a credential can carry. */
  amountMinor: 10_000_000,
  groupMax: 50,
  idCharacters: 16,
  noticeCharacters: 200,
} as const;

const u32Max = 0xffff_ffff;
const amount = z.int().min(0).max(fareBounds.amountMinor);
const positiveAmount = z.int().min(1).max(fareBounds.amountMinor);
const rule = z.string().min(1).max(fareBounds.idCharacters);
const productId = z.int().min(0).max(0xffff);
const groupMax = z.int().min(1).max(fareBounds.groupMax).nullable();

const bodySchema = z.strictObject({
  version: z.int().min(1).max(u32Max),
  effectiveFrom: z.int().min(0).max(u32Max),
  effectiveUntil: z.int().min(1).max(u32Max).nullable(),
  notice: z.string().max(fareBounds.noticeCharacters),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code'),
  serviceDayStart: z.int().min(0).max(1_439),
  maxFare: positiveAmount,
  unknownFare: z.discriminatedUnion('policy', [
    z.strictObject({ policy: z.literal('reject') }),
    z.strictObject({ policy: z.literal('max'), amount: positiveAmount, rule }),
  ]),
  products: z.array(z.strictObject({ id: productId, companions: z.boolean(), groupMax })).max(fareBounds.products),
  lines: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[A-Za-z0-9._-]{1,16}$/, 'must be 1 to 16 of A-Z a-z 0-9 . _ -'),
        tapModel: z.literal('flat'),
        groupMax,
        prices: z.array(z.strictObject({ product: productId, amount, rule })).max(fareBounds.products),
      }),
    )
    .max(fareBounds.lines),
});
type Body = z.infer<typeof bodySchema>;

/**
 * `value` is the `body` of a verified fares document.
 * @throws StileError DOCUMENT_REFUSED naming the key and what is allowed there.
 */
export function decodeFareTable(value: CborValue): FareTable {
  const parsed = bodySchema.safeParse(plain(value));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refused(issue?.path.join('.') || 'body', issue?.message ?? 'invalid');
  }
  const body = parsed.data;
  checkReferences(body);
  return Object.freeze({
    version: body.version,
    effectiveFrom: unixSeconds(body.effectiveFrom),
    effectiveUntil: body.effectiveUntil === null ? null : unixSeconds(body.effectiveUntil),
    notice: body.notice,
    currency: body.currency,
    serviceDayStartMinutes: body.serviceDayStart,
    maxFareMinor: body.maxFare,
    unknownFare: unknownFareOf(body.unknownFare),
    products: new Map(body.products.map((product) => [product.id, Object.freeze(product)])),
    lines: new Map(body.lines.map((line) => [line.id, lineOf(line)])),
  });
}

/** The inverse of {@link decodeFareTable}: what a head end puts into the document it signs. */
export function encodeFareTable(table: FareTable): CborInput {
  return {
    version: table.version,
    effectiveFrom: table.effectiveFrom,
    effectiveUntil: table.effectiveUntil,
    notice: table.notice,
    currency: table.currency,
    serviceDayStart: table.serviceDayStartMinutes,
    maxFare: table.maxFareMinor,
    unknownFare:
      table.unknownFare.policy === 'reject'
        ? { policy: 'reject' }
        : { policy: 'max', amount: table.unknownFare.price.amountMinor, rule: table.unknownFare.price.rule },
    products: [...table.products.values()].map(({ id, companions, groupMax }) => ({ id, companions, groupMax })),
    lines: [...table.lines.values()].map((line) => ({
      id: line.id,
      tapModel: line.tapModel,
      groupMax: line.groupMax,
      prices: [...line.prices].map(([product, price]) => ({ product, amount: price.amountMinor, rule: price.rule })),
    })),
  };
}

function checkReferences(body: Body): void {
  if (body.effectiveUntil !== null && body.effectiveUntil <= body.effectiveFrom) {
    throw refused('effectiveUntil', 'must be after effectiveFrom');
  }
  const products = unique('products', body.products, (product) => product.id);
  unique('lines', body.lines, (line) => line.id);
  for (const [at, line] of body.lines.entries()) {
    for (const product of unique(`lines.${at}.prices`, line.prices, (price) => price.product)) {
      if (!products.has(product)) throw refused(`lines.${at}.prices`, `product ${product} is not in products`);
    }
    const dearest = line.prices.find((price) => price.amount > body.maxFare);
    if (dearest) throw refused(`lines.${at}.prices`, `amount ${dearest.amount} is above maxFare ${body.maxFare}`);
  }
}

function unique<T, Id>(key: string, items: readonly T[], idOf: (item: T) => Id): ReadonlySet<Id> {
  const seen = new Set<Id>();
  for (const item of items) {
    const id = idOf(item);
    if (seen.has(id)) throw refused(key, `${String(id)} stands there twice`);
    seen.add(id);
  }
  return seen;
}

const unknownFareOf = (unknown: Body['unknownFare']): UnknownFare =>
  Object.freeze(unknown.policy === 'reject' ? unknown : { policy: 'max', price: priceOf(unknown) });

const lineOf = (line: Body['lines'][number]): FareLine =>
  Object.freeze({
    id: line.id,
    tapModel: line.tapModel,
    groupMax: line.groupMax,
    prices: new Map(line.prices.map((price) => [price.product, priceOf(price)])),
  });

const priceOf = ({ amount, rule }: { amount: number; rule: string }): FlatPrice =>
  Object.freeze({ amountMinor: amount, rule });

const refused = (key: string, problem: string): StileError =>
  new StileError('DOCUMENT_REFUSED', `fare table: ${key} ${problem}`, {
    remedy: 'Publish a corrected fare table with a higher version; the old one serves until then.',
  });

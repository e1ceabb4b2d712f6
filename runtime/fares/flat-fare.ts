// The price of a flat ride. A price that the table does not hold is never nothing: the table's own
// policy says what it is, or that the ride cannot be sold.
import { assert } from '../core/assert.ts';
import type { FareTable, FlatPrice } from './fare-table.ts';

export type Fare =
  | {
      readonly known: true;
      /** Integer minor units for all riders together. */
      readonly amountMinor: number;
      readonly currency: string;
      readonly rule: string;
    }
  | { readonly known: false; readonly missing: 'line' | 'product' };

/** `riders` is a positive integer. */
export function flatFare(table: FareTable, line: string, product: number, riders: number): Fare {
  assert(Number.isSafeInteger(riders) && riders >= 1, `riders is ${riders}`);
  const prices = table.lines.get(line)?.prices;
  const price = prices?.get(product) ?? unknownPrice(table);
  if (price === null) return { known: false, missing: prices === undefined ? 'line' : 'product' };
  return { known: true, amountMinor: price.amountMinor * riders, currency: table.currency, rule: price.rule };
}

const unknownPrice = (table: FareTable): FlatPrice | null =>
  table.unknownFare.policy === 'max' ? table.unknownFare.price : null;

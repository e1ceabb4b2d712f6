// The fare table: what a ride costs on each line for each product, as the operator signed it. Plain
// frozen data; where it comes from and who signed it is not known here.
import type { UnixSeconds } from '../core/brand.ts';

/** How a line is paid for. Flat: one price at tap-on, whatever the distance. */
export type TapModel = 'flat';

export interface FlatPrice {
  /** Integer minor units for one rider; 0 for a pass. */
  readonly amountMinor: number;
  /** Names the rule that gave the price, so that anyone can work it out again. */
  readonly rule: string;
}

export interface FareLine {
  readonly id: string;
  readonly tapModel: TapModel;
  /** Riders per account and stop visit on this line; null leaves it to the terminal's configuration. */
  readonly groupMax: number | null;
  /** By product. A product without an entry has no price here: see {@link UnknownFare}. */
  readonly prices: ReadonlyMap<number, FlatPrice>;
}

export interface FareProduct {
  /** Product or tariff class, as a credential names it (u16). */
  readonly id: number;
  /** False for concessions: one credential carries one rider. */
  readonly companions: boolean;
  /** Riders per account and stop visit; null leaves it to the line. */
  readonly groupMax: number | null;
}

/** What an unpriced ride costs. Never nothing. */
export type UnknownFare = { readonly policy: 'reject' } | { readonly policy: 'max'; readonly price: FlatPrice };

export interface FareTable {
  readonly version: number;
  readonly effectiveFrom: UnixSeconds;
  /** First second at which the table has ended; null while no successor is announced. */
  readonly effectiveUntil: UnixSeconds | null;
  /** Where the tariff notice can be read. */
  readonly notice: string;
  /** ISO 4217. */
  readonly currency: string;
  /** Minutes after local midnight at which the service day starts. */
  readonly serviceDayStartMinutes: number;
  /** The dearest single ride of the network for one rider, integer minor units. */
  readonly maxFareMinor: number;
  readonly unknownFare: UnknownFare;
  readonly products: ReadonlyMap<number, FareProduct>;
  readonly lines: ReadonlyMap<string, FareLine>;
}

export interface TableInForce {
  readonly table: FareTable;
  /** The table has ended and serves its grace: people are told, rides go on. */
  readonly overdue: boolean;
}

/**
 * The table for a trip that starts at `now`: the newest that has begun and has not ended for longer than
 * `graceSeconds`. Null when there is none.
 */
export function tableInForce(
  tables: readonly FareTable[],
  now: UnixSeconds,
  graceSeconds: number,
): TableInForce | null {
  let best: FareTable | null = null;
  for (const table of tables) {
    if (table.effectiveFrom > now || now >= endOf(table) + graceSeconds) continue;
    if (best === null || isNewer(table, best)) best = table;
  }
  return best === null ? null : { table: best, overdue: now >= endOf(best) };
}

const endOf = (table: FareTable): number => table.effectiveUntil ?? Number.POSITIVE_INFINITY;

const isNewer = (table: FareTable, than: FareTable): boolean =>
  table.effectiveFrom === than.effectiveFrom ? table.version > than.version : table.effectiveFrom > than.effectiveFrom;

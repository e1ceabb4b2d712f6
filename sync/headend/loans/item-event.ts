// What rows say of one item: that it left a cabinet on an order, or that it is in one again.
import type { EventMark } from './mark.ts';

export interface TakenEvent {
  readonly kind: 'taken';
  readonly item: string;
  /** Transaction of the order in hexadecimal: the name of the loan. */
  readonly tx: string;
  readonly mark: EventMark;
  /** Order id of the head end in hexadecimal; null where the visitor showed a code. */
  readonly order: string | null;
  /** `issuer/token id` of the code that was shown. */
  readonly code: string | null;
  /** Digest of that code in hexadecimal. */
  readonly digest: string | null;
  /** Why the code does not verify at the head end; null for a code that does, or that nobody can judge. */
  readonly doubt?: string | null;
  /** No sensor saw it leave. */
  readonly presumed: boolean;
  /** Reference of the row. */
  readonly ref: string;
}

/**
 * slot: a return with its first contact. counter: staff took it over. found: it stands in a slot and nobody knows
 * since when.
 */
export type BackWay = 'slot' | 'counter' | 'found';

export interface BackEvent {
  readonly kind: 'back';
  readonly item: string;
  readonly mark: EventMark;
  readonly way: BackWay;
  readonly ref: string;
}

export type ItemEvent = TakenEvent | BackEvent;

/** An attempt to return where no slot was free. `key` names the item or the code that was shown. */
export interface Attempt {
  readonly key: string;
  readonly mark: EventMark;
}

export const attemptKeys = {
  item: (item: string): string => `item:${item}`,
  code: (code: string): string => `code:${code}`,
  digest: (digest: string): string => `digest:${digest}`,
} as const;

/** Every name under which an attempt may mean this loan. */
export const keysOfLoan = ({ item, code, digest }: TakenEvent): readonly string[] => [
  attemptKeys.item(item),
  ...(code === null ? [] : [attemptKeys.code(code)]),
  ...(digest === null ? [] : [attemptKeys.digest(digest)]),
];

// What a site allows: its gate lanes, its products, and for each product who may go in where, when and how
// often. Plain frozen data; who signed it is not known here.
import type { ReasonCode } from '../records/reasons.ts';
import type { Condition } from './condition.ts';
import type { LocalCalendar } from './local-calendar.ts';

/** The steps of the verification order that a rule can speak at, each with the reasons it may give there. */
export const ruleReasons = {
  times: ['NOT_YET_VALID', 'EXPIRED'],
  scope: ['WRONG_GATE', 'WRONG_PRODUCT', 'ID_REQUIRED', 'PROOF_REQUIRED'],
  uses: ['ALREADY_USED', 'PASSBACK', 'GROUP_LIMIT', 'REENTRY_NEEDS_EXIT'],
} as const satisfies Readonly<Record<string, readonly ReasonCode[]>>;
export type RuleStep = keyof typeof ruleReasons;
export type RuleReason = (typeof ruleReasons)[RuleStep][number];

/** Refuses with `reason` unless `allow` holds. */
export interface AccessCheck {
  /** Name of the condition, for the row. */
  readonly name: string;
  readonly allow: Condition;
  readonly reason: RuleReason;
}

export interface AccessProduct {
  readonly id: number;
  /** one: a scan lets one person in. group: a scan lets in, one pulse each, all who are still to come. */
  readonly people: 'one' | 'group';
  /** Entries a ticket has in all; null: as many as the ticket says. */
  readonly entries: number | null;
  /** Who has entered and not left is inside: free may enter again, afterExit only once an exit was seen. */
  readonly reentry: 'free' | 'afterExit';
  readonly minimumGapSeconds: number;
  readonly graceBeforeSeconds: number;
  readonly graceAfterSeconds: number;
  /** Whether the last second of a ticket still counts. */
  readonly endInclusive: boolean;
  readonly proofRequired: boolean;
  readonly identityRequired: boolean;
  /** Staff or the head end must see it while lists are old. */
  readonly highValue: boolean;
  /** Null: every gate. */
  readonly gates: readonly string[] | null;
  /** In order; the first that does not hold gives the reason of its step. */
  readonly checks: readonly AccessCheck[];
}

export interface AccessGate {
  readonly id: string;
  /** Bit of a ticket's gate-group bitmap. */
  readonly group: number;
}

export interface AccessRules {
  readonly version: number;
  readonly site: number;
  readonly calendar: LocalCalendar;
  /** In the order that numbers home lanes; all lanes of a site hold the same. */
  readonly gates: readonly AccessGate[];
  readonly products: ReadonlyMap<number, AccessProduct>;
  readonly conditions: ReadonlyMap<string, Condition>;
}

export const checksAt = (product: AccessProduct, step: RuleStep): readonly AccessCheck[] =>
  product.checks.filter((check) => (ruleReasons[step] as readonly ReasonCode[]).includes(check.reason));

/** The widest graces of any product, an inclusive end counted as a second: what verification must let through. */
export function widestGraces(rules: AccessRules): { readonly beforeSeconds: number; readonly afterSeconds: number } {
  const products = [...rules.products.values()];
  return {
    beforeSeconds: Math.max(0, ...products.map((product) => product.graceBeforeSeconds)),
    afterSeconds: Math.max(0, ...products.map((product) => product.graceAfterSeconds + (product.endInclusive ? 1 : 0))),
  };
}

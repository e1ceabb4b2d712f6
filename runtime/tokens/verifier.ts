// The contract of a token format: bytes in, one plain answer out. Synchronous and pure: no I/O, clock,
// chance, timer or promise, and no throw for any input. Lists, scope, ledger and money stay outside, so a
// format alone opens nothing.

import type { Bytes } from '../core/bytes.ts';
import type { Moment } from '../core/trusted-time.ts';
import type { CredentialCache } from './credential-cache.ts';
import type { FormatId, Outcome, TokenKind, TokenReason } from './outcome.ts';
import type { TrustView } from './trust-view.ts';

/** Graces and bounds that policy may tighten. Seconds. */
export interface VerifyLimits {
  /** Tolerated clock difference between phone or issuer and terminal. */
  readonly skewSeconds: number;
  /** Highest presentation age whatever a token says. */
  readonly presentationAgeMaxSeconds: number;
  /** The same for badges: what a photograph of one is worth. */
  readonly badgeAgeMaxSeconds: number;
  /** With an untrusted clock a token must outlive the floor by this. */
  readonly wideValiditySeconds: number;
  readonly bearerUncertaintyMaxSeconds: number;
  readonly loanUncertaintyMaxSeconds: number;
  /** How long past its end a trust list still serves. */
  readonly trustGraceSeconds: number;
  /** Widest grace around a ticket's window that any product of the site gives; the machine judges each product's own. */
  readonly ticketGraceBeforeSeconds: number;
  readonly ticketGraceAfterSeconds: number;
}

/** No site grants more, and the last second of a ticket may count besides. */
export const ticketGraceMaxSeconds = 86_401;

export const defaultLimits: VerifyLimits = {
  skewSeconds: 10,
  presentationAgeMaxSeconds: 240,
  badgeAgeMaxSeconds: 30,
  wideValiditySeconds: 86_400,
  bearerUncertaintyMaxSeconds: 30,
  loanUncertaintyMaxSeconds: 60,
  trustGraceSeconds: 30 * 86_400,
  ticketGraceBeforeSeconds: 0,
  ticketGraceAfterSeconds: 0,
};

export interface VerifyContext {
  readonly now: Moment;
  readonly trust: TrustView;
  readonly limits: VerifyLimits;
  /** May change speed, never a result. */
  readonly cache: CredentialCache;
}

/** What steps 1 and 2 found: claims that nobody has vouched for yet. */
export interface Parsed {
  readonly format: FormatId;
  readonly kind: TokenKind;
  /** Null for a format that names no issuer: there the key that verifies does, in the outcome. */
  readonly issuer: string | null;
  /** D: SHA-256 of the bytes under the outermost signature. */
  readonly digest: Bytes;
}

export interface Refused {
  readonly ok: false;
  readonly reason: TokenReason;
  readonly detail: string;
  /** Check bits (core/check-words) of the conditions found. */
  readonly found: number;
}
export type Unwrapped = { readonly ok: true; readonly evidence: Bytes } | Refused;
export type Parsing<P extends Parsed> = { readonly ok: true; readonly parsed: P } | Refused;
/** `found` carries conditions that do not refuse by themselves. */
export type Admission = { readonly ok: true; readonly found: number } | Refused;
export type Proof = { readonly ok: true; readonly outcome: Outcome } | Refused;

export interface TokenVerifier<P extends Parsed = Parsed> {
  readonly id: FormatId;
  /** Whether the code carries a signature of its holder's key besides that of its issuer. */
  readonly holderSigned: boolean;
  /** From prefix, length or first bytes, in constant time. The first verifier to say yes owns the bytes. */
  probe(raw: Bytes): boolean;
  /** Step 1, text: what is behind prefix and text encoding, within the bounds of the text. Kept as evidence. */
  unwrap(raw: Bytes): Unwrapped;
  /** Steps 1 and 2 from the evidence on: decode, schema. `cache` saves parsing a credential met before. */
  parse(evidence: Bytes, cache: CredentialCache): Parsing<P>;
  /** Steps 3 and 4: issuer, key, times. */
  admit(parsed: P, context: VerifyContext): Admission;
  /** Steps 6 and 7: signatures. */
  prove(parsed: P, context: VerifyContext): Proof;
}

export const refused = (reason: TokenReason, detail: string, found = 0): Refused => ({
  ok: false,
  reason,
  detail,
  found,
});

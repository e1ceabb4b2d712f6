// What verification says: one reason, the normalised claims, and the words of what was examined.
import type { UnixSeconds } from '../core/brand.ts';
import type { Bytes } from '../core/bytes.ts';
import type { StaffRole } from './staff-roles.ts';

export type FormatId = 'st1' | 'sp1' | 'sb1' | 'pretix_sig1' | 'jtt1179';
export type TokenKind = 'account' | 'bearer' | 'ticket' | 'loan' | 'badge';

/** The reasons steps 1..9 of the verification order can give. A subset of records/reasons. */
export type TokenReason =
  | 'MALFORMED'
  | 'UNSUPPORTED_FORMAT'
  | 'UNKNOWN_ISSUER'
  | 'UNKNOWN_KEY'
  | 'KEY_EXPIRED'
  | 'NOT_YET_VALID'
  | 'EXPIRED'
  | 'STALE_CODE'
  | 'CREDENTIAL_EXPIRED'
  | 'CLOCK_UNTRUSTED'
  | 'REPEAT'
  | 'REPLAYED'
  | 'BAD_SIGNATURE'
  | 'DENIED'
  | 'REVOKED'
  | 'LISTS_TOO_OLD'
  | 'DEVICE_FAULT';

export interface OutcomeLimits {
  /** Integer minor units, or null where the token carries no cap. */
  readonly fareCapMinor: number | null;
  readonly currency: string;
  readonly uses: number;
  readonly site: number | null;
  readonly gates: Bytes | null;
  readonly product: number | null;
  readonly loanMaxSeconds: number | null;
  readonly depositMinor: number | null;
}

/** Whom a badge makes its bearer, and where. */
export interface StaffGrant {
  readonly roles: readonly StaffRole[];
  /** The one machine it is good at; null: all of its site. */
  readonly terminal: string | null;
}

/** An end that never comes: the largest time a token can carry. */
export const withoutEnd = 0xffff_ffff as UnixSeconds;

/** Frozen plain data: the claims of a code whose signatures hold. */
export interface Outcome {
  readonly format: FormatId;
  readonly issuer: string;
  /** The issuer's key that verified: 4 bytes. */
  readonly kid: Bytes;
  readonly kind: TokenKind;
  /** Pseudonymous id of an account, or of a badge's bearer, 8 bytes; null for a ticket. */
  readonly subject: Bytes | null;
  /** 8 to 16 bytes: what the use ledger and deny type 2 know the token by. */
  readonly cti: Bytes | null;
  /** 0 where a format does not say when it issued: older than any `issuedBefore` of a deny entry. */
  readonly iat: UnixSeconds;
  readonly nbf: UnixSeconds | null;
  /** {@link withoutEnd} where a format sets none. */
  readonly exp: UnixSeconds;
  /** First second at which a presentation is stale; equals exp where there is none. */
  readonly freshUntil: UnixSeconds;
  /** Time and counter of a presentation, null for one-signature tokens. Not every format counts. */
  readonly presentation: { readonly iat: UnixSeconds; readonly counter: number | null } | null;
  readonly limits: OutcomeLimits;
  /** Sites, lines or terminal groups the issuer's key may sign for; empty means all. */
  readonly scope: readonly string[];
  /** `list` is null where the token has an index and its key names no list: then nobody can know. */
  readonly status: { readonly list: string | null; readonly index: number } | null;
  readonly language: string | null;
  /** Of a badge; its bearer is `subject`. */
  readonly staff?: StaffGrant;
  /** D: SHA-256 of the bytes under the outermost signature, 32 bytes. */
  readonly digest: Bytes;
  /** The exact token bytes after text decoding: what the head end verifies again. */
  readonly evidence: Bytes;
}

/** Plain data that nobody downstream can change. Bytes stay as they are: JavaScript cannot freeze them. */
export const frozenOutcome = (outcome: Outcome): Outcome =>
  Object.freeze({
    ...outcome,
    limits: Object.freeze(outcome.limits),
    scope: Object.freeze(outcome.scope),
    presentation: Object.freeze(outcome.presentation),
    status: Object.freeze(outcome.status),
    ...(outcome.staff && { staff: Object.freeze({ ...outcome.staff, roles: Object.freeze(outcome.staff.roles) }) }),
  });

export type Verdict =
  | {
      readonly accepted: true;
      readonly outcome: Outcome;
      /** Check words of tokens: bit set = examined; condition found. */
      readonly done: number;
      readonly found: number;
      /** Seconds since the deny list in force was signed; null where there is none. */
      readonly denyAgeSeconds: number | null;
    }
  | {
      readonly accepted: false;
      readonly reason: TokenReason;
      /** Which part failed, for staff and logs: never token content. */
      readonly detail: string;
      readonly done: number;
      readonly found: number;
      /** Known only where the format could be read; not proven. */
      readonly issuer: string | null;
      readonly digest: Bytes | null;
      /** Set only when every signature held: DENIED, REVOKED, and NOT_YET_VALID and EXPIRED of a genuine code. */
      readonly outcome: Outcome | null;
    };

// What verification says: one reason, the normalised claims, and the words of what was examined.
import type { UnixSeconds } from '../core/brand.ts';
import type { Bytes } from '../core/bytes.ts';

export type FormatId = 'st1' | 'sp1' | 'pretix_sig1' | 'jtt1179';
export type TokenKind = 'account' | 'bearer' | 'ticket' | 'loan';

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

/** Frozen plain data: the claims of a code whose signatures hold. */
export interface Outcome {
  readonly format: FormatId;
  readonly issuer: string;
  /** 4 bytes. */
  readonly kid: Bytes;
  readonly kind: TokenKind;
  /** Pseudonymous account id, 8 bytes; null for a ticket. */
  readonly subject: Bytes | null;
  readonly cti: Bytes | null;
  readonly iat: UnixSeconds;
  readonly nbf: UnixSeconds | null;
  readonly exp: UnixSeconds;
  /** First second at which a presentation is stale; equals exp where there is none. */
  readonly freshUntil: UnixSeconds;
  /** Presentation counter and time, null for one-signature tokens. */
  readonly presentation: { readonly iat: UnixSeconds; readonly counter: number } | null;
  readonly limits: OutcomeLimits;
  readonly status: { readonly list: string; readonly index: number } | null;
  readonly language: string | null;
  /** D: SHA-256 of the bytes under the outermost signature, 32 bytes. */
  readonly digest: Bytes;
  /** The exact token bytes after text decoding: what the head end verifies again. */
  readonly evidence: Bytes;
}

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
      /** Set only when every signature held (DENIED, REVOKED, REPLAYED after proof …). */
      readonly outcome: Outcome | null;
    };

// The trust list in force, as look-ups: who may sign which codes and which documents.
import type { KeyObject } from 'node:crypto';
import type { UnixSeconds } from '../core/brand.ts';
import type { Bytes } from '../core/bytes.ts';
import { hex } from '../core/bytes.ts';
import type { Algorithm, sm2WithSm3 } from './keys.ts';
import type { FormatId, TokenKind } from './outcome.ts';

/** Bits of an issuer key's `kinds`. */
export const kindBits: Readonly<Record<TokenKind, number>> = { account: 1, ticket: 2, loan: 4, bearer: 8, badge: 32 };

/** Formats an issuer record may be written for. Presentations (`sp1`, `sb1`) are signed under its `st1` record. */
export type IssuerFormat = Exclude<FormatId, 'sp1' | 'sb1'>;

/** `key` is null where node:crypto cannot verify with it; `raw` always holds the public key. */
export type IssuerKey = IssuerKeyTerms &
  ({ readonly alg: Algorithm; readonly key: KeyObject } | { readonly alg: typeof sm2WithSm3; readonly key: null });

export interface IssuerKeyTerms {
  /** 4 bytes. */
  readonly kid: Bytes;
  /** Ed25519 32 bytes; P-256 or SM2 compressed, 33. */
  readonly raw: Bytes;
  /** Bitmap of {@link kindBits}; 16 for status lists. */
  readonly kinds: number;
  /** Sites, lines or terminal groups; empty means all. */
  readonly scope: readonly string[];
  /** A token's iat lies in [from, until); from `gone` on nothing is accepted. */
  readonly from: UnixSeconds;
  readonly until: UnixSeconds;
  readonly gone: UnixSeconds;
  /** Name of the status list its tokens refer to; null where there is none. */
  readonly statusList: string | null;
}

export interface IssuerRecord {
  readonly iss: string;
  readonly name: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly format: IssuerFormat;
  readonly keys: ReadonlyMap<string, IssuerKey>;
  /** Longest life per kind, seconds. */
  readonly lifeSeconds: Readonly<Partial<Record<TokenKind, number>>>;
  readonly presentationMaxAgeSeconds: number | null;
  readonly fareCapMinor: number | null;
}

export interface TrustedDocumentKey {
  readonly kid: Bytes;
  readonly key: KeyObject;
  /** Bitmap: 1 deny list, 2 config, 4 fares and texts, 8 commands, 16 updates, 32 receipts. */
  readonly uses: number;
  readonly from: UnixSeconds;
  readonly until: UnixSeconds;
}

export class TrustView {
  readonly gen: number;
  readonly version: number;
  readonly iat: UnixSeconds;
  readonly exp: UnixSeconds;
  /** X25519 key to seal evidence to, 32 bytes; null where the list names none. */
  readonly seal: Bytes | null;
  readonly #issuers: ReadonlyMap<string, IssuerRecord>;
  readonly #documentKeys: ReadonlyMap<string, TrustedDocumentKey>;

  constructor(content: {
    gen: number;
    version: number;
    iat: UnixSeconds;
    exp: UnixSeconds;
    seal: Bytes | null;
    issuers: readonly IssuerRecord[];
    documentKeys: readonly TrustedDocumentKey[];
  }) {
    this.gen = content.gen;
    this.version = content.version;
    this.iat = content.iat;
    this.exp = content.exp;
    this.seal = content.seal;
    this.#issuers = new Map(content.issuers.map((issuer) => [issuer.iss, issuer]));
    this.#documentKeys = new Map(content.documentKeys.map((key) => [hex(key.kid), key]));
  }

  issuer(iss: string): IssuerRecord | null {
    return this.#issuers.get(iss) ?? null;
  }

  /** All issuers of one format, for codes that name none: the key that verifies names the issuer. */
  issuersOf(format: IssuerFormat): readonly IssuerRecord[] {
    return [...this.#issuers.values()].filter((issuer) => issuer.format === format);
  }

  documentKey(kid: Bytes): TrustedDocumentKey | null {
    return this.#documentKeys.get(hex(kid)) ?? null;
  }
}

// Who signs for the phone: an issuer of credentials, bearer codes, tickets and loan codes.
import { z } from 'zod';
import { type UnixSeconds, unixSeconds } from '../../runtime/core/brand.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { utf8 } from '../../runtime/core/bytes.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import { encodeBase45 } from '../../runtime/tokens/base45.ts';
import { type Claims, encodeClaims, type HolderKey } from '../../runtime/tokens/claims.ts';
import { noExternalData, sealCose1 } from '../../runtime/tokens/cose.ts';
import { type Algorithm, algorithms } from '../../runtime/tokens/keys.ts';
import type { IssuerContent } from '../../runtime/tokens/trust-list.ts';
import { kindBits } from '../../runtime/tokens/trust-view.ts';
import { type KeyPair, keyPairSchema, makeKeyPair, readKeyPair, writeKeyPair } from './key-pair.ts';

export const issuerDefaults = {
  currency: 'EUR',
  product: 1,
  fareCapMinor: 500,
  presentationMaxAgeSeconds: 30,
  credentialLifeSeconds: 3 * 86_400,
  bearerLifeSeconds: 90,
  loanLifeSeconds: 600,
  badgeLifeSeconds: 8 * 3_600,
} as const;

export const writtenIssuerSchema = z.strictObject({
  iss: z.string().regex(/^[A-Za-z0-9_-]{1,16}$/),
  currency: z.string().regex(/^[A-Z]{3}$/),
  key: keyPairSchema,
});
export type WrittenIssuer = z.infer<typeof writtenIssuerSchema>;

export class Issuer {
  readonly iss: string;
  readonly currency: string;
  readonly key: KeyPair;
  readonly #entropy: Entropy;

  constructor(options: { iss: string; currency?: string; key: KeyPair; entropy: Entropy }) {
    this.iss = options.iss;
    this.currency = options.currency ?? issuerDefaults.currency;
    this.key = options.key;
    this.#entropy = options.entropy;
  }

  static create(iss: string, entropy: Entropy, alg: Algorithm = algorithms.EdDSA): Issuer {
    return new Issuer({ iss, key: makeKeyPair(alg), entropy });
  }

  static read(written: WrittenIssuer, entropy: Entropy): Issuer {
    return new Issuer({ iss: written.iss, currency: written.currency, key: readKeyPair(written.key), entropy });
  }

  write(): WrittenIssuer {
    return { iss: this.iss, currency: this.currency, key: writeKeyPair(this.key) };
  }

  /** 8 bytes, pseudonymous. */
  newAccount(): Bytes {
    return this.#entropy.bytes(8);
  }

  /** An account credential A: COSE bytes, to be carried by the holder's phone. */
  credential(
    holder: HolderKey,
    account: Bytes,
    iat: UnixSeconds,
    claims: Partial<
      Pick<Claims, 'fareCapMinor' | 'presentationMaxAgeSeconds' | 'product' | 'exp' | 'statusIndex'>
    > = {},
  ): Bytes {
    return this.sign({
      kind: 'account',
      issuer: this.iss,
      iat,
      exp: unixSeconds(iat + issuerDefaults.credentialLifeSeconds),
      holder,
      account,
      fareCapMinor: issuerDefaults.fareCapMinor,
      presentationMaxAgeSeconds: issuerDefaults.presentationMaxAgeSeconds,
      product: issuerDefaults.product,
      ...claims,
    });
  }

  /** A bearer code S as text: what a phone fetches that is online. */
  bearer(account: Bytes, iat: UnixSeconds, claims: Partial<Claims> = {}): string {
    const exp = unixSeconds(iat + issuerDefaults.bearerLifeSeconds);
    return this.#text({
      kind: 'bearer',
      issuer: this.iss,
      iat,
      exp,
      cti: this.#entropy.bytes(8),
      account,
      product: issuerDefaults.product,
      ...claims,
    });
  }

  /** A ticket T for the slot [nbf, exp). */
  ticket(
    slot: { nbf: UnixSeconds; exp: UnixSeconds },
    site: number,
    iat: UnixSeconds,
    claims: Partial<Claims> = {},
  ): string {
    return this.#text({
      kind: 'ticket',
      issuer: this.iss,
      iat,
      ...slot,
      cti: this.#entropy.bytes(8),
      product: issuerDefaults.product,
      site,
      ...claims,
    });
  }

  /** A loan authorisation L. */
  loan(account: Bytes, site: number, iat: UnixSeconds, claims: Partial<Claims> = {}): string {
    const exp = unixSeconds(iat + issuerDefaults.loanLifeSeconds);
    return this.#text({
      kind: 'loan',
      issuer: this.iss,
      iat,
      exp,
      cti: this.#entropy.bytes(8),
      account,
      site,
      loanMaxSeconds: 14_400,
      depositMinor: 0,
      ...claims,
    });
  }

  /** The credential B of a staff badge: COSE bytes, to be carried by the bearer's phone for one shift. */
  badge(
    holder: HolderKey,
    staff: Bytes,
    iat: UnixSeconds,
    claims: Pick<Claims, 'roles'> & Partial<Claims> & (Pick<Claims, 'site'> | Pick<Claims, 'terminal'>),
  ): Bytes {
    return this.sign({
      kind: 'badge',
      issuer: this.iss,
      iat,
      nbf: iat,
      exp: unixSeconds(iat + issuerDefaults.badgeLifeSeconds),
      cti: this.#entropy.bytes(8),
      holder,
      account: staff,
      presentationMaxAgeSeconds: issuerDefaults.presentationMaxAgeSeconds,
      ...claims,
    });
  }

  /** Signs any claims, also ones no honest issuer would write. */
  sign(claims: Claims): Bytes {
    return sealCose1(this.key, noExternalData, encodeClaims(claims));
  }

  /** How a trust list names this issuer: one key, good for ten years around `now`. */
  trustRecord(now: UnixSeconds): IssuerContent {
    const year = 365 * 86_400;
    const { kid, alg, raw } = this.key;
    const kinds = kindBits.account | kindBits.bearer | kindBits.ticket | kindBits.loan | kindBits.badge;
    const until = unixSeconds(now + 5 * year);
    const key = { kid, alg, raw, kinds, from: unixSeconds(now - 5 * year), until, gone: unixSeconds(until + year) };
    return {
      iss: this.iss,
      name: this.iss,
      currency: this.currency,
      keys: [key],
      lifeSeconds: {
        account: 7 * 86_400,
        bearer: issuerDefaults.bearerLifeSeconds,
        loan: issuerDefaults.loanLifeSeconds,
        badge: issuerDefaults.badgeLifeSeconds,
      },
    };
  }

  #text(claims: Claims): string {
    return `ST1:${encodeBase45(this.sign(claims))}`;
  }
}

/** The prefix and Base45 of a presentation's bytes. */
export const presentationText = (bytes: Bytes): string => `SP1:${encodeBase45(bytes)}`;

/** The same of a badge's. */
export const badgeText = (bytes: Bytes): string => `SB1:${encodeBase45(bytes)}`;

/** ASCII bytes of a code, as a reader hands them on. */
export const codeBytes = (code: string): Bytes => utf8(code);

// A transit scheme of JT/T 1179: a CA, one card issuer under it, and phones that show its codes.

import { type UnixSeconds, unixSeconds } from '../../runtime/core/brand.ts';
import { type Bytes, concat, equal, fromHex } from '../../runtime/core/bytes.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import { caKid } from '../../runtime/tokens/jtt1179/jtt1179.ts';
import { sm2WithSm3 } from '../../runtime/tokens/keys.ts';
import type { IssuerContent } from '../../runtime/tokens/trust-list.ts';
import { kindBits } from '../../runtime/tokens/trust-view.ts';
import { Sm2Key } from './sm2-key.ts';

export interface TransitCodeTerms {
  readonly generatedAt: number;
  readonly authorisationExpiry: number;
  readonly validitySeconds: number;
  readonly fareCapMinor: number;
  readonly accountType: number;
  readonly custom: Bytes;
}

const year = 365 * 86_400;
const u16 = (value: number): Bytes => Uint8Array.of(value >> 8, value & 0xff);
const u24 = (value: number): Bytes => Uint8Array.of((value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
const u32 = (value: number): Bytes => Uint8Array.of(...[24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff));

export class TransitScheme {
  /** 8 hexadecimal digits. */
  readonly iss: string;
  readonly certificate: Bytes;
  readonly caIndex: number;
  readonly ca: Sm2Key;
  readonly #issuer: Sm2Key;
  readonly #entropy: Entropy;

  constructor(iss: string, entropy: Entropy, options: { caIndex?: number; expiryMonth?: string } = {}) {
    this.iss = iss;
    this.#entropy = entropy;
    this.caIndex = options.caIndex ?? 1;
    this.ca = Sm2Key.create(entropy);
    this.#issuer = Sm2Key.create(entropy);
    this.certificate = this.#certify(options.expiryMonth ?? '1239');
  }

  /** How a trust list names this scheme. */
  trustRecord(now: UnixSeconds): IssuerContent {
    const until = unixSeconds(now + 5 * year);
    return {
      iss: this.iss,
      name: this.iss,
      currency: 'CNY',
      format: 'jtt1179',
      keys: [
        {
          kid: caKid(this.caIndex),
          alg: sm2WithSm3,
          raw: this.ca.publicKey,
          kinds: kindBits.account,
          from: unixSeconds(now - year),
          until,
          gone: unixSeconds(until + year),
        },
      ],
    };
  }

  /** The CA key as the scheme hands it over, 144 bytes. */
  rootRecord(): Bytes {
    const point = this.ca.point;
    const signed = concat(
      Uint8Array.of(0x21),
      fromHex('00000001a000000632'),
      Uint8Array.of(this.caIndex),
      fromHex('1239'),
      Uint8Array.of(0x04, 0x00, 0x40),
      point,
    );
    return concat(signed, this.ca.sign(signed, this.#entropy));
  }

  /** A phone's key and account; show() makes its codes. */
  phone(account: Bytes = this.#entropy.bytes(10).map((byte) => ((byte >> 4) % 10) * 16 + (byte % 10))): TransitPhone {
    return new TransitPhone(this, this.#issuer, account, this.#entropy);
  }

  /** 117 bytes, see runtime/tokens/jtt1179/layout. */
  #certify(expiryMonth: string): Bytes {
    const head = concat(Uint8Array.of(0x24), fromHex('00000001'), Uint8Array.of(this.caIndex));
    const signed = concat(
      Uint8Array.of(0x12),
      fromHex(this.iss),
      fromHex(expiryMonth),
      fromHex('000001'),
      Uint8Array.of(0x04, 0x04, 0x00, 0x21),
      this.#issuer.publicKey,
    );
    return concat(head, signed, this.ca.sign(signed, this.#entropy));
  }
}

export class TransitPhone {
  readonly account: Bytes;
  readonly #scheme: TransitScheme;
  readonly #issuer: Sm2Key;
  readonly #key: Sm2Key;
  readonly #entropy: Entropy;
  /** The newest one; a phone fetches it once and shows many codes with it. */
  #authorised: { readonly authorisation: Bytes; readonly signature: Bytes } | null = null;

  constructor(scheme: TransitScheme, issuer: Sm2Key, account: Bytes, entropy: Entropy) {
    this.#scheme = scheme;
    this.#issuer = issuer;
    this.account = account;
    this.#entropy = entropy;
    this.#key = Sm2Key.create(entropy);
  }

  /** Raw bytes of a code, as a reader in byte mode gives them. */
  show(now: number, terms: Partial<TransitCodeTerms> = {}): Bytes {
    const { generatedAt = now, authorisationExpiry = now + 86_400, validitySeconds = 60 } = terms;
    const { fareCapMinor = 5_000, accountType = 1, custom = new Uint8Array(0) } = terms;
    const authorisation = concat(
      this.#scheme.certificate,
      new Uint8Array(16),
      this.account,
      fromHex('00000002'),
      fromHex('00000003'),
      Uint8Array.of(accountType),
      u24(fareCapMinor),
      this.#key.publicKey,
      u32(authorisationExpiry),
      u16(validitySeconds),
      Uint8Array.of(custom.length),
      custom,
    );
    const presented = concat(
      Uint8Array.of(0x80),
      u16(329 + custom.length),
      authorisation,
      Uint8Array.of(0x15),
      this.#signatureOf(authorisation),
      u32(generatedAt),
    );
    return concat(presented, Uint8Array.of(0x15), this.#key.sign(presented, this.#entropy));
  }

  #signatureOf(authorisation: Bytes): Bytes {
    if (this.#authorised === null || !equal(this.#authorised.authorisation, authorisation))
      this.#authorised = { authorisation, signature: this.#issuer.sign(authorisation, this.#entropy) };
    return this.#authorised.signature;
  }
}

// The phone in the passenger's hand: holds a credential and the key it names, and signs a new code every
// few seconds.
import { z } from 'zod';
import type { UnixSeconds } from '../../runtime/core/brand.ts';
import { type Bytes, fromHex, hex } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import type { HolderKey } from '../../runtime/tokens/claims.ts';
import { signatureOver } from '../../runtime/tokens/cose.ts';
import { holderSignedBytes } from '../../runtime/tokens/holder-signed.ts';
import { type Algorithm, algorithms } from '../../runtime/tokens/keys.ts';
import { type Issuer, presentationText } from '../issuer/issuer.ts';
import { type KeyPair, keyPairSchema, makeKeyPair, readKeyPair, writeKeyPair } from '../issuer/key-pair.ts';

export const walletDefaults = { rotateSeconds: 5 } as const;

export const writtenWalletSchema = z.strictObject({
  key: keyPairSchema,
  account: z.string().regex(/^[0-9a-f]{16}$/),
  credential: z.string().regex(/^[0-9a-f]+$/),
  counter: z.int().min(0),
});
export type WrittenWallet = z.infer<typeof writtenWalletSchema>;

export class Wallet {
  /** 8 bytes. */
  readonly account: Bytes;
  readonly rotateSeconds: number;
  readonly #key: KeyPair;
  readonly #credential: Bytes;
  #counter: number;
  #shown: { readonly period: number; readonly code: string } | null = null;

  constructor(options: { key: KeyPair; account: Bytes; credential: Bytes; counter?: number; rotateSeconds?: number }) {
    this.account = options.account;
    this.rotateSeconds = options.rotateSeconds ?? walletDefaults.rotateSeconds;
    this.#key = options.key;
    this.#credential = options.credential;
    this.#counter = options.counter ?? 0;
  }

  /** A new account at `issuer`, its credential issued at `iat`. Phones' key stores mostly speak P-256. */
  static open(
    issuer: Issuer,
    iat: UnixSeconds,
    options: { alg?: Algorithm; rotateSeconds?: number; claims?: Parameters<Issuer['credential']>[3] } = {},
  ): Wallet {
    const key = makeKeyPair(options.alg ?? algorithms.ES256);
    const account = issuer.newAccount();
    const credential = issuer.credential(holderOf(key), account, iat, options.claims ?? {});
    return new Wallet({
      key,
      account,
      credential,
      ...(options.rotateSeconds ? { rotateSeconds: options.rotateSeconds } : {}),
    });
  }

  static read(written: WrittenWallet, rotateSeconds?: number): Wallet {
    return new Wallet({
      key: readKeyPair(written.key),
      account: fromHex(written.account),
      credential: fromHex(written.credential),
      counter: written.counter,
      ...(rotateSeconds ? { rotateSeconds } : {}),
    });
  }

  write(): WrittenWallet {
    return {
      key: writeKeyPair(this.#key),
      account: hex(this.account),
      credential: hex(this.#credential),
      counter: this.#counter,
    };
  }

  /** The same account with a credential fetched anew. */
  renewed(issuer: Issuer, iat: UnixSeconds): Wallet {
    const credential = issuer.credential(holderOf(this.#key), this.account, iat);
    return new Wallet({ key: this.#key, account: this.account, credential, rotateSeconds: this.rotateSeconds });
  }

  /** What the screen shows at `now`: one code per rotation period. */
  code(now: UnixSeconds): string {
    const period = Math.floor(now / this.rotateSeconds);
    if (this.#shown?.period !== period) this.#shown = { period, code: this.freshCode(now) };
    return this.#shown.code;
  }

  /** A code made now whatever the period, with the next counter. */
  freshCode(now: UnixSeconds): string {
    return presentationText(this.presentation(now, ++this.#counter));
  }

  /** The bytes [A, P, signature] of a presentation with any time and counter. */
  presentation(iat: number, counter: number): Bytes {
    const presentation = encodeCbor([iat, counter]);
    const signed = holderSignedBytes(holderOf(this.#key), this.#credential, presentation);
    return encodeCbor([this.#credential, presentation, signatureOver(this.#key.alg, this.#key.privateKey, signed)]);
  }
}

/** The holder key as a credential names it. */
export function holderOf(key: KeyPair): HolderKey {
  if (key.alg === algorithms.EdDSA) return { curve: 'Ed25519', x: key.raw };
  return { curve: 'P-256', x: key.raw.subarray(1), ySign: key.raw[0] === 3 };
}

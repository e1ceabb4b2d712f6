// The operator's offline root and the head end's own keys: what signs trust lists and documents.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type UnixSeconds, unixSeconds } from '../../runtime/core/brand.ts';
import { type Bytes, fromHex, hex } from '../../runtime/core/bytes.ts';
import { algorithms, rawPublicKey } from '../../runtime/tokens/keys.ts';
import { type RootSet, signTrustList } from '../../runtime/tokens/trust-list.ts';
import type { Issuer } from './issuer.ts';
import { type KeyPair, keyPairSchema, makeKeyPair, readKeyPair, writeKeyPair } from './key-pair.ts';

/** Bits of a document key's uses. */
const uses = { deny: 1, config: 2, fares: 4, commands: 8, receipts: 32 } as const;
const year = 365 * 86_400;
const pair = (): KeyPair => makeKeyPair(algorithms.EdDSA);

export const writtenOperatorSchema = z.strictObject({
  operator: z.string(),
  roots: z.array(keyPairSchema).length(2),
  documents: z.strictObject({
    deny: keyPairSchema,
    fares: keyPairSchema,
    receipts: keyPairSchema,
    /** Absent in files that were written for buses only. */
    config: keyPairSchema.optional(),
    commands: keyPairSchema.optional(),
  }),
  /** X25519 private key, PKCS #8 DER, hexadecimal. */
  sealing: z.string().regex(/^[0-9a-f]+$/),
});
export type WrittenOperator = z.infer<typeof writtenOperatorSchema>;

export interface DocumentSigners {
  readonly deny: KeyPair;
  readonly fares: KeyPair;
  readonly receipts: KeyPair;
  readonly config: KeyPair;
  readonly commands: KeyPair;
}

export class OperatorKeys {
  readonly operator: string;
  readonly signers: DocumentSigners;
  /** X25519: opens sealed evidence. */
  readonly sealing: KeyObject;
  readonly #roots: readonly KeyPair[];

  constructor(operator: string, roots: readonly KeyPair[], signers: DocumentSigners, sealing: KeyObject) {
    this.operator = operator;
    this.#roots = roots;
    this.signers = signers;
    this.sealing = sealing;
  }

  static create(operator: string): OperatorKeys {
    const signers = { deny: pair(), fares: pair(), receipts: pair(), config: pair(), commands: pair() };
    return new OperatorKeys(operator, [pair(), pair()], signers, generateKeyPairSync('x25519').privateKey);
  }

  static read(written: WrittenOperator): OperatorKeys {
    const { deny, fares, receipts, config, commands } = written.documents;
    const sealing = createPrivateKey({ key: Buffer.from(fromHex(written.sealing)), format: 'der', type: 'pkcs8' });
    const signers = {
      deny: readKeyPair(deny),
      fares: readKeyPair(fares),
      receipts: readKeyPair(receipts),
      config: config ? readKeyPair(config) : pair(),
      commands: commands ? readKeyPair(commands) : pair(),
    };
    return new OperatorKeys(written.operator, written.roots.map(readKeyPair), signers, sealing);
  }

  write(): WrittenOperator {
    const { deny, fares, receipts, config, commands } = this.signers;
    return {
      operator: this.operator,
      roots: this.#roots.map(writeKeyPair),
      documents: {
        deny: writeKeyPair(deny),
        fares: writeKeyPair(fares),
        receipts: writeKeyPair(receipts),
        config: writeKeyPair(config),
        commands: writeKeyPair(commands),
      },
      sealing: hex(new Uint8Array(this.sealing.export({ type: 'pkcs8', format: 'der' }))),
    };
  }

  /** What provisioning pins. */
  get rootSet(): RootSet {
    return { gen: 1, need: 1, keys: this.#roots.map(({ kid, raw }) => ({ kid, publicKey: raw })) };
  }

  /** The head end's X25519 public key, 32 bytes. */
  get seal(): Bytes {
    return rawPublicKey(this.sealing);
  }

  /** A trust list of `version`, signed by the first root. */
  trustList(issuers: readonly Pick<Issuer, 'trustRecord'>[], version: number, now: UnixSeconds): Bytes {
    const [root] = this.#roots;
    if (!root) throw new RangeError('an operator has at least one root');
    const life = { from: unixSeconds(now - year), until: unixSeconds(now + 5 * year) };
    return signTrustList(
      {
        operator: this.operator,
        gen: 1,
        version,
        iat: now,
        exp: unixSeconds(now + year),
        documentKeys: Object.entries(this.signers).map(([use, { kid, raw }]) => ({
          kid,
          raw,
          uses: uses[use as keyof typeof uses],
          ...life,
        })),
        issuers: issuers.map((issuer) => issuer.trustRecord(now)),
        seal: this.seal,
      },
      root,
    );
  }
}

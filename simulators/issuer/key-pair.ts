// Key pairs that can be written down: a simulated issuer is shared by several processes.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type Bytes, fromHex, hex } from '../../runtime/core/bytes.ts';
import type { CoseSigner } from '../../runtime/tokens/cose.ts';
import { type Algorithm, algorithms, kidOf, rawPublicKey } from '../../runtime/tokens/keys.ts';

export const keyPairSchema = z.strictObject({
  alg: z.union([z.literal(algorithms.EdDSA), z.literal(algorithms.ES256)]),
  /** PKCS #8, DER, hexadecimal. */
  privateKey: z.string().regex(/^[0-9a-f]+$/),
});
export type WrittenKeyPair = z.infer<typeof keyPairSchema>;

/** A private key with the names a token gives it. */
export interface KeyPair extends CoseSigner {
  readonly alg: Algorithm;
  /** 4 bytes. */
  readonly kid: Bytes;
  readonly privateKey: KeyObject;
  /** Ed25519 32 bytes, P-256 compressed 33. */
  readonly raw: Bytes;
}

export function makeKeyPair(alg: Algorithm): KeyPair {
  const { privateKey } =
    alg === algorithms.EdDSA ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return keyPairOf(alg, privateKey);
}

export const writeKeyPair = (pair: KeyPair): WrittenKeyPair => ({
  alg: pair.alg,
  privateKey: hex(new Uint8Array(pair.privateKey.export({ type: 'pkcs8', format: 'der' }))),
});

export const readKeyPair = ({ alg, privateKey }: WrittenKeyPair): KeyPair =>
  keyPairOf(alg, createPrivateKey({ key: Buffer.from(fromHex(privateKey)), format: 'der', type: 'pkcs8' }));

const keyPairOf = (alg: Algorithm, privateKey: KeyObject): KeyPair => ({
  alg,
  kid: kidOf(privateKey),
  privateKey,
  raw: rawPublicKey(privateKey),
});

// Public keys from their raw form. Always by JWK, which is many times faster than DER or PEM, and with
// the Ed25519 points of small order refused: for them one fixed signature fits many messages.
import { createHash, createPublicKey, ECDH, type KeyObject, verify } from 'node:crypto';
import { type Bytes, equal, fromHex } from '../core/bytes.ts';

/** COSE algorithms (RFC 9053) of native tokens. */
export const algorithms = { EdDSA: -8, ES256: -7 } as const;
export type Algorithm = (typeof algorithms)[keyof typeof algorithms];
/** SM2 with SM3, a private number: keys of JT/T 1179. node:crypto cannot verify with them (it fixes an empty user id). */
export const sm2WithSm3 = -70_002;
export type KeyAlgorithm = Algorithm | typeof sm2WithSm3;

export const signatureLength = 64;
export const kidLength = 4;

/** y coordinates of the eight points of small order and their non-canonical forms, sign bit cleared. */
const smallOrder = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map(fromHex);

export function isSmallOrder(raw: Bytes): boolean {
  const masked = Uint8Array.from(raw);
  masked[31] = (masked[31] ?? 0) & 0x7f;
  return smallOrder.some((point) => equal(point, masked));
}

/** Ed25519 public key from 32 raw bytes; null for a wrong length or a point of small order. */
export function ed25519Key(raw: Bytes): KeyObject | null {
  if (raw.length !== 32 || isSmallOrder(raw)) return null;
  return importJwk({ kty: 'OKP', crv: 'Ed25519', x: base64url(raw) });
}

/** P-256 public key from a compressed point (33 bytes, 02 or 03 first); null for a point off the curve. */
export function p256Key(compressed: Bytes): KeyObject | null {
  if (compressed.length !== 33 || (compressed[0] !== 2 && compressed[0] !== 3)) return null;
  try {
    const point = ECDH.convertKey(
      Buffer.from(compressed),
      'prime256v1',
      undefined,
      undefined,
      'uncompressed',
    ) as Buffer;
    return importJwk({
      kty: 'EC',
      crv: 'P-256',
      x: base64url(point.subarray(1, 33)),
      y: base64url(point.subarray(33)),
    });
  } catch {
    return null;
  }
}

/** Whether `compressed` (33 bytes, 02 or 03 first) is a point of the SM2 curve. */
export function isSm2Point(compressed: Bytes): boolean {
  if (compressed.length !== 33 || (compressed[0] !== 2 && compressed[0] !== 3)) return false;
  try {
    ECDH.convertKey(Buffer.from(compressed), 'SM2', undefined, undefined, 'uncompressed');
    return true;
  } catch {
    return false;
  }
}

/** A key of `alg` from its raw form: Ed25519 32 bytes, P-256 compressed 33 bytes. */
export const publicKey = (alg: Algorithm, raw: Bytes): KeyObject | null =>
  alg === algorithms.EdDSA ? ed25519Key(raw) : p256Key(raw);

/** The raw form of a public key, or of the public half of a private one. */
export function rawPublicKey(key: KeyObject): Bytes {
  const jwk = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  const x = new Uint8Array(Buffer.from(jwk.x ?? '', 'base64url'));
  if (jwk.kty === 'OKP') return x;
  const y = Buffer.from(jwk.y ?? '', 'base64url');
  return Uint8Array.of(((y[31] ?? 0) & 1) === 1 ? 3 : 2, ...x);
}

/** First 4 bytes of SHA-256 over the DER SubjectPublicKeyInfo. */
export function kidOf(key: KeyObject): Bytes {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return new Uint8Array(createHash('sha256').update(spki).digest().subarray(0, kidLength));
}

/** One verify for both algorithms. False for a signature that is not 64 bytes. Never throws. */
export function signatureHolds(alg: Algorithm, key: KeyObject, message: Bytes, signature: Bytes): boolean {
  if (signature.length !== signatureLength) return false;
  try {
    return alg === algorithms.EdDSA
      ? verify(null, message, key, signature)
      : verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
}

function importJwk(jwk: { kty: string; crv: string; x: string; y?: string }): KeyObject | null {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return null;
  }
}

const base64url = (bytes: Bytes): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');

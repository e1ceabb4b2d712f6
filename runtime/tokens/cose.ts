// COSE_Sign1 (RFC 9052) in Stile's native profile: protected header {1: alg, 4: kid} and nothing else,
// empty unprotected header, untagged. Tokens and signed documents share it; they differ in external data.
import { type KeyObject, sign } from 'node:crypto';
import { type Bytes, concat, utf8 } from '../core/bytes.ts';
import { type CborProfile, type CborValue, decodeCbor, encodeCbor, isBytes, isMap } from '../core/cbor.ts';
import { type Algorithm, algorithms, kidLength, signatureLength } from './keys.ts';

export interface Cose1 {
  readonly alg: Algorithm;
  /** 4 bytes. */
  readonly kid: Bytes;
  /** The nine protected bytes as they stand. */
  readonly protectedHeader: Bytes;
  readonly payload: Bytes;
  /** 64 bytes: Ed25519, or r || s of P-256. */
  readonly signature: Bytes;
}

const protectedLength = 9;
const context = 'Signature1';

/** What bytes are under the native profile. An algorithm nobody here knows is no damage, but not for us. */
export type CoseReading = Cose1 | 'malformed' | 'unknown algorithm';

/** Null for bytes that are not exactly this profile. `profile` bounds the outer item. */
export function readCose1(bytes: Bytes, profile: CborProfile): Cose1 | null {
  const reading = examineCose1(bytes, profile);
  return typeof reading === 'string' ? null : reading;
}

/** {@link readCose1}, telling an unknown algorithm in an otherwise sound envelope from damage. */
export function examineCose1(bytes: Bytes, profile: CborProfile): CoseReading {
  const parts = decoded(bytes, profile);
  if (!Array.isArray(parts) || parts.length !== 4) return 'malformed';
  const [protectedHeader, unprotected, payload, signature] = parts as readonly CborValue[];
  if (!isBytes(protectedHeader) || !isBytes(payload) || !isBytes(signature)) return 'malformed';
  if (!isMap(unprotected) || unprotected.size > 0) return 'malformed';
  const alg = algorithmOf(protectedHeader);
  if (alg === null) return namesOtherAlgorithm(protectedHeader, profile) ? 'unknown algorithm' : 'malformed';
  if (signature.length !== signatureLength) return 'malformed';
  return { alg, kid: protectedHeader.subarray(5), protectedHeader, payload, signature };
}

/**
 * The bytes a signature covers: canonical array ["Signature1", protected, external data, payload]. A header
 * that is empty, or that holds an encoded empty map, is signed as the empty byte string (RFC 9052 section 4.4).
 */
export const signedBytes = (protectedHeader: Bytes, externalData: Bytes, payload: Bytes): Bytes =>
  encodeCbor([context, isEmptyMap(protectedHeader) ? noExternalData : protectedHeader, externalData, payload]);

const isEmptyMap = (header: Bytes): boolean => header.length === 1 && header[0] === 0xa0;

export const noExternalData: Bytes = new Uint8Array(0);

export const protectedHeaderOf = (alg: Algorithm, kid: Bytes): Bytes =>
  concat(Uint8Array.of(0xa2, 0x01, alg === algorithms.EdDSA ? 0x27 : 0x26, 0x04, 0x44), kid);

export interface CoseSigner {
  readonly alg: Algorithm;
  readonly kid: Bytes;
  readonly privateKey: KeyObject;
}

export function sealCose1(signer: CoseSigner, externalData: Bytes, payload: Bytes): Bytes {
  const protectedHeader = protectedHeaderOf(signer.alg, signer.kid);
  const signature = signatureOver(signer.alg, signer.privateKey, signedBytes(protectedHeader, externalData, payload));
  return encodeCbor([protectedHeader, new Map(), payload, signature]);
}

/** 64 bytes; P-256 as r || s (IEEE P1363). */
export const signatureOver = (alg: Algorithm, privateKey: KeyObject, message: Bytes): Bytes =>
  new Uint8Array(
    alg === algorithms.EdDSA
      ? sign(null, message, privateKey)
      : sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  );

/** External data of a signed document: `stile/{kind}/1`, so that one kind is never taken for another. */
export const documentContext = (kind: string): Bytes => utf8(`stile/${kind}/1`);

function algorithmOf(header: Bytes): Algorithm | null {
  if (header.length !== protectedLength) return null;
  if (header[0] !== 0xa2 || header[1] !== 0x01 || header[3] !== 0x04 || header[4] !== 0x44) return null;
  if (header[2] === 0x27) return algorithms.EdDSA;
  return header[2] === 0x26 ? algorithms.ES256 : null;
}

/** A header {1: alg, 4: kid} in the profile's own form, but for the number of its algorithm. */
function namesOtherAlgorithm(header: Bytes, profile: CborProfile): boolean {
  const map = decoded(header, profile);
  if (!isMap(map) || map.size !== 2) return false;
  const alg = map.get(1);
  const kid = map.get(4);
  const known: readonly CborValue[] = Object.values(algorithms);
  return typeof alg === 'number' && !known.includes(alg) && isBytes(kid) && kid.length === kidLength;
}

function decoded(bytes: Bytes, profile: CborProfile): CborValue | undefined {
  try {
    return decodeCbor(bytes, profile);
  } catch {
    return undefined;
  }
}

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

/** Null for bytes that are not exactly this profile. `profile` bounds the outer item. */
export function readCose1(bytes: Bytes, profile: CborProfile): Cose1 | null {
  const parts = decoded(bytes, profile);
  if (!Array.isArray(parts) || parts.length !== 4) return null;
  const [protectedHeader, unprotected, payload, signature] = parts as readonly CborValue[];
  if (!isBytes(protectedHeader) || !isBytes(payload) || !isBytes(signature)) return null;
  if (!isMap(unprotected) || unprotected.size > 0 || signature.length !== signatureLength) return null;
  const alg = algorithmOf(protectedHeader);
  return alg === null ? null : { alg, kid: protectedHeader.subarray(5), protectedHeader, payload, signature };
}

/** Whether the outer form is a COSE_Sign1 whose only fault is an algorithm this profile does not know. */
export function hasForeignAlgorithm(bytes: Bytes, profile: CborProfile): boolean {
  const parts = decoded(bytes, profile);
  if (!Array.isArray(parts) || parts.length !== 4 || !isBytes(parts[0])) return false;
  const header = decoded(parts[0], profile);
  return isMap(header) && typeof header.get(1) === 'number' && algorithmOf(parts[0]) === null && header.size === 2;
}

/** The bytes a signature covers: canonical array ["Signature1", protected, external data, payload]. */
export const signedBytes = (protectedHeader: Bytes, externalData: Bytes, payload: Bytes): Bytes =>
  encodeCbor([context, protectedHeader, externalData, payload]);

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
  if (header.length !== protectedLength || kidLength !== 4) return null;
  if (header[0] !== 0xa2 || header[1] !== 0x01 || header[3] !== 0x04 || header[4] !== 0x44) return null;
  if (header[2] === 0x27) return algorithms.EdDSA;
  return header[2] === 0x26 ? algorithms.ES256 : null;
}

function decoded(bytes: Bytes, profile: CborProfile): CborValue | undefined {
  try {
    return decodeCbor(bytes, profile);
  } catch {
    return undefined;
  }
}

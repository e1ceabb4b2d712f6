// Strict CBOR (RFC 8949): one encoding per value. A pre-scan bounds the bytes and finds them canonical before
// anything is allocated; what is then read must also re-encode to the same bytes, by an encoder that shares no
// code with the reader.
import { type Bytes, equal } from './bytes.ts';
import { type CborInput, encodeCanonical, NotEncodable } from './cbor-encode.ts';
import type { CborProfile } from './cbor-profile.ts';
import { type CborMap, type CborValue, readCanonical } from './cbor-read.ts';
import { scanCbor } from './cbor-scan.ts';
import { StileError } from './errors.ts';

export type { CborInput } from './cbor-encode.ts';
export { type CborProfile, documentProfile, messageProfile, recordProfile, tokenProfile } from './cbor-profile.ts';
export type { CborMap, CborValue } from './cbor-read.ts';

/**
 * The canonical encoding (RFC 8949 section 4.2.1): shortest heads, keys in bytewise order.
 * @throws StileError CBOR_MALFORMED for floats, unsafe integers, undefined and text that would not
 * decode to itself.
 */
export function encodeCbor(value: CborInput): Bytes {
  try {
    return encodeCanonical(value);
  } catch (error) {
    throw error instanceof NotEncodable ? malformed(error.message) : error;
  }
}

/**
 * Decodes exactly one canonical item that fills `bytes`. Maps come back as `Map`.
 * @throws StileError CBOR_MALFORMED naming what is wrong and at which offset; nothing else is thrown.
 */
export function decodeCbor(bytes: Bytes, profile: CborProfile): CborValue {
  const fault = scanCbor(bytes, profile);
  if (fault) throw malformed(`${fault.problem} at offset ${fault.offset} (${profile.name})`);
  let value: CborValue;
  try {
    value = readCanonical(bytes);
  } catch (cause) {
    throw malformed(`not decodable (${profile.name})`, cause);
  }
  if (!equal(encodeCbor(value), bytes)) throw malformed(`not the canonical encoding (${profile.name})`);
  return value;
}

export const isBytes = (value: unknown): value is Bytes => value instanceof Uint8Array;
export const isMap = (value: unknown): value is CborMap => value instanceof Map;

/**
 * Maps with text keys as plain objects (without a prototype), for schema checks. A map with an integer key
 * stays a map, which no schema of objects takes: as text, 1 and "1" would be one key.
 */
export function plain(value: CborValue): unknown {
  if (isMap(value)) return plainMap(value);
  return Array.isArray(value) ? value.map(plain) : value;
}

function plainMap(map: CborMap): unknown {
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, inner] of map) {
    if (typeof key !== 'string') return map;
    object[key] = plain(inner);
  }
  return object;
}

function malformed(problem: string, cause?: unknown): StileError {
  return new StileError('CBOR_MALFORMED', `CBOR refused: ${problem}`, {
    remedy: 'The sender must use deterministic CBOR (RFC 8949 section 4.2) within the bounds of the profile.',
    ...(cause === undefined ? {} : { cause }),
  });
}

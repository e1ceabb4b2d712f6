// Byte helpers that Node's Buffer does not give in the strict form needed here.

export type Bytes = Uint8Array;

const encoder = new TextEncoder();

export const utf8 = (text: string): Bytes => encoder.encode(text);

export function concat(...parts: readonly Bytes[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export const hex = (bytes: Bytes): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');

/** One character per byte: bytes as the key of a map. */
export const latin1 = (bytes: Bytes): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

/** @throws RangeError for anything but an even number of hexadecimal digits. */
export function fromHex(text: string): Bytes {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text))
    throw new RangeError('not an even number of hexadecimal digits');
  return new Uint8Array(Buffer.from(text, 'hex'));
}

export function equal(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const base32Alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * The first `characters` x 5 bits of `bytes` in Crockford's Base32 (no I, L, O, U), which people can
 * read to each other over a telephone.
 */
export function base32Prefix(bytes: Bytes, characters: number): string {
  let text = '';
  for (let i = 0; i < characters; i++) {
    const bit = i * 5;
    const pair = ((bytes[bit >> 3] ?? 0) << 8) | (bytes[(bit >> 3) + 1] ?? 0);
    text += base32Alphabet[(pair >> (11 - (bit & 7))) & 31];
  }
  return text;
}

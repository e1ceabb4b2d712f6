// Base45 (RFC 9285), strict: one text per byte string. A code that decodes two ways would be two codes
// to the replay ring and one ticket to its owner.
import type { Bytes } from '../core/bytes.ts';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const notInAlphabet = 255;
const values = new Uint8Array(256).fill(notInAlphabet);
for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;

/** Text of three characters per two bytes, two for a last single byte. */
export function encodeBase45(bytes: Bytes): string {
  let text = '';
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    const value = (bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0);
    text += character(value % 45) + character(Math.floor(value / 45) % 45) + character(Math.floor(value / 2025));
  }
  if (bytes.length % 2 === 1) {
    const value = bytes[bytes.length - 1] ?? 0;
    text += character(value % 45) + character(Math.floor(value / 45));
  }
  return text;
}

/**
 * Decodes `characters` (ASCII bytes) from `start`; case-sensitive, nothing trimmed. Null for a foreign
 * character, a length of 3n + 1, a triple above 65,535 or a final pair above 255.
 */
export function decodeBase45(characters: Bytes, start = 0): Bytes | null {
  const length = characters.length - start;
  const decoded = new Uint8Array(Math.floor(length / 3) * 2 + (length % 3 === 2 ? 1 : 0));
  let at = 0;
  // A character beyond the end reads as NUL, which is not in the alphabet: a length of 3n + 1 ends there.
  for (let i = start; i < characters.length; i += 3) {
    const a = values[characters[i] ?? 0] ?? notInAlphabet;
    const b = values[characters[i + 1] ?? 0] ?? notInAlphabet;
    if (a === notInAlphabet || b === notInAlphabet) return null;
    if (i + 2 >= characters.length) {
      const single = a + b * 45;
      if (single > 255) return null;
      decoded[at++] = single;
    } else {
      const c = values[characters[i + 2] ?? 0] ?? notInAlphabet;
      const pair = a + b * 45 + c * 2025;
      if (c === notInAlphabet || pair > 65_535) return null;
      decoded[at++] = pair >> 8;
      decoded[at++] = pair & 255;
    }
  }
  return decoded;
}

const character = (value: number): string => alphabet[value] ?? '';

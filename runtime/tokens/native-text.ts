// The text of native codes: a prefix of four characters and Base45 behind it. Lower case, a byte order mark
// or an escaped character come from a reader that translates: such a code is ours, but damaged.
import type { Bytes } from '../core/bytes.ts';
import { checkWord } from '../core/check-words.ts';
import { decodeBase45 } from './base45.ts';
import { type Refused, refused, type Unwrapped } from './verifier.ts';

/** Prefix included: 400 bytes in Base45. */
export const tokenCharactersMax = 604;
const byteOrderMark = [0xef, 0xbb, 0xbf];
const caseBit = 0x20;

/** Whether the bytes are meant as this format: also behind a byte order mark, also in lower case. */
export function claimsPrefix(raw: Bytes, prefix: string): boolean {
  const start = byteOrderMark.every((byte, at) => raw[at] === byte) ? byteOrderMark.length : 0;
  return [...prefix].every((letter, at) => {
    const expected = letter.charCodeAt(0);
    const given = raw[start + at];
    return given === expected || (isLetter(expected) && given === (expected | caseBit));
  });
}

/** The binary token behind prefix and Base45, within the bounds of the text. */
export function unwrapText(raw: Bytes, prefix: string): Unwrapped {
  if (raw.length > tokenCharactersMax) return malformed(`longer than ${tokenCharactersMax} characters`);
  if (![...prefix].every((letter, at) => raw[at] === letter.charCodeAt(0))) return malformed('damaged prefix');
  const evidence = decodeBase45(raw, prefix.length);
  return evidence ? { ok: true, evidence } : malformed('not Base45');
}

export const malformed = (detail: string): Refused => refused('MALFORMED', detail, checkWord('malformed'));

const isLetter = (code: number): boolean => code >= 0x41 && code <= 0x5a;

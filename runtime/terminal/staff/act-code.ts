// What staff want done, as a code to be shown after their badge: `ST-ACT:WORD`, with up to two arguments, from a printed
// sheet beside the machine. It is unsigned and proves nothing; without a badge just before it does nothing.
import type { Bytes } from '../../core/bytes.ts';
import { claimsPrefix } from '../../tokens/native-text.ts';

const prefix = 'ST-ACT:';
export const actCodeBytesMax = 96;

export interface ActCode {
  readonly word: string;
  readonly arguments: readonly string[];
}

/** Whether a code is meant as an act, by its first bytes. */
export const isActCode = (raw: Bytes): boolean => claimsPrefix(raw, prefix);

/** Null for anything but a word of A-Z and -, and up to two arguments of 0-9 A-Z a-z . _ -. */
export function parseActCode(raw: Bytes): ActCode | null {
  if (raw.length > actCodeBytesMax) return null;
  const text = Buffer.from(raw).toString('latin1');
  const found = /^ST-ACT:([A-Z][A-Z-]{0,15})(?::([0-9A-Za-z._-]{1,32}))?(?::([0-9A-Za-z._-]{1,32}))?$/.exec(text);
  const [, word, ...given] = found ?? [];
  return word === undefined ? null : { word, arguments: given.filter((argument) => argument !== undefined) };
}

/** A number of things or of a slot, written without sign or leading zeros; null for anything else. */
export const numberOf = (argument: string | undefined): number | null =>
  argument !== undefined && /^(0|[1-9][0-9]{0,6})$/.test(argument) ? Number(argument) : null;

/** A reason as the rows have it: printed in capitals, so that the code stays small. */
export const reasonOf = (argument: string | undefined): string | null =>
  argument !== undefined && /^[0-9A-Za-z][0-9A-Za-z-]{0,31}$/.test(argument) ? argument.toLowerCase() : null;

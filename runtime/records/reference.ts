// The short reference a person reads from the screen: six characters that lead to one row, the same
// on the terminal and at the head end.
import { base32Prefix, concat, utf8 } from '../core/bytes.ts';
import { encodeCbor } from '../core/cbor.ts';
import { sha256 } from '../core/sha256.ts';

const characters = 6;
const domain = utf8('stile-ref-1\0');

/** Six characters of Crockford Base32: the first 30 bits of SHA-256 over terminal, epoch and seq. */
export const referenceOf = (terminal: string, epoch: number, seq: number): string =>
  base32Prefix(sha256(concat(domain, encodeCbor([terminal, epoch, seq]))), characters);

/** What a person typed: upper case, with the letters Crockford leaves out read as the digits they look like. */
export const normaliseReference = (typed: string): string =>
  typed.trim().toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1');

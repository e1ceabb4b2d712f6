// The short reference a person reads from the screen: six characters that lead to one row, the same
// on the terminal and at the head end.
import { createHash } from 'node:crypto';
import { base32Prefix } from '../core/bytes.ts';
import { encodeCbor } from '../core/cbor.ts';

const characters = 6;
const domain = 'stile-ref-1\0';

/** Six characters of Crockford Base32: the first 30 bits of SHA-256 over terminal, epoch and seq. */
export const referenceOf = (terminal: string, epoch: number, seq: number): string =>
  base32Prefix(
    createHash('sha256')
      .update(domain)
      .update(encodeCbor([terminal, epoch, seq]))
      .digest(),
    characters,
  );

/** What a person typed: upper case, with the letters Crockford leaves out read as the digits they look like. */
export const normaliseReference = (typed: string): string =>
  typed.trim().toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1');

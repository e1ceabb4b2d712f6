// SHA-256 in one call: a decision hashes seven times, and a hash object costs more than hashing a code.
import { hash } from 'node:crypto';
import type { Bytes } from './bytes.ts';

/** 32 bytes. */
export const sha256 = (bytes: Bytes): Bytes => new Uint8Array(hash('sha256', bytes, 'buffer'));

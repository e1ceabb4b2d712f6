// The record in which a scheme hands over a CA key: 144 bytes, signed by that very key.
import { type Bytes, concat, fromHex, hex } from '../../core/bytes.ts';
import { sm2Holds } from './sm2.ts';

export interface RootRecord {
  readonly index: number;
  /** Compressed SM2 point, 33 bytes. */
  readonly publicKey: Bytes;
}

const recordBytes = 144;
const tag = 0x21;
/** Registered application provider id of the scheme. */
const rid = fromHex('a000000632');
const sm2Algorithm = 0x04;
const pointBytes = 0x40;

/**
 * 21 | service id 4 B | RID 5 B | index 1 B | MMYY 2 B | algorithm 1 B | parameter 1 B | length 1 B | X, Y 64 B |
 * r, s 64 B over the first 80 B. Null for anything else. Its own signature proves possession, not trust.
 */
export function readRootRecord(bytes: Bytes): RootRecord | null {
  if (bytes.length !== recordBytes || bytes[0] !== tag || hex(bytes.subarray(5, 10)) !== hex(rid)) return null;
  if (bytes[13] !== sm2Algorithm || bytes[15] !== pointBytes) return null;
  const x = bytes.subarray(16, 48);
  const publicKey = concat(Uint8Array.of(2 + ((bytes[79] ?? 0) & 1)), x);
  if (!sm2Holds(publicKey, bytes.subarray(0, 80), bytes.subarray(80))) return null;
  return { index: bytes[10] ?? 0, publicKey };
}

// Which boot this is: rows of one boot share a monotonic clock.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Bytes, fromHex } from '../../core/bytes.ts';
import type { Entropy } from '../../core/entropy.ts';

/** 16 bytes: the one configured (simulations), else the kernel's, else random: a boot of its own. */
export function bootIdOf(configured: string | undefined, entropy: Entropy): Bytes {
  if (configured !== undefined) return fromHex(configured);
  try {
    const kernel = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return new Uint8Array(createHash('sha256').update(kernel).digest().subarray(0, 16));
  } catch {
    return entropy.bytes(16);
  }
}

// What a forger would show. Each is a code as a reader would read it.
import type { UnixSeconds } from '../../runtime/core/brand.ts';
import { decodeBase45, encodeBase45 } from '../../runtime/tokens/base45.ts';
import { codeBytes } from '../issuer/issuer.ts';
import type { Wallet } from './wallet.ts';

const prefixLength = 4;

/** One bit of the signature, at the end of the code, is another one. */
export function flippedBit(code: string, bitFromEnd = 0): string {
  const bytes = decodeBase45(codeBytes(code), prefixLength);
  if (!bytes) throw new RangeError('not a native code');
  const at = bytes.length - 1 - (bitFromEnd >> 3);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bitFromEnd & 7));
  return code.slice(0, prefixLength) + encodeBase45(bytes);
}

/** A code the phone made `ageSeconds` ago, as in a picture of its screen. */
export const staleCode = (wallet: Wallet, now: UnixSeconds, ageSeconds = 120): string =>
  wallet.freshCode((now - ageSeconds) as UnixSeconds);

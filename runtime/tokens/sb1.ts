// Format `SB1:` + Base45([B, P, sig]): a staff badge. B says who may act where, and in which role, for one shift; P was
// signed seconds ago by the phone that B was made for. A photograph of the code opens nothing for long.
import type { Bytes } from '../core/bytes.ts';
import { type HolderSignedParsed, holderSigned } from './holder-signed.ts';
import { claimsPrefix } from './native-text.ts';
import type { TokenVerifier } from './verifier.ts';

const prefix = 'SB1:';
/** Staff hold the phone still before the reader; the bound of all codes leaves this for B. */
export const badgeBytesMax = 256;

export const sb1: TokenVerifier<HolderSignedParsed> = holderSigned({
  id: 'sb1',
  prefix,
  kind: 'badge',
  credentialBytesMax: badgeBytesMax,
});

/** Whether a code is meant as a badge, by its first bytes. */
export const isBadge = (raw: Bytes): boolean => claimsPrefix(raw, prefix);

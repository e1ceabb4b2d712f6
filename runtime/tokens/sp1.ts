// Format `SP1:` + Base45([A, P, sig]): an account credential A and a presentation P that the phone signed seconds ago
// with the key named in A.
import { type HolderSignedParsed, holderSigned } from './holder-signed.ts';
import type { TokenVerifier } from './verifier.ts';

/** An issuer keeps A within this, or the code outgrows what a moving phone can show. */
export const credentialBytesMax = 192;

export const sp1: TokenVerifier<HolderSignedParsed> = holderSigned({
  id: 'sp1',
  prefix: 'SP1:',
  kind: 'account',
  credentialBytesMax,
});

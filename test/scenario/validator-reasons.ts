// The reasons verification can refuse with, as a list: complete by type.
import type { TokenReason } from '../../runtime/tokens/outcome.ts';

type Refusal = Exclude<TokenReason, 'REPEAT'>;
const all: Readonly<Record<Refusal, true>> = {
  MALFORMED: true,
  UNSUPPORTED_FORMAT: true,
  UNKNOWN_ISSUER: true,
  UNKNOWN_KEY: true,
  KEY_EXPIRED: true,
  NOT_YET_VALID: true,
  EXPIRED: true,
  STALE_CODE: true,
  CREDENTIAL_EXPIRED: true,
  CLOCK_UNTRUSTED: true,
  REPLAYED: true,
  BAD_SIGNATURE: true,
  DENIED: true,
  REVOKED: true,
  LISTS_TOO_OLD: true,
  DEVICE_FAULT: true,
};
export const tokenReasonsForTests = Object.keys(all) as Refusal[];

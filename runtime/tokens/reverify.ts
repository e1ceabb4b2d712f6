// The head end's second look: the same steps 1 to 4, 6 and 7 on the evidence of a row, at the time the
// row gives, with the head end's own trust list. It settles only what verifies here.
import type { Bytes } from '../core/bytes.ts';
import type { Moment } from '../core/trusted-time.ts';
import { CredentialCache } from './credential-cache.ts';
import type { FormatId, Outcome, TokenReason } from './outcome.ts';
import type { TrustView } from './trust-view.ts';
import { defaultLimits, type TokenVerifier, type VerifyContext, type VerifyLimits } from './verifier.ts';
import { nativeFormats } from './verify.ts';

export type Reverified =
  | { readonly good: true; readonly outcome: Outcome }
  | { readonly good: false; readonly reason: TokenReason };

/** `evidence` is `Outcome.evidence` as the terminal kept it: the token after text decoding. */
export function reverify(
  format: FormatId,
  evidence: Bytes,
  at: Moment,
  trust: TrustView,
  limits: VerifyLimits = defaultLimits,
  formats: readonly TokenVerifier[] = nativeFormats,
): Reverified {
  const verifier = formats.find((candidate) => candidate.id === format);
  if (!verifier) return bad('UNSUPPORTED_FORMAT');
  const context: VerifyContext = { now: at, trust, limits, cache: new CredentialCache() };
  const parsing = verifier.parse(evidence, context.cache);
  if (!parsing.ok) return bad(parsing.reason);
  const admission = verifier.admit(parsing.parsed, context);
  if (!admission.ok) return bad(admission.reason);
  const proof = verifier.prove(parsing.parsed, context);
  return proof.ok ? { good: true, outcome: proof.outcome } : bad(proof.reason);
}

const bad = (reason: TokenReason): Reverified => ({ good: false, reason });

// The head end's second look: the same steps 1 to 4, 6 and 7 on the evidence of a row, at the time the
// row gives, with the head end's own trust list. It settles only what verifies here.
import type { Bytes } from '../core/bytes.ts';
import type { Moment } from '../core/trusted-time.ts';
import { CredentialCache } from './credential-cache.ts';
import type { FormatId, Outcome, TokenReason } from './outcome.ts';
import { parseSp1, sp1 } from './sp1.ts';
import { parseSt1, st1 } from './st1.ts';
import type { TrustView } from './trust-view.ts';
import { type Admission, defaultLimits, type Proof, type VerifyContext, type VerifyLimits } from './verifier.ts';

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
): Reverified {
  const context: VerifyContext = { now: at, trust, limits, cache: new CredentialCache() };
  switch (format) {
    case 'st1': {
      const parsing = parseSt1(evidence);
      return parsing.ok
        ? answer(st1.admit(parsing.parsed, context), () => st1.prove(parsing.parsed, context))
        : bad(parsing.reason);
    }
    case 'sp1': {
      const parsing = parseSp1(evidence, context.cache);
      return parsing.ok
        ? answer(sp1.admit(parsing.parsed, context), () => sp1.prove(parsing.parsed, context))
        : bad(parsing.reason);
    }
    case 'pretix_sig1':
    case 'jtt1179':
      return bad('UNSUPPORTED_FORMAT');
    default:
      return format satisfies never;
  }
}

function answer(admission: Admission, prove: () => Proof): Reverified {
  if (!admission.ok) return bad(admission.reason);
  const proof = prove();
  return proof.ok ? { good: true, outcome: proof.outcome } : bad(proof.reason);
}

const bad = (reason: TokenReason): Reverified => ({ good: false, reason });

// Judges the evidence of one row: the token verifies again at the recorded time under the head end's own
// trust list, and it is the very token that the row says it is.

import { wallMs } from '../../runtime/core/brand.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { equal } from '../../runtime/core/bytes.ts';
import type { Moment } from '../../runtime/core/trusted-time.ts';
import type { Row } from '../../runtime/records/row.ts';
import type { FormatId } from '../../runtime/tokens/outcome.ts';
import { reverify } from '../../runtime/tokens/reverify.ts';
import type { TrustView } from '../../runtime/tokens/trust-view.ts';
import { defaultLimits, ticketGraceMaxSeconds, type VerifyLimits } from '../../runtime/tokens/verifier.ts';
import type { EvidenceJudge } from './ports.ts';

const formats: readonly FormatId[] = ['st1', 'sp1', 'sb1'];

/** Whether a ticket's grace held was for the site's rules to say; here only its signatures are judged. */
const limits: VerifyLimits = {
  ...defaultLimits,
  ticketGraceBeforeSeconds: ticketGraceMaxSeconds,
  ticketGraceAfterSeconds: ticketGraceMaxSeconds,
};

export class TokenJudge implements EvidenceJudge {
  readonly #trust: () => TrustView | null;

  constructor(trust: () => TrustView | null) {
    this.#trust = trust;
  }

  judge(row: Row, token: Bytes): { readonly good: true } | { readonly good: false; readonly reason: string } {
    const trust = this.#trust();
    const format = formats.find((known) => known === row.payload.format);
    if (!trust) return { good: false, reason: 'UNKNOWN_ISSUER' };
    if (!format) return { good: false, reason: 'UNSUPPORTED_FORMAT' };
    const verified = reverify(format, token, momentOf(row), trust, limits);
    if (!verified.good) return verified;
    const { outcome } = verified;
    // Whoever bears a badge is no account.
    const who = outcome.kind === 'badge' ? row.payload.staff : row.payload.account;
    const named = same(row.payload.digest, outcome.digest) && same(who, outcome.subject);
    return named && row.payload.issuer === outcome.issuer ? { good: true } : { good: false, reason: 'OTHER_TOKEN' };
  }
}

/** The time as the terminal knew it; the chain, not the clock, says that the row is genuine. */
const momentOf = ({ tWallMs, tMonoMs, clock }: Row): Moment => ({
  wallMs: tWallMs,
  monoMs: tMonoMs,
  state: clock.state,
  uncertaintyMs: clock.uncertaintyMs,
  floorMs: wallMs(0),
});

const same = (written: Bytes | undefined, verified: Bytes | null): boolean =>
  verified === null ? written === undefined : written !== undefined && equal(written, verified);

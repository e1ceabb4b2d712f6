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
import { datedBy } from './loans/mark.ts';
import type { EvidenceJudge } from './ports.ts';
import type { RowDate } from './row-dates.ts';

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

  judge(
    row: Row,
    token: Bytes,
    date: RowDate,
  ): { readonly good: true } | { readonly good: false; readonly reason: string } {
    const trust = this.#trust();
    const format = formats.find((known) => known === row.payload.format);
    if (!trust) return { good: false, reason: 'UNKNOWN_ISSUER' };
    if (!format) return { good: false, reason: 'UNSUPPORTED_FORMAT' };
    const verified = reverify(format, token, momentOf(row, date), trust, limits);
    if (!verified.good) return verified;
    const { outcome } = verified;
    // Whoever bears a badge is no account.
    const who = outcome.kind === 'badge' ? row.payload.staff : row.payload.account;
    const named = same(row.payload.digest, outcome.digest) && same(who, outcome.subject);
    return named && row.payload.issuer === outcome.issuer ? { good: true } : { good: false, reason: 'OTHER_TOKEN' };
  }
}

/**
 * The time as the terminal knew it; the chain, not the clock, says that the row is genuine. A row without a clock is
 * judged at its true time once a row of its boot gives it, and till then never earlier than its journal had come.
 */
function momentOf({ tWallMs, tMonoMs, clock }: Row, { anchor, afterMs }: RowDate): Moment {
  const recorded: Moment = {
    wallMs: tWallMs,
    monoMs: tMonoMs,
    state: clock.state,
    uncertaintyMs: clock.uncertaintyMs,
    floorMs: wallMs(0),
  };
  if (clock.state !== 'UNTRUSTED') return recorded;
  const floorMs = wallMs(afterMs ?? 0);
  if (anchor === null) return { ...recorded, floorMs };
  const { earliestMs, latestMs } = datedBy(anchor, tMonoMs);
  const uncertaintyMs = (latestMs - earliestMs) / 2;
  return { ...recorded, state: 'HOLDOVER', wallMs: wallMs(earliestMs + uncertaintyMs), uncertaintyMs, floorMs };
}

const same = (written: Bytes | undefined, verified: Bytes | null): boolean =>
  verified === null ? written === undefined : written !== undefined && equal(written, verified);

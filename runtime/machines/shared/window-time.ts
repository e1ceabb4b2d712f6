// The time that a refusal for its time names: from when a ticket is good, or until when it was. Known only of a code
// whose signatures hold: a forged code must not be able to put words on a screen.
import { secondsOf, type UnixSeconds, unixSeconds, type WallMs, wallMs } from '../../core/brand.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { Outcome } from '../../tokens/outcome.ts';

/**
 * For what verification itself refused: a rule of the site may give the same reason for other times than the code's.
 * Null for every other reason, and where the code names no such time. Graces are not told: they are nobody's
 * right.
 */
export function windowTime(reason: ReasonCode, outcome: Pick<Outcome, 'iat' | 'nbf' | 'exp'> | null): WallMs | null {
  if (outcome === null) return null;
  if (reason === 'NOT_YET_VALID') return atSecond(Math.max(outcome.nbf ?? 0, outcome.iat));
  return reason === 'EXPIRED' && outcome.exp < withoutEnd ? atSecond(outcome.exp) : null;
}

/** The same for the row: whoever looks up the reference tells the same time. */
export function windowFields(
  reason: ReasonCode,
  time: WallMs | null,
): { readonly validFrom: UnixSeconds | undefined; readonly validUntil: UnixSeconds | undefined } {
  const at = time === null ? undefined : unixSeconds(secondsOf(time));
  return {
    validFrom: reason === 'NOT_YET_VALID' ? at : undefined,
    validUntil: reason === 'EXPIRED' ? at : undefined,
  };
}

/** The largest time a code can carry stands for an end that never comes. */
const withoutEnd = 0xffff_ffff;

const atSecond = (seconds: number): WallMs | null => (seconds === 0 ? null : wallMs(seconds * 1_000));

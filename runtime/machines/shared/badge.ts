// Step 10 for a staff badge: is it good at this machine, and for which of its roles. The steps before, from decoding to
// the deny list, are those of every code.
import type { Bytes } from '../../core/bytes.ts';
import { checkWord } from '../../core/check-words.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { Outcome, Verdict } from '../../tokens/outcome.ts';
import type { StaffRole } from '../../tokens/staff-roles.ts';

export interface BadgePlace {
  readonly terminal: string;
  /** Null where the machine is told of none: then only a badge made for this terminal is good. */
  readonly site: number | null;
  /** What may act here, in the order in which a bearer of several roles is taken for them. */
  readonly roles: readonly StaffRole[];
}

/** Somebody in charge who stands at the machine. */
export interface Bearer {
  /** Pseudonymous, 8 bytes. */
  readonly staff: Bytes;
  readonly role: StaffRole;
}

export type BadgeJudgement =
  | { readonly ok: true; readonly bearer: Bearer; readonly outcome: Outcome }
  | {
      readonly ok: false;
      readonly reason: ReasonCode;
      readonly detail: string;
      readonly found: number;
      /** Whose it is; null unless every signature held. */
      readonly staff: Bytes | null;
    };

export function judgeBadge(verdict: Verdict, place: BadgePlace): BadgeJudgement {
  const staff = verdict.outcome?.subject ?? null;
  if (!verdict.accepted) {
    const { reason, detail, found } = verdict;
    return { ok: false, reason, detail, found, staff };
  }
  const { outcome } = verdict;
  const no = (reason: ReasonCode, detail: string): BadgeJudgement => ({
    ok: false,
    reason,
    detail,
    found: verdict.found | checkWord('outOfScope'),
    staff,
  });
  if (outcome.staff === undefined || staff === null) return no('WRONG_PRODUCT', 'not a badge');
  if (!isGoodHere(outcome, place)) return no('WRONG_SITE', 'for another place');
  const { roles } = outcome.staff;
  const role = place.roles.find((allowed) => roles.includes(allowed));
  if (role === undefined) return no('WRONG_ROLE', roles.join(' '));
  return { ok: true, bearer: { staff, role }, outcome };
}

function isGoodHere({ limits, scope, staff }: Outcome, { terminal, site }: BadgePlace): boolean {
  const madeForAnother = staff !== undefined && staff.terminal !== null && staff.terminal !== terminal;
  const otherSite = limits.site !== null && limits.site !== site;
  const places = site === null ? [terminal] : [terminal, String(site)];
  const keyForElsewhere = scope.length > 0 && !scope.some((place) => places.includes(place));
  return !madeForAnother && !otherSite && !keyForElsewhere;
}

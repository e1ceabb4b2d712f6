// A loan as the head end owns it, and what is true of it now: how long it lasted by any clock that counts, what
// it costs, and when that will change by time alone.
import { type LoanFee, type LoanMark, type LoanTerms, loanDuration, loanFee } from '../../../runtime/fares/loan-fee.ts';
import type { BackEvent, TakenEvent } from './item-event.ts';
import type { JoinedLoan } from './item-history.ts';

/** DISPUTED: the evidence is kept, and nothing is charged without a person. */
export const loanStates = ['ON_LOAN', 'OVERDUE', 'LOST', 'RETURNED', 'DISPUTED'] as const;
export type LoanState = (typeof loanStates)[number];

export interface LoanPolicy {
  readonly terms: LoanTerms;
  /** Held before an order of flow P; 0 for none. */
  readonly depositMinor: number;
  readonly overdueMinutes: number;
  readonly lostMinutes: number;
  /** A lost guide that comes back within so many days of the loan costs its time, and the rest is given back. */
  readonly lateReturnDays: number;
  /** What is asked for a guide that was found in a slot that had seen no return. */
  readonly foundFee: 'none' | 'untilFound';
}

export interface Loan {
  /** Transaction of its order, hexadecimal. */
  readonly tx: string;
  readonly taken: TakenEvent;
  readonly returned: BackEvent | null;
  readonly state: LoanState;
  /** What the rule asks, whether or not a deposit covers it. */
  readonly fee: LoanFee;
  /** What is to be kept of the visitor's money; null while nothing is decided. Once decided it only falls. */
  readonly chargeMinor: number | null;
  /** Why a person has to look. What rows say goes when later rows explain it. */
  readonly dispute: { readonly by: 'person' | 'rows'; readonly why: string } | null;
  /** What a person decided; ends the dispute. */
  readonly settledMinor: number | null;
  /** When time alone changes the state, UTC milliseconds; null for never. */
  readonly dueMs: number | null;
  /** Pinned when the loan was first seen: later prices are for later loans. */
  readonly policy: LoanPolicy;
}

export interface LoanEvidence {
  readonly joined: JoinedLoan;
  readonly taken: LoanMark;
  readonly returned: LoanMark | null;
  readonly attempts: readonly LoanMark[];
  /** One end was written without a clock, and no row of its boot has dated it yet. */
  readonly undated: boolean;
}

/** A cabinet that has just come back gets the time soon, and then dates what it wrote before: so long it is waited for. */
export const datingMs = 15 * 60_000;

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** `before`: the loan as it was last judged. */
export function judgeLoan(evidence: LoanEvidence, now: LoanMark, policy: LoanPolicy, before: Loan | null): Loan {
  const { joined } = evidence;
  const pinned = before?.policy ?? policy;
  const judged = byRows(evidence, now, pinned);
  const settledMinor = before?.settledMinor ?? null;
  const decidedMinor = before?.chargeMinor ?? null;
  const asked = { ...judged, tx: joined.taken.tx, taken: joined.taken, returned: joined.returned, policy: pinned };
  if (settledMinor !== null) {
    const state = judged.state === 'LOST' ? 'LOST' : 'RETURNED';
    return { ...asked, state, chargeMinor: settledMinor, dispute: null, settledMinor, dueMs: null };
  }
  const dispute = before?.dispute?.by === 'person' ? before.dispute : disputeOf(joined, before);
  if (dispute !== null)
    return { ...asked, state: 'DISPUTED', chargeMinor: decidedMinor, dispute, settledMinor, dueMs: null };
  const least = Math.min(decidedMinor ?? Number.POSITIVE_INFINITY, judged.chargeMinor ?? Number.POSITIVE_INFINITY);
  return { ...asked, chargeMinor: Number.isFinite(least) ? least : null, dispute, settledMinor };
}

type Judged = Pick<Loan, 'state' | 'fee' | 'chargeMinor' | 'dueMs'>;

function byRows(
  { joined, taken, returned, attempts, undated }: LoanEvidence,
  now: LoanMark,
  policy: LoanPolicy,
): Judged {
  const { terms } = policy;
  const fee = loanFee({ taken, returned, presumed: joined.taken.presumed, attempts }, now, terms);
  if (joined.returned !== null) {
    const waived = joined.returned.way === 'found' && policy.foundFee === 'none';
    const tooLate = fee.durationMs > policy.lateReturnDays * dayMs;
    const amountMinor = waived ? 0 : tooLate ? terms.lostMinor : fee.amountMinor;
    const untilMs = joined.returned.mark.arrivedMs + datingMs;
    const waits = undated && fee.basis === 'shortest' && now.wallMs < untilMs;
    return {
      state: 'RETURNED',
      fee: { ...fee, amountMinor },
      chargeMinor: waits ? null : amountMinor,
      dueMs: waits ? untilMs : null,
    };
  }
  const { ms } = loanDuration(taken, now);
  const after = (minutes: number): number => now.wallMs + Math.max(1, minutes * minuteMs - ms);
  if (ms >= policy.lostMinutes * minuteMs)
    return { state: 'LOST', fee: { ...fee, amountMinor: terms.lostMinor }, chargeMinor: terms.lostMinor, dueMs: null };
  if (ms >= policy.overdueMinutes * minuteMs)
    return { state: 'OVERDUE', fee, chargeMinor: null, dueMs: after(policy.lostMinutes) };
  return { state: 'ON_LOAN', fee, chargeMinor: null, dueMs: after(policy.overdueMinutes) };
}

/** Rows that contradict each other, or whose code does not verify, are for a person. */
function disputeOf(joined: JoinedLoan, before: Loan | null): Loan['dispute'] {
  const { doubt = null } = joined.taken;
  if (doubt !== null) return { by: 'rows', why: `its code does not verify: ${doubt}` };
  if (joined.overtaken) return { by: 'rows', why: 'lent again without a return in between' };
  const reopened =
    joined.returned === null && before !== null && before.chargeMinor !== null && before.state !== 'LOST';
  return reopened ? { by: 'rows', why: 'its return turned out to be that of another loan' } : null;
}

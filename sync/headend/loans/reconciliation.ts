// The day's comparison of loans against the provider's books. What is expected comes from the loans, not from
// what the desk believes it sent, so that a mistake of the desk shows too.
import type { DepositLine } from '../../wire/deposits.ts';
import type { Deposit } from './deposit.ts';
import type { Loan } from './loan.ts';

/** A step repeated so often is no longer simply under way. */
export const stuckAfterAttempts = 10;

export type Difference = {
  readonly deposit: string;
  readonly loan: string | null;
} & (
  | { readonly kind: 'missing' | 'unknown' | 'twice' }
  /** The provider refused a step, or has answered none for long: a person looks. */
  | { readonly kind: 'refused' | 'unanswered' }
  | {
      readonly kind: 'amount';
      readonly field: 'heldMinor' | 'capturedMinor' | 'releasedMinor' | 'currency';
      readonly expected: number | string;
      readonly found: number | string;
    }
);

export interface Compared {
  readonly compared: number;
  readonly open: number;
  readonly differences: readonly Difference[];
}

/** `loanOf`: the loan that a deposit pays for, by transaction. */
export function reconcile(
  deposits: readonly Deposit[],
  loanOf: ReadonlyMap<string, Loan>,
  lines: readonly DepositLine[],
): Compared {
  const differences: Difference[] = [];
  const byDeposit = new Map<string, DepositLine[]>();
  for (const line of lines) byDeposit.set(line.deposit, [...(byDeposit.get(line.deposit) ?? []), line]);
  const known = new Set(deposits.map(({ id }) => id));
  let open = 0;
  for (const deposit of deposits) {
    const names = { deposit: deposit.id, loan: deposit.loan };
    const due = deposit.steps.find(({ state }) => state === 'due');
    const refused = deposit.steps.some(({ act, state }) => state === 'refused' && act !== 'hold');
    if (refused) differences.push({ ...names, kind: 'refused' });
    else if (due !== undefined && due.attempts >= stuckAfterAttempts)
      differences.push({ ...names, kind: 'unanswered' });
    else if (due !== undefined) open++;
    else differences.push(...compare(deposit, loanOf, byDeposit.get(deposit.id) ?? []));
  }
  for (const id of byDeposit.keys()) if (!known.has(id)) differences.push({ deposit: id, loan: null, kind: 'unknown' });
  return { compared: deposits.length - open, open, differences };
}

const wasHeld = (deposit: Deposit): boolean => deposit.steps[0]?.state === 'done';

function compare(
  deposit: Deposit,
  loanOf: ReadonlyMap<string, Loan>,
  lines: readonly DepositLine[],
): readonly Difference[] {
  const names = { deposit: deposit.id, loan: deposit.loan };
  const [line, second] = lines;
  if (!wasHeld(deposit)) return line === undefined ? [] : [{ ...names, kind: 'unknown' }];
  if (line === undefined) return [{ ...names, kind: 'missing' }];
  if (second !== undefined) return [{ ...names, kind: 'twice' }];
  const expected = expectedOf(deposit, loanOf);
  const fields = ['heldMinor', 'capturedMinor', 'releasedMinor', 'currency'] as const;
  return fields.flatMap((field) =>
    line[field] === expected[field]
      ? []
      : [{ ...names, kind: 'amount' as const, field, expected: expected[field], found: line[field] }],
  );
}

/** Held until a loan or its absence decides; then what the loan costs is kept, and all else given back. */
function expectedOf(deposit: Deposit, loanOf: ReadonlyMap<string, Loan>): Omit<DepositLine, 'deposit'> {
  const { amountMinor: heldMinor, currency } = deposit;
  const loan = deposit.loan === null ? undefined : loanOf.get(deposit.loan);
  const decided = loan === undefined ? deposit.keepMinor : loan.chargeMinor;
  if (decided === null) return { heldMinor, capturedMinor: 0, releasedMinor: 0, currency };
  const capturedMinor = Math.min(decided, heldMinor);
  return { heldMinor, capturedMinor, releasedMinor: heldMinor - capturedMinor, currency };
}

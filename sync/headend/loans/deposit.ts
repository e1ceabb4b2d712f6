// One visitor's deposit and what to ask of the provider next. Pure: from what is done and what is to be kept
// follows one step, or none.
import type { DepositAct } from '../../wire/deposits.ts';

export interface Deposit {
  /** 16 bytes in hexadecimal; also its name at the provider. */
  readonly id: string;
  /** What it stands for: `order:<id>` or `code:<issuer>/<token id>`. */
  readonly claim: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** Let go at this time where no loan has come; null where an order decides. UTC milliseconds. */
  readonly expiresMs: number | null;
  /** Transaction of the loan that it pays for; null before there is one. */
  readonly loan: string | null;
  /** What is to be kept in the end; null while nothing is decided. */
  readonly keepMinor: number | null;
  /** Oldest first; at most the last is not over. */
  readonly steps: readonly DepositStep[];
}

/** due: to be sent, or sent and not answered. refused: by the provider, for a person. */
export type StepState = 'due' | 'done' | 'refused';

export interface DepositStep {
  readonly number: number;
  readonly act: DepositAct;
  readonly amountMinor: number;
  readonly state: StepState;
  readonly attempts: number;
  /** Not sent again before, UTC milliseconds. */
  readonly nextMs: number;
  readonly reason: string | null;
}

export const claimOf = {
  order: (order: string): string => `order:${order}`,
  code: (code: string): string => `code:${code}`,
} as const;

export const keyOf = (deposit: string, step: number): string => `${deposit}/${step}`;

/** Deposit and step of a key; null for a key that was not made here. */
export function parseKey(key: string): { readonly deposit: string; readonly step: number } | null {
  const match = /^([0-9a-f]{32})\/(0|[1-9][0-9]{0,3})$/.exec(key);
  return match?.[1] === undefined ? null : { deposit: match[1], step: Number(match[2]) };
}

export interface DepositBooks {
  readonly heldMinor: number;
  readonly capturedMinor: number;
  readonly releasedMinor: number;
}

/** What the steps that are done come to. */
export function booksOf(deposit: Deposit): DepositBooks {
  const done = deposit.steps.filter((step) => step.state === 'done');
  const sum = (act: DepositAct): number =>
    done.reduce((total, step) => total + (step.act === act ? step.amountMinor : 0), 0);
  const heldMinor = sum('hold');
  const releasedMinor = sum('release');
  return { heldMinor, releasedMinor, capturedMinor: Math.min(sum('capture'), heldMinor - releasedMinor) };
}

/** What the books are to be in the end; null while nothing is decided. */
export function wantedBooks(deposit: Deposit): DepositBooks | null {
  if (deposit.keepMinor === null) return null;
  const { heldMinor } = booksOf(deposit);
  const capturedMinor = Math.min(deposit.keepMinor, heldMinor);
  return { heldMinor, capturedMinor, releasedMinor: heldMinor - capturedMinor };
}

/** One step at a time, captured once at most; a step the provider refused stops the deposit until a person looks. */
export function nextStep(deposit: Deposit): { readonly act: DepositAct; readonly amountMinor: number } | null {
  const last = deposit.steps.at(-1);
  if (last !== undefined && last.state !== 'done') return null;
  const wanted = wantedBooks(deposit);
  if (wanted === null) return null;
  const { capturedMinor, releasedMinor } = booksOf(deposit);
  const wasCaptured = deposit.steps.some((step) => step.act === 'capture');
  const blockedMinor = wanted.heldMinor - capturedMinor - releasedMinor;
  const captureMinor = wasCaptured ? 0 : Math.min(wanted.capturedMinor, blockedMinor);
  if (captureMinor > 0) return { act: 'capture', amountMinor: captureMinor };
  const keptMinor = Math.min(wanted.capturedMinor, wasCaptured ? capturedMinor : wanted.capturedMinor);
  const backMinor = wanted.heldMinor - keptMinor - releasedMinor;
  return backMinor > 0 ? { act: 'release', amountMinor: backMinor } : null;
}

// What the deposit desk needs from a database. A step is durable before it is sent and after it is answered, so
// that a crash anywhere repeats a request under its old key and never makes a second one.
import type { Deposit, DepositStep, StepState } from './deposit.ts';
import type { Difference } from './reconciliation.ts';

export interface ReconciliationRun {
  readonly atMs: number;
  readonly compared: number;
  /** Deposits with a step under way: compared the next time. */
  readonly open: number;
  readonly differences: readonly Difference[];
}

export interface DepositStore {
  /** Also its first step, a hold. False where that claim has a deposit already. */
  openDeposit(deposit: Omit<Deposit, 'loan' | 'steps' | 'keepMinor'>, nowMs: number): Promise<boolean>;
  deposit(id: string): Promise<Deposit | null>;
  depositOfClaim(claim: string): Promise<Deposit | null>;
  /** Nothing was lent for it: all is given back. False where a loan decides. */
  letGo(id: string): Promise<boolean>;
  /** Lets go of those whose time is over. */
  expire(nowMs: number): Promise<void>;
  /** Deposits with a decision that may ask for a new step, oldest first. */
  undone(limit: number): Promise<readonly Deposit[]>;
  /** Steps to be sent, oldest first. */
  dueSteps(nowMs: number, limit: number): Promise<readonly { readonly deposit: Deposit; readonly step: DepositStep }[]>;
  addStep(id: string, step: DepositStep): Promise<void>;
  /** False where the step was over already, or never was. */
  endStep(id: string, number: number, state: Exclude<StepState, 'due'>, reason: string | null): Promise<boolean>;
  countAttempt(id: string, number: number, nextMs: number): Promise<void>;
  /** No step follows until somebody decides otherwise than `keepMinor`. */
  settle(id: string, keepMinor: number | null): Promise<void>;
  /** In order of id, after `afterId`. */
  page(afterId: string, limit: number): Promise<readonly Deposit[]>;
  saveRun(run: ReconciliationRun): Promise<void>;
  newestRun(): Promise<ReconciliationRun | null>;
}

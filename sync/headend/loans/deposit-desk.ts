// Carries out what is decided about deposits: each step durable before it is sent, sent again under its key until
// it is answered, and answered once however often the provider answers. Once a day its books are compared.
import { hex } from '../../../runtime/core/bytes.ts';
import { type Clock, repeat, type TimerHandle } from '../../../runtime/core/clock.ts';
import type { Entropy } from '../../../runtime/core/entropy.ts';
import { messageOf } from '../../../runtime/core/errors.ts';
import { Signal } from '../../../runtime/core/event.ts';
import type { Logger } from '../../../runtime/core/log.ts';
import type { DepositAnswer, DepositProvider } from '../../wire/deposits.ts';
import { type Deposit, type DepositStep, keyOf, nextStep, parseKey } from './deposit.ts';
import type { DepositStore, ReconciliationRun } from './deposit-store.ts';
import type { Loan } from './loan.ts';
import type { LoanStore } from './loan-store.ts';
import { type Difference, reconcile, stuckAfterAttempts } from './reconciliation.ts';

export const depositLimits = {
  everyMs: 1_000,
  /** Wait before a request is repeated: doubled each time, up to the longest. It is never given up. */
  firstRetryMs: 2_000,
  longestRetryMs: 300_000,
  stepsPerPass: 64,
  depositsPerPage: 256,
  reconcileEveryMs: 86_400_000,
  differences: 1_000,
} as const;

export interface DepositDeskOptions {
  readonly deposits: DepositStore;
  readonly loans: LoanStore;
  readonly provider: DepositProvider;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
  /** Between passes; the usual second where nothing is said. */
  readonly everyMs?: number;
}

export class DepositDesk {
  /** A step is over, durably. */
  readonly ended = new Signal<{ readonly deposit: string; readonly step: number; readonly done: boolean }>();
  readonly #options: DepositDeskOptions;
  readonly #timers: TimerHandle[] = [];
  #stopAnswers: () => void = () => undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: DepositDeskOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock, provider, everyMs = depositLimits.everyMs } = this.#options;
    this.#stopAnswers = provider.answers.on((answer) => void this.#inTurn(() => this.#answered(answer)));
    this.#timers.push(
      repeat(clock, 'headend.deposits', everyMs, () => void this.pass()),
      repeat(clock, 'headend.reconcile', depositLimits.reconcileEveryMs, () => void this.reconcile()),
    );
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#stopAnswers();
    await this.#running;
  }

  /** Asks the provider to hold an amount for a claim. Null where the claim has a deposit already. */
  async hold(claim: string, amountMinor: number, currency: string, expiresMs: number | null): Promise<string | null> {
    const { deposits, clock, entropy } = this.#options;
    const id = hex(entropy.bytes(16));
    const opened = await deposits.openDeposit({ id, claim, amountMinor, currency, expiresMs }, clock.wallMs());
    if (opened) await this.pass();
    return opened ? id : null;
  }

  /** True held, false refused, null not yet known. */
  async isHeld(deposit: string): Promise<boolean | null> {
    const hold = (await this.#options.deposits.deposit(deposit))?.steps[0];
    return hold === undefined || hold.state === 'due' ? null : hold.state === 'done';
  }

  /** All is given back; a hold that is still unanswered is answered first. False for none, or where a loan decides. */
  async letGoOf(claim: string): Promise<boolean> {
    const { deposits } = this.#options;
    const deposit = await deposits.depositOfClaim(claim);
    const gone = deposit !== null && (await deposits.letGo(deposit.id));
    await this.pass();
    return gone;
  }

  /** Plans what is decided and sends what is due. */
  pass(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#options.deposits.expire(this.#options.clock.wallMs());
      await this.#plan();
      await this.#send();
    });
  }

  /** Null where the provider's books cannot be had: the next day compares all of it. */
  async reconcile(): Promise<ReconciliationRun | null> {
    const { deposits, provider, clock, log } = this.#options;
    try {
      await this.pass();
      const before = new Map((await this.#every()).map((deposit) => [deposit.id, toldOf(deposit)]));
      const lines = await provider.statement();
      // What changed while the books were on their way is compared the next time.
      const every = await this.#every();
      const still = every.filter((deposit) => before.get(deposit.id) === toldOf(deposit));
      const moved = new Set(every.filter((deposit) => !still.includes(deposit)).map(({ id }) => id));
      const told = lines.filter(({ deposit }) => !moved.has(deposit));
      const { open, ...compared } = reconcile(still, await this.#loansOf(still), told);
      const differences = compared.differences.slice(0, depositLimits.differences);
      const run = { ...compared, open: open + moved.size, differences, atMs: clock.wallMs() };
      await deposits.saveRun(run);
      this.#tell(compared.differences);
      return run;
    } catch (error) {
      log.error('deposits.reconcile-failed', { detail: messageOf(error) });
      return null;
    }
  }

  newestRun(): Promise<ReconciliationRun | null> {
    return this.#options.deposits.newestRun();
  }

  async #plan(): Promise<void> {
    const { deposits, clock } = this.#options;
    for (const deposit of await deposits.undone(depositLimits.stepsPerPass)) {
      const next = nextStep(deposit);
      const number = deposit.steps.length;
      if (next !== null)
        await deposits.addStep(deposit.id, {
          number,
          ...next,
          state: 'due',
          attempts: 0,
          nextMs: clock.wallMs(),
          reason: null,
        });
      await deposits.settle(deposit.id, deposit.keepMinor);
    }
  }

  async #send(): Promise<void> {
    const { deposits, clock } = this.#options;
    const due = await deposits.dueSteps(clock.wallMs(), depositLimits.stepsPerPass);
    for (const { deposit, step } of due) {
      await deposits.countAttempt(deposit.id, step.number, clock.wallMs() + retryMs(step.attempts));
      this.#request(deposit, step);
    }
  }

  #request(deposit: Deposit, { number, act, amountMinor, attempts }: DepositStep): void {
    const { provider, log } = this.#options;
    const key = keyOf(deposit.id, number);
    if (attempts >= stuckAfterAttempts) log.warn('deposits.unanswered', { ref: key, attempt: attempts });
    try {
      provider.request({ key, deposit: deposit.id, act, amountMinor, currency: deposit.currency });
    } catch (error) {
      log.error('deposits.request-failed', { ref: key, detail: messageOf(error) });
    }
  }

  /** The first answer to a step counts; the rest find it over. */
  async #answered({ key, done, reason }: DepositAnswer): Promise<void> {
    const named = parseKey(key);
    if (named === null) return;
    const { deposit, step } = named;
    const ended = await this.#options.deposits.endStep(deposit, step, done ? 'done' : 'refused', reason);
    if (!ended) return;
    if (!done) this.#options.log.warn('deposits.refused', { ref: key, ...(reason === null ? {} : { reason }) });
    this.ended.emit({ deposit, step, done });
    await this.#plan();
    await this.#send();
  }

  async #every(): Promise<readonly Deposit[]> {
    const every: Deposit[] = [];
    for (let after = ''; ; ) {
      const page = await this.#options.deposits.page(after, depositLimits.depositsPerPage);
      every.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < depositLimits.depositsPerPage) return every;
      after = last.id;
    }
  }

  async #loansOf(deposits: readonly Deposit[]): Promise<ReadonlyMap<string, Loan>> {
    const found = new Map<string, Loan>();
    for (const { loan: tx } of deposits) {
      const loan = tx === null ? null : await this.#options.loans.loan(tx);
      if (loan !== null) found.set(loan.tx, loan);
    }
    return found;
  }

  #tell(differences: readonly Difference[]): void {
    const { log } = this.#options;
    if (differences.length === 0) return;
    log.error('deposits.differ', { count: differences.length });
    for (const { deposit, kind } of differences.slice(0, 16)) log.error('deposits.difference', { ref: deposit, kind });
  }

  /** Plans, answers and sends never overlap; one that throws does not stop the next. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#running.then(work).catch((error: unknown) => {
      this.#options.log.error('deposits.failed', { detail: messageOf(error) });
    });
    this.#running = turn;
    return turn;
  }
}

const toldOf = ({ keepMinor, steps }: Deposit): string =>
  JSON.stringify([keepMinor, steps.map(({ number, state }) => [number, state])]);

/** `attempts` made so far. */
export const retryMs = (attempts: number): number =>
  Math.min(depositLimits.longestRetryMs, depositLimits.firstRetryMs * 2 ** Math.min(attempts, 16));

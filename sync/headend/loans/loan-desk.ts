// The desk that owns every loan: reads rows, joins what left a cabinet with what came back to any, and says what
// each loan costs now. What it says of money is a decision in the store; the deposit desk carries it out.
import { type Clock, repeat, type TimerHandle } from '../../../runtime/core/clock.ts';
import type { Entropy } from '../../../runtime/core/entropy.ts';
import { messageOf } from '../../../runtime/core/errors.ts';
import type { Logger } from '../../../runtime/core/log.ts';
import type { LoanMark } from '../../../runtime/fares/loan-fee.ts';
import type { IngestStore } from '../store/ingest-store.ts';
import { keysOfLoan, type TakenEvent } from './item-event.ts';
import { type JoinedLoan, joinItem } from './item-history.ts';
import { judgeLoan, type Loan, type LoanPolicy, type LoanState } from './loan.ts';
import { LoanReader } from './loan-reader.ts';
import { type ItemRecord, type LoanStore, loanLimits } from './loan-store.ts';
import { anchorKey, type DatedMark, loanMark, mayFollow } from './mark.ts';

export const loanDeskLimits = { everyMs: 1_000, listed: 1_000, whyCharacters: 200 } as const;

export interface LoanDeskOptions {
  readonly rows: Pick<IngestStore, 'cursors' | 'read'>;
  readonly loans: LoanStore;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
  /** In force for loans that begin now; a loan keeps the one it began under. */
  readonly policy: LoanPolicy;
}

export class LoanDesk {
  readonly #options: LoanDeskOptions;
  readonly #reader: LoanReader;
  /** No boot of any terminal: the head end's clock is compared as UTC only. */
  readonly #bootId: Uint8Array;
  #timer: TimerHandle | null = null;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: LoanDeskOptions) {
    this.#options = options;
    this.#reader = new LoanReader(options);
    this.#bootId = options.entropy.bytes(16);
  }

  start(): void {
    this.#timer = repeat(this.#options.clock, 'headend.loans', loanDeskLimits.everyMs, () => void this.pass());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#running;
  }

  /** Reads and judges until nothing waits. Passes never overlap. */
  pass(): Promise<void> {
    const pass = this.#running.then(async () => {
      try {
        while ((await this.#reader.pass()) > 0);
        while ((await this.#judgeWaiting()) > 0);
      } catch (error) {
        this.#options.log.error('headend.loans-failed', { detail: messageOf(error) });
      }
    });
    this.#running = pass;
    return pass;
  }

  /** Nothing is charged for this loan until somebody settles it. False for an unknown loan. */
  dispute(tx: string, why: string): Promise<boolean> {
    const dispute = { by: 'person', why: why.slice(0, loanDeskLimits.whyCharacters) } as const;
    return this.#options.loans.note(tx, { dispute, settledMinor: null });
  }

  /** A person's word is the last. False for an unknown loan. @throws RangeError beyond the lost price. */
  async settle(tx: string, chargeMinor: number): Promise<boolean> {
    const loan = await this.#options.loans.loan(tx);
    if (loan === null) return false;
    const { lostMinor } = loan.policy.terms;
    if (!Number.isSafeInteger(chargeMinor) || chargeMinor < 0 || chargeMinor > lostMinor)
      throw new RangeError(`a loan is settled with 0 to ${lostMinor}, not ${chargeMinor}`);
    return this.#options.loans.note(tx, { dispute: null, settledMinor: chargeMinor });
  }

  /** Newest first. */
  loans(states: readonly LoanState[], limit: number): Promise<readonly Loan[]> {
    return this.#options.loans.loans(states, Math.min(limit, loanDeskLimits.listed));
  }

  async #judgeWaiting(): Promise<number> {
    const { loans, clock } = this.#options;
    const items = await loans.waitingItems(clock.wallMs(), loanLimits.itemsPerPass);
    for (const item of items) await this.#judgeItem(item);
    return items.length;
  }

  async #judgeItem(item: string): Promise<void> {
    const { loans } = this.#options;
    const record = await loans.item(item);
    const joined = joinItem(record.events, (event) => anchorOf(record, event));
    const judged: Loan[] = [];
    for (const loan of joined.loans) judged.push(await this.#judge(loan, record));
    await loans.saveItem(item, judged);
  }

  async #judge(joined: JoinedLoan, record: ItemRecord): Promise<Loan> {
    const { taken, returned } = joined;
    const marks = {
      taken: loanMark(taken.mark, anchorOf(record, taken)),
      returned: returned === null ? null : loanMark(returned.mark, anchorOf(record, returned)),
    };
    const attempts = await this.#attemptsOf(taken, record);
    const before = record.loans.get(taken.tx) ?? null;
    const undated = [taken, ...(returned === null ? [] : [returned])].some((event) => isUndated(record, event));
    return judgeLoan({ joined, ...marks, attempts, undated }, this.#now(), this.#options.policy, before);
  }

  /** Attempts before the loan were another visitor's. */
  async #attemptsOf(taken: TakenEvent, record: ItemRecord): Promise<readonly LoanMark[]> {
    const begun: DatedMark = { mark: taken.mark, anchor: anchorOf(record, taken) };
    const found = await this.#options.loans.attempts(keysOfLoan(taken));
    return found.filter((attempt) => mayFollow(begun, attempt)).map(({ mark, anchor }) => loanMark(mark, anchor));
  }

  #now(): LoanMark {
    const { clock } = this.#options;
    return {
      bootId: this.#bootId,
      monoMs: clock.monoMs(),
      wallMs: clock.wallMs(),
      clock: { state: 'SYNCED', uncertaintyMs: 0 },
      rebuilt: null,
    };
  }
}

const isUndated = (record: ItemRecord, event: Pick<TakenEvent, 'mark'>): boolean =>
  event.mark.clock.state === 'UNTRUSTED' && anchorOf(record, event) === null;

const anchorOf = (record: ItemRecord, { mark }: Pick<TakenEvent, 'mark'>) =>
  record.anchors.get(anchorKey(mark)) ?? null;

// A payment provider that holds deposits, and behaves like a payment line on a bad day: answers that never come,
// come late, or come twice. Its own books are exact, because each key is done once.
import type { Clock } from '../../runtime/core/clock.ts';
import { type Entropy, pick, uniform } from '../../runtime/core/entropy.ts';
import { Signal } from '../../runtime/core/event.ts';
import type { DepositAnswer, DepositLine, DepositProvider, DepositRequest } from '../../sync/wire/deposits.ts';

/** Probabilities, and how late an answer may be. What is lost on the way out was never done. */
export interface ProviderFaults {
  readonly requestLost: number;
  readonly answerLost: number;
  readonly answerTwice: number;
  readonly answerLate: number;
  readonly lateMs: number;
  readonly declined: number;
}

export const noFaults: ProviderFaults = {
  requestLost: 0,
  answerLost: 0,
  answerTwice: 0,
  answerLate: 0,
  lateMs: 60_000,
  declined: 0,
};

const promptMs = 50;

interface Account {
  readonly currency: string;
  heldMinor: number;
  capturedMinor: number;
  releasedMinor: number;
}

export class SimulatedProvider implements DepositProvider {
  readonly answers = new Signal<DepositAnswer>();
  /** How often each fault happened, so that a test can assert that it did. */
  readonly happened = { requestLost: 0, answerLost: 0, answerTwice: 0, answerLate: 0, declined: 0, repeated: 0 };
  readonly requests: DepositRequest[] = [];
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #accounts = new Map<string, Account>();
  readonly #answered = new Map<string, DepositAnswer>();
  faults: ProviderFaults;

  constructor(options: { readonly clock: Clock; readonly entropy: Entropy; readonly faults?: ProviderFaults }) {
    this.#clock = options.clock;
    this.#entropy = options.entropy;
    this.faults = options.faults ?? noFaults;
  }

  request(request: DepositRequest): void {
    this.requests.push(request);
    if (this.#happens('requestLost')) return;
    const known = this.#answered.get(request.key);
    if (known !== undefined) this.happened.repeated++;
    const answer = known ?? this.#perform(request);
    this.#answered.set(request.key, answer);
    this.#answer(answer);
    if (this.#happens('answerTwice')) this.#answer(answer);
  }

  async statement(): Promise<readonly DepositLine[]> {
    return [...this.#accounts].map(([deposit, account]) => ({ deposit, ...account }));
  }

  /** Somebody edits the provider's books by hand: what a reconciliation is there to find. */
  tamper(deposit: string, change: Partial<Omit<DepositLine, 'deposit' | 'currency'>>): void {
    const account = this.#accounts.get(deposit) ?? {
      currency: 'CNY',
      heldMinor: 0,
      capturedMinor: 0,
      releasedMinor: 0,
    };
    this.#accounts.set(deposit, { ...account, ...change });
  }

  /** A deposit vanishes from the provider's books. */
  forget(deposit: string): void {
    this.#accounts.delete(deposit);
  }

  #perform({ key, deposit, act, amountMinor, currency }: DepositRequest): DepositAnswer {
    const refused = (reason: string): DepositAnswer => ({ key, done: false, reason });
    const done: DepositAnswer = { key, done: true, reason: null };
    const account = this.#accounts.get(deposit);
    if (act === 'hold') {
      if (account !== undefined || this.#happens('declined')) return refused('declined');
      this.#accounts.set(deposit, { currency, heldMinor: amountMinor, capturedMinor: 0, releasedMinor: 0 });
      return done;
    }
    if (account === undefined) return refused('unknown deposit');
    const blockedMinor = account.heldMinor - account.capturedMinor - account.releasedMinor;
    const availableMinor = act === 'capture' ? blockedMinor : blockedMinor + account.capturedMinor;
    if (amountMinor > availableMinor || account.currency !== currency) return refused('more than there is');
    if (act === 'capture') account.capturedMinor += amountMinor;
    else {
      account.releasedMinor += amountMinor;
      account.capturedMinor -= Math.max(0, amountMinor - blockedMinor);
    }
    return done;
  }

  #answer(answer: DepositAnswer): void {
    if (this.#happens('answerLost')) return;
    const delayMs = this.#happens('answerLate') ? promptMs + pick(this.#entropy, this.faults.lateMs) : promptMs;
    this.#clock.timer('deposit.answer', delayMs, () => this.answers.emit(answer));
  }

  #happens(fault: keyof typeof this.happened & keyof ProviderFaults): boolean {
    const happens = this.faults[fault] > 0 && uniform(this.#entropy) < this.faults[fault];
    if (happens) this.happened[fault]++;
    return happens;
  }
}

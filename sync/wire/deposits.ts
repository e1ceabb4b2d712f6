// What a deposit provider is asked and what it answers. Both ends speak in messages, because that is what a
// payment line is: an answer may be lost, late, or come twice, and a request may have worked all the same.

/** A release gives back to the visitor, whether it was still held or already captured. */
export type DepositAct = 'hold' | 'capture' | 'release';

export interface DepositRequest {
  /** The same for every repetition; the provider does each key once. */
  readonly key: string;
  /** One visitor's deposit, 16 random bytes in hexadecimal. */
  readonly deposit: string;
  readonly act: DepositAct;
  readonly amountMinor: number;
  /** ISO 4217. */
  readonly currency: string;
}

export interface DepositAnswer {
  readonly key: string;
  readonly done: boolean;
  /** Why not: declined, unknown deposit, more than there is. */
  readonly reason: string | null;
}

/** One deposit as the provider's books have it. held = captured + released + what is still blocked. */
export interface DepositLine {
  readonly deposit: string;
  readonly currency: string;
  readonly heldMinor: number;
  /** Kept by the operator, after what was given back of it. */
  readonly capturedMinor: number;
  readonly releasedMinor: number;
}

export interface DepositProvider {
  /** Returns at once; nothing is promised. */
  request(request: DepositRequest): void;
  readonly answers: { on(listener: (answer: DepositAnswer) => void): () => void };
  statement(): Promise<readonly DepositLine[]>;
}

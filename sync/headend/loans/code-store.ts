// Which phone was first with a scanned code, and how far its order has come. The claim of a nonce is durable
// before anything is asked of a cabinet.
import type { ReasonCode } from '../../../runtime/records/reasons.ts';

/**
 * claimed: this phone was first. sent: the cabinet has been asked. answered: what it said is in `reason`.
 * failed: never asked; `reason` says why.
 */
export type OrderStage = 'claimed' | 'sent' | 'answered' | 'failed';
export type OrderReason = ReasonCode | 'DEPOSIT_REFUSED' | 'NO_ANSWER';

export interface ScannedOrder {
  readonly terminal: string;
  /** Hexadecimal. */
  readonly nonce: string;
  /** What the phone that was first shows to see its order again: 16 random bytes in hexadecimal. */
  readonly visit: string;
  /** 16 bytes in hexadecimal, random. */
  readonly order: string;
  readonly language: string;
  readonly stage: OrderStage;
  readonly reason: OrderReason | null;
  readonly claimedMs: number;
  /** Last second at which the cabinet may begin it. */
  readonly notAfter: number;
}

export interface CodeStore {
  /** False where another phone was first. The same visit again is that phone. */
  claim(order: ScannedOrder): Promise<boolean>;
  byVisit(visit: string): Promise<ScannedOrder | null>;
  /** Moves only forward. */
  advance(order: string, stage: Exclude<OrderStage, 'claimed'>, reason: OrderReason | null): Promise<void>;
  /** Claimed or sent, oldest first. */
  open(limit: number): Promise<readonly ScannedOrder[]>;
  /**
   * Orders that can no longer begin: their cabinet wrote rows at a SYNCED time later than `notAfter` by `marginMs`,
   * all rows before have been read, and none began it.
   */
  neverBegun(marginMs: number, limit: number): Promise<readonly ScannedOrder[]>;
  /** Forgets codes claimed before `beforeMs` whose order is over. */
  forget(beforeMs: number): Promise<void>;
}

// An order: one visitor's claim to one guide, from acceptance until the guide is taken or the claim ends.
import type { MonoMs, WallMs } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { Ending } from '../../records/payload.ts';
import type { ReasonCode } from '../../records/reasons.ts';

/** IDLE is a cabinet without an order; AUTHORISED, RETRYING and COMPENSATED pass within one step or wait for the motor. */
export type OrderState =
  | 'IDLE'
  | 'AUTHORISED'
  | 'RESERVED'
  | 'DISPENSING'
  | 'PRESENTED'
  | 'RETRYING'
  | 'COMPENSATED'
  | 'CANCELLED'
  | 'ON_LOAN'
  | 'IN_DOUBT';

/** States an order that has not ended can be in, as the journal knows them. */
export const orderPhases = ['RESERVED', 'DISPENSING', 'RETRYING', 'PRESENTED', 'IN_DOUBT'] as const;
export type OrderPhase = (typeof orderPhases)[number];

/** The code an order was accepted for, in the use ledger. */
export interface OrderUse {
  readonly issuer: string;
  readonly cti: Bytes;
  /** Guides the code may take in all. */
  readonly uses: number;
  /** When the code's entitlement ends, unix seconds. */
  readonly validUntil: number;
}

export interface Order {
  /** 16 bytes. */
  readonly tx: Bytes;
  /** Order id of the head end; null in flow M. */
  readonly order: Bytes | null;
  readonly commandId: Bytes | null;
  readonly use: OrderUse | null;
  readonly language: string | null;
  readonly phase: OrderPhase;
  readonly slot: number;
  readonly item: string;
  /** The INTENT that has no OUTCOME yet, 8 bytes. */
  readonly actId: Bytes | null;
  /** Pulses given to the present slot, and all slots tried. */
  readonly tries: number;
  readonly tried: readonly number[];
  readonly nextTxSeq: number;
}

/** What a command was told, kept to tell it again. */
export interface Answer {
  readonly order: Bytes;
  readonly commandId: Bytes;
  readonly tx: Bytes;
  readonly reason: ReasonCode;
  readonly ending: Ending | null;
  readonly slot: number | null;
  readonly item: string | null;
  readonly atWallMs: WallMs;
}

/** One latch on its way: for an order, or to open a slot for a person. */
export interface Motion {
  readonly slot: number;
  readonly for: 'order' | 'return' | 'foreign' | 'staff';
  /** Null once the act has its OUTCOME, while the visitor may still ask to open again. */
  readonly actId: Bytes | null;
  readonly tx: Bytes | null;
  /** Item that is meant to leave; null where none is. */
  readonly item: string | null;
  readonly startedMonoMs: MonoMs;
  /** Latch seen open; null while it moves. */
  readonly presentedMonoMs: MonoMs | null;
  /** The item has left, and since when. */
  readonly goneMonoMs: MonoMs | null;
  /** Until when the visitor may take it, however often the latch opens again; null before it first did. */
  readonly takeByMonoMs: MonoMs | null;
  readonly relatchMonoMs: MonoMs | null;
  readonly beeped: boolean;
  readonly warned: boolean;
  /** The time to take it is over. */
  readonly over: boolean;
  /** "Open again" was pressed. */
  readonly again: boolean;
}

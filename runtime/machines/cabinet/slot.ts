// A slot: what its sensors say, and what the machine makes of it. The wire gives facts; whose item it is
// and whether it may go is kept here.
import type { MonoMs, WallMs } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';

/** What the sensors of one slot say; null where the slot has no such sensor or it does not answer. */
export interface SlotFacts {
  /** 1 for the first. */
  readonly slot: number;
  readonly locked: boolean | null;
  /** Equals `locked` where there is no door switch. */
  readonly doorClosed: boolean | null;
  /** Something stands in the slot or its mouth. */
  readonly present: boolean | null;
  readonly tagId: string | null;
  /** 0..100. */
  readonly chargePercent: number | null;
  /** `lockJam` is the one that concerns the latch. */
  readonly fault: string | null;
  readonly atMonoMs: MonoMs;
}

export const slotKinds = [
  'EMPTY',
  'RETURN_UNSEEN',
  'OCCUPIED_CHARGING',
  'HYGIENE',
  'AVAILABLE',
  'RESERVED',
  'QUARANTINE',
  'FAULT',
  'LOCKED',
] as const;
export type SlotKind = (typeof slotKinds)[number];

/** Why a slot is LOCKED: what may end it depends on it. */
export const lockCauses = ['in_doubt', 'custody', 'foreign', 'two_slots', 'door', 'staff'] as const;
export type LockCause = (typeof lockCauses)[number];

/** A return that has begun and is not ended. */
export interface OpenReturn {
  /** 16 bytes. */
  readonly tx: Bytes;
  readonly bootId: Bytes;
  /** First contact, monotonic time of that boot: here the visitor's fee stops. */
  readonly contactMonoMs: MonoMs;
  readonly nextTxSeq: number;
  /** Already reported as unseen. */
  readonly unseen: boolean;
}

/** What the journal says of a slot. */
export interface Slot {
  readonly slot: number;
  readonly kind: SlotKind;
  readonly cause: LockCause | null;
  /** Serial of the item that belongs in here now. */
  readonly item: string | null;
  /** Since when the slot is what it is; of equal items the longest idle goes first. */
  readonly sinceWallMs: WallMs;
  readonly returned: OpenReturn | null;
  /** INTENT to open this slot for another reason than an order, 8 bytes. */
  readonly opening: Bytes | null;
}

export const emptySlot = (slot: number): Slot => ({
  slot,
  kind: 'EMPTY',
  cause: null,
  item: null,
  sinceWallMs: 0 as WallMs,
  returned: null,
  opening: null,
});

/** Only a slot whose sensors all agree that nothing is there is clear. */
export const isClear = (facts: SlotFacts): boolean => facts.present === false && facts.tagId === null;

/** The item stands in the slot and the latch holds it. */
export const holds = (facts: SlotFacts, item: string): boolean =>
  facts.locked === true && facts.present !== false && facts.tagId === item;

export const isShut = (facts: SlotFacts): boolean => facts.doorClosed !== false && facts.locked !== false;

export const hasOpened = (facts: SlotFacts): boolean => facts.locked === false || facts.doorClosed === false;

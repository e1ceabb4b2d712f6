// What a cabinet is: numbered slots, each with a lock, and sensors that say facts. Whose guide it is and
// whether it may go is for the machine to say.
import type { MonoMs } from '../../runtime/core/brand.ts';
import type { Signal } from '../../runtime/core/event.ts';
import type { Device } from './device.ts';

/** What the sensors of one slot say; null where the slot has no such sensor or it does not answer. */
export interface SlotFacts {
  /** 1 for the first. */
  readonly slot: number;
  readonly locked: boolean | null;
  /** Equals `locked` where there is no door switch. */
  readonly doorClosed: boolean | null;
  /** Something stands in the slot or its mouth. */
  readonly present: boolean | null;
  /** Serial of the item's own tag. */
  readonly tagId: string | null;
  /** 0..100. */
  readonly chargePercent: number | null;
  readonly fault: string | null;
  readonly atMonoMs: MonoMs;
}

export interface Cabinet extends Device {
  readonly slots: number;
  /** False for a spring latch: a slot that was opened locks only when a person pushes its door shut. */
  readonly canRelatch: boolean;
  /** A slot's facts changed, or were read for the first time since the device was reached. */
  readonly facts: Signal<SlotFacts>;
  /** The newest facts of every slot. */
  snapshot(): readonly SlotFacts[];
  /**
   * Opens one slot once. True when its bytes were handed to a device that is online. It is never sent again by
   * the driver: the lock's own bit, in the facts, says whether it moved.
   */
  unlock(slot: number): boolean;
  /** Locks an open slot where {@link canRelatch}; false otherwise. */
  relatch(slot: number): boolean;
}

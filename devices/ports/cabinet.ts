// What a cabinet is: numbered slots, each with a lock, and sensors that say facts. Whose guide it is and
// whether it may go is for the machine to say.
import type { MonoMs } from '../../runtime/core/brand.ts';
import type { Signal } from '../../runtime/core/event.ts';
import type { Device } from './device.ts';

/**
 * lockJam: the lock bit still says locked after the wait that follows an unlock; should the bolt leave later, or by a
 * key, the facts say so and the fault is gone. twoTags: the reader sees more than one
 * tag in this slot. tagReader, chargeReader: the reader answers that it cannot read this slot.
 */
export const slotFaults = ['lockJam', 'twoTags', 'tagReader', 'chargeReader'] as const;
export type SlotFault = (typeof slotFaults)[number];

/** What the sensors of one slot say; null where the slot has no such sensor or it does not answer. */
export interface SlotFacts {
  /** 1 for the first. */
  readonly slot: number;
  readonly locked: boolean | null;
  /** Equals `locked` where there is no door switch. */
  readonly doorClosed: boolean | null;
  /** Something stands in the slot or its mouth. */
  readonly present: boolean | null;
  /** Serial of the item's own tag. Null with a `tagAtMonoMs`: the reader answered and sees no single tag. */
  readonly tagId: string | null;
  /** 0..100. Null with a `chargeAtMonoMs`: the reader answered and no item is on the contacts. */
  readonly chargePercent: number | null;
  /** The gravest, in the order of {@link slotFaults}. */
  readonly fault: SlotFault | null;
  /** When lock, door and presence were last read, or lost. */
  readonly atMonoMs: MonoMs;
  /** When the tag was last read; null where there is no reader or it does not answer. */
  readonly tagAtMonoMs: MonoMs | null;
  /** When the charge was last read; null where there is no reading or it does not answer. */
  readonly chargeAtMonoMs: MonoMs | null;
}

export interface Cabinet extends Device {
  readonly slots: number;
  /** False for a spring latch: a slot that was opened locks only when a person pushes its door shut. */
  readonly canRelatch: boolean;
  /**
   * A slot's facts changed, or were read for the first time since the device was reached. A reading that only confirms
   * what is known moves the times in {@link snapshot} and is not told.
   */
  readonly facts: Signal<SlotFacts>;
  /** The newest facts of every slot. */
  snapshot(): readonly SlotFacts[];
  /**
   * Opens one slot once. True when a device that is online takes the motion: its bytes go out at once, or right after
   * the request that is under way on the bus, or never if the line is lost before. False, and nothing sent, when the
   * device is not online or still moves another slot. It is never sent again by the driver: the lock's own bit, in the
   * facts, says whether it moved.
   */
  unlock(slot: number): boolean;
  /** Locks an open slot where {@link canRelatch}; false otherwise. */
  relatch(slot: number): boolean;
}

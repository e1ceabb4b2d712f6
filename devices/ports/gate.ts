// What a gate is: a barrier that lets one person through per pulse and says what its sensors saw. There is
// no way to close it: nothing in software can trap a person.
import type { MonoMs } from '../../runtime/core/brand.ts';
import type { Signal } from '../../runtime/core/event.ts';
import type { Device } from './device.ts';

/** Seen from the controlled side: entry goes in, exit goes out. */
export type GateDirection = 'entry' | 'exit';

/** What happened at the barrier, with the time of the sensor's edge, not of its handling. */
export type GateEvent = { readonly atMonoMs: MonoMs } & (
  | { readonly kind: 'opened'; readonly direction: GateDirection }
  /**
   * A person went through, released or not. With nothing released it was forced; in the other direction, somebody
   * turned back; a second one in one release followed too close: that is for the machine to say.
   */
  | { readonly kind: 'passed'; readonly direction: GateDirection }
  /** The controller's own wait ended without a passage; it has locked again. */
  | { readonly kind: 'notPassed'; readonly direction: GateDirection }
  /** The detector has been held for 10 s, or is free again after that. */
  | { readonly kind: 'blocked'; readonly held: boolean }
  /** Observed only: the release itself is wired to the controller. */
  | { readonly kind: 'fire'; readonly active: boolean }
  /** The device did not open or lock, refused, does not answer, or was lost during a release. */
  | { readonly kind: 'fault'; readonly detail: string }
);

/** What the sensors say now; null where the gate has no such sensor or it is not known. */
export interface GateSensors {
  /** Released or open, by the best wire there is. */
  readonly open: boolean | null;
  readonly blocked: boolean | null;
  readonly fire: boolean | null;
  /**
   * Passages since the device was reached, per direction: only those in a released direction before it locked again,
   * and those in fire.
   */
  readonly passages: Readonly<Record<GateDirection, number>>;
}

export interface Gate extends Device {
  readonly events: Signal<GateEvent>;
  sensors(): GateSensors;
  /** False where nothing confirms that the barrier opened: then `opened` never comes. */
  readonly confirmsOpening: boolean;
  /**
   * One pulse that lets one person through; the driver caps its length. True when its bytes were handed to a
   * device that is online. It is never sent again by the driver: what happened comes as an event. False, and nothing
   * sent, while offline, in fire, while the gate is not ready, or until the person of the release before is through.
   */
  release(direction: GateDirection): boolean;
}

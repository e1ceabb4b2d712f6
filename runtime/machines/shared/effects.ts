// What any machine asks of its terminal after the commit, as data: tell the person, wake the machine in
// time, call for attention. Each machine adds the effects of its own hardware.
import type { Money, MonoMs, WallMs } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { Payload } from '../../records/payload.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { RowType } from '../../records/row-types.ts';

/** accepted is the only cue with the success tone; repeat keeps the green without a sound. */
export type SignalCue = 'ready' | 'accepted' | 'repeat' | 'refused' | 'staff' | 'emergency' | 'outOfOrder';

/** Where the six characters come from: a row of this very commit, or one committed before. */
export type ReferenceSource =
  | { readonly from: 'record'; readonly index: number }
  | { readonly from: 'row'; readonly ref: string };

export interface SignalEffect {
  readonly kind: 'signal';
  readonly cue: SignalCue;
  readonly reason: ReasonCode;
  /** Null where no row stands behind the answer: then no reference is shown. */
  readonly reference: ReferenceSource | null;
  /** What was charged, for a ride. */
  readonly fare: Money | null;
  /** The time the message names, for instance of the earlier ride. */
  readonly time: WallMs | null;
  /** The gate lane the message sends people to. */
  readonly place: string | null;
  /** Expected wait the message names, minutes. */
  readonly waitMinutes: number | null;
  /** The ride this cue tells its rider of: feed Signalled with it once the cue was shown. */
  readonly ride: Bytes | null;
}

export type TimerEffect<Name extends string> =
  /** Replaces a running timer of that name. */
  | { readonly kind: 'timer'; readonly name: Name; readonly dueMonoMs: MonoMs }
  | { readonly kind: 'cancelTimer'; readonly name: Name };

/** recount asks staff to count who is inside. */
export type Alarm = 'storage' | 'tailgate' | 'forced' | 'blocked' | 'fault' | 'fire' | 'recount';

/** Somebody must look now; a row of the same commit says so too. */
export interface AlarmEffect {
  readonly kind: 'alarm';
  readonly alarm: Alarm;
}

export type CommonEffect<TimerName extends string> = SignalEffect | TimerEffect<TimerName> | AlarmEffect;

/** A row to commit. The terminal adds moment and day, and seals the evidence at the row's position. */
export interface RecordDraft {
  readonly type: RowType;
  readonly payload: Payload;
  /** Exact token bytes of an accepted code; null for every other row. */
  readonly evidence: Bytes | null;
}

/** A change to derived state, committed together with the records; `value` null deletes. */
export interface ProjectionDraft {
  readonly space: string;
  readonly key: Bytes;
  readonly value: Bytes | null;
}

// What the terminal must do after the commit, as data: tell the person, and wake the machine in time.
import type { Money, MonoMs, WallMs } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { Payload } from '../../records/payload.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { RowType } from '../../records/row-types.ts';
import type { TimerName } from './timer-names.ts';

/** accepted is the only cue with the success tone; repeat keeps the green without a sound. */
export type SignalCue = 'accepted' | 'repeat' | 'refused' | 'staff' | 'outOfOrder';

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
  /** The ride this cue tells its rider of: feed Signalled with it once the cue was shown. */
  readonly ride: Bytes | null;
}

export type ValidatorEffect =
  | SignalEffect
  /** Replaces a running timer of that name. */
  | { readonly kind: 'timer'; readonly name: TimerName; readonly dueMonoMs: MonoMs }
  | { readonly kind: 'cancelTimer'; readonly name: TimerName }
  /** Storage needs attention now; a row of the same commit says so too. */
  | { readonly kind: 'alarm'; readonly alarm: 'storage' };

/** A row to commit. The terminal adds moment and day, and seals the evidence at the row's position. */
export interface RecordDraft {
  readonly type: RowType;
  readonly payload: Payload;
  /** Exact token bytes of an accepted code; null for every other row. */
  readonly evidence: Bytes | null;
}

/** A change to derived state, committed together with the records; `value` null deletes. */
export interface ProjectionDraft {
  readonly space: 'account' | 'trip';
  readonly key: Bytes;
  readonly value: Bytes | null;
}

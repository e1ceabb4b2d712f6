// What can happen to a validator. Every input carries the monotonic time at which it happened, because
// inputs wait while a commit is under way and still count from their own time.
import type { MonoMs } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { Verdict } from '../../tokens/outcome.ts';
import type { RideMark } from './state.ts';
import type { TimerName } from './timer-names.ts';
import type { Trip } from './trip.ts';

export type ValidatorInput = { readonly atMonoMs: MonoMs } & (
  | {
      /** Once per process start, before anything else: what the journal still holds open. */
      readonly kind: 'Boot';
      readonly trip: Trip | null;
      /** Newest committed ride of that trip whose cue is not known to have been shown. */
      readonly unsignalled: RideMark | null;
    }
  | { readonly kind: 'TripOpen'; readonly line: string; readonly direction: string }
  | { readonly kind: 'TripClose' }
  | { readonly kind: 'RidersSet'; readonly riders: number }
  | {
      readonly kind: 'Presentation';
      /** Null when the code was not decoded, because {@link serves} said no. */
      readonly verdict: Verdict | null;
      /** SHA-256 of the bytes as the reader gave them. */
      readonly rawDigest: Bytes;
    }
  /** Bytes for which {@link knowsCode} said yes: not decoded again. */
  | { readonly kind: 'SameCode'; readonly rawDigest: Bytes }
  | { readonly kind: 'Timer'; readonly name: TimerName }
  | { readonly kind: 'ClockStepped'; readonly fromMs: number; readonly toMs: number }
  /** A ride of the last step is durable, at this place in the journal. */
  | { readonly kind: 'Committed'; readonly tx: Bytes; readonly seq: number; readonly ref: string }
  /** The cue that told a rider of this ride has been handed to a working indicator. */
  | { readonly kind: 'Signalled'; readonly tx: Bytes }
);
export type { TimerName };
export type InputOf<Kind extends ValidatorInput['kind']> = Extract<ValidatorInput, { kind: Kind }>;

// What a validator holds between two inputs. Plain immutable data; everything that must survive a power
// cut is in the journal and comes back with Boot.
import type { Money, MonoMs } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import { type DeclineBudget, fullBudget } from '../shared/declines.ts';
import type { ArmedTimers } from '../shared/timers.ts';
import type { TimerName } from './timer-names.ts';
import type { Trip } from './trip.ts';

/** An accepted ride and where its row stands, once known. */
export interface RideMark {
  readonly tx: Bytes;
  /** Identity of the rider: {@link accountId}. */
  readonly account: string;
  /** D of the code it was accepted for. */
  readonly digest: Bytes;
  readonly fare: Money | null;
  readonly seq: number | null;
  readonly ref: string | null;
  readonly atMonoMs: MonoMs;
}

/** One presence of one account on the reader: a single ride, however many codes and reads it shows. */
export interface HoldOff {
  readonly account: string;
  readonly ride: RideMark;
  readonly lastReadMonoMs: MonoMs;
  /** Reads that were answered REPEAT. */
  readonly repeats: number;
}

/** A code of a running hold-off: its bytes need no second decoding. */
export interface ShownCode {
  /** Hexadecimal SHA-256 of the bytes as read. */
  readonly raw: string;
  readonly digest: Bytes;
  readonly account: string;
}

/** A code refused moments ago: while its answer still stands, the same bytes get no second one. */
export interface RefusedCode {
  readonly raw: string;
  readonly atMonoMs: MonoMs;
}

export type Service =
  /** Before Boot: nothing is known of what the journal holds open. */
  { readonly kind: 'recovering' } | { readonly kind: 'closed' } | { readonly kind: 'open'; readonly trip: Trip };

export interface ValidatorState {
  readonly service: Service;
  /** Monotonic time of the Boot input: durations that span boots count from here. */
  readonly bootMonoMs: MonoMs;
  readonly holdOffs: readonly HoldOff[];
  readonly shown: readonly ShownCode[];
  readonly refused: readonly RefusedCode[];
  /** Rides whose cue is not known to have been shown, oldest first. */
  readonly unsignalled: readonly RideMark[];
  readonly riders: { readonly count: number; readonly untilMonoMs: MonoMs } | null;
  readonly declines: DeclineBudget;
  /** Newest seq whose cue was shown, while no row says so yet. */
  readonly unwrittenMark: number | null;
  readonly storageAlarm: boolean;
  readonly timers: ArmedTimers<TimerName>;
  /** Inputs that the present state does not know. */
  readonly ignored: number;
}

export const initialState: ValidatorState = {
  service: { kind: 'recovering' },
  bootMonoMs: 0 as MonoMs,
  holdOffs: [],
  shown: [],
  refused: [],
  unsignalled: [],
  riders: null,
  declines: fullBudget,
  unwrittenMark: null,
  storageAlarm: false,
  timers: {},
  ignored: 0,
};

// What a gate lane holds between two inputs. Plain immutable data; everything that must survive a power cut is
// in the journal and comes back with Boot.
import type { MonoMs } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { Outcome } from '../../tokens/outcome.ts';
import { type DeclineBudget, fullBudget } from '../shared/declines.ts';
import type { ArmedTimers } from '../shared/timers.ts';
import type { Direction } from './effects.ts';
import type { OpenAct } from './replay.ts';
import type { TicketRef } from './ticket.ts';
import type { TimerName } from './timer-names.ts';

/** A verified ticket on its way through the decision. */
export interface Candidate {
  readonly outcome: Outcome;
  readonly cti: Bytes;
  readonly done: number;
  readonly found: number;
  /** Hexadecimal SHA-256 of the bytes as read. */
  readonly raw: string;
  readonly identityMatched: boolean | null;
  /** Reasons that staff have overridden, who did, and why. */
  readonly waived: readonly ReasonCode[];
  readonly staff: Bytes | null;
  readonly cause: string | null;
}

/** One transaction at the barrier, entry side. A group has an act, an INTENT and a pulse per person. */
export interface Admission {
  readonly tx: Bytes;
  readonly actId: Bytes;
  readonly txSeq: number;
  readonly raw: string | null;
  /** Null for an admission by hand. */
  readonly ticket: TicketRef | null;
  /** Persons still to pass, the one at the barrier included. */
  readonly rest: number;
  readonly passed: number;
  /** Lease the place of the present act was taken from. */
  readonly lease: Bytes | null;
  /** Home gate lane to tell of the outcome; null where it is this one. */
  readonly home: string | null;
  readonly unclaimed: boolean;
  readonly staff: Bytes | null;
  readonly cause: string | null;
  /** Where the lane goes afterwards. */
  readonly afterwards: RestingState;
}

export interface Manual {
  readonly kind: 'manual';
  readonly back: 'closedIdle' | 'hold' | 'fault';
  readonly untilMonoMs: MonoMs;
}
export type RestingState = { readonly kind: 'closedIdle' } | Manual;

export type EntryState =
  /** Before Boot, and while the passage latch of an open INTENT has not answered. */
  | {
      readonly kind: 'recovering';
      readonly booted: boolean;
      readonly open: OpenAct | null;
      readonly untilMonoMs: MonoMs;
    }
  | RestingState
  | { readonly kind: 'hold' }
  | {
      readonly kind: 'claiming';
      readonly candidate: Candidate;
      readonly claimId: Bytes;
      readonly to: string;
      readonly untilMonoMs: MonoMs;
      /** Where the lane goes when the answer is no. */
      readonly back: 'closedIdle' | 'hold';
    }
  | { readonly kind: 'authorised'; readonly admission: Admission; readonly untilMonoMs: MonoMs }
  | { readonly kind: 'openWait'; readonly admission: Admission; readonly untilMonoMs: MonoMs }
  | { readonly kind: 'fault'; readonly detail: string }
  | { readonly kind: 'emergencyOpen'; readonly fireActive: boolean };

/** Somebody who showed a code on the way out. Its words are recorded, whatever they are. */
export interface Leaver {
  readonly raw: string;
  readonly ticket: TicketRef | null;
  readonly reason: ReasonCode;
}

export type ExitState =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'open';
      readonly tx: Bytes;
      readonly actId: Bytes;
      readonly leaver: Leaver;
      readonly confirmed: boolean;
      readonly untilMonoMs: MonoMs;
    };

export interface Lease {
  readonly id: Bytes;
  readonly left: number;
  /** Already less the guard and the clock's uncertainty. */
  readonly untilMonoMs: MonoMs;
}

export interface ShownCode {
  readonly raw: string;
  readonly direction: Direction;
  /** Issuer and token id where the signatures held. */
  readonly ticket: string | null;
  readonly accepted: boolean;
  readonly lastReadMonoMs: MonoMs;
}

/** The newest admission that ended: bodies behind it, and a passage whose edge came before its end. */
export interface Ended {
  readonly admission: Admission;
  readonly passed: boolean;
  /** Of the passage, or of the end of the wait. */
  readonly atMonoMs: MonoMs;
}

export interface GateLaneState {
  readonly entry: EntryState;
  readonly exit: ExitState;
  readonly exitsWaiting: readonly Leaver[];
  /** Monotonic time of the Boot input: durations that span boots count from here. */
  readonly bootMonoMs: MonoMs;
  /** Persons inside as far as this lane knows. */
  readonly occupancy: number;
  readonly lease: Lease | null;
  /** The head end stopped admissions. */
  readonly stopped: boolean;
  readonly waitMinutes: number | null;
  readonly siteReachable: boolean;
  readonly ended: Ended | null;
  /** Refused just now for something that staff may override. */
  readonly pending: {
    readonly candidate: Candidate;
    readonly reason: ReasonCode;
    readonly untilMonoMs: MonoMs;
  } | null;
  /** Since when the detector is held, and whether staff were called. */
  readonly blocked: { readonly sinceMonoMs: MonoMs; readonly told: boolean } | null;
  readonly shown: readonly ShownCode[];
  /** Hexadecimal act ids of settled claims. */
  readonly settled: readonly string[];
  /** Hexadecimal ids of commands already carried out. */
  readonly commands: readonly string[];
  readonly statistics: { readonly quarter: number | null; readonly counters: Readonly<Record<string, number>> };
  readonly declines: DeclineBudget;
  readonly storageAlarm: boolean;
  readonly timers: ArmedTimers<TimerName>;
  /** Inputs that the present state does not know. */
  readonly ignored: number;
}

export const initialState: GateLaneState = {
  entry: { kind: 'recovering', booted: false, open: null, untilMonoMs: 0 as MonoMs },
  exit: { kind: 'idle' },
  exitsWaiting: [],
  bootMonoMs: 0 as MonoMs,
  occupancy: 0,
  lease: null,
  stopped: false,
  waitMinutes: null,
  siteReachable: true,
  ended: null,
  pending: null,
  blocked: null,
  shown: [],
  settled: [],
  commands: [],
  statistics: { quarter: null, counters: {} },
  declines: fullBudget,
  storageAlarm: false,
  timers: {},
  ignored: 0,
};

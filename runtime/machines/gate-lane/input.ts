// What can happen to a gate lane. Every input carries the monotonic time at which it happened: sensors the time
// of the edge, not of its handling.
import type { MonoMs, UnixSeconds } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { Verdict } from '../../tokens/outcome.ts';
import type { TicketUse } from '../shared/use-ledger.ts';
import type { ClaimOutcome, ClaimSubject, Direction } from './effects.ts';
import type { Replayed } from './replay.ts';
import type { TimerName } from './timer-names.ts';

/** The words of the gate port. */
export type GateSensor =
  | { readonly kind: 'opened'; readonly direction: Direction }
  | {
      readonly kind: 'passed';
      readonly direction: Direction;
      /** Null where nothing measures it. */
      readonly heightCentimetres: number | null;
    }
  /** The controller's own wait ended without a passage; it has locked again. */
  | { readonly kind: 'notPassed'; readonly direction: Direction }
  | { readonly kind: 'blocked'; readonly held: boolean }
  | { readonly kind: 'fault'; readonly detail: string };

/** What the passage latch says of the pulse that was under way when the power went. */
export type Latch = 'passed' | 'notPassed' | 'unknown';

export interface BootSensors {
  /** Null: the barrier has not answered yet. */
  readonly entry: Latch | null;
  readonly exit: Latch | null;
  readonly fire: boolean | null;
}

export type StaffDeed =
  /** Opens or leaves manual mode; after a fire, opens the lane again. */
  | { readonly kind: 'badge' }
  /** One admission by hand, in manual mode. */
  | { readonly kind: 'admit'; readonly reason: string }
  /** Lets the ticket in that was just refused for want of proof, identity or the like. */
  | { readonly kind: 'override'; readonly reason: string }
  | { readonly kind: 'recount'; readonly inside: number }
  /** Stops admissions, and lets them go on. */
  | { readonly kind: 'hold' | 'resume' };

export type LaneCommand =
  | { readonly kind: 'hold'; readonly waitMinutes: number | null }
  | { readonly kind: 'resume' }
  | { readonly kind: 'recount'; readonly inside: number };

export type GateLaneInput = { readonly atMonoMs: MonoMs } & (
  | {
      /** Once per process start, before anything else: what the journal says, and what the sensors say. */
      readonly kind: 'Boot';
      readonly journal: Omit<Replayed, 'uses'>;
      readonly sensors: BootSensors;
    }
  /** The barrier answers after Boot. */
  | { readonly kind: 'Latches'; readonly sensors: BootSensors }
  | {
      readonly kind: 'Presentation';
      readonly direction: Direction;
      /** Null when the code was not decoded, because {@link serves} said no. */
      readonly verdict: Verdict | null;
      /** SHA-256 of the bytes as the reader gave them. */
      readonly rawDigest: Bytes;
      /** Whether the holder's ID fits the ticket; null where it was not read. */
      readonly identityMatched: boolean | null;
    }
  /** Bytes for which {@link knowsCode} said yes: not decoded again. */
  | { readonly kind: 'SameCode'; readonly direction: Direction; readonly rawDigest: Bytes }
  | { readonly kind: 'Sensor'; readonly sensor: GateSensor }
  | { readonly kind: 'Fire'; readonly active: boolean }
  | ({ readonly kind: 'ClaimRequest'; readonly from: string } & ClaimSubject)
  | {
      readonly kind: 'ClaimAnswer';
      readonly from: string;
      readonly claimId: Bytes;
      readonly issuer: string;
      readonly cti: Bytes;
      readonly granted: boolean;
      readonly use: TicketUse | null;
    }
  | ({
      readonly kind: 'ClaimSettled';
      readonly from: string;
      readonly actId: Bytes;
      readonly outcome: ClaimOutcome;
      readonly more: boolean;
    } & ClaimSubject)
  | {
      readonly kind: 'Lease';
      readonly lease: Bytes;
      readonly admissions: number;
      readonly expiresAt: UnixSeconds;
      /** Expected wait while there are no admissions. */
      readonly waitMinutes: number | null;
    }
  | {
      /** Signature, target and sender are checked before it comes here. */
      readonly kind: 'Command';
      readonly commandId: Bytes;
      readonly notAfter: UnixSeconds;
      readonly command: LaneCommand;
    }
  | {
      /** The badge's signature, site and expiry are checked before it comes here. */
      readonly kind: 'StaffAct';
      readonly role: string;
      readonly staff: Bytes;
      readonly deed: StaffDeed;
    }
  | { readonly kind: 'SelfTest'; readonly passed: boolean }
  /** Whether the site's other gate lanes can be reached at all. */
  | { readonly kind: 'Network'; readonly site: boolean }
  | { readonly kind: 'Timer'; readonly name: TimerName }
);
export type InputOf<Kind extends GateLaneInput['kind']> = Extract<GateLaneInput, { kind: Kind }>;

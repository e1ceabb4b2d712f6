// What can happen to a cabinet. Every input carries the monotonic time at which it happened, because
// inputs wait while a commit is under way and still count from their own time.
import type { MonoMs, UnixSeconds } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { Verdict } from '../../tokens/outcome.ts';
import type { ClaimOutcome, ClaimSubject } from './effects.ts';
import type { CabinetLedger } from './ledger.ts';
import type { SlotFacts } from './slot.ts';
import type { TimerName } from './timer-names.ts';

export type CabinetInput = {
  readonly atMonoMs: MonoMs;
} /** Once per process start, before anything else. The facts of each slot follow as SlotChanged. */ & (
  | { readonly kind: 'Boot'; readonly ledger: CabinetLedger }
  | {
      readonly kind: 'Presentation';
      /** Null when the code was not decoded, because {@link serves} said no. */
      readonly verdict: Verdict | null;
      /** SHA-256 of the bytes as the reader gave them. */
      readonly rawDigest: Bytes;
      /** What the visitor chose on the screen; the code's own wish counts where it is null. */
      readonly language: string | null;
    }
  /** A dispense command whose signature, terminal, epoch and counter are already proven. */
  | ({ readonly kind: 'Dispense' } & DispenseCommand)
  | { readonly kind: 'SlotChanged'; readonly facts: SlotFacts }
  /** What the driver said to an actuate effect: false is certain, nothing was sent. */
  | { readonly kind: 'Actuated'; readonly actId: Bytes; readonly sent: boolean }
  | ({ readonly kind: 'ClaimRequest'; readonly from: string } & ClaimSubject)
  | { readonly kind: 'ClaimAnswer'; readonly claimId: Bytes; readonly granted: boolean }
  | ({
      readonly kind: 'ClaimSettled';
      readonly from: string;
      readonly actId: Bytes;
      readonly outcome: ClaimOutcome;
    } & ClaimSubject)
  | { readonly kind: 'HygieneDone'; readonly slot: number; readonly ok: boolean }
  | { readonly kind: 'Key'; readonly key: 'openAgain' | 'return' }
  /** The visitor says that the guide in this slot is damaged. */
  | { readonly kind: 'DamageReported'; readonly slot: number }
  /** The tag of an item, read outside any slot. */
  | { readonly kind: 'ItemShown'; readonly item: string }
  | { readonly kind: 'Staff'; readonly staff: Bytes; readonly act: StaffAct }
  | { readonly kind: 'Network'; readonly online: boolean }
  | { readonly kind: 'Timer'; readonly name: TimerName }
  | { readonly kind: 'ClockStepped'; readonly fromMs: number; readonly toMs: number }
  /** The first row of a transaction of the last step is durable, at this place in the journal. */
  | { readonly kind: 'Committed'; readonly tx: Bytes; readonly ref: string }
);
export type InputOf<Kind extends CabinetInput['kind']> = Extract<CabinetInput, { kind: Kind }>;

export interface DispenseCommand {
  readonly commandId: Bytes;
  readonly order: Bytes;
  readonly nonce: Bytes;
  readonly notAfter: UnixSeconds;
  readonly language: string | null;
  readonly slot: number | null;
}

/** By a person with a badge that was checked: they may end, open and count, but not borrow. */
export type StaffAct =
  | { readonly kind: 'open' | 'release' | 'quarantine'; readonly slot: number }
  | { readonly kind: 'identify'; readonly slot: number; readonly item: string }
  /** An item handed back over the counter, or found. */
  | { readonly kind: 'returnItem'; readonly item: string }
  | { readonly kind: 'endOrder' }
  | { readonly kind: 'resolve'; readonly tx: Bytes; readonly taken: boolean }
  | { readonly kind: 'recount' };

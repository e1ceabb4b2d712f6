// What a cabinet asks of its terminal, beside what every machine may ask: open a latch once, close it
// again, clean an item, put a code on the screen, ask the other machines, answer a command.
import type { MonoMs } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { Ending } from '../../records/payload.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { CommonEffect, ReferenceSource } from '../shared/effects.ts';
import type { PromptName } from './prompts.ts';
import type { TimerName } from './timer-names.ts';

/** One code in the talk between cabinets. */
export interface ClaimSubject {
  /** Transaction of the order, 16 bytes: names the claim. */
  readonly claimId: Bytes;
  readonly issuer: string;
  readonly cti: Bytes;
  /** Guides the code may take in all. */
  readonly uses: number;
  readonly validUntil: number;
}

export type ClaimOutcome = 'used' | 'released';

export type CabinetEffect =
  | CommonEffect<TimerName>
  /** Run only with its INTENT in the same commit; what the driver answers comes back as Actuated. */
  | { readonly kind: 'actuate'; readonly actId: Bytes; readonly slot: number }
  | { readonly kind: 'relatch'; readonly slot: number }
  | { readonly kind: 'startHygiene'; readonly slot: number; readonly item: string }
  | {
      readonly kind: 'prompt';
      readonly prompt: PromptName;
      readonly slot: number | null;
      readonly reference: ReferenceSource | null;
    }
  | { readonly kind: 'showCode'; readonly nonce: Bytes; readonly expiresMonoMs: MonoMs }
  /** The screen offers the code reader instead. */
  | { readonly kind: 'withdrawCode' }
  /** Ask the code's home; its answer comes back as ClaimAnswer, and silence is a timer's matter. */
  | ({ readonly kind: 'claimUse'; readonly to: string } & ClaimSubject)
  | ({ readonly kind: 'answerClaim'; readonly to: string; readonly granted: boolean } & Pick<
      ClaimSubject,
      'claimId' | 'issuer' | 'cti'
    >)
  /** To be sent again until it arrives; `actId` tells the same outcome from the next one. */
  | ({
      readonly kind: 'settleClaim';
      readonly to: string;
      readonly actId: Bytes;
      readonly outcome: ClaimOutcome;
    } & ClaimSubject)
  | AnswerEffect
  /** A person of the house must come; a row of the same commit says why. */
  | { readonly kind: 'callStaff'; readonly why: string; readonly slot: number | null };

/** The answer itself is the row; this tells the head end's page at once. */
export interface AnswerEffect {
  readonly kind: 'answerCommand';
  readonly commandId: Bytes;
  readonly order: Bytes;
  readonly reason: ReasonCode;
  /** Null while the order runs. */
  readonly ending: Ending | null;
  /** The command was known: nothing moved. */
  readonly repeated: boolean;
}

// What a gate lane asks of its terminal after the commit: one pulse per INTENT, and words to the site's other
// gate lanes and to whoever sent a command. There is no effect that closes.
import type { UnixSeconds } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import type { CommonEffect } from '../shared/effects.ts';
import type { TicketUse } from '../shared/use-ledger.ts';
import type { TimerName } from './timer-names.ts';

export type Direction = 'entry' | 'exit';

/** One ticket in the talk between lanes. */
export interface ClaimSubject {
  /** Transaction of the admission, 16 bytes: names the claim. */
  readonly claimId: Bytes;
  readonly issuer: string;
  readonly cti: Bytes;
  /** Uses the ticket has in all. */
  readonly uses: number;
  readonly validUntil: UnixSeconds;
}

export type ClaimOutcome = 'used' | 'released' | 'exited';

export type GateLaneEffect =
  | CommonEffect<TimerName>
  /** One pulse. Its INTENT, with the same actId, stands in the commit this effect follows. */
  | { readonly kind: 'actuate'; readonly actId: Bytes; readonly direction: Direction }
  | ({ readonly kind: 'claimUse'; readonly to: string } & ClaimSubject)
  | ({
      readonly kind: 'answerClaim';
      readonly to: string;
      readonly granted: boolean;
      /** What the home gate lane knows of the ticket. */
      readonly use: TicketUse | null;
    } & Pick<ClaimSubject, 'claimId' | 'issuer' | 'cti'>)
  /** To be sent again until it arrives; `actId` tells the same outcome from the next one. */
  | ({
      readonly kind: 'settleClaim';
      readonly to: string;
      readonly actId: Bytes;
      readonly outcome: ClaimOutcome;
      /** More persons of the group are on their way: the claim is kept. */
      readonly more: boolean;
    } & ClaimSubject)
  | {
      readonly kind: 'answerCommand';
      readonly commandId: Bytes;
      readonly reason: Extract<ReasonCode, 'OK' | 'COMMAND_EXPIRED' | 'CLOCK_UNTRUSTED'>;
    };

// A ticket as the rows of a lane name it: enough to find its use again, and nothing of its holder.
import type { UnixSeconds } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';

export interface TicketRef {
  readonly issuer: string;
  readonly cti: Bytes;
  readonly product: number | null;
  /** Uses the ticket has in all. */
  readonly uses: number;
  readonly validUntil: UnixSeconds;
}

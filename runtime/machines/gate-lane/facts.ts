// Everything outside the machine that a decision may look at: one immutable snapshot per input, taken by the
// terminal at one moment.
import type { Bytes } from '../../core/bytes.ts';
import type { Moment } from '../../core/trusted-time.ts';
import type { AccessRules } from '../../rules/access-rules.ts';
import type { RiskMasks } from '../../rules/risk-masks.ts';
import type { ListFacts } from '../shared/list-facts.ts';
import type { StorageLevel } from '../shared/storage.ts';
import type { TicketUse } from '../shared/use-ledger.ts';
import type { GateLaneConfig } from './config.ts';

/** Ids for what this input may start: 16 random bytes per transaction, 8 per physical act. */
export interface FreshIds {
  readonly tx: Bytes;
  readonly actId: Bytes;
  readonly exitTx: Bytes;
  readonly exitActId: Bytes;
}

export interface GateLaneFacts {
  readonly moment: Moment;
  /** 16 bytes; a new one with each boot. */
  readonly bootId: Bytes;
  readonly fresh: FreshIds;
  /** The use ledger as it stood before this input. */
  readonly useOf: (issuer: string, cti: Bytes) => TicketUse | null;
  /** The site's verified rules; null before the first. */
  readonly rules: AccessRules | null;
  readonly storage: StorageLevel;
  readonly online: boolean;
  readonly lists: ListFacts;
  /** The barrier answers and can open. */
  readonly gateReady: boolean;
  /** The barrier says when it has opened; otherwise the pulse itself counts as opening. */
  readonly confirmsOpening: boolean;
  readonly masks: { readonly standard: RiskMasks; readonly byProduct: ReadonlyMap<number, RiskMasks> };
  readonly config: GateLaneConfig;
}

// Everything outside the machine that a decision may look at: one immutable snapshot per input, taken
// by the terminal at one moment.
import type { Bytes } from '../../core/bytes.ts';
import type { Moment } from '../../core/trusted-time.ts';
import type { FareTable } from '../../fares/fare-table.ts';
import type { RiskMasks } from '../../rules/risk-masks.ts';
import type { ListFacts } from '../shared/list-facts.ts';
import type { StorageLevel } from '../shared/storage.ts';
import type { AccountMemory } from './account-memory.ts';
import type { ValidatorConfig } from './config.ts';

export interface StopFacts {
  /** Null where no source knows the stop. */
  readonly id: string | null;
  /** Ordinal of the stop visit within the trip; null where no source tells visits apart. */
  readonly visit: number | null;
  /** 0..100. */
  readonly confidencePercent: number;
}

export interface ValidatorFacts {
  readonly moment: Moment;
  /** 16 bytes; a new one with each boot. */
  readonly bootId: Bytes;
  /** 16 fresh random bytes, for the transaction this input may start. */
  readonly freshTx: Bytes;
  /** What is remembered of the presented account, by (issuer, account); null when it was never seen. */
  readonly account: AccountMemory | null;
  /** Every verified fare table held: in force, pinned by a trip, and announced. */
  readonly fares: readonly FareTable[];
  readonly storage: StorageLevel;
  readonly online: boolean;
  /** The head end has stored every row up to this seq; null before its first acknowledgement. */
  readonly ackedSeq: number | null;
  readonly lists: ListFacts;
  readonly stop: StopFacts;
  /** Lamp and sound can be given. Without them nobody is charged. */
  readonly indicatorReady: boolean;
  readonly masks: { readonly standard: RiskMasks; readonly byProduct: ReadonlyMap<number, RiskMasks> };
  readonly config: ValidatorConfig;
}

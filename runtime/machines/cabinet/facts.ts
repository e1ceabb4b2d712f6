// Everything outside the machine that a decision may look at: one immutable snapshot per input, taken
// by the terminal at one moment.
import type { UnixSeconds } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { Moment } from '../../core/trusted-time.ts';
import type { RiskMasks } from '../../rules/risk-masks.ts';
import type { ListFacts } from '../shared/list-facts.ts';
import type { StorageLevel } from '../shared/storage.ts';
import type { TicketUse } from '../shared/use-ledger.ts';
import type { CabinetConfig } from './config.ts';

/** What a ticket product says about guides; a product that is not listed includes none. */
export interface GuideProduct {
  /** Guides one ticket may take, one after the other or at once. */
  readonly guides: number;
  /** Worth more than the site will lose to an old list. */
  readonly highValue: boolean;
}

/** An item of the fleet, whichever museum it belongs to. */
export interface ItemFacts {
  /** Language packs on it. */
  readonly languages: readonly string[];
}

export interface CabinetFacts {
  readonly moment: Moment;
  /** 16 bytes; a new one with each boot. */
  readonly bootId: Bytes;
  /** Fresh random bytes for what this input may start: 16, 8 and 16. */
  readonly freshTx: Bytes;
  readonly freshActId: Bytes;
  readonly freshNonce: Bytes;
  /** The use ledger as it stood before this input; null for a code that was never accepted here. */
  readonly useOf: (issuer: string, cti: Bytes) => TicketUse | null;
  readonly storage: StorageLevel;
  readonly online: boolean;
  readonly lists: ListFacts;
  readonly products: ReadonlyMap<number, GuideProduct>;
  readonly items: ReadonlyMap<string, ItemFacts>;
  readonly device: {
    /** The lock board answers. */
    readonly online: boolean;
    /** False for a spring latch, which only a person pushes shut. */
    readonly canRelatch: boolean;
  };
  readonly site: {
    /** This cabinet, as the site names it. */
    readonly place: string;
    /** All cabinets of the site, this one included, in an order that is the same on each. */
    readonly cabinets: readonly string[];
  };
  /** When the site closes today; null where it does not, or nobody said. */
  readonly closesAt: UnixSeconds | null;
  readonly masks: { readonly standard: RiskMasks; readonly byProduct: ReadonlyMap<number, RiskMasks> };
  readonly config: CabinetConfig;
}

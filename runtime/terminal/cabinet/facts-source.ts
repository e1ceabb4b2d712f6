// Gathers what a cabinet's decision may look at into one snapshot: taken fresh for every input, never shared.
import type { Cabinet } from '../../../devices/ports/cabinet.ts';
import type { UnixSeconds, WallMs } from '../../core/brand.ts';
import { type Bytes, hex } from '../../core/bytes.ts';
import type { Entropy } from '../../core/entropy.ts';
import type { Moment } from '../../core/trusted-time.ts';
import type { CabinetConfig } from '../../machines/cabinet/config.ts';
import type { CabinetFacts } from '../../machines/cabinet/facts.ts';
import type { Replayed } from '../../machines/cabinet/replay.ts';
import { decodeTicketUse, type TicketUse, useKey } from '../../machines/shared/use-ledger.ts';
import { openMasks } from '../../rules/risk-masks.ts';
import type { Journal } from '../../store/journal.ts';
import type { Connection } from '../desk.ts';
import type { HeldDocuments } from '../held-documents.ts';
import { spaces } from '../spaces.ts';
import { replayJournal } from './recovered-ledger.ts';

export interface CabinetFactsOptions {
  readonly journal: Journal;
  readonly documents: HeldDocuments;
  readonly bootId: Bytes;
  readonly entropy: Entropy;
  readonly connection: () => Connection;
  readonly cabinet: Cabinet;
  readonly config: CabinetConfig;
  readonly site: CabinetFacts['site'];
  readonly products: CabinetFacts['products'];
  readonly items: CabinetFacts['items'];
  /** Null for a site that does not close. */
  readonly closesAt: ((now: WallMs) => UnixSeconds) | null;
}

export class CabinetFactsSource {
  readonly #options: CabinetFactsOptions;
  #replayed: Replayed | null = null;

  constructor(options: CabinetFactsOptions) {
    this.#options = options;
  }

  at(moment: Moment): CabinetFacts {
    const { journal, documents, bootId, entropy, connection, cabinet, config, site, products, items, closesAt } =
      this.#options;
    const { trust, deny } = documents;
    return {
      moment,
      bootId,
      freshTx: entropy.bytes(16),
      freshActId: entropy.bytes(8),
      freshNonce: entropy.bytes(16),
      useOf: (issuer, cti) => this.#useOf(useKey(issuer, cti)),
      storage: journal.level(),
      online: connection().online,
      lists: {
        trust: trust ? [trust.gen, trust.version] : null,
        denyVersion: deny?.version ?? null,
        denyIssuedAt: deny?.issuedAt ?? null,
      },
      products,
      items,
      device: { online: cabinet.health().state === 'online', canRelatch: cabinet.canRelatch },
      site,
      closesAt: closesAt?.(moment.wallMs) ?? null,
      masks: { standard: openMasks, byProduct: new Map() },
      config,
    };
  }

  /** An entry that damage made unreadable is made again from the rows: it must not lend a second guide on a code. */
  #useOf(key: Bytes): TicketUse | null {
    const { journal } = this.#options;
    const stored = journal.projection(spaces.use, key);
    if (stored === null) return null;
    try {
      return decodeTicketUse(stored);
    } catch {
      this.#replayed ??= replayJournal(journal);
      return this.#replayed.uses.get(hex(key))?.use ?? null;
    }
  }
}

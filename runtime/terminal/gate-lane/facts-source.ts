// Gathers what a gate lane's decision may look at into one snapshot: taken fresh for every input, never shared.
import type { Gate } from '../../../devices/ports/gate.ts';
import { type Bytes, hex } from '../../core/bytes.ts';
import type { Entropy } from '../../core/entropy.ts';
import type { Moment } from '../../core/trusted-time.ts';
import type { GateLaneConfig } from '../../machines/gate-lane/config.ts';
import type { GateLaneFacts } from '../../machines/gate-lane/facts.ts';
import type { Replayed } from '../../machines/gate-lane/replay.ts';
import { decodeTicketUse, type TicketUse, useKey, useSpace } from '../../machines/shared/use-ledger.ts';
import type { AccessRules } from '../../rules/access-rules.ts';
import { openMasks } from '../../rules/risk-masks.ts';
import type { Journal } from '../../store/journal.ts';
import type { Connection } from '../desk.ts';
import type { HeldDocuments } from '../held-documents.ts';
import { replayJournal } from './recovered-lane.ts';

export interface GateLaneFactsOptions {
  readonly journal: Journal;
  readonly documents: HeldDocuments;
  readonly bootId: Bytes;
  readonly entropy: Entropy;
  readonly connection: () => Connection;
  readonly rules: () => AccessRules | null;
  readonly gate: Gate;
  readonly config: GateLaneConfig;
}

export class GateLaneFactsSource {
  readonly #options: GateLaneFactsOptions;
  #replayed: Replayed | null = null;

  constructor(options: GateLaneFactsOptions) {
    this.#options = options;
  }

  at(moment: Moment): GateLaneFacts {
    const { journal, documents, bootId, entropy, connection, rules, gate, config } = this.#options;
    const { trust, deny } = documents;
    return {
      moment,
      bootId,
      fresh: {
        tx: entropy.bytes(16),
        actId: entropy.bytes(8),
        exitTx: entropy.bytes(16),
        exitActId: entropy.bytes(8),
      },
      useOf: (issuer, cti) => this.#useOf(useKey(issuer, cti)),
      rules: rules(),
      storage: journal.level(),
      online: connection().online,
      lists: {
        trust: trust ? [trust.gen, trust.version] : null,
        denyVersion: deny?.version ?? null,
        denyIssuedAt: deny?.issuedAt ?? null,
      },
      gateReady: gate.health().state === 'online',
      confirmsOpening: gate.confirmsOpening,
      masks: { standard: openMasks, byProduct: new Map() },
      config,
    };
  }

  /** An entry that damage made unreadable is made again from the rows: it must not let a second person in. */
  #useOf(key: Bytes): TicketUse | null {
    const { journal } = this.#options;
    const stored = journal.projection(useSpace, key);
    if (stored === null) return null;
    try {
      return decodeTicketUse(stored);
    } catch {
      this.#replayed ??= replayJournal(journal);
      return this.#replayed.uses.get(hex(key))?.use ?? null;
    }
  }
}

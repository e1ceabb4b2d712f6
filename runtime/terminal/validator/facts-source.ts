// Gathers what a decision may look at into one snapshot: taken fresh for every input, never shared.
import type { Bytes } from '../../core/bytes.ts';
import type { Entropy } from '../../core/entropy.ts';
import type { Moment } from '../../core/trusted-time.ts';
import { accountKey, decodeAccountMemory } from '../../machines/validator/account-memory.ts';
import type { ValidatorConfig } from '../../machines/validator/config.ts';
import type { ValidatorFacts } from '../../machines/validator/facts.ts';
import { openMasks } from '../../rules/risk-masks.ts';
import type { Journal } from '../../store/journal.ts';
import type { Verdict } from '../../tokens/outcome.ts';
import type { Connection } from '../desk.ts';
import type { HeldDocuments } from '../held-documents.ts';
import { spaces } from '../spaces.ts';

export interface FactsSourceOptions {
  readonly journal: Journal;
  readonly documents: HeldDocuments;
  readonly bootId: Bytes;
  readonly entropy: Entropy;
  readonly config: ValidatorConfig;
  readonly connection: () => Connection;
  readonly indicatorReady: () => boolean;
}

const noStopSource = { id: null, visit: null, confidencePercent: 0 } as const;

export class FactsSource {
  readonly #options: FactsSourceOptions;

  constructor(options: FactsSourceOptions) {
    this.#options = options;
  }

  /** `verdict` names the account whose memory is looked up; null for inputs that concern none. */
  at(moment: Moment, verdict: Verdict | null): ValidatorFacts {
    const { journal, documents, bootId, entropy, config, connection, indicatorReady } = this.#options;
    const { trust, deny } = documents;
    return {
      moment,
      bootId,
      freshTx: entropy.bytes(16),
      account: this.#memoryOf(verdict),
      fares: documents.fares,
      storage: journal.level(),
      ...connection(),
      lists: {
        trust: trust ? [trust.gen, trust.version] : null,
        denyVersion: deny?.version ?? null,
        denyIssuedAt: deny?.issuedAt ?? null,
      },
      stop: noStopSource,
      indicatorReady: indicatorReady(),
      masks: { standard: openMasks, byProduct: new Map() },
      config,
    };
  }

  #memoryOf(verdict: Verdict | null): ValidatorFacts['account'] {
    const outcome = verdict?.outcome;
    if (!outcome?.subject) return null;
    const stored = this.#options.journal.projection(spaces.account, accountKey(outcome.issuer, outcome.subject));
    return stored ? readable(stored) : null;
  }
}

/** A memory that damage made unreadable is no memory; it must not keep an account from ever being answered. */
function readable(stored: Bytes): ValidatorFacts['account'] {
  try {
    return decodeAccountMemory(stored);
  } catch {
    return null;
  }
}

// The terminals this head end knows: the key each signs with, and the epochs each has written.
import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { StileError } from '../../runtime/core/errors.ts';
import { ed25519Key } from '../../runtime/tokens/keys.ts';
import type { IngestStore, TerminalRecord } from './store/ingest-store.ts';
import { storeLimits } from './store/ingest-store.ts';

export interface KnownTerminal {
  readonly record: TerminalRecord;
  readonly key: KeyObject;
  readonly epochs: ReadonlySet<number>;
}

/** epoch = generation x 2^32 + 32 random bits. */
export const generationOf = (epoch: number): number => Math.floor(epoch / 2 ** 32);

export class Terminals {
  readonly #store: IngestStore;
  readonly #known = new Map<string, KnownTerminal>();

  constructor(store: IngestStore) {
    this.#store = store;
  }

  async load(): Promise<void> {
    for (const record of await this.#store.terminals()) this.#add(record);
    for (const { terminal, epoch } of await this.#store.cursors()) this.sawEpoch(terminal, epoch);
  }

  /** Makes a terminal known, or gives it a new key. @throws StileError IDENTITY_INVALID for bytes that are not an Ed25519 key. */
  async enrol(terminal: string, journalKey: Bytes): Promise<void> {
    const lastBirth = this.#known.get(terminal)?.record.lastBirth ?? 0;
    const lastBirthEpoch = this.#known.get(terminal)?.record.lastBirthEpoch ?? 0;
    await this.save({ terminal, journalKey, lastBirth, lastBirthEpoch });
  }

  async save(record: TerminalRecord): Promise<void> {
    this.#add(record);
    await this.#store.saveTerminal(record);
  }

  get(terminal: string): KnownTerminal | undefined {
    return this.#known.get(terminal);
  }

  /**
   * `known` and `new` are taken; `refused` is an epoch without a generation, or one more than a terminal
   * may have. A terminal without a grant may open an epoch by itself: its rows are stored, a person confirms.
   */
  epochState(terminal: string, epoch: number): 'known' | 'new' | 'refused' {
    const epochs = this.#known.get(terminal)?.epochs;
    if (!epochs) return 'refused';
    if (epochs.has(epoch)) return 'known';
    return generationOf(epoch) >= 1 && epochs.size < storeLimits.epochs ? 'new' : 'refused';
  }

  sawEpoch(terminal: string, epoch: number): void {
    const known = this.#known.get(terminal);
    if (known) this.#known.set(terminal, { ...known, epochs: new Set([...known.epochs, epoch]) });
  }

  #add(record: TerminalRecord): void {
    const epochs = this.#known.get(record.terminal)?.epochs ?? new Set<number>();
    const key = ed25519Key(record.journalKey);
    if (!key) {
      throw new StileError('IDENTITY_INVALID', `the journal key of ${record.terminal} is not an Ed25519 public key`, {
        remedy: 'Enrol the terminal with the public key from its identity file.',
      });
    }
    this.#known.set(record.terminal, { record, key, epochs });
  }
}

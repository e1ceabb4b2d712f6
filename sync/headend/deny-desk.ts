// Where the operator refuses and pardons accounts: keeps the full deny list and publishes it whole, in its
// one order, under the next version.
import { type Bytes, equal } from '../../runtime/core/bytes.ts';
import { type DenyEntry, decodeDenySnapshot, encodeDenySnapshot } from '../../runtime/tokens/deny.ts';
import type { Publisher } from './publisher.ts';
import type { IngestStore } from './store/ingest-store.ts';

export class DenyDesk {
  readonly #store: IngestStore;
  readonly #publisher: Publisher;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: { store: IngestStore; publisher: Publisher }) {
    this.#store = options.store;
    this.#publisher = options.publisher;
  }

  async entries(): Promise<readonly DenyEntry[]> {
    const newest = await this.#store.newestDocument('deny', '*');
    return (newest && decodeDenySnapshot(newest.bytes)) ?? [];
  }

  /** Adds the entry, or replaces the one with the same issuer, type and id. Resolves with the version in force. */
  deny(entry: DenyEntry): Promise<number> {
    return this.#change((entries) => [...entries.filter((other) => !names(other, entry)), entry]);
  }

  pardon(named: Pick<DenyEntry, 'issuer' | 'type' | 'id'>): Promise<number> {
    return this.#change((entries) => entries.filter((other) => !names(other, named)));
  }

  /** Publishes an empty list where there never was one: no list at all is a reason to refuse. */
  open(): Promise<number> {
    return this.#change((entries) => entries);
  }

  /** One change at a time: each builds on the list before it. */
  #change(change: (entries: readonly DenyEntry[]) => readonly DenyEntry[]): Promise<number> {
    const changed = this.#changing.then(async () => {
      const entries = change(await this.entries());
      return this.#publisher.publishLarge('deny', encodeDenySnapshot(entries), entries.length);
    });
    this.#changing = changed.catch(() => undefined);
    return changed;
  }
}

const names = (entry: DenyEntry, named: Pick<DenyEntry, 'issuer' | 'type' | 'id'>): boolean =>
  entry.issuer === named.issuer && entry.type === named.type && equal(entry.id, named.id as Bytes);

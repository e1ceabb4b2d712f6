// Several workers as one ingest: each has a connection that hears its share of the rows, a queue and a transaction of its
// own. Rows of one terminal may reach any of them, in any order: the cursor that a transaction holds puts them in theirs.
import { Signal } from '../../runtime/core/event.ts';
import { Ingest, type IngestCounts, type IngestOptions } from './ingest.ts';
import type { Exchange } from './ports.ts';
import type { IngestBatch } from './store/ingest-store.ts';

export interface IngestPoolOptions extends Omit<IngestOptions, 'exchange'> {
  /** One for each worker. */
  readonly inlets: readonly Exchange[];
  /** Speaks for all of them where no row was the cause. */
  readonly exchange: Exchange;
}

export class IngestPool {
  /** After each batch that a transaction of any worker has made durable. */
  readonly committed = new Signal<IngestBatch>();
  readonly #workers: readonly { readonly inlet: Exchange; readonly ingest: Ingest }[];
  readonly #speaker: Ingest;

  constructor({ inlets, ...options }: IngestPoolOptions) {
    this.#workers = inlets.map((inlet) => ({ inlet, ingest: new Ingest({ ...options, exchange: inlet }) }));
    this.#speaker = new Ingest(options);
    for (const { ingest } of this.#workers) ingest.committed.on((batch) => this.committed.emit(batch));
  }

  start(anyTx: string): void {
    for (const { inlet, ingest } of this.#workers) inlet.subscribe(anyTx, (message) => ingest.receive(message));
  }

  acknowledge(...ack: Parameters<Ingest['acknowledge']>): void {
    this.#speaker.acknowledge(...ack);
  }

  get counts(): IngestCounts {
    const sum = (name: keyof IngestCounts): number => this.shares.reduce((total, share) => total + share[name], 0);
    return {
      messages: sum('messages'),
      dropped: sum('dropped'),
      refused: sum('refused'),
      commits: sum('commits'),
      stored: sum('stored'),
    };
  }

  /** Of each worker. */
  get shares(): readonly IngestCounts[] {
    return this.#workers.map(({ ingest }) => ingest.counts);
  }

  async drain(): Promise<void> {
    await Promise.all(this.#workers.map(({ ingest }) => ingest.drain()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map(({ ingest }) => ingest.stop()));
  }
}

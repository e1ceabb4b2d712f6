// Fetches one larger document in chunks: one request outstanding, resumed where it stopped, the version
// pinned by the signed head. What comes is believed only when the whole has the size and hash of the head.
import { createHash } from 'node:crypto';
import { type Bytes, concat, equal } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import type { DocumentHead } from '../wire/heads.ts';
import { chunkLimits, encodeChunkRequest, type FetchName, parseChunkResponse } from '../wire/request.ts';
import type { Link } from './ports.ts';

export const fetchLimits = {
  retryMs: 5_000,
  /** Whole downloads with a wrong hash before this head is given up. */
  attempts: 3,
} as const;

export interface FetchOptions {
  readonly link: Link;
  readonly topic: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

export interface FetchTarget {
  readonly name: FetchName;
  readonly version: number;
  readonly head: DocumentHead;
}

export class Fetch {
  readonly target: FetchTarget;
  readonly #options: FetchOptions;
  readonly #finish: (bytes: Bytes | null) => void;
  /** Resolves with the document, or null when it cannot be had under this head. */
  readonly done: Promise<Bytes | null>;
  #parts: Bytes[] = [];
  #offset = 0;
  #id: Bytes = new Uint8Array(8);
  #timer: TimerHandle | null = null;
  #failures = 0;
  #ended = false;

  constructor(target: FetchTarget, options: FetchOptions) {
    this.target = target;
    this.#options = options;
    let finish: (bytes: Bytes | null) => void = () => {};
    this.done = new Promise((resolve) => {
      finish = resolve;
    });
    this.#finish = finish;
  }

  /** Bytes already here: a download continues behind them after a reconnect. */
  get offset(): number {
    return this.#offset;
  }

  request(): void {
    if (this.#ended) return;
    if (this.#offset === this.target.head.size) return this.#complete();
    const { link, topic, clock, entropy } = this.#options;
    this.#id = entropy.bytes(8);
    const length = Math.min(chunkLimits.maxBytes, this.target.head.size - this.#offset);
    const { name, version } = this.target;
    link.publish(topic, encodeChunkRequest({ id: this.#id, name, version, offset: this.#offset, length }), { qos: 0 });
    this.#timer?.cancel();
    this.#timer = clock.timer('fetch.retry', fetchLimits.retryMs, () => this.request());
  }

  /** Any payload from the response topic; what does not answer the open request is ignored. */
  receive(payload: Bytes): void {
    const parsed = parseChunkResponse(payload);
    if (!parsed.ok || this.#ended) return;
    const { id, name, version, offset, data } = parsed.value;
    const answers = equal(id, this.#id) && name === this.target.name && version === this.target.version;
    if (!answers || offset !== this.#offset) return;
    if (data.length === 0 || this.#offset + data.length > this.target.head.size) return this.#end(null);
    this.#parts.push(data);
    this.#offset += data.length;
    this.request();
  }

  cancel(): void {
    this.#end(null);
  }

  #complete(): void {
    const whole = concat(...this.#parts);
    const right = equal(createHash('sha256').update(whole).digest(), this.target.head.hash);
    if (right) return this.#end(whole);
    this.#parts = [];
    this.#offset = 0;
    this.#failures++;
    if (this.#failures >= fetchLimits.attempts || this.target.head.size === 0) return this.#end(null);
    this.request();
  }

  #end(bytes: Bytes | null): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#parts = [];
    this.#finish(bytes);
  }
}

// What flows down from the head end: retained signed documents, the chunks of the larger ones, and the
// word that somebody is listening.
import { createHash } from 'node:crypto';
import { secondsOf, unixSeconds } from '../../runtime/core/brand.ts';
import { type Bytes, equal } from '../../runtime/core/bytes.ts';
import type { CborInput } from '../../runtime/core/cbor.ts';
import { type Clock, repeat, type TimerHandle } from '../../runtime/core/clock.ts';
import { messageOf, StileError } from '../../runtime/core/errors.ts';
import type { Logger } from '../../runtime/core/log.ts';
import type { CoseSigner } from '../../runtime/tokens/cose.ts';
import { type Ack, ackBody } from '../wire/ack.ts';
import { sealDocument } from '../wire/document.ts';
import { headBody } from '../wire/heads.ts';
import { type LeaseGrant, leaseBody } from '../wire/lease.ts';
import { encodeHostState } from '../wire/presence.ts';
import { encodeChunkResponse, type FetchName, fetchNames, parseChunkRequest } from '../wire/request.ts';
import { operatorTopics, parseTopic, terminalTopics } from '../wire/topics.ts';
import type { Exchange, ExchangeMessage } from './ports.ts';
import type { IngestStore, PublishedDocument } from './store/ingest-store.ts';

export const publisherLimits = {
  /** The deny head is signed afresh, so that terminals see that nobody withholds a newer one. */
  refreshMs: 3_600_000,
  ackLifeSeconds: 30,
  headLifeSeconds: { deny: 7 * 86_400, fares: 400 * 86_400, rules: 400 * 86_400 },
  leaseAnswerLifeSeconds: 30,
  /** Chunk requests under way at once; further ones are dropped, to be asked again. */
  chunksUnderWay: 64,
} as const;

/** One key per use, as the trust list names them. */
export interface HeadEndSigners {
  readonly deny: CoseSigner;
  readonly fares: CoseSigner;
  readonly receipts: CoseSigner;
  /** Null where this head end publishes no site rules. */
  readonly config: CoseSigner | null;
  /** Null where this head end sends no commands. */
  readonly commands: CoseSigner | null;
}

export interface PublisherOptions {
  readonly operator: string;
  readonly host: string;
  readonly store: IngestStore;
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signers: HeadEndSigners;
}

const everyone = '*';
const retained = { qos: 1, retain: true } as const;

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #topics: ReturnType<typeof operatorTopics>;
  #timer: TimerHandle | null = null;
  #leaveUp: (() => void) | null = null;
  #chunksUnderWay = 0;
  #answerVersion = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#topics = operatorTopics(options.operator);
  }

  /** Repeats everything that is retained: an embedded broker forgets with its process. */
  async start(): Promise<void> {
    await this.#repeatAll();
    this.#timer = repeat(this.#options.clock, 'headend.refresh', publisherLimits.refreshMs, () => this.#refresh());
    this.#leaveUp = this.#options.exchange.up?.on(() => this.#refresh()) ?? null;
    this.#hostState(true);
  }

  #refresh(): void {
    this.#hostState(true);
    void this.#repeatAll().catch((error: unknown) =>
      this.#options.log.error('headend.refresh-failed', { detail: messageOf(error) }),
    );
  }

  stop(): void {
    this.#timer?.cancel();
    this.#leaveUp?.();
    this.#hostState(false);
  }

  /** A trust list as the offline root signed it. */
  async publishTrust(document: Bytes, version: number): Promise<void> {
    await this.#options.store.saveDocument({ kind: 'trust', target: everyone, version, bytes: document });
    this.#options.exchange.publish(this.#topics.trust, document, retained);
  }

  /**
   * Publishes a larger document under the next version, or the same one again where nothing changed.
   * Returns the version.
   */
  async publishLarge(name: FetchName, bytes: Bytes, entries = 0): Promise<number> {
    const { store } = this.#options;
    const newest = await store.newestDocument(name, everyone);
    const same = newest !== null && equal(newest.bytes, bytes);
    const version = same ? newest.version : (newest?.version ?? 0) + 1;
    const document: PublishedDocument = { kind: name, target: everyone, version, bytes, entries };
    this.#signerOf(name);
    if (!same) await store.saveDocument(document);
    this.#publishHead(name, document);
    return version;
  }

  /** Any message on a request topic. A version that is not kept is answered with no data. */
  async answerChunk({ topic, payload }: ExchangeMessage): Promise<void> {
    const { operator, store, exchange, log } = this.#options;
    const address = parseTopic(topic);
    const request = parseChunkRequest(payload);
    if (address?.to !== 'request' || address.operation !== 'doc' || address.operator !== operator || !request.ok)
      return;
    if (this.#chunksUnderWay >= publisherLimits.chunksUnderWay) return;
    this.#chunksUnderWay++;
    try {
      const { id, name, version, offset, length } = request.value;
      const document = await store.document(name, everyone, version);
      const data = document?.bytes.subarray(offset, offset + length) ?? new Uint8Array(0);
      const answer = encodeChunkResponse({ id, name, version, offset, data });
      exchange.publish(terminalTopics(operator, address.terminal).response('doc'), answer, { qos: 0, retain: false });
    } catch (error) {
      log.error('headend.chunk-failed', { terminal: address.terminal, detail: messageOf(error) });
    } finally {
      this.#chunksUnderWay--;
    }
  }

  sealAck(ack: Ack): Bytes {
    return this.#sealAnswer('ack', ack.terminal, ackBody(ack), publisherLimits.ackLifeSeconds);
  }

  sealLease(terminal: string, grant: LeaseGrant): Bytes {
    return this.#sealAnswer('lease', terminal, leaseBody(grant), publisherLimits.leaseAnswerLifeSeconds);
  }

  #sealAnswer(kind: 'ack' | 'lease', target: string, body: CborInput, lifeSeconds: number): Bytes {
    const nowMs = this.#options.clock.wallMs();
    const iat = secondsOf(nowMs);
    this.#answerVersion = Math.max(this.#answerVersion + 1, nowMs);
    return sealDocument(
      {
        kind,
        operator: this.#options.operator,
        target,
        version: this.#answerVersion,
        iat,
        exp: unixSeconds(iat + lifeSeconds),
      },
      body,
      this.#options.signers.receipts,
    );
  }

  async #repeatAll(): Promise<void> {
    const { store, exchange } = this.#options;
    const trust = await store.newestDocument('trust', everyone);
    if (trust) exchange.publish(this.#topics.trust, trust.bytes, retained);
    for (const name of fetchNames) {
      const document = await store.newestDocument(name, everyone);
      if (document) this.#publishHead(name, document);
    }
  }

  #publishHead(name: FetchName, { version, bytes, entries = 0 }: PublishedDocument): void {
    const { operator, clock, exchange } = this.#options;
    const iat = secondsOf(clock.wallMs());
    const exp = unixSeconds(iat + publisherLimits.headLifeSeconds[name]);
    const hash = new Uint8Array(createHash('sha256').update(bytes).digest());
    const head = sealDocument(
      { kind: name, operator, target: everyone, version, iat, exp },
      headBody({ hash, size: bytes.length, count: entries }),
      this.#signerOf(name),
    );
    exchange.publish(name === 'deny' ? this.#topics.denyHead : this.#topics.documentHead(name), head, retained);
  }

  #signerOf(name: FetchName): CoseSigner {
    const { signers } = this.#options;
    const signer = name === 'rules' ? signers.config : signers[name];
    if (signer) return signer;
    throw new StileError('CONFIG_INVALID', `this head end has no key that signs ${name}`, {
      remedy: 'Add the key "config" to the keys file, and publish a trust list that names it with use 2.',
    });
  }

  #hostState(online: boolean): void {
    const { exchange, host, clock } = this.#options;
    exchange.publish(this.#topics.hostState(host), encodeHostState({ online, atMs: clock.wallMs() }), retained);
  }
}

// The head end put together: takes rows in, gives documents out, watches for what is missing, and judges
// the evidence again. Broker and database are passed in, so that it is the same for every size.
import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Clock } from '../../runtime/core/clock.ts';
import { type Entropy, systemEntropy } from '../../runtime/core/entropy.ts';
import { messageOf } from '../../runtime/core/errors.ts';
import type { Logger } from '../../runtime/core/log.ts';
import { normaliseReference } from '../../runtime/records/reference.ts';
import { operatorTopics, parseTopic } from '../wire/topics.ts';
import { Births } from './births.ts';
import { CommandDesk } from './command-desk.ts';
import { DenyDesk } from './deny-desk.ts';
import { type GapLimits, GapWatch } from './gap-watch.ts';
import type { IngestCounts } from './ingest.ts';
import { IngestPool } from './ingest-pool.ts';
import { LeaseDesk, type Zone } from './lease-desk.ts';
import type { EvidenceJudge, Exchange, ExchangeMessage } from './ports.ts';
import { Presence, type PresenceState } from './presence.ts';
import { type HeadEndSigners, Publisher } from './publisher.ts';
import { Reverify } from './reverify.ts';
import type { Incident, IngestStore, LedgerCounts, LedgerRow } from './store/ingest-store.ts';
import { Terminals } from './terminals.ts';

export const ledgerLimits = { rows: 1_000 } as const;

export interface HeadEndOptions {
  readonly operator: string;
  /** Name of this host in `host/{host}/state`. */
  readonly host: string;
  readonly store: IngestStore;
  readonly exchange: Exchange;
  /** Connections that share the rows between them; where nothing is said, `exchange` hears them all. */
  readonly workers?: readonly Exchange[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly signers: HeadEndSigners;
  /** X25519 private key that opens sealed evidence. */
  readonly sealingKey: KeyObject;
  readonly judge: EvidenceJudge;
  readonly gaps?: GapLimits;
  /** Zones whose people are counted; none where nothing is said. */
  readonly zones?: readonly Zone[];
  /** For ids of commands and leases; the kernel's where nothing is said. */
  readonly entropy?: Entropy;
}

export class HeadEnd {
  readonly publisher: Publisher;
  /** The deny list: refuse and pardon. */
  readonly deny: DenyDesk;
  readonly commands: CommandDesk;
  readonly leases: LeaseDesk;
  readonly #options: HeadEndOptions;
  readonly #terminals: Terminals;
  readonly #presence: Presence;
  readonly #ingest: IngestPool;
  readonly #births: Births;
  readonly #gaps: GapWatch;
  readonly #reverify: Reverify;

  constructor(options: HeadEndOptions) {
    this.#options = options;
    this.publisher = new Publisher(options);
    this.deny = new DenyDesk({ store: options.store, publisher: this.publisher });
    this.#terminals = new Terminals(options.store);
    this.#presence = new Presence(options);
    const shared = { ...options, terminals: this.#terminals, presence: this.#presence };
    const inlets = options.workers ?? [options.exchange];
    this.#ingest = new IngestPool({ ...shared, inlets, sealAck: (ack) => this.publisher.sealAck(ack) });
    this.#births = new Births({ ...shared, ingest: this.#ingest });
    const limits = options.gaps ? { limits: options.gaps } : {};
    this.#gaps = new GapWatch({ ...shared, ingest: this.#ingest, ...limits });
    this.#reverify = new Reverify(options);
    const entropy = options.entropy ?? systemEntropy;
    this.commands = new CommandDesk({ ...shared, entropy, signer: options.signers.commands });
    this.leases = new LeaseDesk({
      ...shared,
      entropy,
      zones: options.zones ?? [],
      seal: (terminal, grant) => this.publisher.sealLease(terminal, grant),
    });
    this.#ingest.committed.on((batch) => this.commands.observe(batch));
  }

  async start(): Promise<void> {
    const { exchange, operator } = this.#options;
    await this.#terminals.load();
    const topics = operatorTopics(operator);
    this.#ingest.start(topics.anyTx);
    exchange.subscribe(topics.anyState, (message) => this.#presence.receive(message));
    exchange.subscribe(topics.anyBirth, (message) => this.#background('birth', this.#births.receive(message)));
    exchange.subscribe(topics.anyRequest, (message) => this.#background('request', this.#requested(message)));
    await this.leases.start();
    await this.deny.open();
    await this.publisher.start();
    this.#gaps.start();
    this.#reverify.start();
  }

  /** What was received is committed and acknowledged first. Broker and store stay open: they are the caller's. */
  async stop(): Promise<void> {
    this.publisher.stop();
    this.commands.stop();
    await this.leases.stop();
    await this.#gaps.stop();
    await this.#ingest.stop();
    await this.#reverify.stop();
  }

  /** Makes a terminal known by the key that signs its rows. @throws StileError IDENTITY_INVALID. */
  enrol(terminal: string, journalKey: Bytes): Promise<void> {
    return this.#terminals.enrol(terminal, journalKey);
  }

  /** Refuses an account everywhere, at once and without end. Resolves with the version of the list. */
  denyAccount(issuer: string, account: Bytes, ref = ''): Promise<number> {
    return this.deny.deny({ issuer, type: 1, id: account, issuedBefore: 0, begin: 0, end: 0, why: 1, ref });
  }

  pardonAccount(issuer: string, account: Bytes): Promise<number> {
    return this.deny.pardon({ issuer, type: 1, id: account });
  }

  /** The key that a terminal signs with; null for one that is not enrolled. */
  journalKeyOf(terminal: string): KeyObject | null {
    return this.#terminals.get(terminal)?.key ?? null;
  }

  presenceOf(terminal: string): PresenceState {
    return this.#presence.stateOf(terminal);
  }

  /** Newest first. */
  latest(limit: number): Promise<readonly LedgerRow[]> {
    return this.#options.store.latest(Math.min(limit, ledgerLimits.rows));
  }

  /** The rows a reference may mean, newest first: six characters are short, so there may be more than one. */
  rowByReference(typed: string): Promise<readonly LedgerRow[]> {
    return this.#options.store.byReference(normaliseReference(typed));
  }

  incidents(limit: number): Promise<readonly Incident[]> {
    return this.#options.store.incidents(Math.min(limit, ledgerLimits.rows));
  }

  counts(): Promise<LedgerCounts> {
    return this.#options.store.counts();
  }

  ingestCounts(): IngestCounts {
    return this.#ingest.counts;
  }

  /** What each worker has had of it. */
  workerCounts(): readonly IngestCounts[] {
    return this.#ingest.shares;
  }

  /** Waits until nothing received is without commit and, for rows stored so far, without a verdict. */
  async settle(): Promise<void> {
    await this.#ingest.drain();
    while ((await this.#reverify.pass()) > 0);
  }

  /** Looks for missing rows now, without waiting for the next round. */
  checkGaps(): Promise<void> {
    return this.#gaps.check();
  }

  async #requested(message: ExchangeMessage): Promise<void> {
    const address = parseTopic(message.topic);
    if (address?.to !== 'request' || address.operator !== this.#options.operator) return;
    switch (address.operation) {
      case 'doc':
        return this.publisher.answerChunk(message);
      case 'lease':
        return this.leases.requested(address.terminal, message.payload);
      case 'challenge':
        return this.commands.challenged(address.terminal, message.payload);
      default:
        return address.operation satisfies never;
    }
  }

  #background(what: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.log.error('headend.failed', { kind: what, detail: messageOf(error) }));
  }
}

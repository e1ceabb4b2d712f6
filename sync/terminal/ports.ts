// What this end of the wire needs from the terminal around it. The real journal, key file and clock
// satisfy these by shape; the seeded world and the tests bring their own.
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Signal } from '../../runtime/core/event.ts';
import type { ChainHead, StoredBody } from '../../runtime/records/chain.ts';
import type { RowType } from '../../runtime/records/row-types.ts';
import type { Command, CommandAct } from '../wire/command.ts';
import type { DocumentHeader, DocumentKey } from '../wire/document.ts';
import type { DocumentHead } from '../wire/heads.ts';
import type { LeaseGrant } from '../wire/lease.ts';
import type { FetchName } from '../wire/request.ts';

export interface UplinkRow extends StoredBody {
  readonly type: RowType;
}

/** A small derived value kept beside the journal; null deletes it. */
export interface SyncProjection {
  readonly space: string;
  readonly key: Bytes;
  readonly value: Bytes | null;
}

/** The journal as sync sees it: rows to read, a head, a wake-up, and a place for its own small state. */
export interface UplinkJournal {
  head(): ChainHead | null;
  /** Rows of one epoch from `fromSeq` upwards, fewer where `limit` or `maxBytes` of bodies is reached. */
  read(epoch: number, fromSeq: number, limit: number, maxBytes?: number): readonly UplinkRow[];
  projection(space: string, key: Bytes): Bytes | null;
  /** Sync never appends rows itself: it reports, and the terminal journals what must be kept. */
  commit(rows: readonly never[], projections: readonly SyncProjection[]): Promise<unknown>;
  readonly committed: Signal<ChainHead>;
}

/** Signs as this terminal: Ed25519, 64 bytes. The private key stays where it is. */
export interface KeyStore {
  readonly publicKey: Bytes;
  sign(message: Bytes): Bytes;
}

/** Believes, or refuses, a signed time. `errorMs` is half the round trip it came with. */
export interface TimeSink {
  observeSigned(timeMs: number, errorMs: number): boolean;
}

export interface LinkMessage {
  readonly topic: string;
  readonly payload: Bytes;
  readonly retain: boolean;
}

export interface LinkSession {
  /** Publishes the broker takes unacknowledged; the window never exceeds it. */
  readonly receiveMaximum: number;
}

export interface Will {
  readonly topic: string;
  readonly payload: Bytes;
}

export interface PublishOptions {
  readonly qos: 0 | 1;
  readonly retain?: boolean;
}

/** A pipe to a broker that reconnects by itself and keeps nothing: what was not sent is the sender's to send again. */
export interface Link {
  /** `will` is asked before every attempt to connect. */
  start(will: () => Promise<Will>): void;
  stop(): Promise<void>;
  readonly connected: boolean;
  /** False, and nothing kept, while not connected. True promises nothing beyond "handed to the socket". */
  publish(topic: string, payload: Bytes, options: PublishOptions): boolean;
  /** Resolves false when the broker refuses or the connection ends first. */
  subscribe(filters: readonly string[]): Promise<boolean>;
  readonly up: Signal<LinkSession>;
  readonly down: Signal<{ readonly detail: string }>;
  readonly message: Signal<LinkMessage>;
}

export type SinkAnswer = { readonly ok: true } | { readonly ok: false; readonly problem: string };

/** The trust list as the downlink needs it: root-signed, so it is verified where the root keys are. */
export interface TrustAnswer {
  /** Generation of the root set and version: they order trust lists together. */
  readonly gen: number;
  readonly version: number;
}

/** Where verified documents go. What it took is in force, and durable, when its promise resolves. */
export interface DocumentSink {
  /** Verifies against the pinned root without taking anything. */
  readTrust(document: Bytes): ({ readonly ok: true } & TrustAnswer) | { readonly ok: false; readonly problem: string };
  takeTrust(document: Bytes): Promise<SinkAnswer>;
  /** `bytes` have the size and hash that the signed head names. */
  takeDeny(header: DocumentHeader, head: DocumentHead, bytes: Bytes): Promise<SinkAnswer>;
  /** The list in force was confirmed: its age counts from `header.iat`. */
  confirmDeny(header: DocumentHeader): Promise<void>;
  takeFares(header: DocumentHeader, head: DocumentHead, bytes: Bytes): Promise<SinkAnswer>;
  takeRules(header: DocumentHeader, head: DocumentHead, bytes: Bytes): Promise<SinkAnswer>;
  /** A document key of the trust list in force. */
  keyOf(kid: Bytes): DocumentKey | null;
  /** What is in force, or null. */
  inForce(name: 'trust' | FetchName): { readonly version: number; readonly hash: Bytes } | null;
}

/** The machine as commands see it. */
export interface CommandPort {
  /** What this machine can do; anything else is refused before it costs a nonce or a counter. */
  readonly acts: readonly CommandAct['kind'][];
  /**
   * Begins an act that is new, fresh and authentic. Resolves when its first row (INTENT, or the row that
   * answers) and `floor` are durable in one commit, and rejects where nothing was committed. Rows that answer
   * carry the command id.
   */
  carryOut(command: Command, floor: SyncProjection): Promise<void>;
  /** The same command once more: writes its answer again, and moves nothing. */
  answerAgain(command: Command): Promise<void>;
}

/** The machine as capacity leases see it. All three answers belong to one moment: the newest commit. */
export interface LeasePort {
  /** The lease in force; `spendable` false once its end, less the machine's guard, has passed: for good. */
  current(): { readonly lease: Bytes; readonly left: number; readonly spendable: boolean } | null;
  /** Every place that `current` counts as spent was spent in a row up to this one. */
  committed(): { readonly epoch: number; readonly seq: number };
  /** Resolves when the lease is in force and the one before it is spent no more, durably. */
  take(grant: LeaseGrant): Promise<void>;
}

/** The highest version ever taken, per kind. Kept where losing a list does not lose the memory. */
export interface Floor {
  readonly gen: number;
  readonly version: number;
  readonly hash: Bytes;
  /** The key that signed it; the floor falls with that key. Empty for the trust list. */
  readonly kid: Bytes;
}

export interface VersionFloor {
  get(kind: string): Floor | null;
  raise(kind: string, floor: Floor): Promise<void>;
}

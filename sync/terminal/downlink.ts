// The downlink: takes signed documents from the broker, refuses what is forged, foreign, older or
// different under a known version, fetches what a head announces, and hands the rest to the terminal.
import { createHash } from 'node:crypto';
import type { UnixSeconds } from '../../runtime/core/brand.ts';
import { type Bytes, equal } from '../../runtime/core/bytes.ts';
import type { Clock } from '../../runtime/core/clock.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import { messageOf } from '../../runtime/core/errors.ts';
import { Signal } from '../../runtime/core/event.ts';
import { type DocumentHeader, type DocumentRefusal, openDocument } from '../wire/document.ts';
import { type DocumentHead, parseHead } from '../wire/heads.ts';
import { type FetchName, fetchNames } from '../wire/request.ts';
import { type DocumentName, parseTopic, terminalTopics } from '../wire/topics.ts';
import { Fetch } from './fetch.ts';
import type { DocumentSink, Floor, Link, LinkMessage, SinkAnswer, VersionFloor } from './ports.ts';

export type DownlinkName = 'trust' | FetchName;
export type DownlinkRefusal =
  | DocumentRefusal
  /** A lower version than one that was in force. */
  | 'ROLLBACK'
  /** A known version with other content: somebody is shown another list than we are. */
  | 'SPLIT_VIEW'
  /** The chunks never added up to what the head names. */
  | 'NOT_AS_ANNOUNCED'
  | 'NOT_USABLE';

export type DownlinkEvent =
  | {
      readonly kind: 'refused';
      readonly name: DownlinkName;
      readonly version: number | null;
      readonly refusal: DownlinkRefusal;
      readonly detail: string;
    }
  | { readonly kind: 'installed' | 'confirmed'; readonly name: DownlinkName; readonly version: number };

export interface DownlinkOptions {
  readonly operator: string;
  readonly terminal: string;
  readonly link: Link;
  readonly sink: DocumentSink;
  readonly floor: VersionFloor;
  /** Larger documents this machine decides by, beside the deny list. */
  readonly documents: readonly DocumentName[];
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Null while the clock is not trusted: documents are then not judged by their life. */
  readonly now: () => UnixSeconds | null;
}

interface OpenHead {
  readonly header: DocumentHeader;
  readonly head: DocumentHead;
  readonly kid: Bytes;
}

const noKid: Bytes = new Uint8Array(0);

export class Downlink {
  readonly events = new Signal<DownlinkEvent>();
  readonly #options: DownlinkOptions;
  /** Newest unread message per name: what arrives while one is being read replaces it. */
  readonly #pending = new Map<DownlinkName, Bytes>();
  /** Heads signed by a key that no trust list in force knows: read again when one arrives. */
  readonly #unknownKey = new Map<FetchName, Bytes>();
  #fetch: Fetch | null = null;
  #working: Promise<void> | null = null;
  #trustSeen = false;
  #stopped = false;

  constructor(options: DownlinkOptions) {
    this.#options = options;
  }

  /** True while a larger document is on its way down. */
  get fetching(): boolean {
    return this.#fetch !== null;
  }

  /** Any message; those of other topics are not for here. */
  receive({ topic, payload }: LinkMessage): void {
    const address = parseTopic(topic);
    if (this.#stopped || !address || address.operator !== this.#options.operator) return;
    if (address.to === 'response') return address.operation === 'doc' ? this.#fetch?.receive(payload) : undefined;
    if (address.to === 'trust') this.#enqueue('trust', payload);
    else if (address.to === 'deny-head') this.#enqueue('deny', payload);
    else if (address.to === 'document-head' && this.#options.documents.includes(address.name))
      this.#enqueue(address.name, payload);
  }

  linkUp(): void {
    this.#trustSeen = false;
    this.#fetch?.request();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pending.clear();
    this.#fetch?.cancel();
    await this.#working;
  }

  #enqueue(name: DownlinkName, payload: Bytes): void {
    this.#pending.set(name, payload);
    this.#supersede(name, payload);
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
    });
  }

  /** A newer head makes the download under an older one pointless. */
  #supersede(name: DownlinkName, payload: Bytes): void {
    const fetch = this.#fetch;
    if (!fetch || fetch.target.name !== name) return;
    const opened = this.#open(fetch.target.name, payload);
    if (opened.ok && opened.head.header.version > fetch.target.version) fetch.cancel();
  }

  /** One document at a time, the trust list first: it decides what the others may be signed with. */
  async #work(): Promise<void> {
    for (let name = this.#next(); name !== null; name = this.#next()) {
      const payload = this.#pending.get(name);
      this.#pending.delete(name);
      if (!payload) continue;
      try {
        await (name === 'trust' ? this.#trust(payload) : this.#large(name, payload));
      } catch (error) {
        this.#refuse(name, null, 'NOT_USABLE', messageOf(error));
      }
    }
  }

  #next(): DownlinkName | null {
    return (['trust', ...fetchNames] as const).find((name) => this.#pending.has(name)) ?? null;
  }

  async #trust(document: Bytes): Promise<void> {
    const { sink } = this.#options;
    const read = sink.readTrust(document);
    if (!read.ok) return this.#refuse('trust', null, 'NOT_USABLE', read.problem);
    const floor: Floor = { gen: read.gen, version: read.version, hash: sha256(document), kid: noKid };
    if (!this.#allowed('trust', floor)) return;
    const known = sink.inForce('trust');
    this.#trustSeen = true;
    if (known && known.version === read.version && equal(known.hash, floor.hash)) {
      this.events.emit({ kind: 'confirmed', name: 'trust', version: read.version });
    } else if (!(await this.#installed('trust', floor, sink.takeTrust(document)))) return;
    for (const [name, payload] of this.#unknownKey) this.#pending.set(name, payload);
    this.#unknownKey.clear();
  }

  async #large(name: FetchName, payload: Bytes): Promise<void> {
    const opened = this.#open(name, payload);
    if (!opened.ok) return this.#refuseHead(name, payload, opened.refusal);
    const { header, head, kid } = opened.head;
    const floor: Floor = { gen: 0, version: header.version, hash: head.hash, kid };
    if (!this.#allowed(name, floor)) return;
    const known = this.#options.sink.inForce(name);
    if (known && known.version === header.version && equal(known.hash, head.hash)) return this.#confirm(name, header);
    const bytes = await this.#download(name, header.version, head);
    if (this.#stopped) return;
    if (!bytes)
      return this.#refuse(name, header.version, 'NOT_AS_ANNOUNCED', 'the chunks do not make up what the head names');
    await this.#installed(name, floor, this.#taken(name, header, head, bytes));
  }

  #taken(name: FetchName, header: DocumentHeader, head: DocumentHead, bytes: Bytes): Promise<SinkAnswer> {
    const { sink } = this.#options;
    switch (name) {
      case 'deny':
        return sink.takeDeny(header, head, bytes);
      case 'fares':
        return sink.takeFares(header, head, bytes);
      case 'rules':
        return sink.takeRules(header, head, bytes);
      default:
        return name satisfies never;
    }
  }

  async #download(name: FetchName, version: number, head: DocumentHead): Promise<Bytes | null> {
    const { operator, terminal, link, clock, entropy } = this.#options;
    const topic = terminalTopics(operator, terminal).request('doc');
    this.#fetch = new Fetch({ name, version, head }, { link, topic, clock, entropy });
    this.#fetch.request();
    const bytes = await this.#fetch.done;
    this.#fetch = null;
    return bytes;
  }

  #open(name: FetchName, payload: Bytes): { ok: true; head: OpenHead } | { ok: false; refusal: DocumentRefusal } {
    const { operator, terminal, sink, now } = this.#options;
    const opened = openDocument(payload, {
      kind: name,
      operator,
      targets: ['*', terminal],
      keyOf: (kid) => sink.keyOf(kid),
      now: now(),
    });
    if (!opened.ok) return opened;
    const head = parseHead(opened.body);
    if (!head.ok) return { ok: false, refusal: 'MALFORMED' };
    return { ok: true, head: { header: opened.header, head: head.value, kid: opened.kid } };
  }

  /** A retained head may arrive before the trust list that names its key: only then it waits. */
  #refuseHead(name: FetchName, payload: Bytes, refusal: DocumentRefusal): void {
    if (refusal === 'UNKNOWN_KEY' && !this.#trustSeen) this.#unknownKey.set(name, payload);
    else this.#refuse(name, null, refusal, 'the signed head is refused');
  }

  #allowed(name: DownlinkName, candidate: Floor): boolean {
    const floor = this.#options.floor.get(name);
    if (!floor || this.#fallen(floor)) return true;
    const order = candidate.gen - floor.gen || candidate.version - floor.version;
    if (order > 0 || (order === 0 && equal(candidate.hash, floor.hash))) return true;
    const refusal = order < 0 ? 'ROLLBACK' : 'SPLIT_VIEW';
    this.#refuse(name, candidate.version, refusal, `version ${floor.version} was in force before`);
    return false;
  }

  /** The way back from a version that a thief ran forward: the key that set it is withdrawn. */
  #fallen(floor: Floor): boolean {
    return floor.kid.length > 0 && this.#options.sink.keyOf(floor.kid) === null;
  }

  async #installed(name: DownlinkName, floor: Floor, taken: Promise<SinkAnswer>): Promise<boolean> {
    const answer = await taken;
    if (!answer.ok) {
      this.#refuse(name, floor.version, 'NOT_USABLE', answer.problem);
      return false;
    }
    await this.#options.floor.raise(name, floor);
    this.events.emit({ kind: 'installed', name, version: floor.version });
    return true;
  }

  async #confirm(name: FetchName, header: DocumentHeader): Promise<void> {
    if (name === 'deny') await this.#options.sink.confirmDeny(header);
    this.events.emit({ kind: 'confirmed', name, version: header.version });
  }

  #refuse(name: DownlinkName, version: number | null, refusal: DownlinkRefusal, detail: string): void {
    this.events.emit({ kind: 'refused', name, version, refusal, detail });
  }
}

const sha256 = (bytes: Bytes): Bytes => new Uint8Array(createHash('sha256').update(bytes).digest());

// The signed documents a terminal decides by: trust list, deny list, fare tables, site rules. Taken whole, kept in
// lists.db, named by a LIST row, and only then in force. What was kept is believed at a start only if it
// is what the journal's floor says was in force.
import { createHash } from 'node:crypto';
import { type UnixSeconds, unixSeconds } from '../core/brand.ts';
import { type Bytes, equal } from '../core/bytes.ts';
import { type CborMap, decodeCbor, documentProfile, isMap } from '../core/cbor.ts';
import { messageOf } from '../core/errors.ts';
import { Signal } from '../core/event.ts';
import type { Logger } from '../core/log.ts';
import { decodeFareTable } from '../fares/fare-document.ts';
import type { FareTable } from '../fares/fare-table.ts';
import type { Payload } from '../records/payload.ts';
import type { ListStore } from '../store/list-store.ts';
import { type DenyEntry, DenyIndex, type DenyLookup, decodeDenySnapshot } from '../tokens/deny.ts';
import { openTrustList, type RootSet, type TrustOpened } from '../tokens/trust-list.ts';
import type { TrustView } from '../tokens/trust-view.ts';

export type DocumentName = 'trust' | 'deny' | 'fares' | 'rules';
export interface InForce {
  readonly version: number;
  readonly hash: Bytes;
}
export interface TakenHead {
  readonly version: number;
  readonly issuedAt: UnixSeconds;
}
/** A site's rules as they came: canonical, of this version, and checked by whoever decides by them. */
export interface HeldRules extends InForce {
  readonly body: CborMap;
}
export type Taken = { readonly ok: true } | { readonly ok: false; readonly problem: string };

export interface HeldDocumentsOptions {
  readonly lists: ListStore;
  readonly operator: string;
  readonly roots: RootSet;
  readonly logger: Logger;
  /** What the journal remembers as in force, per kind. */
  readonly floorOf: (name: DocumentName) => InForce | null;
  /** Writes the LIST row; a document is in force only when it is durable. */
  readonly journal: (payload: Payload) => Promise<void>;
  /** Decodes a site's rules, and throws where this machine could not decide by them. */
  readonly checkRules?: (body: CborMap) => unknown;
}

const everywhere = '*';
const previous = 'previous';

export class HeldDocuments {
  /** After each document that came into force. */
  readonly changed = new Signal<DocumentName>();
  readonly #options: HeldDocumentsOptions;
  readonly #inForce = new Map<DocumentName, InForce>();
  #trust: TrustView | null = null;
  #deny: DenyLookup | null = null;
  #fares: readonly FareTable[] = [];
  #rules: HeldRules | null = null;

  constructor(options: HeldDocumentsOptions) {
    this.#options = options;
  }

  get trust(): TrustView | null {
    return this.#trust;
  }

  get deny(): DenyLookup | null {
    return this.#deny;
  }

  /** Newest first: the one in force or announced, and the one before it, which a trip may have pinned. */
  get fares(): readonly FareTable[] {
    return this.#fares;
  }

  get rules(): HeldRules | null {
    return this.#rules;
  }

  inForce(name: DocumentName): InForce | null {
    return this.#inForce.get(name) ?? null;
  }

  /** Newest time any document in force was signed, for the clock's floor; 0 for none. */
  newestIssuedAt(): number {
    return Math.max(this.#trust?.iat ?? 0, this.#deny?.issuedAt ?? 0);
  }

  /** What lists.db still holds and the floor vouches for. Anything else is fetched again. */
  load(): void {
    this.#loadOne('trust', (bytes) => {
      const opened = this.readTrust(bytes);
      if (opened.ok) this.#adoptTrust(opened);
      return opened.ok;
    });
    this.#loadOne('deny', (bytes, issuedAt, held) => {
      const entries = decodeDenySnapshot(bytes);
      if (entries) this.#adoptDeny({ version: held.version, issuedAt }, held.hash, entries);
      return entries !== null;
    });
    this.#loadOne('fares', (bytes, _issuedAt, held) => {
      const table = tableFrom(bytes);
      if (typeof table === 'string') return false;
      const before = this.#options.lists.get('fares', previous);
      const older = before ? tableFrom(before.bytes) : null;
      this.#inForce.set('fares', { version: held.version, hash: held.hash });
      this.#fares = older && typeof older !== 'string' ? [table, older] : [table];
      return true;
    });
    this.#loadOne('rules', (bytes, _issuedAt, held) => {
      const body = this.#rulesFrom(bytes);
      if (typeof body === 'string') return false;
      this.#adoptRules(body, held);
      return true;
    });
  }

  /** Verifies a trust list against the pinned roots without taking it. Who calls keeps the version floor. */
  readTrust(bytes: Bytes): TrustOpened {
    return openTrustList(bytes, this.#options.operator, this.#options.roots, null);
  }

  async takeTrust(bytes: Bytes): Promise<Taken> {
    const opened = this.readTrust(bytes);
    if (!opened.ok) return { ok: false, problem: `${opened.refusal}: ${opened.detail}` };
    const { view, floor } = opened;
    await this.#keep('trust', everywhere, { version: view.version, issuedAt: view.iat }, floor.hash, bytes);
    this.#adoptTrust(opened);
    this.changed.emit('trust');
    return { ok: true };
  }

  /** `snapshot` has the hash that the signed head names. */
  async takeDeny(head: TakenHead, hash: Bytes, snapshot: Bytes): Promise<Taken> {
    const entries = decodeDenySnapshot(snapshot);
    if (!entries) return { ok: false, problem: 'not a deny list in its one order' };
    this.#options.lists.replaceDeny(entries);
    await this.#keep('deny', everywhere, head, hash, snapshot);
    this.#adoptDeny(head, hash, entries);
    this.changed.emit('deny');
    return { ok: true };
  }

  /** The head was signed afresh: the list in force is still the newest. */
  confirmDeny(issuedAt: UnixSeconds): void {
    const held = this.#options.lists.get('deny', everywhere);
    if (!this.#deny || !held || issuedAt <= this.#deny.issuedAt) return;
    this.#options.lists.put({ ...held, issuedAt });
    this.#deny = { ...this.#deny, issuedAt };
  }

  async takeFares(head: TakenHead, hash: Bytes, bytes: Bytes): Promise<Taken> {
    const table = tableFrom(bytes);
    if (typeof table === 'string') return { ok: false, problem: table };
    const before = this.#options.lists.get('fares', everywhere);
    if (before) this.#options.lists.put({ ...before, target: previous });
    await this.#keep('fares', everywhere, head, hash, bytes);
    this.#inForce.set('fares', { version: head.version, hash });
    this.#fares = [table, ...this.#fares.slice(0, 1)];
    this.changed.emit('fares');
    return { ok: true };
  }

  async takeRules(head: TakenHead, hash: Bytes, bytes: Bytes): Promise<Taken> {
    const body = this.#rulesFrom(bytes);
    if (typeof body === 'string') return { ok: false, problem: body };
    await this.#keep('rules', everywhere, head, hash, bytes);
    this.#adoptRules(body, { version: head.version, hash });
    this.changed.emit('rules');
    return { ok: true };
  }

  #loadOne(name: DocumentName, adopt: (bytes: Bytes, issuedAt: UnixSeconds, held: InForce) => boolean): void {
    const { lists, floorOf, logger } = this.#options;
    const kept = lists.get(name, everywhere);
    const floor = floorOf(name);
    if (!kept) return;
    const vouched =
      floor !== null &&
      floor.version === kept.version &&
      equal(floor.hash, kept.hash) &&
      equal(sha256(kept.bytes), kept.hash);
    if (vouched && adopt(kept.bytes, unixSeconds(kept.issuedAt), kept)) return;
    logger.warn('kept document is not what was in force, fetching it again', { kind: name, version: kept.version });
  }

  async #keep(name: DocumentName, target: string, head: TakenHead, hash: Bytes, bytes: Bytes): Promise<void> {
    this.#options.lists.put({ kind: name, target, version: head.version, hash, issuedAt: head.issuedAt, bytes });
    await this.#options.journal({ act: name, version: head.version, hash });
  }

  #adoptTrust(opened: Extract<TrustOpened, { ok: true }>): void {
    this.#trust = opened.view;
    this.#inForce.set('trust', { version: opened.floor.version, hash: opened.floor.hash });
  }

  #adoptRules(body: CborMap, { version, hash }: InForce): void {
    this.#inForce.set('rules', { version, hash });
    this.#rules = { version, hash, body };
  }

  /** The rules, or why they cannot be used. */
  #rulesFrom(bytes: Bytes): CborMap | string {
    try {
      const body = decodeCbor(bytes, documentProfile);
      if (!isMap(body)) return 'site rules are not a map';
      this.#options.checkRules?.(body);
      return body;
    } catch (error) {
      return messageOf(error);
    }
  }

  #adoptDeny(head: TakenHead, hash: Bytes, entries: readonly DenyEntry[]): void {
    const index = new DenyIndex(entries);
    const { lists } = this.#options;
    this.#inForce.set('deny', { version: head.version, hash });
    this.#deny = {
      version: head.version,
      issuedAt: head.issuedAt,
      find: (issuer, type, id) => (index.mayHold(issuer, type, id) ? lists.denyRow(issuer, type, id) : null),
    };
  }
}

/** The table, or why it cannot be used. */
function tableFrom(bytes: Bytes): FareTable | string {
  try {
    return decodeFareTable(decodeCbor(bytes, documentProfile));
  } catch (error) {
    return messageOf(error);
  }
}

const sha256 = (bytes: Bytes): Bytes => new Uint8Array(createHash('sha256').update(bytes).digest());

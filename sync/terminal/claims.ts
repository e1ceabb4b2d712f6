// The talk between the machines of one site, so that one ticket is used once: claims go to the ticket's home
// machine, which decides; outcomes are told until they are heard. Only machines that the signed site rules
// name are believed, and all timeouts are the machine's own.
import type { UnixSeconds } from '../../runtime/core/brand.ts';
import { type Bytes, hex } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import { messageOf } from '../../runtime/core/errors.ts';
import { Signal } from '../../runtime/core/event.ts';
import {
  type ClaimDecision,
  type ClaimMessage,
  type ClaimOutcome,
  type ClaimSubject,
  openClaim,
  type SiteTalk,
  sealClaim,
  siteKeys,
} from '../wire/claim.ts';
import type { SitePeer } from '../wire/site-peers.ts';
import { parseTopic, siteTopics } from '../wire/topics.ts';
import type { KeyStore, Link, LinkMessage } from './ports.ts';

export const claimTalkLimits = {
  /** A claim older than this by its sender's clock, or newer, is no claim of now. */
  freshMs: 60_000,
  /** Claims whose answer is remembered, so that one delivered twice is decided once. */
  answered: 1_024,
  /** Claims of others that the machine is deciding. */
  deciding: 64,
  /** Outcomes that are told again until they are heard; the oldest is given up. */
  untold: 256,
  tellAgainMs: 2_000,
} as const;

export interface ClaimAnswer {
  readonly decision: ClaimDecision;
  /** What the home machine knows of the ticket, as its ledger writes it. */
  readonly use: Bytes | null;
}

export interface Settlement {
  readonly subject: ClaimSubject;
  /** 8 bytes: tells this outcome from the next of the same claim. */
  readonly actId: Bytes;
  readonly outcome: ClaimOutcome;
  readonly more: boolean;
}

/** The machine as its neighbours see it. */
export interface ClaimPort {
  /**
   * Decides, durably, on a ticket whose home is here. Null: no answer, which leaves the asker to its own mode.
   * Settles always: what never does keeps one of the few places of claims under decision.
   */
  onClaim(from: string, subject: ClaimSubject): Promise<ClaimAnswer | null>;
  /** Resolves when the outcome is durable, or was before; rejects to be told again. */
  onSettled(from: string, settlement: Settlement): Promise<void>;
}

export type ClaimEvent =
  | { readonly kind: 'answered'; readonly from: string; readonly claimId: Bytes; readonly answer: ClaimAnswer }
  /** Nobody at this site, or not what its signature covers. */
  | { readonly kind: 'refused'; readonly sender: string; readonly problem: string }
  | { readonly kind: 'failed'; readonly from: string; readonly detail: string };

export interface ClaimsOptions {
  readonly operator: string;
  readonly site: string;
  readonly terminal: string;
  /** What this machine is called in the site's rules. */
  readonly lane: string;
  /** 32 bytes that the site's machines share. */
  readonly siteKey: Bytes;
  /** To the site's own broker; not the one to the head end. */
  readonly link: Link;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Null while the clock is not trusted: a claim is then not judged by its age. */
  readonly now: () => UnixSeconds | null;
  /** From the signed site rules in force. */
  readonly peers: () => readonly SitePeer[];
  readonly port: ClaimPort;
}

interface Untold {
  readonly to: string;
  readonly settlement: Settlement;
}

export class Claims {
  readonly events = new Signal<ClaimEvent>();
  /** The site's broker came or went. */
  readonly reachable = new Signal<boolean>();
  readonly #options: ClaimsOptions;
  readonly #talk: SiteTalk;
  readonly #topics: ReturnType<typeof siteTopics>;
  readonly #answered = new Map<string, ClaimAnswer>();
  readonly #deciding = new Set<string>();
  readonly #untold = new Map<string, Untold>();
  readonly #stops: (() => void)[] = [];
  #timer: TimerHandle | null = null;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#talk = { operator: options.operator, site: options.site, keys: siteKeys(options.siteKey) };
    this.#topics = siteTopics(options.operator, options.site);
  }

  start(): void {
    const { link, terminal } = this.#options;
    this.#stops.push(
      link.up.on(() => void this.#linkUp()),
      link.down.on(() => this.reachable.emit(false)),
      link.message.on((message) => this.#receive(message)),
    );
    // A will is part of every connection; an empty one says nothing and keeps nothing.
    link.start(async () => ({ topic: this.#topics.answer(terminal), payload: new Uint8Array(0) }));
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#options.link.stop();
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** Asks the home machine, once. False where it cannot be asked now. */
  claim(to: string, subject: ClaimSubject): boolean {
    return this.#send(this.#topics.claim(this.#options.terminal), { kind: 'claim', to, ...this.#at(), subject });
  }

  /** Tells the home machine what became of a claim, again and again until it has written it down. */
  settle(to: string, settlement: Settlement): void {
    const [oldest] = this.#untold.keys();
    if (this.#untold.size >= claimTalkLimits.untold && oldest !== undefined) this.#untold.delete(oldest);
    this.#untold.set(keyOf(to, settlement.subject.claimId, settlement.actId), { to, settlement });
    this.#tell({ to, settlement });
    this.#tellLater();
  }

  /** Outcomes nobody has confirmed yet. */
  get untold(): number {
    return this.#untold.size;
  }

  async #linkUp(): Promise<void> {
    const subscribed = await this.#options.link.subscribe([this.#topics.anyClaim, this.#topics.anyAnswer]);
    if (!subscribed) return;
    this.reachable.emit(true);
    for (const untold of this.#untold.values()) this.#tell(untold);
  }

  #receive({ topic, payload, retain }: LinkMessage): void {
    const { operator, site, terminal, lane } = this.#options;
    const address = parseTopic(topic);
    if (address?.to !== 'claim' && address?.to !== 'answer') return;
    const { sender } = address;
    if (address.operator !== operator || address.site !== site || sender === terminal) return;
    // What a broker kept is of no moment that matters here, and a will is empty.
    if (retain || payload.length === 0) return;
    const peer = this.#options.peers().find((other) => other.terminal === sender);
    if (!peer) return this.events.emit({ kind: 'refused', sender, problem: 'not named in the site rules' });
    const opened = openClaim(payload, this.#talk, sender, peer.key);
    if (!opened.ok) return this.events.emit({ kind: 'refused', sender, problem: opened.problem });
    const message = opened.value;
    const asks = message.kind === 'claim' || message.kind === 'settle';
    if (message.to !== lane || asks !== (address.to === 'claim')) return;
    this.#heard(peer.lane, message);
  }

  #heard(from: string, message: ClaimMessage): void {
    switch (message.kind) {
      case 'claim':
        if (this.#isOfNow(message.atMs)) void this.#decide(from, message.subject);
        return;
      case 'settle':
        return void this.#settled(from, message);
      case 'answer': {
        const { claimId, decision, use } = message;
        return this.events.emit({ kind: 'answered', from, claimId, answer: { decision, use } });
      }
      case 'settled':
        return void this.#untold.delete(keyOf(from, message.claimId, message.actId));
      default:
        message satisfies never;
    }
  }

  async #decide(from: string, subject: ClaimSubject): Promise<void> {
    const id = `${from}/${hex(subject.claimId)}`;
    const known = this.#answered.get(id);
    if (known) return this.#answer(from, subject.claimId, known);
    if (this.#deciding.has(id) || this.#deciding.size >= claimTalkLimits.deciding) return;
    this.#deciding.add(id);
    try {
      const answer = await this.#options.port.onClaim(from, subject);
      if (!answer) return;
      const [oldest] = this.#answered.keys();
      if (this.#answered.size >= claimTalkLimits.answered && oldest !== undefined) this.#answered.delete(oldest);
      this.#answered.set(id, answer);
      this.#answer(from, subject.claimId, answer);
    } catch (error) {
      this.events.emit({ kind: 'failed', from, detail: messageOf(error) });
    } finally {
      this.#deciding.delete(id);
    }
  }

  /** Heard twice is written once: the machine knows the act, and confirms it again. */
  async #settled(from: string, message: Extract<ClaimMessage, { kind: 'settle' }>): Promise<void> {
    const { subject, actId, outcome, more } = message;
    try {
      await this.#options.port.onSettled(from, { subject, actId, outcome, more });
      this.#speak({ kind: 'settled', to: from, claimId: subject.claimId, actId });
    } catch (error) {
      this.events.emit({ kind: 'failed', from, detail: messageOf(error) });
    }
  }

  #answer(to: string, claimId: Bytes, { decision, use }: ClaimAnswer): void {
    this.#speak({ kind: 'answer', to, claimId, decision, use });
  }

  #speak(message: ClaimMessage): void {
    this.#send(this.#topics.answer(this.#options.terminal), message);
  }

  #tell({ to, settlement }: Untold): void {
    this.#send(this.#topics.claim(this.#options.terminal), { kind: 'settle', to, ...this.#at(), ...settlement });
  }

  #tellLater(): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.timer('claims.tell', claimTalkLimits.tellAgainMs, () => {
      if (this.#untold.size === 0) return;
      if (this.#options.link.connected) for (const untold of this.#untold.values()) this.#tell(untold);
      this.#tellLater();
    });
  }

  #send(topic: string, message: ClaimMessage): boolean {
    const { link, terminal, entropy, keys } = this.#options;
    if (!link.connected) return false;
    const payload = sealClaim(this.#talk, terminal, message, entropy.bytes(12), (bytes) => keys.sign(bytes));
    return link.publish(topic, payload, { qos: 0 });
  }

  #isOfNow(atMs: number): boolean {
    return this.#options.now() === null || Math.abs(this.#options.clock.wallMs() - atMs) <= claimTalkLimits.freshMs;
  }

  #at(): { readonly atMs: number } {
    return { atMs: Math.max(0, this.#options.clock.wallMs()) };
  }
}

const keyOf = (to: string, claimId: Bytes, actId: Bytes): string => `${to}/${hex(claimId)}/${hex(actId)}`;

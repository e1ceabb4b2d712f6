// Keeps a gate lane supplied with places: asks while there is time to be answered, accounts for the lease it
// has, and hands a new one to the machine. Offline it asks nothing: what the machine holds is all there is.
import { type Bytes, equal } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { type Entropy, uniform } from '../../runtime/core/entropy.ts';
import { messageOf } from '../../runtime/core/errors.ts';
import { Signal } from '../../runtime/core/event.ts';
import { openDocument } from '../wire/document.ts';
import { encodeLeaseRequest, type LeaseGrant, parseLease, parseLeaseAnswer } from '../wire/lease.ts';
import { parseTopic, terminalTopics } from '../wire/topics.ts';
import type { DocumentSink, KeyStore, LeasePort, Link, LinkMessage } from './ports.ts';

export const leaseKeeperLimits = {
  /** It looks this often whether to ask, plus or minus a quarter, so that the lanes of a site do not ask in step. */
  lookMs: 2_000,
  /** Asks when this part of a lease's life, or of its places, is left. */
  earlyPart: 0.5,
  lowPart: 0.25,
  /** Between two questions: doubles while nothing better comes. */
  waitMs: 4_000,
  waitMaxMs: 15_000,
  /** An answer that took longer says too little about when its lease ends. */
  answerMs: 3_000,
} as const;

export type LeaseEvent =
  | { readonly kind: 'taken'; readonly lease: Bytes; readonly places: number }
  | { readonly kind: 'refused'; readonly problem: string }
  | { readonly kind: 'failed'; readonly detail: string };

export interface LeaseKeeperOptions {
  readonly operator: string;
  readonly terminal: string;
  readonly site: string;
  readonly zone: string;
  /** Places asked for at a time. */
  readonly places: number;
  readonly link: Link;
  readonly keys: KeyStore;
  readonly sink: DocumentSink;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Null while the clock is not trusted. */
  readonly now: () => number | null;
  readonly port: LeasePort;
}

export class LeaseKeeper {
  readonly events = new Signal<LeaseEvent>();
  readonly #options: LeaseKeeperOptions;
  #timer: TimerHandle | null = null;
  #online = false;
  /** The question that is open; an answer to another is none. */
  #asked: { readonly id: Bytes; readonly atMs: number } | null = null;
  #taking = false;
  #notBeforeMs = 0;
  #waitMs: number = leaseKeeperLimits.waitMs;
  /** The lease in force, as it came: when it is half over by monotonic time. */
  #held: { readonly lease: Bytes; readonly places: number; readonly earlyMs: number } | null = null;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** Somebody at the head end listens, or nobody does. */
  headEnd(online: boolean): void {
    if (online === this.#online) return;
    this.#online = online;
    this.#asked = null;
    this.#timer?.cancel();
    if (!online) return;
    // Unused parts return on reconnect: the first question is due at once, but for the jitter.
    this.#waitMs = leaseKeeperLimits.waitMs;
    this.#notBeforeMs = 0;
    this.#lookLater();
  }

  stop(): void {
    this.headEnd(false);
  }

  /** Any message; those of other topics are not for here. */
  receive({ topic, payload, retain }: LinkMessage): void {
    const address = parseTopic(topic);
    if (address?.to !== 'response' || address.operation !== 'lease' || retain) return;
    const answer = parseLeaseAnswer(payload);
    const asked = this.#asked;
    if (!answer.ok || !asked || !equal(answer.value.id, asked.id)) return;
    if (this.#options.clock.monoMs() - asked.atMs > leaseKeeperLimits.answerMs) return;
    const { operator, terminal, sink, site, zone } = this.#options;
    // It brings the time and is asked for by a fresh id: its own life says nothing more.
    const opened = openDocument(answer.value.document, {
      kind: 'lease',
      operator,
      targets: [terminal],
      keyOf: (kid) => sink.keyOf(kid),
      now: null,
    });
    if (!opened.ok) return this.events.emit({ kind: 'refused', problem: opened.refusal });
    const grant = parseLease(opened.body);
    if (!grant.ok) return this.events.emit({ kind: 'refused', problem: grant.problem });
    if (grant.value.site !== site || grant.value.zone !== zone)
      return this.events.emit({ kind: 'refused', problem: 'for another zone' });
    this.#asked = null;
    void this.#take(grant.value);
  }

  async #take(grant: LeaseGrant): Promise<void> {
    const { port, clock } = this.#options;
    const lifeMs = Math.max(0, grant.expiresAt * 1_000 - grant.nowMs);
    // Its own lease again: nothing better is to be had now.
    if (this.#held && equal(this.#held.lease, grant.lease)) return;
    this.#taking = true;
    try {
      await port.take(grant);
    } catch (error) {
      return this.events.emit({ kind: 'failed', detail: messageOf(error) });
    } finally {
      this.#taking = false;
    }
    const earlyMs = clock.monoMs() + lifeMs * leaseKeeperLimits.earlyPart;
    this.#held = { lease: grant.lease, places: grant.places, earlyMs };
    if (grant.places > 0) this.#waitMs = leaseKeeperLimits.waitMs;
    this.events.emit({ kind: 'taken', lease: grant.lease, places: grant.places });
    // The lease before it is spent no more: its rest goes back at once.
    this.#ask(0);
  }

  #lookLater(): void {
    const { clock, entropy } = this.#options;
    const delayMs = leaseKeeperLimits.lookMs * (0.75 + uniform(entropy) / 2);
    this.#timer = clock.timer('lease.look', Math.round(delayMs), () => {
      this.#look();
      if (this.#online) this.#lookLater();
    });
  }

  #look(): void {
    const { clock, places, port } = this.#options;
    if (this.#held && port.current()?.spendable === false) {
      // Its rest can be leased anew at once: nobody waits for the next look.
      this.#held = null;
      this.#notBeforeMs = 0;
      this.#waitMs = leaseKeeperLimits.waitMs;
    }
    if (this.#taking || clock.monoMs() < this.#notBeforeMs || !this.#isDue()) return;
    this.#notBeforeMs = clock.monoMs() + this.#waitMs;
    this.#waitMs = Math.min(leaseKeeperLimits.waitMaxMs, this.#waitMs * 2);
    this.#ask(places);
  }

  #isDue(): boolean {
    const current = this.#options.port.current();
    if (!current?.spendable || !this.#held || !equal(this.#held.lease, current.lease)) return true;
    const low = current.left <= this.#held.places * leaseKeeperLimits.lowPart;
    return low || this.#options.clock.monoMs() >= this.#held.earlyMs;
  }

  #ask(want: number): void {
    const { operator, terminal, site, zone, link, keys, clock, entropy, port, now } = this.#options;
    const { epoch, seq } = port.committed();
    const current = port.current();
    const report = current && { lease: current.lease, left: current.left, final: !current.spendable };
    const id = entropy.bytes(8);
    const request = { id, site, zone, want, report, atMs: now(), epoch, seq };
    const payload = encodeLeaseRequest(operator, terminal, request, (message) => keys.sign(message));
    const sent = link.publish(terminalTopics(operator, terminal).request('lease'), payload, { qos: 0 });
    if (sent && want > 0) this.#asked = { id, atMs: clock.monoMs() };
  }
}

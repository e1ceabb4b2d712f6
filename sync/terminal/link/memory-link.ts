// A broker and its links inside one process, for the seeded world and for tests: the same contract as
// MQTT, with latency on the passed-in clock and faults that the test chooses per message.
import type { Bytes } from '../../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../../runtime/core/clock.ts';
import { Signal } from '../../../runtime/core/event.ts';
import { topicMatches } from '../../wire/topics.ts';
import type { Link, LinkMessage, LinkSession, PublishOptions, Will } from '../ports.ts';

export const memoryBrokerLimits = { retained: 1_024, links: 1_024, underWay: 10_000, reconnectMs: 1_000 } as const;

export interface Carried {
  readonly topic: string;
  readonly payload: Bytes;
}
/** How often, and after how long, one message arrives: `[]` loses it, two entries double it. Milliseconds. */
export type Carriage = (message: Carried, link: string) => readonly number[];

export class MemoryBroker {
  readonly #clock: Clock;
  readonly #links = new Map<string, MemoryLink>();
  readonly #retained = new Map<string, Bytes>();
  readonly #handlers: { readonly filter: string; readonly handle: (message: Carried) => void }[] = [];
  readonly #underWay = new Set<TimerHandle>();
  /** Replaced by a test to lose, delay, double or reorder. */
  carriage: Carriage = () => [1];
  #open = true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  link(id: string): MemoryLink {
    if (this.#links.size >= memoryBrokerLimits.links)
      throw new RangeError(`more than ${memoryBrokerLimits.links} links`);
    const link = new MemoryLink(id, this, this.#clock);
    this.#links.set(id, link);
    return link;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  get messagesUnderWay(): number {
    return this.#underWay.size;
  }

  /** The broker dies: connections end, messages under way and retained ones are gone. */
  kill(): void {
    this.#open = false;
    for (const timer of this.#underWay) timer.cancel();
    this.#underWay.clear();
    this.#retained.clear();
    this.#handlers.length = 0;
    for (const link of this.#links.values()) link.cut();
  }

  restart(): void {
    this.#open = true;
    for (const link of this.#links.values()) link.mend();
  }

  publish(topic: string, payload: Bytes, { retain }: { readonly qos: 0 | 1; readonly retain: boolean }): void {
    if (!this.#open) return;
    if (retain) this.#retain(topic, payload);
    for (const [id, link] of this.#links) {
      if (link.wants(topic)) this.#carry({ topic, payload }, id, () => link.deliver({ topic, payload, retain: false }));
    }
  }

  subscribe(filter: string, handle: (message: Carried) => void): void {
    this.#handlers.push({ filter, handle });
  }

  /** From a link: to the handlers of the process and to other links. */
  accept(from: string, message: Carried & { readonly retain: boolean }): void {
    if (!this.#open) return;
    if (message.retain) this.#retain(message.topic, message.payload);
    for (const { filter, handle } of this.#handlers) {
      if (topicMatches(filter, message.topic)) this.#carry(message, from, () => handle(message));
    }
    const { topic, payload } = message;
    for (const [id, link] of this.#links) {
      if (link.wants(topic)) this.#carry({ topic, payload }, id, () => link.deliver({ topic, payload, retain: false }));
    }
  }

  replayRetained(link: MemoryLink, filters: readonly string[]): void {
    for (const [topic, payload] of this.#retained) {
      if (!filters.some((filter) => topicMatches(filter, topic))) continue;
      this.#carry({ topic, payload }, link.id, () => link.deliver({ topic, payload, retain: true }));
    }
  }

  #retain(topic: string, payload: Bytes): void {
    if (payload.length === 0) this.#retained.delete(topic);
    else if (this.#retained.has(topic) || this.#retained.size < memoryBrokerLimits.retained)
      this.#retained.set(topic, payload);
  }

  #carry(message: Carried, link: string, arrive: () => void): void {
    for (const delayMs of this.carriage(message, link)) {
      if (this.#underWay.size >= memoryBrokerLimits.underWay) return;
      const timer = this.#clock.timer('memory.carry', delayMs, () => {
        this.#underWay.delete(timer);
        arrive();
      });
      this.#underWay.add(timer);
    }
  }
}

export class MemoryLink implements Link {
  readonly up = new Signal<LinkSession>();
  readonly down = new Signal<{ readonly detail: string }>();
  readonly message = new Signal<LinkMessage>();
  readonly id: string;
  readonly #broker: MemoryBroker;
  readonly #clock: Clock;
  #filters: readonly string[] = [];
  #will: (() => Promise<Will>) | null = null;
  #armedWill: Will | null = null;
  #timer: TimerHandle | null = null;
  #cut = false;

  constructor(id: string, broker: MemoryBroker, clock: Clock) {
    this.id = id;
    this.#broker = broker;
    this.#clock = clock;
  }

  start(will: () => Promise<Will>): void {
    this.#will = will;
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#will = null;
    this.#timer?.cancel();
    this.#end('stopped', false);
  }

  get connected(): boolean {
    return this.#armedWill !== null;
  }

  publish(topic: string, payload: Bytes, { retain = false }: PublishOptions): boolean {
    if (!this.connected) return false;
    this.#broker.accept(this.id, { topic, payload, retain });
    return true;
  }

  async subscribe(filters: readonly string[]): Promise<boolean> {
    if (!this.connected) return false;
    this.#filters = [...new Set([...this.#filters, ...filters])];
    this.#broker.replayRetained(this, filters);
    return true;
  }

  /** The network is cut: the broker publishes the will. */
  cut(): void {
    this.#cut = true;
    this.#end('cut', true);
  }

  /** The network is back; the link reconnects by itself. */
  mend(): void {
    this.#cut = false;
  }

  wants(topic: string): boolean {
    return this.connected && this.#filters.some((filter) => topicMatches(filter, topic));
  }

  deliver(message: LinkMessage): void {
    if (this.connected) this.message.emit(message);
  }

  #schedule(): void {
    this.#timer = this.#clock.timer('memory.connect', memoryBrokerLimits.reconnectMs, () => void this.#connect());
  }

  async #connect(): Promise<void> {
    if (this.#cut || !this.#broker.isOpen) return this.#schedule();
    const will = await this.#will?.();
    if (!will || !this.#will) return;
    this.#armedWill = will;
    this.up.emit({ receiveMaximum: 65_535 });
  }

  #end(detail: string, publishWill: boolean): void {
    const will = this.#armedWill;
    if (!will) return;
    this.#armedWill = null;
    this.#filters = [];
    if (publishWill) this.#broker.accept(this.id, { ...will, retain: true });
    this.down.emit({ detail });
    if (this.#will) this.#schedule();
  }
}

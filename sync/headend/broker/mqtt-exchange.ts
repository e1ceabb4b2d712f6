// A broker elsewhere as the head end uses it: one connection that comes back by itself. Nothing waits here while it is
// away. What terminals sent meanwhile they send again, and `up` says when everything retained is to be repeated.
import type { Socket } from 'node:net';
import type { IClientOptions, MqttClient } from 'mqtt';
import type { Bytes } from '../../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../../runtime/core/clock.ts';
import { type Entropy, uniform } from '../../../runtime/core/entropy.ts';
import { Signal } from '../../../runtime/core/event.ts';
import type { Logger } from '../../../runtime/core/log.ts';
import { connectFault } from '../../wire/connect-fault.ts';
import { topicMatches } from '../../wire/topics.ts';
import type { Exchange, ExchangeMessage } from '../ports.ts';

export const exchangeLimits = {
  firstWaitMs: 500,
  mostWaitMs: 30_000,
  keepaliveSeconds: 30,
  connectMs: 10_000,
  packetBytes: 262_144,
  stopMs: 1_000,
} as const;

export interface MqttExchangeOptions {
  readonly url: string;
  readonly clientId: string;
  /** Read for each connection, so that a renewed certificate is used without a restart. Null without encryption. */
  readonly tls: (() => { readonly ca: string; readonly cert: string; readonly key: string }) | null;
  readonly will: { readonly topic: string; readonly payload: Bytes } | null;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
}

/** A worker's side of a connection: of what it subscribes to, it hears its share. */
export const sharedInlet = (exchange: MqttExchange, share: string): Exchange => ({
  publish: (topic, payload, options) => exchange.publish(topic, payload, options),
  subscribe: (filter, handler) => exchange.subscribeShared(share, filter, handler),
});

interface Subscription {
  readonly filter: string;
  readonly handler: (message: ExchangeMessage) => void;
  /** Each message goes to one of those that share a name. */
  readonly share: string | null;
}

export class MqttExchange implements Exchange {
  readonly up = new Signal<void>();
  readonly #options: MqttExchangeOptions;
  readonly #subscriptions: Subscription[] = [];
  #client: MqttClient | null = null;
  #timer: TimerHandle | null = null;
  #waitMs: number = exchangeLimits.firstWaitMs;
  #open = true;

  constructor(options: MqttExchangeOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#connect();
  }

  /** Dropped while there is no connection. */
  publish(topic: string, payload: Bytes, { qos, retain }: { readonly qos: 0 | 1; readonly retain: boolean }): void {
    if (this.#client?.connected) this.#client.publish(topic, Buffer.from(payload), { qos, retain }, () => {});
  }

  subscribe(filter: string, handler: (message: ExchangeMessage) => void): void {
    this.#subscribe({ filter, handler, share: null });
  }

  subscribeShared(share: string, filter: string, handler: (message: ExchangeMessage) => void): void {
    this.#subscribe({ filter, handler, share });
  }

  async close(): Promise<void> {
    this.#open = false;
    this.#timer?.cancel();
    const client = this.#client;
    this.#client = null;
    if (client) await this.#end(client);
  }

  #subscribe(subscription: Subscription): void {
    this.#subscriptions.push(subscription);
    if (this.#client?.connected) this.#client.subscribe(filterOf(subscription), { qos: 1 }, () => {});
  }

  async #connect(): Promise<void> {
    try {
      const { default: mqtt } = await import('mqtt');
      const { url } = this.#options;
      const profile = this.#profile(new mqtt.UniqueMessageIdProvider());
      if (this.#open) this.#listen(mqtt.connect(url, profile));
    } catch (error) {
      this.#again(error);
    }
  }

  #profile(messageIdProvider: NonNullable<IClientOptions['messageIdProvider']>): IClientOptions {
    const { clientId, tls, will } = this.#options;
    return {
      clientId,
      protocolVersion: 5,
      clean: true,
      resubscribe: false,
      reconnectPeriod: 0,
      queueQoSZero: false,
      messageIdProvider,
      keepalive: exchangeLimits.keepaliveSeconds,
      connectTimeout: exchangeLimits.connectMs,
      properties: { sessionExpiryInterval: 0, maximumPacketSize: exchangeLimits.packetBytes },
      ...(will && { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
      ...(tls && { ...tls(), rejectUnauthorized: true }),
    };
  }

  #listen(client: MqttClient): void {
    this.#client = client;
    let fault: unknown = null;
    client.on('connect', () => {
      (client.stream as unknown as Socket).setNoDelay(true);
      this.#waitMs = exchangeLimits.firstWaitMs;
      this.#options.log.info('broker.connected', { path: this.#options.url });
      const filters = [...new Set(this.#subscriptions.map(filterOf))];
      client.subscribe(filters, { qos: 1 }, (error) => {
        // Deaf, it would only look as if it were there.
        if (error) client.stream.destroy();
        else this.up.emit();
      });
    });
    client.on('message', (topic, payload) => {
      const message = { topic, payload: new Uint8Array(payload) };
      for (const { filter, handler } of this.#subscriptions) if (topicMatches(filter, topic)) handler(message);
    });
    client.on('error', (error) => {
      fault = error;
    });
    client.on('close', () => {
      if (this.#client !== client) return;
      this.#client = null;
      client.end(true);
      this.#again(fault);
    });
  }

  #again(error: unknown): void {
    if (!this.#open) return;
    const { clock, entropy, log, url } = this.#options;
    const { code, detail, remedy } = connectFault(error);
    const durationMs = Math.round(this.#waitMs * (0.5 + uniform(entropy) / 2));
    log.warn('broker.unreachable', { path: url, code, detail, remedy, durationMs });
    this.#waitMs = Math.min(2 * this.#waitMs, exchangeLimits.mostWaitMs);
    this.#timer = clock.timer('broker.connect', durationMs, () => void this.#connect());
  }

  /** mqtt.js waits for PUBACKs that may never come. */
  #end(client: MqttClient): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.timer('broker.stop', exchangeLimits.stopMs, () => {
        client.stream.destroy();
        resolve();
      });
      client.end(!client.connected, {}, () => {
        timer.cancel();
        resolve();
      });
    });
  }
}

const filterOf = ({ filter, share }: Subscription): string => (share === null ? filter : `$share/${share}/${filter}`);

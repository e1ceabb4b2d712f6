// The link over MQTT. mqtt.js is used as a socket, never as a queue: its offline stores lose and double
// messages, so nothing is handed to it while it is not connected, and every connection is a new client.
import type { Socket } from 'node:net';
import type { IClientOptions, MqttClient } from 'mqtt';
import type { Bytes } from '../../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../../runtime/core/clock.ts';
import { type Entropy, uniform } from '../../../runtime/core/entropy.ts';
import { messageOf, StileError } from '../../../runtime/core/errors.ts';
import { Signal } from '../../../runtime/core/event.ts';
import type { Logger } from '../../../runtime/core/log.ts';
import { type ConnectFault, connectFault } from '../../wire/connect-fault.ts';
import type { Link, LinkMessage, LinkSession, PublishOptions, Will } from '../ports.ts';
import { Backoff } from './backoff.ts';
import { brokerAddress, isEncrypted } from './broker-address.ts';

export const linkLimits = {
  keepaliveSeconds: 30,
  connectTimeoutMs: 10_000,
  receiveMaximum: 64,
  maximumPacketBytes: 262_144,
  topicAliases: 16,
  willDelaySeconds: 20,
  /** A stop waits so long for what was published last. */
  stopMs: 1_000,
} as const;

/** Loaded with the first connection: no decision needs it. */
async function loadMqtt() {
  const [{ default: mqtt }, { default: packets }] = await Promise.all([import('mqtt'), import('mqtt-packet')]);
  // Else the first packet makes a buffer for each number of 16 bits: some 8 MiB, to save a few microseconds a packet.
  packets.writeToStream.cacheNumbers = false;
  return mqtt;
}

/** CONNACK codes that mean "not this protocol version": MQTT 3.1.1 table 3.1, MQTT 5 section 3.2.2.2. */
const versionRefused = [0x01, 0x84];
const notAuthorized = 0x87;
const defaultReceiveMaximum = 65_535;

export interface MqttLinkOptions {
  /** Tried in turn. */
  readonly brokers: readonly string[];
  /** The terminal id. */
  readonly clientId: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
  /** The first connection waits up to so long, so that a depot does not wake in step. */
  readonly spreadMs?: number;
  /** Idle time after which the broker is asked whether it is there; a loss shows after one and a half of it. */
  readonly keepaliveSeconds?: number;
  /** Required for `mqtts://`. Read for each connection, so that a renewed certificate is used without a restart. */
  readonly tls?: () => TlsMaterial;
}

/** PEM: the broker's authority, the own certificate, whose common name is the terminal id, and its key. */
export interface TlsMaterial {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export class MqttLink implements Link {
  readonly up = new Signal<LinkSession>();
  readonly down = new Signal<{ readonly detail: string }>();
  readonly message = new Signal<LinkMessage>();
  readonly #options: MqttLinkOptions;
  readonly #backoff: Backoff;
  #client: MqttClient | null = null;
  #timer: TimerHandle | null = null;
  #will: (() => Promise<Will>) | null = null;
  #broker = 0;
  #protocol: 5 | 4 = 5;
  #wasUp = false;
  readonly #denied = new Set<string>();

  /** @throws StileError CONFIG_INVALID for a broker that is neither on this machine nor reached with certificates. */
  constructor(options: MqttLinkOptions) {
    options.brokers.map(brokerAddress);
    if (!options.tls && options.brokers.some(isEncrypted)) {
      throw new StileError('CONFIG_INVALID', 'a broker is mqtts://, and no certificates are configured', {
        remedy: 'Set "tls" to the files of the authority, the certificate and its key.',
      });
    }
    this.#options = options;
    this.#backoff = new Backoff(options.entropy);
  }

  start(will: () => Promise<Will>): void {
    this.#will = will;
    this.#schedule(Math.round(uniform(this.#options.entropy) * (this.#options.spreadMs ?? 0)));
  }

  async stop(): Promise<void> {
    this.#will = null;
    this.#timer?.cancel();
    const client = this.#client;
    this.#client = null;
    if (client) await this.#end(client);
    this.#ended('stopped');
  }

  get connected(): boolean {
    return this.#client?.connected === true;
  }

  publish(topic: string, payload: Bytes, { qos, retain = false }: PublishOptions): boolean {
    const client = this.#client;
    if (!client?.connected || this.#denied.has(topic)) return false;
    client.publish(topic, Buffer.from(payload), { qos, retain }, (error) => this.#answered(topic, error));
    return true;
  }

  subscribe(filters: readonly string[]): Promise<boolean> {
    const client = this.#client;
    if (!client?.connected) return Promise.resolve(false);
    return new Promise((resolve) => {
      const stop = this.down.on(() => finish(false));
      function finish(granted: boolean): void {
        stop();
        resolve(granted);
      }
      client.subscribe([...filters], { qos: 1 }, (error, granted = []) =>
        finish(!error && granted.every(({ qos }) => qos < 0x80)),
      );
    });
  }

  /** mqtt.js waits for PUBACKs that may never come: a broken pipe must not hold up a stop. */
  #end(client: MqttClient): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.timer('link.stop', linkLimits.stopMs, () => {
        client.stream.destroy();
        resolve();
      });
      client.end(!client.connected, {}, () => {
        timer.cancel();
        resolve();
      });
    });
  }

  #schedule(delayMs: number): void {
    this.#timer = this.#options.clock.timer('link.connect', delayMs, () => void this.#connect());
  }

  async #connect(): Promise<void> {
    const { brokers, log } = this.#options;
    const url = brokers[this.#broker % brokers.length];
    try {
      const will = await this.#will?.();
      const mqtt = await loadMqtt();
      if (!this.#will || !will || url === undefined) return;
      const profile = this.#profile(will, new mqtt.UniqueMessageIdProvider());
      this.#listen(mqtt.connect(url, { ...profile, ...this.#encryption(url) }));
    } catch (error) {
      log.warn('link.connect-failed', { ...connectFault(error) });
      if (this.#will) this.#schedule(this.#backoff.nextMs());
    }
  }

  #profile(will: Will, messageIdProvider: NonNullable<IClientOptions['messageIdProvider']>): IClientOptions {
    const profile: IClientOptions = {
      clientId: this.#options.clientId,
      protocolVersion: this.#protocol,
      clean: true,
      resubscribe: false,
      reconnectPeriod: 0,
      queueQoSZero: false,
      messageIdProvider,
      keepalive: this.#options.keepaliveSeconds ?? linkLimits.keepaliveSeconds,
      connectTimeout: linkLimits.connectTimeoutMs,
      will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
    };
    if (this.#protocol === 4) return profile;
    return {
      ...profile,
      autoAssignTopicAlias: true,
      will: { ...profile.will, properties: { willDelayInterval: linkLimits.willDelaySeconds } } as typeof profile.will,
      properties: {
        sessionExpiryInterval: 0,
        receiveMaximum: linkLimits.receiveMaximum,
        maximumPacketSize: linkLimits.maximumPacketBytes,
        topicAliasMaximum: linkLimits.topicAliases,
      },
    };
  }

  #encryption(url: string): IClientOptions {
    const { tls } = this.#options;
    return tls && isEncrypted(url) ? { ...tls(), rejectUnauthorized: true } : {};
  }

  #listen(client: MqttClient): void {
    this.#client = client;
    let detail = 'connection closed';
    let fault: unknown = null;
    let oldProtocol = false;
    client.on('connect', (packet) => {
      // Without this a window of one batch takes four times as long: Nagle's algorithm waits for the PUBACK.
      (client.stream as unknown as Socket).setNoDelay(true);
      this.#backoff.reset();
      this.#denied.clear();
      this.#wasUp = true;
      this.up.emit({ receiveMaximum: packet.properties?.receiveMaximum ?? defaultReceiveMaximum });
    });
    client.on('message', (topic, payload, packet) => {
      this.message.emit({ topic, payload: new Uint8Array(payload), retain: packet.retain });
    });
    client.on('error', (error) => {
      detail = messageOf(error);
      fault = error;
      oldProtocol = this.#protocol === 5 && 'code' in error && versionRefused.includes(Number(error.code));
    });
    client.on('close', () => this.#closed(client, detail, oldProtocol ? null : connectFault(fault)));
  }

  /** `fault` is null where the broker speaks an older protocol. */
  #closed(client: MqttClient, detail: string, fault: ConnectFault | null): void {
    if (this.#client !== client) return;
    this.#client = null;
    client.end(true);
    if (!this.#wasUp && fault !== null) this.#options.log.warn('link.connect-failed', { ...fault });
    this.#ended(detail);
    if (!this.#will) return;
    if (fault === null) {
      this.#protocol = 4;
      return this.#schedule(0);
    }
    this.#broker++;
    this.#schedule(this.#backoff.nextMs());
  }

  #ended(detail: string): void {
    if (!this.#wasUp) return;
    this.#wasUp = false;
    this.down.emit({ detail });
  }

  /** Only a refusal means anything here: a PUBACK proves nothing about the row. */
  #answered(topic: string, error: unknown): void {
    if (!(error instanceof Error) || !('code' in error) || error.code !== notAuthorized) return;
    this.#denied.add(topic);
    this.#options.log.error('link.publish-denied', { topic });
  }
}

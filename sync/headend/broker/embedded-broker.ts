// The embedded broker: aedes in this process, on a loopback address, for demos, tests and one small site.
// It speaks MQTT 3.1.1 and keeps retained messages in memory only.
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Aedes } from 'aedes';
import { isId } from '../../../runtime/core/brand.ts';
import type { Bytes } from '../../../runtime/core/bytes.ts';
import { messageOf, StileError } from '../../../runtime/core/errors.ts';
import type { Logger } from '../../../runtime/core/log.ts';
import type { Exchange, ExchangeMessage } from '../ports.ts';
import { mayPublish, maySubscribe } from './access.ts';

export const brokerLimits = {
  connections: 256,
  connectTimeoutMs: 10_000,
  /** Packets of one client that wait while it is not yet admitted. */
  queuedPackets: 42,
  payloadBytes: 256 * 1024,
  idCharacters: 32,
} as const;

export interface EmbeddedBrokerOptions {
  readonly operator: string;
  /** Loopback only: there is no encryption on this broker. */
  readonly host?: '127.0.0.1' | '::1';
  /** 0 for any free one. */
  readonly port: number;
  readonly log: Logger;
}

/** @throws StileError PORT_IN_USE. */
export async function openEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const { Aedes: Broker } = await import('aedes');
  const { operator, log } = options;
  const aedes = await Broker.createBroker({
    connectTimeout: brokerLimits.connectTimeoutMs,
    queueLimit: brokerLimits.queuedPackets,
    maxClientsIdLength: brokerLimits.idCharacters,
    preConnect: (_client, packet, admit) => admit(null, isId(packet.clientId)),
    authorizePublish: (client, packet, answer) => {
      const allowed = client !== null && mayPublish(operator, client.id, packet.topic);
      if (allowed && packet.payload.length <= brokerLimits.payloadBytes) return answer(null);
      log.warn('broker.publish-refused', { terminal: client?.id ?? '', topic: packet.topic.slice(0, 128) });
      answer(new Error('not allowed to publish here'));
    },
    authorizeSubscribe: (client, subscription, answer) => {
      if (maySubscribe(operator, client.id, subscription.topic)) return answer(null, subscription);
      log.warn('broker.subscribe-refused', { terminal: client.id, topic: subscription.topic.slice(0, 128) });
      answer(null, null);
    },
  });
  const server = createServer({ noDelay: true }, (socket) => void aedes.handle(socket));
  server.maxConnections = brokerLimits.connections;
  await listen(server, options);
  return new EmbeddedBroker(aedes, server);
}

export class EmbeddedBroker implements Exchange {
  readonly #aedes: Aedes;
  readonly #server: Server;

  constructor(aedes: Aedes, server: Server) {
    this.#aedes = aedes;
    this.#server = server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  publish(topic: string, payload: Bytes, { qos, retain }: { readonly qos: 0 | 1; readonly retain: boolean }): void {
    this.#aedes.publish({ cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain, dup: false }, () => {});
  }

  subscribe(filter: string, handler: (message: ExchangeMessage) => void): void {
    this.#aedes.subscribe(
      filter,
      (packet, done) => {
        done();
        handler({ topic: packet.topic, payload: new Uint8Array(Buffer.from(packet.payload)) });
      },
      () => {},
    );
  }

  /** Ends every connection; resolves when the port is free. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
    await closed;
  }
}

function listen(server: Server, { host = '127.0.0.1', port }: EmbeddedBrokerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new StileError('PORT_IN_USE', `broker cannot listen on ${host} port ${port}: ${messageOf(cause)}`, {
          remedy: 'Choose another port, or 0 for any free one.',
          cause,
        }),
      ),
    );
    server.listen(port, host, () => resolve());
  });
}

// Opens the broker that a configuration names.
import { MqttExchange } from '../../../sync/headend/broker/mqtt-exchange.ts';
import type { Exchange } from '../../../sync/headend/ports.ts';
import { encodeHostState } from '../../../sync/wire/presence.ts';
import { operatorTopics } from '../../../sync/wire/topics.ts';
import type { Clock } from '../../core/clock.ts';
import { systemEntropy } from '../../core/entropy.ts';
import type { Logger } from '../../core/log.ts';
import { readTls } from '../terminal/tls-material.ts';
import type { HeadEndConfig } from './config.ts';

export interface OpenExchange {
  readonly exchange: Exchange;
  /** Of the embedded broker; null where the broker is elsewhere. */
  readonly port: number | null;
  close(): Promise<void>;
}

/** @throws StileError PORT_IN_USE for the embedded broker. A broker elsewhere is tried until it answers. */
export async function openExchange(config: HeadEndConfig, clock: Clock, log: Logger): Promise<OpenExchange> {
  const { broker, operator, host, port } = config;
  if (broker.kind === 'embedded') {
    const { openEmbeddedBroker } = await import('../../../sync/headend/broker/embedded-broker.ts');
    const exchange = await openEmbeddedBroker({ operator, port, log });
    return { exchange, port: exchange.port, close: () => exchange.close() };
  }
  const payload = encodeHostState({ online: false, atMs: clock.wallMs() });
  const exchange = new MqttExchange({
    url: broker.url,
    clientId: `headend-${host}`,
    tls: broker.tls && readTls(broker.tls),
    will: { topic: operatorTopics(operator).hostState(host), payload },
    clock,
    entropy: systemEntropy,
    log,
  });
  exchange.start();
  return { exchange, port: null, close: () => exchange.close() };
}

// Opens the broker that a configuration names.
import { MqttExchange, sharedInlet } from '../../../sync/headend/broker/mqtt-exchange.ts';
import type { Exchange } from '../../../sync/headend/ports.ts';
import { encodeHostState } from '../../../sync/wire/presence.ts';
import { operatorTopics } from '../../../sync/wire/topics.ts';
import type { Clock } from '../../core/clock.ts';
import { systemEntropy } from '../../core/entropy.ts';
import { StileError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { readTls } from '../terminal/tls-material.ts';
import type { HeadEndConfig } from './config.ts';

export interface OpenExchange {
  readonly exchange: Exchange;
  /** Connections that share the rows; null where `exchange` hears them all. */
  readonly workers: readonly Exchange[] | null;
  /** Of the embedded broker; null where the broker is elsewhere. */
  readonly port: number | null;
  close(): Promise<void>;
}

/**
 * With `workers`, so many more connections.
 * @throws StileError PORT_IN_USE for the embedded broker, USAGE for workers on it. A broker elsewhere is tried until it
 *   answers.
 */
export async function openExchange(
  config: HeadEndConfig,
  workers: number,
  clock: Clock,
  log: Logger,
): Promise<OpenExchange> {
  const { broker, operator, host, port } = config;
  if (broker.kind === 'embedded') {
    if (workers > 0) throw noWorkers();
    const { openEmbeddedBroker } = await import('../../../sync/headend/broker/embedded-broker.ts');
    const exchange = await openEmbeddedBroker({ operator, port, log });
    return { exchange, workers: null, port: exchange.port, close: () => exchange.close() };
  }
  const shared = { url: broker.url, tls: broker.tls && readTls(broker.tls), clock, entropy: systemEntropy, log };
  const payload = encodeHostState({ online: false, atMs: clock.wallMs() });
  const will = { topic: operatorTopics(operator).hostState(host), payload };
  const exchange = new MqttExchange({ ...shared, clientId: `headend-${host}`, will });
  const more = Array.from(
    { length: workers },
    (_, index) => new MqttExchange({ ...shared, clientId: `headend-${host}-${index + 1}`, will: null }),
  );
  const all = [exchange, ...more];
  for (const connection of all) connection.start();
  return {
    exchange,
    workers: workers === 0 ? null : more.map((worker) => sharedInlet(worker, shareName)),
    port: null,
    close: async () => void (await Promise.all(all.map((connection) => connection.close()))),
  };
}

/** Every worker of an operator, whatever process it is in. */
const shareName = 'ingest';

const noWorkers = (): StileError =>
  new StileError('USAGE', '--workers needs a broker with shared subscriptions, and the embedded one has none', {
    remedy: 'Set "broker" to a broker elsewhere, as `stile headend init` does, or leave --workers out.',
  });

// The whole way over sockets: mqtt.js, aedes and SQLite in one process, on the machine's clock, with a
// proxy between them that fails as a mobile network does.
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeToStream } from 'mqtt-packet';
import { afterEach, describe, expect, test } from 'vitest';
import { SystemClock } from '../../../runtime/core/clock.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import { TcpProxy } from '../../../simulators/world/tcp-proxy.ts';
import { type EmbeddedBroker, openEmbeddedBroker } from '../../../sync/headend/broker/embedded-broker.ts';
import { MqttLink } from '../../../sync/terminal/link/mqtt-link.ts';
import { encodeState } from '../../../sync/wire/presence.ts';
import { terminalTopics } from '../../../sync/wire/topics.ts';
import {
  Authority,
  type HeadEndUnderTest,
  newHeadEnd,
  newTerminal,
  operator,
  publishBasics,
  storedExactlyOnce,
  type TerminalUnderTest,
} from '../../fixtures/sync-world.ts';

const clock = new SystemClock();
const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function until(what: string, condition: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

interface Street {
  broker: EmbeddedBroker;
  head: HeadEndUnderTest;
  readonly authority: Authority;
  readonly proxy: TcpProxy;
  readonly bus: TerminalUnderTest;
}

async function street(seed: string): Promise<Street> {
  const folder = mkdtempSync(join(tmpdir(), 'stile-sync-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const authority = new Authority();
  const broker = await openEmbeddedBroker({ operator, port: 0, log: silentLogger });
  const head = await newHeadEnd({ exchange: broker, clock, authority, path: join(folder, 'headend.db') });
  const proxy = await TcpProxy.open({ clock, targetPort: broker.port });
  const bus = busBehind(proxy.port, seed, authority);
  await head.headEnd.start();
  await head.headEnd.enrol('bus-1', bus.keys.publicKey);
  await publishBasics(head.headEnd, authority);
  const made: Street = { broker, head, authority, proxy, bus };
  cleanups.push(async () => {
    await made.bus.sync.stop();
    await made.head.headEnd.stop();
    await made.broker.close();
    await made.proxy.close();
    await made.head.store.close();
  });
  return made;
}

function busBehind(port: number, seed: string, authority: Authority): TerminalUnderTest {
  const link = new MqttLink({
    brokers: [`mqtt://127.0.0.1:${port}`],
    clientId: 'bus-1',
    clock,
    entropy: new SeededEntropy(seed),
    log: silentLogger,
  });
  return newTerminal({ id: 'bus-1', seed, clock, link, authority });
}

const drained = ({ bus }: Street): Promise<void> =>
  until('every row acknowledged', () => bus.sync.status().pendingRows === 0);

describe('over sockets', () => {
  test('rows arrive once, documents come down, and the time is told', async () => {
    const s = await street('tcp-quiet');
    s.bus.journal.appendMany(300);
    s.bus.sync.start();
    await drained(s);
    s.bus.journal.appendMany(3);
    await drained(s);
    expect(await storedExactlyOnce(s.head.store, s.bus.journal)).toBe(true);
    expect(s.bus.sink.inForce('deny')?.version).toBe(1);
    expect(s.head.headEnd.presenceOf('bus-1')).toBe('ONLINE');
    expect(Math.abs((s.bus.times[0] ?? 0) - Date.now())).toBeLessThan(60_000);
    // Its table of all 16-bit numbers would cost a terminal 8 MiB.
    expect(writeToStream.cacheNumbers).toBe(false);
  });

  test('seed tcp-cut: the network is cut and restored while rows drain', async () => {
    const s = await street('tcp-cut');
    s.bus.journal.appendMany(2_000);
    s.proxy.delay(20);
    s.bus.sync.start();
    for (let round = 0; round < 3; round++) {
      const before = s.bus.sync.status().pendingRows;
      await until('some rows acknowledged', () => s.bus.sync.status().pendingRows < before || before === 0);
      s.proxy.cut();
      s.bus.journal.appendMany(10);
      await until('the cut noticed', () => !s.bus.sync.status().connected);
      s.proxy.restore();
      s.proxy.delay(20);
      await until('connected again', () => s.bus.sync.status().connected);
    }
    await drained(s);
    expect(s.proxy.counts.cut).toBeGreaterThanOrEqual(3);
    expect(s.proxy.counts.delayed).toBeGreaterThan(10);
    expect(await storedExactlyOnce(s.head.store, s.bus.journal)).toBe(true);
  });

  test('the broker and the head end die in the middle of a drain and come back', async () => {
    const s = await street('tcp-broker');
    s.bus.journal.appendMany(3_000);
    s.proxy.delay(10);
    s.bus.sync.start();
    await until('rows on their way', () => s.bus.sync.status().inFlight > 0 && s.bus.sync.status().pendingRows < 2_800);
    await s.broker.close();
    await s.head.headEnd.stop();
    await until('the loss noticed', () => !s.bus.sync.status().connected);
    const left = s.bus.sync.status().pendingRows;
    s.broker = await openEmbeddedBroker({ operator, port: 0, log: silentLogger });
    s.proxy.retarget(s.broker.port);
    s.head = await newHeadEnd({ exchange: s.broker, clock, authority: s.authority, store: s.head.store });
    await s.head.headEnd.start();
    await drained(s);
    expect(left).toBeGreaterThan(0);
    expect(await storedExactlyOnce(s.head.store, s.bus.journal)).toBe(true);
  });

  test('seed tcp-hole: answers vanish while the connection seems alive, and rows are sent again', async () => {
    const s = await street('tcp-hole');
    s.bus.sync.start();
    await drained(s);
    s.proxy.drop('down');
    s.bus.journal.appendMany(50);
    await until('the rows stored', async () => (await s.head.store.counts()).rows === 51);
    await until('an answer swallowed', () => s.proxy.counts.droppedBytes > 0);
    expect(s.bus.sync.status().pendingRows).toBe(50);
    s.proxy.restore();
    await until('the resend answered', () => s.bus.sync.status().pendingRows === 0);
    expect(await storedExactlyOnce(s.head.store, s.bus.journal)).toBe(true);
  });

  test('a terminal that speaks on a topic of another one is cut off, and nothing is delivered', async () => {
    const s = await street('tcp-topics');
    s.bus.sync.start();
    await drained(s);
    const intruder = new MqttLink({
      brokers: [`mqtt://127.0.0.1:${s.broker.port}`],
      clientId: 'bus-2',
      clock,
      entropy: new SeededEntropy('intruder'),
      log: silentLogger,
    });
    cleanups.push(() => intruder.stop());
    const own = terminalTopics(operator, 'bus-2');
    const will = { topic: own.state, payload: encodeState({ online: false, birth: 1, atMs: 0 }) };
    intruder.start(async () => will);
    await intruder.up.next();
    expect(await intruder.subscribe([own.ack])).toBe(true);
    expect(await intruder.subscribe([terminalTopics(operator, 'bus-1').ack])).toBe(false);
    const down = intruder.down.next();
    const messages = s.head.headEnd.ingestCounts().messages;
    intruder.publish(terminalTopics(operator, 'bus-1').tx('live'), Uint8Array.of(1), { qos: 1 });
    await down;
    expect(s.head.headEnd.ingestCounts().messages).toBe(messages);
  });

  test('bytes that are no MQTT close their connection and nothing else', async () => {
    const s = await street('tcp-noise');
    s.bus.sync.start();
    await drained(s);
    const noise = connect(s.broker.port, '127.0.0.1');
    const closed = new Promise((resolve) => noise.once('close', resolve));
    noise.on('error', () => {});
    noise.write(Buffer.from(new SeededEntropy('noise').bytes(4_096)));
    await closed;
    s.bus.journal.appendMany(5);
    await drained(s);
    expect(await storedExactlyOnce(s.head.store, s.bus.journal)).toBe(true);
  });
});

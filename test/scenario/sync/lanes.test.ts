// What happens now does not wait behind what happened in the tunnel; a head end that is away is no fault.
import { expect, test } from 'vitest';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { referenceOf } from '../../../runtime/records/reference.ts';
import { MemoryBroker } from '../../../sync/terminal/link/memory-link.ts';
import { parseBatch } from '../../../sync/wire/batch.ts';
import { encodeHostState } from '../../../sync/wire/presence.ts';
import { operatorTopics } from '../../../sync/wire/topics.ts';
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

interface World {
  readonly clock: VirtualClock;
  readonly broker: MemoryBroker;
  readonly head: HeadEndUnderTest;
  readonly bus: TerminalUnderTest;
  readonly sent: { readonly lane: string; readonly from: number; readonly last: number; readonly history: boolean }[];
}

async function world(latencyMs: number): Promise<World> {
  const clock = new VirtualClock();
  const broker = new MemoryBroker(clock);
  const authority = new Authority();
  const head = await newHeadEnd({ exchange: broker, clock, authority });
  const bus = newTerminal({ id: 'bus-1', seed: 'lanes', clock, link: broker.link('bus-1'), authority });
  const sent: World['sent'] = [];
  broker.carriage = ({ topic, payload }) => {
    const batch = topic.includes('/tx/') ? parseBatch(payload) : null;
    if (batch?.ok) {
      const { from, rows, history } = batch.value;
      sent.push({ lane: topic.slice(topic.lastIndexOf('/') + 1), from, last: from + rows.length - 1, history });
    }
    return [latencyMs];
  };
  await head.headEnd.start();
  await head.headEnd.enrol('bus-1', bus.keys.publicKey);
  await publishBasics(head.headEnd, authority);
  return { clock, broker, head, bus, sent };
}

test('a new row overtakes a backlog of 3,000 rows', async () => {
  const { clock, bus, head, sent } = await world(40);
  bus.journal.appendMany(3_000);
  bus.sync.start();
  while (sent.length < 6) await clock.advance(10);
  const fresh = bus.journal.append();
  const reference = referenceOf('bus-1', fresh.epoch, fresh.seq);
  while ((await head.headEnd.rowByReference(reference)).length === 0) await clock.advance(10);
  expect((await head.store.counts()).rows).toBeLessThan(2_500);
  expect((await head.store.cursor('bus-1', bus.journal.epoch))?.held).toEqual([[fresh.seq, fresh.seq]]);
  while (bus.sync.status().pendingRows > 0) await clock.advance(100);
  expect(await storedExactlyOnce(head.store, bus.journal)).toBe(true);
  expect(sent.filter(({ lane }) => lane === 'backlog').every(({ history }) => history)).toBe(true);
  expect(sent.filter(({ lane }) => lane === 'live').every(({ history }) => !history)).toBe(true);
});

test('a new row waits at most for its own lane, never for the window of the backlog', async () => {
  const { clock, bus, sent } = await world(40);
  bus.journal.appendMany(3_000);
  bus.sync.start();
  while (sent.length < 6) await clock.advance(10);
  expect(bus.sync.status().inFlight).toBe(3);
  const fresh = bus.journal.append();
  expect(sent[sent.length - 1]).toEqual({ lane: 'live', from: fresh.seq, last: fresh.seq, history: false });
  expect(bus.sync.status().inFlight).toBe(4);
});

test('few rows need no second lane', async () => {
  const { clock, bus, sent } = await world(1);
  bus.journal.appendMany(60);
  bus.sync.start();
  await clock.advance(10_000);
  expect(sent.map(({ lane }) => lane)).toEqual(['live']);
});

test('live rows keep each other company while one batch is on its way', async () => {
  const { clock, bus, sent } = await world(200);
  bus.sync.start();
  await clock.advance(10_000);
  sent.length = 0;
  for (let i = 0; i < 10; i++) {
    bus.journal.append();
    await clock.advance(10);
  }
  await clock.advance(3_000);
  expect(sent.map(({ from, last }) => last - from + 1)).toEqual([1, 9]);
});

test('CHECKPOINT and RECEIPT rows alone start no batch', async () => {
  const { clock, bus, sent } = await world(1);
  bus.sync.start();
  await clock.advance(10_000);
  sent.length = 0;
  bus.journal.append('CHECKPOINT', { act: 'checkpoint' });
  bus.journal.append('RECEIPT', { act: 'receipt' });
  await clock.advance(60_000);
  expect(sent).toEqual([]);
  bus.journal.append();
  await clock.advance(1_000);
  expect(sent.map(({ from, last }) => last - from + 1)).toEqual([3]);
});

test('nothing is sent while no host of the head end is there, and all of it when one is back', async () => {
  const { clock, broker, bus, head, sent } = await world(1);
  bus.sync.start();
  await clock.advance(10_000);
  const host = operatorTopics(operator).hostState('h1');
  const say = (online: boolean): void =>
    broker.publish(host, encodeHostState({ online, atMs: clock.wallMs() }), { qos: 1, retain: true });
  say(false);
  await clock.advance(100);
  sent.length = 0;
  bus.journal.appendMany(20);
  await clock.advance(600_000);
  expect(sent).toEqual([]);
  expect(bus.sync.status()).toMatchObject({ connected: true, headEnd: false, pendingRows: 20 });
  say(true);
  await clock.advance(1_000);
  expect(await storedExactlyOnce(head.store, bus.journal)).toBe(true);
});

test('a head end that only confirms delivery gets the same rows again, ever more rarely, and the cursor stays', async () => {
  const { clock, broker, bus, sent } = await world(1);
  bus.journal.appendMany(20);
  const carriage = broker.carriage;
  broker.carriage = (message, link) => (message.topic.endsWith('/ack') ? [] : carriage(message, link));
  bus.sync.start();
  await clock.advance(10 * 60_000);
  expect(sent.length).toBeGreaterThan(8);
  expect(sent.length).toBeLessThan(60);
  expect(bus.sync.status().pendingRows).toBe(21);
});

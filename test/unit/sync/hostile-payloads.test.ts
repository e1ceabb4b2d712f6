// Any bytes on any topic, at either end: an answer, never a throw, and nothing believed.
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../../runtime/core/bytes.ts';
import { type Entropy, pick, SeededEntropy } from '../../../runtime/core/entropy.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { MemoryBroker } from '../../../sync/terminal/link/memory-link.ts';
import { describeMessage } from '../../../sync/wire/describe.ts';
import { operatorTopics, terminalTopics } from '../../../sync/wire/topics.ts';
import {
  Authority,
  newHeadEnd,
  newTerminal,
  operator,
  publishBasics,
  storedExactlyOnce,
} from '../../fixtures/sync-world.ts';

const own = terminalTopics(operator, 'bus-1');
const all = operatorTopics(operator);
const up = [own.state, own.birth, own.tx('live'), own.tx('backlog'), own.request('doc')];
const down = [own.ack, own.response('doc'), all.trust, all.denyHead, all.documentHead('fares'), all.hostState('h1')];
const lengths = [0, 1, 2, 3, 9, 40, 200, 5_000, 70_000];

/** Noise, or a real message with some bytes changed, cut off or repeated. */
function hostile(chance: Entropy, real: readonly Bytes[]): Bytes {
  const base = real[pick(chance, real.length)];
  if (!base || base.length === 0 || pick(chance, 3) === 0)
    return chance.bytes(lengths[pick(chance, lengths.length)] ?? 0);
  const bytes = Uint8Array.from(base);
  for (let changes = 1 + pick(chance, 4); changes > 0; changes--) bytes[pick(chance, bytes.length)] = pick(chance, 256);
  return pick(chance, 4) === 0 ? bytes.subarray(0, pick(chance, bytes.length)) : bytes;
}

async function world(seed: string) {
  const clock = new VirtualClock();
  const broker = new MemoryBroker(clock);
  const authority = new Authority();
  const head = await newHeadEnd({ exchange: broker, clock, authority });
  const bus = newTerminal({ id: 'bus-1', seed, clock, link: broker.link('bus-1'), authority });
  const seen: Bytes[] = [];
  broker.carriage = ({ payload }) => {
    seen.push(payload);
    return [1];
  };
  await head.headEnd.start();
  await head.headEnd.enrol('bus-1', bus.keys.publicKey);
  await publishBasics(head.headEnd, authority);
  bus.journal.appendMany(30);
  bus.sync.start();
  await clock.advance(10_000);
  await head.headEnd.publisher.publishLarge('fares', new SeededEntropy(seed).bytes(1_000));
  await clock.advance(1_000);
  return { clock, broker, authority, head, bus, real: [...seen] };
}

describe.each(['hostile-1', 'hostile-2'])('seed %s', (seed) => {
  test('at the head end', async () => {
    const w = await world(seed);
    const chance = new SeededEntropy(seed);
    const rows = (await w.head.store.counts()).rows;
    for (let i = 0; i < 600; i++) {
      const topic = up[pick(chance, up.length)] ?? own.state;
      w.broker.accept('bus-1', { topic, payload: hostile(chance, w.real), retain: false });
      if (i % 20 === 0) await w.clock.advance(100);
    }
    await w.clock.advance(1_000);
    expect((await w.head.store.counts()).rows).toBe(rows);
    // 64 messages kept raw per terminal, however many come.
    expect((await w.head.store.counts()).quarantined).toBeLessThanOrEqual(64);
    expect(w.head.headEnd.ingestCounts().refused).toBeGreaterThan(64);
    w.bus.journal.appendMany(5);
    await w.clock.advance(70_000);
    expect(await storedExactlyOnce(w.head.store, w.bus.journal)).toBe(true);
  });

  test('at the terminal', async () => {
    const w = await world(seed);
    const chance = new SeededEntropy(seed);
    const force = (): unknown => (['trust', 'deny', 'fares'] as const).map((name) => w.bus.sink.inForce(name));
    const before = force();
    w.bus.journal.appendMany(3);
    for (let i = 0; i < 600; i++) {
      const topic = down[pick(chance, down.length)] ?? own.ack;
      // Host states are not signed and may pause the uplink, which costs time and nothing else.
      w.broker.publish(topic, hostile(chance, w.real), { qos: 0, retain: false });
      if (i % 20 === 0) await w.clock.advance(100);
    }
    await w.clock.advance(1_000);
    expect(force()).toEqual(before);
    expect(w.bus.downlinkEvents.some(({ kind }) => kind === 'refused')).toBe(true);
    expect(w.bus.uplinkEvents.some(({ kind }) => kind === 'ack-refused')).toBe(true);
    await w.head.headEnd.stop();
    const again = await newHeadEnd({ exchange: w.broker, clock: w.clock, authority: w.authority, store: w.head.store });
    await again.headEnd.start();
    await w.clock.advance(70_000);
    expect(await storedExactlyOnce(w.head.store, w.bus.journal)).toBe(true);
  });

  test('in the description for people', async () => {
    const w = await world(seed);
    const chance = new SeededEntropy(seed);
    let described = 0;
    for (let i = 0; i < 600; i++) {
      const topic =
        [...up, ...down, 'stile/2/x', 'other', '', 'stile/1//t/', '#'][pick(chance, up.length + down.length + 5)] ?? '';
      if (describeMessage(topic, hostile(chance, w.real)).ok) described++;
    }
    for (const topic of [...up, ...down]) for (const payload of w.real) JSON.stringify(describeMessage(topic, payload));
    expect(described).toBeLessThan(600);
  });
});

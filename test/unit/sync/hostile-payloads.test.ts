// Any bytes on any topic, at either end: an answer, never a throw, and nothing believed.
import { describe, expect, test } from 'vitest';
import { type Bytes, equal } from '../../../runtime/core/bytes.ts';
import { type Entropy, pick, SeededEntropy } from '../../../runtime/core/entropy.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { MemoryBroker } from '../../../sync/terminal/link/memory-link.ts';
import { describeMessage } from '../../../sync/wire/describe.ts';
import { documentNames, operations, operatorTopics, siteTopics, terminalTopics } from '../../../sync/wire/topics.ts';
import { CommandedMachine } from '../../fixtures/commanded-machine.ts';
import { LeasedLane } from '../../fixtures/leased-lane.ts';
import { MemoryJournal } from '../../fixtures/memory-journal.ts';
import { actId, rulesWith, SiteWorld, site, subject } from '../../fixtures/site-world.ts';
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
const up = [own.state, own.birth, own.tx('live'), own.tx('backlog'), ...operations.map(own.request)];
const down = [
  own.ack,
  own.command,
  ...operations.map(own.response),
  all.trust,
  all.denyHead,
  ...documentNames.map(all.documentHead),
  all.hostState('h1'),
];
const talk = [siteTopics(operator, site).claim('t-west'), siteTopics(operator, site).answer('t-west')];
const zone = { site, zone: 'hall', capacity: 50, lanes: ['bus-1'], places: 20, lifeSeconds: 600, guardSeconds: 5 };
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
  const head = await newHeadEnd({ exchange: broker, clock, authority, zones: [zone] });
  const journal = new MemoryJournal('bus-1');
  const machine = new CommandedMachine(journal);
  const places = new LeasedLane(journal, clock);
  const leases = { site, zone: 'hall', places: 20, port: places };
  const link = broker.link('bus-1');
  const bus = newTerminal({ id: 'bus-1', seed, clock, link, authority, journal, commands: machine, leases });
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
  await head.headEnd.publisher.publishLarge('rules', rulesWith([]));
  await head.headEnd.commands.send('bus-1', { kind: 'open', direction: 'entry', reason: 'test' });
  await clock.advance(5_000);
  // Real messages of every kind have been seen, so that each can be mangled.
  expect(machine.motions).toHaveLength(1);
  expect(places.grants.length).toBeGreaterThan(0);
  return { clock, broker, authority, head, bus, machine, places, real: [...seen] };
}

describe.each(['hostile-1', 'hostile-2'])('seed %s', (seed) => {
  test('at the head end', async () => {
    const w = await world(seed);
    const chance = new SeededEntropy(seed);
    await w.clock.advance(5_000);
    const rows = (await w.head.store.counts()).rows;
    const occupancy = w.head.headEnd.leases.occupancy(site, 'hall');
    for (let i = 0; i < 600; i++) {
      const topic = up[pick(chance, up.length)] ?? own.state;
      w.broker.accept('bus-1', { topic, payload: hostile(chance, w.real), retain: false });
      if (i % 20 === 0) await w.clock.advance(100);
    }
    await w.clock.advance(1_000);
    expect((await w.head.store.counts()).rows).toBe(rows);
    // No place was leased, given back or filled by what nobody signed.
    expect(w.head.headEnd.leases.occupancy(site, 'hall')).toEqual(occupancy);
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
    const force = (): unknown => (['trust', 'deny', 'fares', 'rules'] as const).map((name) => w.bus.sink.inForce(name));
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
    expect(w.bus.commandEvents.some(({ kind }) => kind === 'refused')).toBe(true);
    expect(w.machine.motions).toHaveLength(1);
    expect(w.places.grants.every(({ places }) => places <= 20)).toBe(true);
    await w.head.headEnd.stop();
    const again = await newHeadEnd({ ...w, exchange: w.broker, store: w.head.store, zones: [zone] });
    await again.headEnd.start();
    await w.clock.advance(70_000);
    expect(await storedExactlyOnce(w.head.store, w.bus.journal)).toBe(true);
  });

  test('between the machines of a site', async () => {
    const clock = new VirtualClock();
    const broker = new MemoryBroker(clock);
    const museum = new SiteWorld(clock);
    const [home, west] = ['east', 'west'].map((name) => museum.join(name, broker.link(`t-${name}`)));
    if (!home || !west) throw new Error('two lanes');
    await clock.advance(5_000);
    const real: Bytes[] = [];
    broker.carriage = ({ payload }) => {
      real.push(payload);
      return [1];
    };
    west.claims.claim('east', subject(1));
    west.claims.settle('east', { subject: subject(1), actId: actId(1), outcome: 'released', more: false });
    await clock.advance(5_000);
    const [before] = [[home.ledger.decisions, home.ledger.settlements.length]];
    const chance = new SeededEntropy(seed);
    const kept = [...real];
    for (let i = 0; i < 600; i++) {
      const payload = hostile(chance, kept);
      // An unchanged message would be believed, and rightly.
      if (kept.some((message) => equal(message, payload))) continue;
      broker.publish(talk[pick(chance, talk.length)] ?? '', payload, { qos: 0, retain: false });
      if (i % 20 === 0) await clock.advance(10);
    }
    await clock.advance(1_000);
    expect([home.ledger.decisions, home.ledger.settlements.length]).toEqual(before);
    expect(home.events.filter(({ kind }) => kind === 'refused').length).toBeGreaterThan(100);
    west.claims.claim('east', subject(2));
    await clock.advance(1_000);
    expect(west.events.at(-1)).toMatchObject({ kind: 'answered', answer: { decision: 'granted' } });
  });

  test('in the description for people', async () => {
    const w = await world(seed);
    const chance = new SeededEntropy(seed);
    let described = 0;
    for (let i = 0; i < 600; i++) {
      const topic =
        [...up, ...down, ...talk, 'stile/2/x', 'other', '', 'stile/1//t/', '#'][
          pick(chance, up.length + down.length + talk.length + 5)
        ] ?? '';
      if (describeMessage(topic, hostile(chance, w.real)).ok) described++;
    }
    for (const topic of [...up, ...down, ...talk])
      for (const payload of w.real) JSON.stringify(describeMessage(topic, payload));
    expect(described).toBeLessThan(600);
  });
});

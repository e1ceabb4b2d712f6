// Places on lease: lanes let people in while nobody can be asked, and the site still never holds more than it
// may. Checked against the truth, which only the test knows: who really is inside.
import { describe, expect, test } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import { type Bytes, hex } from '../../../runtime/core/bytes.ts';
import { pick, SeededEntropy } from '../../../runtime/core/entropy.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import type { CoseSigner } from '../../../runtime/tokens/cose.ts';
import { leaseDeskLimits, type Zone } from '../../../sync/headend/lease-desk.ts';
import { leaseKeeperLimits } from '../../../sync/terminal/lease-keeper.ts';
import { MemoryBroker, type MemoryLink } from '../../../sync/terminal/link/memory-link.ts';
import { describeMessage } from '../../../sync/wire/describe.ts';
import { sealDocument } from '../../../sync/wire/document.ts';
import { encodeLeaseAnswer, leaseBody, parseLeaseRequest } from '../../../sync/wire/lease.ts';
import { terminalTopics } from '../../../sync/wire/topics.ts';
import { LeasedLane, laneGuardMs } from '../../fixtures/leased-lane.ts';
import { MemoryJournal } from '../../fixtures/memory-journal.ts';
import {
  Authority,
  type HeadEndUnderTest,
  JournalKeyPair,
  newHeadEnd,
  newSigner,
  newTerminal,
  operator,
  publishBasics,
  type TerminalUnderTest,
} from '../../fixtures/sync-world.ts';

const lifeSeconds = 120;
const guardSeconds = 5;
const zoneOf = (capacity: number): Zone => ({
  site: '7',
  zone: 'hall',
  capacity,
  lanes: ['east', 'west'],
  places: 20,
  lifeSeconds,
  guardSeconds,
});

interface Lane {
  readonly id: string;
  readonly machine: LeasedLane;
  readonly terminal: TerminalUnderTest;
  readonly link: MemoryLink;
}
interface World {
  readonly clock: VirtualClock;
  readonly broker: MemoryBroker;
  readonly authority: Authority;
  head: HeadEndUnderTest;
  readonly east: Lane;
  readonly west: Lane;
}

async function world(capacity: number): Promise<World> {
  const clock = new VirtualClock();
  const broker = new MemoryBroker(clock);
  const authority = new Authority();
  const head = await newHeadEnd({ exchange: broker, clock, authority, zones: [zoneOf(capacity)] });
  await head.headEnd.start();
  await publishBasics(head.headEnd, authority);
  const join = async (id: string): Promise<Lane> => {
    const journal = new MemoryJournal(id);
    const machine = new LeasedLane(journal, clock);
    const link = broker.link(id);
    const leases = { site: '7', zone: 'hall', places: 20, port: machine };
    const terminal = newTerminal({ id, seed: id, clock, link, authority, journal, leases });
    await head.headEnd.enrol(id, terminal.keys.publicKey);
    terminal.sync.start();
    return { id, machine, terminal, link };
  };
  const w = { clock, broker, authority, head, east: await join('east'), west: await join('west') };
  await clock.advance(20_000);
  return w;
}

const truth = ({ east, west }: World): number => east.machine.inside + west.machine.inside;
const occupancy = ({ head }: World) => head.headEnd.leases.occupancy('7', 'hall');

describe('a lane with a connection', () => {
  test('has places, and all rows and leases add up', async () => {
    const w = await world(100);
    expect(w.east.machine.current()).toMatchObject({ left: 20, spendable: true });
    expect(occupancy(w)).toEqual({ inside: 0, reserved: 40, free: 60 });
    for (let person = 0; person < 5; person++) w.east.machine.admit();
    w.east.machine.admit('not_passed');
    w.east.machine.leave();
    await w.clock.advance(5_000);
    expect(occupancy(w)).toEqual({ inside: 4, reserved: 35, free: 61 });
    expect(truth(w)).toBe(4);
  });

  test('gets more before it runs out, early enough that nobody waits', async () => {
    const w = await world(1_000);
    let refused = 0;
    for (let person = 0; person < 120; person++) {
      if (!w.east.machine.admit()) refused++;
      await w.clock.advance(1_500);
    }
    expect(refused).toBe(0);
    expect(w.east.machine.grants.length).toBeGreaterThan(5);
    await w.clock.advance(30_000);
    expect(occupancy(w)?.inside).toBe(120);
    // Old leases were accounted for as soon as their successors were in force.
    expect(occupancy(w)?.reserved).toBeLessThanOrEqual(40);
  });

  test('whose lease ends unused gets another', async () => {
    const w = await world(40);
    // Nothing is free beside the two leases, so a new one comes when the old one can be spent no more.
    let longestMs = 0;
    for (let pauseMs = 0, waitedMs = 0; waitedMs < 10 * lifeSeconds * 1_000; waitedMs += 500) {
      pauseMs = w.east.machine.current()?.spendable ? 0 : pauseMs + 500;
      longestMs = Math.max(longestMs, pauseMs);
      await w.clock.advance(500);
    }
    expect(longestMs).toBeLessThanOrEqual(2 * leaseKeeperLimits.lookMs);
    expect(w.east.machine.grants.filter(({ places }) => places === 20).length).toBeGreaterThan(8);
    expect(occupancy(w)).toEqual({ inside: 0, reserved: 40, free: 0 });
  });

  test('is told that the site is full, and gets a place when somebody leaves', async () => {
    const w = await world(40);
    expect(w.east.machine.admitAll() + w.west.machine.admitAll()).toBe(40);
    await w.clock.advance(60_000);
    expect(w.east.machine.grants.at(-1)).toMatchObject({ places: 0 });
    expect(w.east.machine.admit()).toBe(false);
    w.west.machine.leave();
    await w.clock.advance(60_000);
    expect(truth(w)).toBe(39);
    expect(w.east.machine.admitAll() + w.west.machine.admitAll()).toBe(1);
  });
});

describe('a lane that is cut off', () => {
  test('asks nothing, spends its lease, and stops before its end', async () => {
    const w = await world(100);
    w.east.link.cut();
    let asked = 0;
    w.broker.subscribe(terminalTopics(operator, 'east').request('lease'), () => asked++);
    const before = w.east.machine.grants.length;
    expect(w.east.machine.admit()).toBe(true);
    await w.clock.advance(lifeSeconds * 1_000 - laneGuardMs);
    expect(w.east.machine.current()).toMatchObject({ spendable: false });
    expect(w.east.machine.admit()).toBe(false);
    expect(asked).toBe(0);
    expect(w.east.machine.grants).toHaveLength(before);
  });

  test('keeps its places reserved to their end and the guard, and after that until it has told', async () => {
    const w = await world(40);
    w.east.link.cut();
    expect(w.east.machine.admitAll()).toBe(20);
    w.west.machine.admitAll();
    // Long after its end nobody knows how many went in at the east: none of its places is given away.
    await w.clock.advance(3 * lifeSeconds * 1_000);
    expect(w.west.machine.admitAll()).toBe(0);
    expect(truth(w)).toBe(40);
    for (let person = 0; person < 15; person++) w.east.machine.leave();
    w.east.link.mend();
    await w.clock.advance(30_000);
    expect(occupancy(w)).toMatchObject({ inside: 25 });
    expect(w.east.machine.admitAll() + w.west.machine.admitAll()).toBe(15);
    expect(truth(w)).toBe(40);
  });

  test('gives back on reconnect what it did not use, before the lease has ended', async () => {
    const w = await world(40);
    w.east.link.cut();
    for (let person = 0; person < 5; person++) w.east.machine.admit();
    await w.clock.advance(lifeSeconds * 1_000 - laneGuardMs - 1_000 - 20_000);
    expect(occupancy(w)).toMatchObject({ inside: 0 });
    await w.clock.advance(22_000);
    w.east.link.mend();
    await w.clock.advance(8_000);
    // Five are inside, and fifteen places may be leased again.
    expect(occupancy(w)).toMatchObject({ inside: 5 });
    const { reserved = 0, free = 0 } = occupancy(w) ?? {};
    expect(reserved + free).toBe(35);
    expect(w.east.machine.admitAll() + w.west.machine.admitAll()).toBe(35);
  });

  test('never comes back: a count by hand frees what ended, and nothing that has not', async () => {
    const w = await world(40);
    w.east.link.cut();
    await w.clock.advance(10_000);
    await w.head.headEnd.leases.recount('7', 'hall', 0);
    expect(occupancy(w)?.reserved).toBeGreaterThanOrEqual(20);
    await w.clock.advance((lifeSeconds + guardSeconds) * 1_000);
    expect(occupancy(w)?.reserved).toBeGreaterThanOrEqual(20);
    await w.head.headEnd.leases.recount('7', 'hall', 3);
    expect(occupancy(w)?.inside).toBe(3);
    await w.clock.advance(60_000);
    expect(w.west.machine.admitAll()).toBeGreaterThan(0);
  });
});

describe('what goes wrong on the way', () => {
  test('an answer that is lost is told again, and reserves nothing twice', async () => {
    const w = await world(60);
    let lost = 0;
    w.broker.carriage = ({ topic }) => {
      if (topic !== terminalTopics(operator, 'east').response('lease') || lost >= 4) return [1];
      lost++;
      return [];
    };
    while (w.east.machine.admit());
    await w.clock.advance(60_000);
    expect(lost).toBe(4);
    expect(w.east.machine.current()).toMatchObject({ left: 20 });
    expect(occupancy(w)).toEqual({ inside: 20, reserved: 40, free: 0 });
  });

  test('a power cut forgets a lease that was begun: it is not given twice', async () => {
    const w = await world(40);
    for (let person = 0; person < 8; person++) w.east.machine.admit();
    w.east.machine.forget();
    await w.clock.advance(60_000);
    w.east.machine.admitAll();
    w.west.machine.admitAll();
    expect(truth(w)).toBeLessThanOrEqual(40);
    await w.clock.advance(2 * lifeSeconds * 1_000);
    w.east.machine.admitAll();
    w.west.machine.admitAll();
    expect(truth(w)).toBe(40);
  });

  test('a request delivered twice or recorded, or signed by another, grants nothing more', async () => {
    const w = await world(100);
    const topic = terminalTopics(operator, 'east').request('lease');
    const recorded: Bytes[] = [];
    w.broker.subscribe(topic, ({ payload }) => recorded.push(payload));
    while (w.east.machine.admit());
    await w.clock.advance(20_000);
    expect(
      recorded.some((payload) => ((parsed) => parsed.ok && parsed.value.want > 0)(parseLeaseRequest(payload))),
    ).toBe(true);
    // Begun, so that it cannot be what a lost answer left behind: another request would get another lease.
    w.east.machine.admit();
    await w.clock.advance(1_500);
    const begun = occupancy(w);
    for (const payload of recorded) {
      await w.head.headEnd.leases.requested('east', payload);
      await w.head.headEnd.leases.requested('west', payload);
    }
    expect(occupancy(w)).toEqual(begun);
    const stranger = newTerminal({
      id: 'east',
      seed: 'stranger',
      clock: w.clock,
      link: w.broker.link('east-2'),
      authority: w.authority,
      keys: new JournalKeyPair(),
      leases: { site: '7', zone: 'hall', places: 20, port: new LeasedLane(new MemoryJournal('east'), w.clock) },
    });
    stranger.sync.start();
    await w.clock.advance(30_000);
    expect(stranger.leaseEvents).toEqual([]);
  });

  test('a power cut between question and answer: a lane that keeps its lease gets no second one of it', async () => {
    const w = await world(40);
    const response = terminalTopics(operator, 'east').response('lease');
    let cut = 0;
    const answers: unknown[] = [];
    const held = w.east.machine.grants.at(-1)?.lease ?? new Uint8Array(8);
    w.broker.carriage = ({ topic, payload }) => {
      if (topic !== response) return [1];
      answers.push(describeMessage(topic, payload));
      if (cut++ === 0) w.east.machine.forget();
      return [1];
    };
    for (let person = 0; person < 16; person++) w.east.machine.admit();
    await w.clock.advance(10_000);
    // What a lane has lost meanwhile it must not find again in the answer, with all its places.
    expect(answers[0]).toMatchObject({
      value: { message: { doc: { payload: { body: { lease: hex(held), places: 0 } } } } },
    });
    expect(cut).toBeGreaterThan(0);
    w.east.machine.admitAll();
    w.west.machine.admitAll();
    expect(truth(w)).toBeLessThanOrEqual(40);
  });

  test('an answer that a broker recorded is no answer to another question', async () => {
    const w = await world(200);
    const own = terminalTopics(operator, 'east');
    const recorded: Bytes[] = [];
    w.broker.carriage = ({ topic, payload }) => {
      if (topic === own.response('lease')) recorded.push(payload);
      return [1];
    };
    w.east.machine.admitAll();
    await w.clock.advance(10_000);
    const [old] = recorded;
    const first = w.east.machine.grants.at(-1);
    w.east.machine.admitAll();
    await w.clock.advance(10_000);
    const grants = w.east.machine.grants.length;
    // While the next question is open, the old answer comes before the true one.
    let told = 0;
    w.broker.carriage = ({ topic, payload }) => [topic === own.response('lease') && payload !== old ? 500 : 1];
    w.broker.subscribe(own.request('lease'), () => {
      if (old) w.broker.publish(own.response('lease'), old, { qos: 0, retain: false });
      told++;
    });
    w.east.machine.admitAll();
    await w.clock.advance(10_000);
    expect(told).toBeGreaterThan(0);
    expect(w.east.machine.grants.length).toBeGreaterThan(grants);
    expect(w.east.machine.grants.slice(grants).map(({ lease }) => lease)).not.toContainEqual(first?.lease);
  });

  test('a recorded word of "unused" cannot free a lease that came after it', async () => {
    const w = await world(40);
    const recorded: Bytes[] = [];
    w.broker.subscribe(terminalTopics(operator, 'east').request('lease'), ({ payload }) => recorded.push(payload));
    await w.clock.advance(3 * lifeSeconds * 1_000);
    w.east.link.cut();
    w.east.machine.admitAll();
    expect(recorded.length).toBeGreaterThan(3);
    for (let n = 0; n < leaseDeskLimits.requests; n++)
      await w.head.headEnd.leases.requested('east', recorded[n % recorded.length] ?? new Uint8Array(0));
    for (const payload of recorded) await w.head.headEnd.leases.requested('east', payload);
    await w.clock.advance(60_000);
    w.west.machine.admitAll();
    expect(truth(w)).toBeLessThanOrEqual(40);
  });

  test.each<readonly [string, (w: World) => { signer?: CoseSigner; target?: string; zone?: string }, string]>([
    ['by a stranger', () => ({ signer: newSigner() }), 'UNKNOWN_KEY'],
    ['by the key for commands', (w) => ({ signer: w.authority.commands }), 'WRONG_USE'],
    ['for another lane', () => ({ target: 'west' }), 'WRONG_TARGET'],
    ['for another zone', () => ({ zone: 'cellar' }), 'for another zone'],
  ])('a lease signed %s is not taken', async (_what, forge, problem) => {
    const w = await world(100);
    const { signer = w.authority.receipts, target = 'east', zone = 'hall' } = forge(w);
    const own = terminalTopics(operator, 'east');
    let forged = 0;
    const forgeries = new Set<Bytes>();
    w.broker.subscribe(own.request('lease'), ({ payload }) => {
      const request = parseLeaseRequest(payload);
      if (!request.ok || request.value.want === 0) return;
      forged++;
      const nowMs = w.clock.wallMs();
      const iat = unixSeconds(Math.floor(nowMs / 1_000));
      const expiresAt = unixSeconds(iat + 3_600);
      const document = sealDocument(
        { kind: 'lease', operator, target, version: 1, iat, exp: expiresAt },
        leaseBody({ lease: new Uint8Array(8), site: '7', zone, places: 1_000, expiresAt, nowMs }),
        signer,
      );
      const forgery = encodeLeaseAnswer({ id: request.value.id, document });
      forgeries.add(forgery);
      w.broker.publish(own.response('lease'), forgery, { qos: 0, retain: false });
    });
    // The true answer comes later than the forged one.
    w.broker.carriage = ({ topic, payload }) => [topic === own.response('lease') && !forgeries.has(payload) ? 500 : 1];
    while (w.east.machine.admit());
    await w.clock.advance(leaseKeeperLimits.lookMs * 4);
    expect(forged).toBeGreaterThan(0);
    const problems = w.east.terminal.leaseEvents.flatMap((event) => (event.kind === 'refused' ? [event.problem] : []));
    expect(problems).toContain(problem);
    expect(w.east.machine.grants.some(({ places }) => places === 1_000)).toBe(false);
  });
});

test('the head end remembers over a restart: what it granted is still reserved', async () => {
  const w = await world(40);
  w.east.link.cut();
  const before = occupancy(w);
  await w.head.headEnd.stop();
  w.head = await newHeadEnd({
    exchange: w.broker,
    clock: w.clock,
    authority: w.authority,
    store: w.head.store,
    zones: [zoneOf(40)],
  });
  await w.head.headEnd.start();
  expect(occupancy(w)).toEqual(before);
  w.east.machine.admitAll();
  await w.clock.advance(60_000);
  w.west.machine.admitAll();
  expect(truth(w)).toBeLessThanOrEqual(40);
});

test('a kept state that cannot be read stops the start: from nothing the site would be overfilled', async () => {
  const w = await world(40);
  await w.head.headEnd.stop();
  await w.head.store.saveState('zone/7/hall', Uint8Array.of(1));
  const again = await newHeadEnd({
    exchange: w.broker,
    clock: w.clock,
    authority: w.authority,
    store: w.head.store,
    zones: [zoneOf(40)],
  });
  await expect(again.headEnd.start()).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
});

test.each(['leases-1', 'leases-2', 'leases-3'])(
  'seed %s: cuts, losses, power cuts and restarts; never too many, and never a place lost for good',
  async (seed) => {
    const capacity = 45;
    const w = await world(capacity);
    const chance = new SeededEntropy(seed);
    const lanes = [w.east, w.west];
    let most = 0;
    const happened = { cuts: 0, lost: 0, forgotten: 0, restarts: 0 };
    w.broker.carriage = ({ topic }) => {
      if (!topic.endsWith('/lease') || pick(chance, 5) > 0) return [1];
      happened.lost++;
      return pick(chance, 2) === 0 ? [] : [5 + pick(chance, 500), 900];
    };
    for (let step = 0; step < 250; step++) {
      const lane = lanes[pick(chance, 2)] ?? w.east;
      const kind = pick(chance, 20);
      if (kind < 9)
        for (let person = pick(chance, 6); person > 0; person--)
          lane.machine.admit(pick(chance, 8) === 0 ? 'not_passed' : 'passed');
      else if (kind < 13 && truth(w) > 0) lane.machine.leave();
      else if (kind === 13) {
        lane.link.cut();
        happened.cuts++;
      } else if (kind < 17) lane.link.mend();
      else if (kind === 17 && pick(chance, 3) === 0) {
        lane.machine.forget();
        happened.forgotten++;
      } else if (kind === 18 && pick(chance, 4) === 0) {
        await w.head.headEnd.stop();
        w.head = await newHeadEnd({
          exchange: w.broker,
          clock: w.clock,
          authority: w.authority,
          store: w.head.store,
          zones: [zoneOf(capacity)],
        });
        await w.head.headEnd.start();
        happened.restarts++;
      }
      most = Math.max(most, truth(w));
      await w.clock.advance(pick(chance, 8_000));
    }
    expect(most).toBeLessThanOrEqual(capacity);
    expect(most).toBeGreaterThan(capacity / 2);
    for (const count of Object.values(happened)) expect(count).toBeGreaterThan(0);
    // Everything mended, every place is inside, on a living lease, or free.
    w.broker.carriage = () => [1];
    for (const lane of lanes) lane.link.mend();
    await w.clock.advance(4 * lifeSeconds * 1_000);
    expect(occupancy(w)?.inside).toBe(truth(w));
    for (let round = 0; round < 6; round++) {
      for (const lane of lanes) lane.machine.admitAll();
      await w.clock.advance(2 * lifeSeconds * 1_000);
    }
    expect(truth(w)).toBe(capacity);
  },
);

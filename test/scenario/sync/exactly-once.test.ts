// No record lost, none counted twice, whatever the network between terminal and head end does. The real
// uplink and the real ingest, on a virtual clock with chosen faults.
import { describe, expect, test } from 'vitest';
import { pick, SeededEntropy } from '../../../runtime/core/entropy.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { CursorStore } from '../../../sync/terminal/cursor.ts';
import { MemoryBroker, type MemoryLink } from '../../../sync/terminal/link/memory-link.ts';
import {
  Authority,
  type HeadEndUnderTest,
  newHeadEnd,
  newTerminal,
  publishBasics,
  storedExactlyOnce,
  type TerminalUnderTest,
} from '../../fixtures/sync-world.ts';

interface World {
  readonly clock: VirtualClock;
  readonly broker: MemoryBroker;
  readonly authority: Authority;
  readonly head: HeadEndUnderTest;
  readonly bus: TerminalUnderTest;
}

async function world(seed: string): Promise<World> {
  const clock = new VirtualClock();
  const broker = new MemoryBroker(clock);
  const authority = new Authority();
  const head = await newHeadEnd({ exchange: broker, clock, authority });
  const bus = newTerminal({ id: 'bus-1', seed, clock, link: broker.link('bus-1'), authority });
  await head.headEnd.start();
  await head.headEnd.enrol('bus-1', bus.keys.publicKey);
  await publishBasics(head.headEnd, authority);
  return { clock, broker, authority, head, bus };
}

const isAck = (topic: string): boolean => topic.endsWith('/ack');
const isBatch = (topic: string): boolean => topic.includes('/tx/');

async function drained({ clock, bus }: World, limitMs = 1_800_000): Promise<void> {
  for (let waited = 0; waited < limitMs && bus.sync.status().pendingRows > 0; waited += 1_000)
    await clock.advance(1_000);
  await clock.advance(5_000);
}

describe('every row arrives exactly once', () => {
  test('on a quiet network', async () => {
    const w = await world('quiet');
    w.bus.journal.appendMany(250);
    w.bus.sync.start();
    await drained(w);
    expect(await storedExactlyOnce(w.head.store, w.bus.journal)).toBe(true);
    expect(w.bus.sync.status().pendingRows).toBe(0);
    expect(w.bus.times.length).toBeGreaterThan(0);
  });

  test('seed lost-acks-1: three acks in ten are lost', async () => {
    const w = await world('lost-acks-1');
    const chance = new SeededEntropy('lost-acks-1');
    let lost = 0;
    w.broker.carriage = ({ topic }) => {
      if (!isAck(topic) || pick(chance, 10) >= 3) return [1];
      lost++;
      return [];
    };
    w.bus.sync.start();
    for (let i = 0; i < 60; i++) {
      w.bus.journal.appendMany(10);
      await w.clock.advance(500);
    }
    await drained(w);
    expect(lost).toBeGreaterThan(3);
    expect(await storedExactlyOnce(w.head.store, w.bus.journal)).toBe(true);
  });

  test('seed double-1: batches are doubled and overtake each other', async () => {
    const w = await world('double-1');
    const chance = new SeededEntropy('double-1');
    let doubled = 0;
    let late = 0;
    w.broker.carriage = ({ topic }) => {
      if (!isBatch(topic)) return [1];
      const delays = [1 + pick(chance, 3_000)];
      if ((delays[0] ?? 0) > 1_500) late++;
      if (pick(chance, 2) === 0) {
        doubled++;
        delays.push(1 + pick(chance, 3_000));
      }
      return delays;
    };
    w.bus.journal.appendMany(1_500);
    w.bus.sync.start();
    await drained(w);
    expect(doubled).toBeGreaterThan(3);
    expect(late).toBeGreaterThan(3);
    expect(w.head.headEnd.ingestCounts().messages).toBeGreaterThan(16);
    expect(await storedExactlyOnce(w.head.store, w.bus.journal)).toBe(true);
  });

  test('the broker is killed in the middle of a drain', async () => {
    const w = await world('broker-killed');
    w.bus.journal.appendMany(2_000);
    w.broker.carriage = () => [40];
    w.bus.sync.start();
    while (w.bus.sync.status().pendingRows > 1_200 || w.broker.messagesUnderWay === 0) await w.clock.advance(20);
    const underWay = w.broker.messagesUnderWay;
    await w.head.headEnd.stop();
    w.broker.kill();
    await w.clock.advance(30_000);
    expect(underWay).toBeGreaterThan(0);
    expect(w.bus.sync.status()).toMatchObject({ connected: false, inFlight: 0 });
    w.broker.restart();
    const again = await newHeadEnd({ exchange: w.broker, clock: w.clock, authority: w.authority, store: w.head.store });
    await again.headEnd.start();
    await drained(w);
    expect(await storedExactlyOnce(w.head.store, w.bus.journal)).toBe(true);
  });

  test('the terminal restarts between publish and ack, and between ack and cursor', async () => {
    const w = await world('restart');
    w.bus.journal.appendMany(2_000);
    w.broker.carriage = () => [50];
    let bus = w.bus;
    const cutBefore = { ack: 0, cursor: 0 };
    for (const afterPublishMs of [10, 60, 120, 130, 145, 170, 200, 250]) {
      bus.sync.start();
      while (bus.sync.status().inFlight === 0) await w.clock.advance(10);
      await w.clock.advance(afterPublishMs);
      const { epoch } = bus.journal;
      const stored = (await w.head.store.cursor('bus-1', epoch))?.upto ?? -1;
      const acked = Math.max(-1, ...bus.uplinkEvents.map((event) => (event.kind === 'acked' ? event.upto : -1)));
      const saved = new CursorStore({ journal: bus.journal, clock: w.clock }).load(epoch).upto;
      if (stored > acked) cutBefore.ack++;
      if (acked > saved) cutBefore.cursor++;
      // Killed, not stopped: what the cursor learned in the last second is not saved.
      (bus.link as MemoryLink).cut();
      const { journal, keys, sink } = bus;
      journal.appendMany(5);
      const link = w.broker.link('bus-1');
      bus = newTerminal({
        id: 'bus-1',
        seed: `restart-${afterPublishMs}`,
        clock: w.clock,
        link,
        authority: w.authority,
        journal,
        keys,
        sink,
      });
    }
    bus.sync.start();
    await drained({ ...w, bus });
    expect(cutBefore.ack).toBeGreaterThan(1);
    expect(cutBefore.cursor).toBeGreaterThan(1);
    expect(await storedExactlyOnce(w.head.store, bus.journal)).toBe(true);
  });

  test('the cursor is lost: whatever is sent again is stored once', async () => {
    const w = await world('lost-cursor');
    w.bus.journal.appendMany(300);
    w.bus.sync.start();
    await drained(w);
    await w.bus.sync.stop();
    expect(w.bus.journal.projectionsKept.size).toBeGreaterThan(0);
    const before = w.head.headEnd.ingestCounts().stored;
    w.bus.journal.projectionsKept.clear();
    const { journal, keys, sink } = w.bus;
    const again = newTerminal({
      id: 'bus-1',
      seed: 'b',
      clock: w.clock,
      link: w.broker.link('bus-1'),
      authority: w.authority,
      journal,
      keys,
      sink,
    });
    again.sync.start();
    await drained({ ...w, bus: again });
    await w.clock.advance(60_000);
    expect(w.head.headEnd.ingestCounts().stored).toBe(before);
    expect(await storedExactlyOnce(w.head.store, journal)).toBe(true);
    expect(again.sync.status().pendingRows).toBe(0);
  });

  test('a new epoch begins while rows of the old one wait', async () => {
    const w = await world('epochs');
    w.bus.journal.appendMany(400);
    const first = w.bus.journal.epoch;
    w.bus.journal.openEpoch(2 * 2 ** 32 + 5, first);
    w.bus.journal.appendMany(30);
    w.bus.sync.start();
    await w.clock.advance(6_050);
    w.bus.journal.openEpoch(3 * 2 ** 32 + 9, 2 * 2 ** 32 + 5);
    w.bus.journal.appendMany(7);
    await drained(w);
    for (const epoch of w.bus.journal.rows.keys()) {
      expect(await storedExactlyOnce(w.head.store, w.bus.journal, epoch)).toBe(true);
    }
    expect((await w.head.headEnd.incidents(9)).map(({ kind }) => kind)).toEqual([
      'epoch_unconfirmed',
      'epoch_unconfirmed',
    ]);
  });
});

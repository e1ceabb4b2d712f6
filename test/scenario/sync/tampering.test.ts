// What the head end sees when a journal has holes, two histories or a missing end, and what a terminal
// believes of acks that are forged, foreign or old. Case X5 of the machines is the first group.
import { describe, expect, test } from 'vitest';
import { epoch as epochOf, seq as seqOf, unixSeconds } from '../../../runtime/core/brand.ts';
import { type Bytes, concat } from '../../../runtime/core/bytes.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { decodeRow, encodeRow, sliceRow, zeroHash } from '../../../runtime/records/row.ts';
import type { CoseSigner } from '../../../runtime/tokens/cose.ts';
import { MemoryBroker } from '../../../sync/terminal/link/memory-link.ts';
import { type Ack, ackBody } from '../../../sync/wire/ack.ts';
import { sealBatch } from '../../../sync/wire/batch.ts';
import { sealDocument } from '../../../sync/wire/document.ts';
import { terminalTopics } from '../../../sync/wire/topics.ts';
import { epochOfGeneration, MemoryJournal } from '../../fixtures/memory-journal.ts';
import {
  Authority,
  type HeadEndUnderTest,
  newHeadEnd,
  newSigner,
  newTerminal,
  operator,
  publishBasics,
  storedExactlyOnce,
  type TerminalUnderTest,
} from '../../fixtures/sync-world.ts';

const topics = terminalTopics(operator, 'bus-1');
const gaps = { checkMs: 60_000, wantAfterMs: 900_000, incidentAfterMs: 900_000 };
const minute = 60_000;

interface World {
  readonly clock: VirtualClock;
  readonly broker: MemoryBroker;
  readonly authority: Authority;
  readonly head: HeadEndUnderTest;
  readonly bus: TerminalUnderTest;
}

async function world(): Promise<World> {
  const clock = new VirtualClock();
  const broker = new MemoryBroker(clock);
  const authority = new Authority();
  const head = await newHeadEnd({ exchange: broker, clock, authority, gaps });
  const bus = newTerminal({ id: 'bus-1', seed: 'bus', clock, link: broker.link('bus-1'), authority });
  await head.headEnd.start();
  await head.headEnd.enrol('bus-1', bus.keys.publicKey);
  await publishBasics(head.headEnd, authority);
  return { clock, broker, authority, head, bus };
}

/** The terminal says something every two minutes, so that it counts as there. */
async function minutes({ clock, bus }: World, count: number): Promise<void> {
  for (let passed = 0; passed < count; passed += 2) {
    bus.journal.append();
    await clock.advance(2 * minute);
  }
}

const incidentKinds = async ({ head }: World): Promise<readonly string[]> =>
  (await head.headEnd.incidents(20)).map(({ kind }) => kind);

function batchOf(w: World, journal: MemoryJournal, first: number, last: number, key = w.bus.keys): Bytes {
  const rows = journal.read(journal.epoch, first, last - first + 1);
  const start = rows[0];
  const end = rows[rows.length - 1];
  if (!start || !end) throw new RangeError('no such rows');
  return sealBatch(
    operator,
    'bus-1',
    {
      epoch: journal.epoch,
      from: first,
      rows: rows.map(({ body }) => sliceRow(body, 'bus-1', journal.epoch)),
      prev: start.body.subarray(start.body.length - 32),
      head: end.hash,
      atMs: w.clock.wallMs(),
      history: false,
      tail: false,
    },
    (bytes) => key.sign(bytes),
  );
}

describe('X5: a gap in seq at the head end', () => {
  test('a head end that lost everything is filled again from the journal', async () => {
    const w = await world();
    w.bus.journal.appendMany(99);
    w.bus.sync.start();
    await w.clock.advance(10_000);
    expect(await storedExactlyOnce(w.head.store, w.bus.journal)).toBe(true);
    w.bus.journal.appendMany(50);
    await w.clock.advance(5_000);
    const restored = await newHeadEnd({ exchange: w.broker, clock: w.clock, authority: w.authority, gaps });
    await w.head.headEnd.stop();
    await restored.headEnd.enrol('bus-1', w.bus.keys.publicKey);
    await restored.headEnd.start();
    await publishBasics(restored.headEnd, w.authority);
    const again = { ...w, head: restored };
    await minutes(again, 40);
    expect(w.bus.uplinkEvents.map(({ kind }) => kind)).toContain('head-end-went-back');
    expect(await storedExactlyOnce(restored.store, w.bus.journal)).toBe(true);
  });

  test('becomes a seq_gap incident when the terminal no longer has the rows', async () => {
    const w = await world();
    w.bus.journal.appendMany(40);
    w.bus.journal.lose(w.bus.journal.epoch, 10, 12);
    w.bus.sync.start();
    await minutes(w, 14);
    expect(w.bus.uplinkEvents).toContainEqual({ kind: 'rows-absent', epoch: w.bus.journal.epoch, range: [10, 12] });
    expect(await incidentKinds(w)).toEqual([]);
    await minutes(w, 20);
    expect(await incidentKinds(w)).toEqual(['seq_gap']);
    const cursor = await w.head.store.cursor('bus-1', w.bus.journal.epoch);
    expect(cursor?.upto).toBe(9);
    expect(cursor?.held[0]?.[0]).toBe(13);
    expect(w.bus.sync.status().pendingRows).toBe(0);
  });

  test('is asked for, and filled from the journal where the terminal can', async () => {
    const w = await world();
    w.bus.journal.appendMany(40);
    const rows = w.bus.journal.read(w.bus.journal.epoch, 10, 3);
    w.bus.journal.lose(w.bus.journal.epoch, 10, 12);
    w.bus.sync.start();
    await minutes(w, 4);
    w.bus.journal.rows.get(w.bus.journal.epoch)?.splice(10, 0, ...rows);
    expect((await w.head.store.cursor('bus-1', w.bus.journal.epoch))?.upto).toBe(9);
    await minutes(w, 20);
    expect(await storedExactlyOnce(w.head.store, w.bus.journal)).toBe(true);
    expect(await incidentKinds(w)).toEqual([]);
  });
});

describe('two histories', () => {
  test('the same seq with another hash is kept apart, reported, and does not stop the stream', async () => {
    const w = await world();
    w.bus.journal.appendMany(20);
    w.bus.sync.start();
    await w.clock.advance(10_000);
    const copy = new MemoryJournal('bus-1', { epoch: w.bus.journal.epoch });
    copy.appendMany(15);
    for (let i = 0; i < 10; i++) copy.append('DECISION', { act: 'ride', reason: 'OK', line: 'other' });
    w.broker.accept('copy', { topic: topics.tx('live'), payload: batchOf(w, copy, 10, 25), retain: false });
    await w.clock.advance(1_000);
    expect(await incidentKinds(w)).toEqual(['fork']);
    expect(await w.head.store.forkedRanges('bus-1', copy.epoch)).toEqual([[16, 25]]);
    expect(w.bus.uplinkEvents.some((event) => event.kind === 'rejected' && event.rejection.code === 'EFORK')).toBe(
      true,
    );
    w.bus.journal.appendMany(5);
    await w.clock.advance(5_000);
    expect(await storedExactlyOnce(w.head.store, w.bus.journal)).toBe(true);
    expect((await w.head.store.cursor('bus-1', copy.epoch))?.upto).toBe(25);
  });

  test('rows written on an old image fork at their upload, and the birth shows the missing end', async () => {
    const w = await world();
    w.bus.journal.appendMany(30);
    w.bus.sync.start();
    await w.clock.advance(10_000);
    await w.bus.sync.stop();
    w.bus.journal.truncateTo(20);
    const { journal, keys, sink } = w.bus;
    const restored = newTerminal({
      id: 'bus-1',
      seed: 'r',
      clock: w.clock,
      link: w.broker.link('bus-1'),
      authority: w.authority,
      journal,
      keys,
      sink,
    });
    restored.sync.start();
    await w.clock.advance(10_000);
    expect(await incidentKinds(w)).toEqual(['truncation']);
    expect(restored.uplinkEvents.some(({ kind }) => kind === 'journal-behind')).toBe(true);
    for (let i = 0; i < 15; i++) journal.append('DECISION', { act: 'ride', reason: 'OK', line: 'again' });
    await w.clock.advance(10_000);
    expect(await incidentKinds(w)).toContain('fork');
    expect((await w.head.store.counts()).rows).toBe(31);
  });

  test('an old birth that a broker kept is no news', async () => {
    const w = await world();
    const births: Bytes[] = [];
    w.broker.carriage = ({ topic, payload }) => {
      if (topic.endsWith('/birth')) births.push(payload);
      return [1];
    };
    w.bus.journal.appendMany(5);
    w.bus.sync.start();
    await w.clock.advance(10_000);
    w.bus.journal.appendMany(20);
    (w.bus.link as ReturnType<MemoryBroker['link']>).cut();
    (w.bus.link as ReturnType<MemoryBroker['link']>).mend();
    await w.clock.advance(10_000);
    const [first] = births;
    expect(births.length).toBe(2);
    if (first) w.broker.accept('broker', { topic: topics.birth, payload: first, retain: true });
    await w.clock.advance(1_000);
    expect(await incidentKinds(w)).toEqual([]);
  });
});

describe('rows changed on the way or on disk', () => {
  test.each([
    [
      'edited',
      (bodies: Bytes[]) =>
        bodies.map((body, i) =>
          i === 3 ? concat(body.subarray(0, 40), Uint8Array.of((body[40] ?? 0) ^ 1), body.subarray(41)) : body,
        ),
    ],
    ['deleted', (bodies: Bytes[]) => bodies.filter((_, i) => i !== 3)],
    ['inserted', (bodies: Bytes[]) => [...bodies.slice(0, 3), bodies[2] ?? zeroHash, ...bodies.slice(3)]],
    [
      'swapped',
      (bodies: Bytes[]) => [...bodies.slice(0, 3), bodies[4] ?? zeroHash, bodies[3] ?? zeroHash, ...bodies.slice(5)],
    ],
  ] as const)('a row %s under a good signature is refused, kept raw and reported', async (_what, change) => {
    const w = await world();
    const journal = new MemoryJournal('bus-1');
    journal.appendMany(9);
    const rows = journal.read(journal.epoch, 0, 10);
    const slices = change(rows.map(({ body }) => sliceRow(body, 'bus-1', journal.epoch)));
    const message = sealBatch(
      operator,
      'bus-1',
      {
        epoch: journal.epoch,
        from: 0,
        rows: slices,
        prev: zeroHash,
        head: rows[9]?.hash ?? zeroHash,
        atMs: 1,
        history: false,
        tail: false,
      },
      (bytes) => w.bus.keys.sign(bytes),
    );
    w.broker.accept('x', { topic: topics.tx('live'), payload: message, retain: false });
    await w.clock.advance(1_000);
    expect(await incidentKinds(w)).toEqual(['tamper']);
    expect(await w.head.store.counts()).toMatchObject({ rows: 0, quarantined: 1 });
  });

  test('a batch signed by another key is refused, and the same rows by the right key are taken', async () => {
    const w = await world();
    const journal = new MemoryJournal('bus-1');
    journal.appendMany(9);
    const thief = newTerminal({
      id: 'thief',
      seed: 't',
      clock: w.clock,
      link: w.broker.link('thief'),
      authority: w.authority,
    });
    w.broker.accept('x', { topic: topics.tx('live'), payload: batchOf(w, journal, 0, 9, thief.keys), retain: false });
    await w.clock.advance(1_000);
    expect(await w.head.store.counts()).toMatchObject({ rows: 0, quarantined: 1 });
    w.broker.accept('x', { topic: topics.tx('live'), payload: batchOf(w, journal, 0, 9), retain: false });
    await w.clock.advance(1_000);
    expect(await w.head.store.counts()).toMatchObject({ rows: 10 });
  });

  test('a row damaged on the disk is set aside, and later rows still arrive', async () => {
    const w = await world();
    w.bus.journal.appendMany(30);
    const row = w.bus.journal.read(w.bus.journal.epoch, 7, 1)[0];
    const damaged = Uint8Array.from(row?.body ?? zeroHash);
    damaged[60] = (damaged[60] ?? 0) ^ 0xff;
    w.bus.journal.replaceBody(7, damaged);
    w.bus.sync.start();
    await w.clock.advance(10_000);
    expect(w.bus.uplinkEvents.some((event) => event.kind === 'stalled' && event.code === 'ESIG')).toBe(true);
    w.bus.journal.appendMany(5);
    await w.clock.advance(10_000);
    const cursor = await w.head.store.cursor('bus-1', w.bus.journal.epoch);
    expect(cursor?.held).toEqual([[31, 35]]);
    expect(await incidentKinds(w)).toEqual(['tamper']);
  });
});

describe('poison', () => {
  test('an authentic row that is no row is kept raw, acknowledged, and spoils nothing after it', async () => {
    const w = await world();
    w.bus.journal.appendMany(5);
    const head = w.bus.journal.head();
    const good = w.bus.journal.read(w.bus.journal.epoch, 5, 1)[0];
    if (!good || !head) throw new RangeError('no row');
    const decoded = decodeRow(good.body);
    const poison = encodeRow({
      ...decoded,
      seq: seqOf(6),
      type: 'NONSENSE' as never,
      prev: good.hash,
      epoch: epochOf(head.epoch),
    });
    w.bus.journal.rows.get(head.epoch)?.push({ epoch: head.epoch, seq: 6, type: 'DECISION', ...poison });
    const after = encodeRow({ ...decoded, seq: seqOf(7), prev: poison.hash });
    w.bus.journal.rows.get(head.epoch)?.push({ epoch: head.epoch, seq: 7, type: 'DECISION', ...after });
    Object.assign(w.bus.journal, { head: () => ({ epoch: head.epoch, seq: 7, hash: after.hash }) });
    w.bus.sync.start();
    await w.clock.advance(10_000);
    expect(w.bus.uplinkEvents).toContainEqual({
      kind: 'rejected',
      epoch: head.epoch,
      rejection: { from: 6, count: 1, code: 'EROW' },
    });
    expect(await w.head.store.counts()).toMatchObject({ rows: 7, quarantined: 1 });
    expect((await w.head.store.cursor('bus-1', head.epoch))?.upto).toBe(7);
    expect(w.bus.sync.status().pendingRows).toBe(0);
  });

  test('a batch that cannot be read is halved down to the one row, which alone waits', async () => {
    const w = await world();
    w.bus.journal.appendMany(15);
    let refusals = 0;
    w.broker.carriage = ({ topic, payload }) => {
      if (!topic.includes('/tx/')) return [1];
      // Stands for a head end that cannot read any batch with row 9 in it.
      const marker = Buffer.from(
        sliceRow(w.bus.journal.read(w.bus.journal.epoch, 9, 1)[0]?.body ?? zeroHash, 'bus-1', w.bus.journal.epoch),
      );
      if (Buffer.from(payload).indexOf(marker) < 0) return [1];
      refusals++;
      w.broker.accept('bus-1', { topic: topics.tx('live'), payload: Uint8Array.of(0xff), retain: false });
      return [];
    };
    w.bus.sync.start();
    await w.clock.advance(20_000);
    expect(refusals).toBeGreaterThanOrEqual(4);
    expect(w.bus.uplinkEvents).toContainEqual({
      kind: 'stalled',
      epoch: w.bus.journal.epoch,
      range: [9, 9],
      code: 'EBATCH',
    });
    const cursor = await w.head.store.cursor('bus-1', w.bus.journal.epoch);
    expect(cursor?.upto).toBe(8);
    expect(cursor?.held).toEqual([[10, 15]]);
  });

  test('an epoch without a generation is refused, kept raw and set aside', async () => {
    const w = await world();
    const journal = new MemoryJournal('bus-1', { epoch: 17 });
    journal.appendMany(4);
    w.broker.accept('x', { topic: topics.tx('live'), payload: batchOf(w, journal, 0, 4), retain: false });
    await w.clock.advance(1_000);
    expect(await w.head.store.counts()).toMatchObject({ rows: 0, quarantined: 1 });
  });
});

describe('acks that move nothing', () => {
  const ack = (epoch: number, upto: number, nowMs: number): Ack => ({
    terminal: 'bus-1',
    epoch,
    upto,
    head: zeroHash,
    held: [],
    want: [],
    reject: [],
    window: 4,
    rows: 100,
    waitSeconds: 0,
    nowMs,
    birth: 1,
  });

  async function waiting(): Promise<World> {
    const w = await world();
    w.broker.carriage = ({ topic }) => (topic.endsWith('/tx/live') ? [] : [1]);
    w.bus.journal.appendMany(20);
    w.bus.sync.start();
    await w.clock.advance(8_000);
    expect(w.bus.sync.status()).toMatchObject({ pendingRows: 21 });
    return w;
  }

  const seal = (w: World, signer: CoseSigner, target: string, kind: 'ack' | 'deny' = 'ack', of = operator): Bytes => {
    const nowMs = w.clock.wallMs() + 1;
    return sealDocument(
      { kind, operator: of, target, version: 1, iat: unixSeconds(Math.floor(nowMs / 1000)), exp: unixSeconds(2 ** 31) },
      ackBody(ack(w.bus.journal.epoch, 20, nowMs)),
      signer,
    );
  };

  test.each([
    ['signed by an unknown key', (w: World) => seal(w, newSigner(), 'bus-1')],
    ['signed by a key of another use', (w: World) => seal(w, w.authority.deny, 'bus-1')],
    ['meant for another terminal', (w: World) => seal(w, w.authority.receipts, 'bus-2')],
    ['of another operator', (w: World) => seal(w, w.authority.receipts, 'bus-1', 'ack', 'rival')],
    ['of another kind', (w: World) => seal(w, w.authority.deny, 'bus-1', 'deny')],
    [
      'with a changed byte',
      (w: World) => {
        const bytes = seal(w, w.authority.receipts, 'bus-1');
        bytes[60] = (bytes[60] ?? 0) ^ 1;
        return bytes;
      },
    ],
    ['that is noise', () => Uint8Array.of(1, 2, 3)],
  ] as const)('an ack %s', async (_what, forged) => {
    const w = await waiting();
    w.broker.publish(topics.ack, forged(w), { qos: 0, retain: false });
    await w.clock.advance(100);
    expect(w.bus.uplinkEvents.map(({ kind }) => kind)).toContain('ack-refused');
    expect(w.bus.sync.status().pendingRows).toBe(21);
  });

  test('the same ack by the right key does move it: the control of this group', async () => {
    const w = await waiting();
    w.broker.publish(topics.ack, seal(w, w.authority.receipts, 'bus-1'), { qos: 0, retain: false });
    await w.clock.advance(100);
    expect(w.bus.sync.status().pendingRows).toBe(0);
    // The head it names is not the journal's own: reported, and no receipt.
    expect(w.bus.uplinkEvents.map(({ kind }) => kind)).toContain('head-mismatch');
    expect(w.bus.uplinkEvents.map(({ kind }) => kind)).not.toContain('receipt');
  });

  test('an old ack, replayed, is told by its time', async () => {
    const w = await world();
    const acks: Bytes[] = [];
    w.broker.carriage = ({ topic, payload }) => {
      if (topic === topics.ack) acks.push(payload);
      return [1];
    };
    w.bus.journal.appendMany(5);
    w.bus.sync.start();
    await w.clock.advance(10_000);
    w.bus.journal.appendMany(5);
    await w.clock.advance(90_000);
    const [first] = acks;
    expect(acks.length).toBeGreaterThan(1);
    if (first) w.broker.publish(topics.ack, first, { qos: 0, retain: false });
    await w.clock.advance(1_000);
    expect(w.bus.uplinkEvents).toContainEqual({ kind: 'ack-refused', problem: 'older than one already taken' });
    expect(w.bus.sync.status().pendingRows).toBe(0);
    expect(epochOfGeneration(1)).toBe(w.bus.journal.epoch);
  });
});

// Documents on their way down: taken in any order of arrival, fetched in chunks, and refused when they
// are older, different, forged or not what was announced. A hostile broker can delay, and nothing else.
import { describe, expect, test } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import { type Bytes, fromHex } from '../../../runtime/core/bytes.ts';
import { encodeCbor } from '../../../runtime/core/cbor.ts';
import { sleep } from '../../../runtime/core/clock.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { decodeDenySnapshot } from '../../../runtime/tokens/deny.ts';
import { Publisher } from '../../../sync/headend/publisher.ts';
import { MemoryBroker, type MemoryLink } from '../../../sync/terminal/link/memory-link.ts';
import { keyUses, sealDocument } from '../../../sync/wire/document.ts';
import { headBody } from '../../../sync/wire/heads.ts';
import { encodeChunkResponse, parseChunkResponse } from '../../../sync/wire/request.ts';
import { operatorTopics } from '../../../sync/wire/topics.ts';
import {
  Authority,
  type HeadEndUnderTest,
  newHeadEnd,
  newSigner,
  newTerminal,
  operator,
  publishBasics,
  type TerminalUnderTest,
} from '../../fixtures/sync-world.ts';

interface World {
  readonly clock: VirtualClock;
  readonly broker: MemoryBroker;
  readonly authority: Authority;
  readonly head: HeadEndUnderTest;
  readonly bus: TerminalUnderTest;
}
const topics = operatorTopics(operator);
const retained = { qos: 1, retain: true } as const;
const account = fromHex('0102030405060708');

async function world(): Promise<World> {
  const clock = new VirtualClock();
  const broker = new MemoryBroker(clock);
  const authority = new Authority();
  const head = await newHeadEnd({ exchange: broker, clock, authority });
  const bus = newTerminal({ id: 'bus-1', seed: 'down', clock, link: broker.link('bus-1'), authority });
  await head.headEnd.start();
  await head.headEnd.enrol('bus-1', bus.keys.publicKey);
  await publishBasics(head.headEnd, authority);
  return { clock, broker, authority, head, bus };
}

async function running(): Promise<World> {
  const w = await world();
  w.bus.sync.start();
  await w.clock.advance(10_000);
  expect(w.bus.sink.inForce('deny')?.version).toBe(1);
  return w;
}

const refusals = ({ bus }: World): readonly string[] =>
  bus.downlinkEvents.flatMap((event) => (event.kind === 'refused' ? [`${event.name} ${event.refusal}`] : []));

const denied = ({ bus }: World): number =>
  decodeDenySnapshot(bus.sink.bytesOf('deny') ?? new Uint8Array(0))?.length ?? -1;

/** A head as a thief or a broken head end might sign it. */
function denyHead(w: World, version: number, hash: Bytes, size: number, signer = w.authority.deny): Bytes {
  const iat = Math.floor(w.clock.wallMs() / 1_000);
  return sealDocument(
    { kind: 'deny', operator, target: '*', version, iat: unixSeconds(iat), exp: unixSeconds(iat + 3_600) },
    headBody({ hash, size, count: 0 }),
    signer,
  );
}

describe('documents come down', () => {
  test('an ack before the first trust list is no alarm: no signature could be judged yet', async () => {
    const w = await world();
    let acks = 0;
    w.broker.carriage = ({ topic }) => {
      if (topic.endsWith('/ack') && w.bus.sink.inForce('trust') === null) acks++;
      return [topic === topics.trust ? 2_000 : 1];
    };
    w.bus.journal.appendMany(3);
    w.bus.sync.start();
    await w.clock.advance(60_000);
    expect(acks).toBeGreaterThan(0);
    expect(w.bus.uplinkEvents.filter(({ kind }) => kind === 'ack-refused')).toEqual([]);
    expect(w.bus.sync.status().pendingRows).toBe(0);
  });

  test('a denied account reaches the terminal, and a pardon too', async () => {
    const w = await running();
    await w.head.headEnd.denyAccount('metro-id', account);
    await w.clock.advance(1_000);
    expect(denied(w)).toBe(1);
    await w.head.headEnd.pardonAccount('metro-id', account);
    await w.clock.advance(1_000);
    expect(denied(w)).toBe(0);
    expect(w.bus.sink.inForce('deny')?.version).toBe(3);
    expect(refusals(w)).toEqual([]);
  });

  test('a head that arrives before the trust list waits for it', async () => {
    const w = await world();
    w.broker.carriage = ({ topic }) => (topic === topics.trust ? [500] : [1]);
    w.bus.sync.start();
    await w.clock.advance(10_000);
    expect(w.bus.sink.inForce('deny')?.version).toBe(1);
    expect(refusals(w)).toEqual([]);
  });

  test('a deny list that is confirmed before its subscription is answered holds up no row', async () => {
    const w = await running();
    const link = w.bus.link as MemoryLink;
    const subscribe = link.subscribe.bind(link);
    // As a broker does that sends what it retains before its SUBACK.
    link.subscribe = async (filters) => {
      const granted = await subscribe(filters);
      await sleep(w.clock, 'late answer', 200);
      return granted;
    };
    link.cut();
    await w.clock.advance(2_000);
    link.mend();
    while (!link.connected) await w.clock.advance(100);
    w.bus.journal.appendMany(3);
    await w.clock.advance(2_000);
    expect(w.bus.sync.status().pendingRows).toBe(0);
  });

  test('seed chunks: 300 KiB of fares in chunks, with lost answers and a cut in the middle', async () => {
    const w = await running();
    const fares = new SeededEntropy('chunks').bytes(300 * 1024);
    let lost = 0;
    let answers = 0;
    w.broker.carriage = ({ topic }) => {
      if (!topic.endsWith('/res/doc')) return [1];
      answers++;
      if (answers % 3 !== 2) return [1];
      lost++;
      return [];
    };
    await w.head.headEnd.publisher.publishLarge('fares', fares);
    while (lost < 1) await w.clock.advance(100);
    (w.bus.link as MemoryLink).cut();
    await w.clock.advance(5_000);
    (w.bus.link as MemoryLink).mend();
    await w.clock.advance(60_000);
    expect(lost).toBeGreaterThan(1);
    expect(w.bus.sink.bytesOf('fares')).toEqual(fares);
    // Resumed, not begun again: five chunks and the lost ones.
    expect(answers).toBeLessThan(12);
  });

  test('site rules come down like fares: once per version, signed with the configuration key', async () => {
    const w = await running();
    const rules = encodeCbor({ version: 1, site: 7, peers: [] });
    expect(await w.head.headEnd.publisher.publishLarge('rules', rules)).toBe(1);
    await w.clock.advance(1_000);
    expect(w.bus.sink.bytesOf('rules')).toEqual(rules);
    expect(await w.head.headEnd.publisher.publishLarge('rules', rules)).toBe(1);
    expect(await w.head.headEnd.publisher.publishLarge('rules', encodeCbor({ version: 2, site: 7 }))).toBe(2);
    await w.clock.advance(1_000);
    expect(w.bus.sink.inForce('rules')?.version).toBe(2);
    expect(w.bus.downlinkEvents.filter((event) => event.kind === 'installed' && event.name === 'rules')).toHaveLength(
      2,
    );
    expect(refusals(w)).toEqual([]);
  });

  test('a machine takes only the documents it decides by', async () => {
    const w = await world();
    const validator = newTerminal({
      id: 'bus-2',
      seed: 'down-2',
      clock: w.clock,
      link: w.broker.link('bus-2'),
      authority: w.authority,
      documents: ['fares'],
    });
    validator.sync.start();
    await w.clock.advance(10_000);
    await w.head.headEnd.publisher.publishLarge('rules', encodeCbor({ version: 1 }));
    await w.head.headEnd.publisher.publishLarge('fares', encodeCbor({ version: 1 }));
    await w.clock.advance(1_000);
    expect(validator.sink.inForce('fares')?.version).toBe(1);
    expect(validator.sink.inForce('rules')).toBeNull();
  });

  test('a head end without a configuration key says so instead of publishing rules', async () => {
    const w = await world();
    const { config: _, ...others } = w.authority;
    const poor = new Publisher({
      operator,
      host: 'h2',
      store: w.head.store,
      exchange: w.broker,
      clock: w.clock,
      log: silentLogger,
      signers: { ...others, config: null },
    });
    await expect(poor.publishLarge('rules', encodeCbor({ version: 9 }))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    // What it could not sign, it has not kept either: the next start must not trip over it.
    expect(await w.head.store.newestDocument('rules', '*')).toBeNull();
  });

  test('the same list signed afresh is freshness, not a download', async () => {
    const w = await running();
    const before = w.bus.downlinkEvents.filter(({ kind }) => kind === 'installed').length;
    await w.clock.advance(2 * 3_600_000);
    expect(w.bus.sink.confirmedAt.length).toBeGreaterThanOrEqual(2);
    expect(w.bus.downlinkEvents.filter(({ kind }) => kind === 'installed').length).toBe(before);
  });
});

describe('documents that are refused', () => {
  test('an older version, also after the list itself was lost', async () => {
    const w = await running();
    const heads: Bytes[] = [];
    w.broker.carriage = ({ topic, payload }) => {
      if (topic === topics.denyHead) heads.push(payload);
      return [1];
    };
    await w.head.headEnd.denyAccount('metro-id', account);
    await w.clock.advance(1_000);
    await w.head.headEnd.pardonAccount('metro-id', account);
    await w.clock.advance(1_000);
    const [old] = heads;
    if (old) w.broker.publish(topics.denyHead, old, retained);
    await w.clock.advance(1_000);
    expect(refusals(w)).toEqual(['deny ROLLBACK']);
    expect(denied(w)).toBe(0);
  });

  test('another list under a known version: a split view', async () => {
    const w = await running();
    w.broker.publish(topics.denyHead, denyHead(w, 1, new Uint8Array(32).fill(7), 1), retained);
    await w.clock.advance(1_000);
    expect(refusals(w)).toEqual(['deny SPLIT_VIEW']);
  });

  test('bytes that are not what the head announced, whatever the broker answers', async () => {
    const w = await running();
    let changed = 0;
    const { broker } = w;
    const publish = broker.publish.bind(broker);
    broker.publish = (topic, payload, options) => {
      if (!topic.endsWith('/res/doc')) return publish(topic, payload, options);
      const answer = parseChunkResponse(payload);
      if (!answer.ok) return;
      changed++;
      const data = Uint8Array.from(answer.value.data);
      data[100] = (data[100] ?? 0) ^ 1;
      const other = encodeChunkResponse({ ...answer.value, data });
      publish(topic, other, options);
    };
    await w.head.headEnd.publisher.publishLarge('fares', new SeededEntropy('fares').bytes(2_000));
    await w.clock.advance(60_000);
    expect(changed).toBe(3);
    expect(refusals(w)).toEqual(['fares NOT_AS_ANNOUNCED']);
    expect(w.bus.sink.inForce('fares')).toBeNull();
  });

  test.each([
    ['signed by a stranger', (w: World) => denyHead(w, 9, new Uint8Array(32), 1, newSigner()), 'deny UNKNOWN_KEY'],
    [
      'signed by the key for fares',
      (w: World) => denyHead(w, 9, new Uint8Array(32), 1, w.authority.fares),
      'deny WRONG_USE',
    ],
    ['that is noise', () => Uint8Array.of(0xa1), 'deny MALFORMED'],
  ] as const)('a head %s', async (_what, make, refusal) => {
    const w = await running();
    w.broker.publish(topics.denyHead, make(w), retained);
    await w.clock.advance(1_000);
    expect(refusals(w)).toEqual([refusal]);
    expect(w.bus.sink.inForce('deny')?.version).toBe(1);
  });

  test('site rules signed by the key for fares, and an older version of them', async () => {
    const w = await running();
    const heads: Bytes[] = [];
    w.broker.carriage = ({ topic, payload }) => {
      if (topic === topics.documentHead('rules')) heads.push(payload);
      return [1];
    };
    await w.head.headEnd.publisher.publishLarge('rules', encodeCbor({ version: 1 }));
    await w.clock.advance(1_000);
    await w.head.headEnd.publisher.publishLarge('rules', encodeCbor({ version: 2 }));
    await w.clock.advance(1_000);
    const iat = unixSeconds(Math.floor(w.clock.wallMs() / 1_000));
    const forged = sealDocument(
      { kind: 'rules', operator, target: '*', version: 3, iat, exp: unixSeconds(iat + 3_600) },
      headBody({ hash: new Uint8Array(32), size: 1, count: 0 }),
      w.authority.fares,
    );
    w.broker.publish(topics.documentHead('rules'), forged, retained);
    await w.clock.advance(1_000);
    const [old] = heads;
    if (old) w.broker.publish(topics.documentHead('rules'), old, retained);
    await w.clock.advance(1_000);
    expect(refusals(w)).toEqual(['rules WRONG_USE', 'rules ROLLBACK']);
    expect(w.bus.sink.inForce('rules')?.version).toBe(2);
  });

  test('a head past its life', async () => {
    const w = await running();
    const stale = denyHead(w, 9, new Uint8Array(32), 1);
    await w.clock.advance(3_700_000);
    w.broker.publish(topics.denyHead, stale, retained);
    await w.clock.advance(1_000);
    expect(refusals(w)).toEqual(['deny EXPIRED']);
  });

  test('an older trust list, and one that no root signed', async () => {
    const w = await running();
    await w.head.headEnd.publisher.publishTrust(w.authority.trustList(2), 2);
    await w.clock.advance(100);
    w.broker.publish(topics.trust, w.authority.trustList(1), retained);
    await w.clock.advance(100);
    w.broker.publish(topics.trust, new Authority().trustList(3), retained);
    await w.clock.advance(100);
    expect(refusals(w)).toEqual(['trust ROLLBACK', 'trust NOT_USABLE']);
    expect(w.bus.sink.inForce('trust')?.version).toBe(2);
  });

  test('a version that a thief ran forward is left behind when a new trust list withdraws the key', async () => {
    const w = await running();
    const fares = new SeededEntropy('f').bytes(100);
    await w.head.headEnd.publisher.publishLarge('fares', fares);
    await w.clock.advance(1_000);
    const thief = w.authority.fares;
    const fresh = newSigner();
    const head = { hash: w.bus.sink.inForce('fares')?.hash ?? new Uint8Array(32), size: 100, count: 0 };
    const iat = Math.floor(w.clock.wallMs() / 1_000);
    const signed = (version: number, signer: typeof thief): Bytes =>
      sealDocument(
        { kind: 'fares', operator, target: '*', version, iat: unixSeconds(iat), exp: unixSeconds(iat + 3_600) },
        headBody(head),
        signer,
      );
    await w.head.store.saveDocument({ kind: 'fares', target: '*', version: 1_000, bytes: fares });
    w.broker.publish(topics.documentHead('fares'), signed(1_000, thief), retained);
    await w.clock.advance(1_000);
    expect(w.bus.sink.inForce('fares')?.version).toBe(1_000);
    const keys = [
      [w.authority.deny, keyUses.deny],
      [w.authority.receipts, keyUses.receipts],
      [fresh, keyUses.fares],
    ] as const;
    await w.head.headEnd.publisher.publishTrust(w.authority.trustList(2, keys), 2);
    await w.clock.advance(1_000);
    w.broker.publish(topics.documentHead('fares'), signed(1, fresh), retained);
    await w.clock.advance(1_000);
    expect(w.bus.sink.inForce('fares')?.version).toBe(1);
  });
});

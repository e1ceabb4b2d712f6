// The formats that both ends share: what is written is what is read, and what is wrong is named.
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import { type Bytes, utf8 } from '../../../runtime/core/bytes.ts';
import { encodeCbor } from '../../../runtime/core/cbor.ts';
import { pick, SeededEntropy } from '../../../runtime/core/entropy.ts';
import { sliceRow, zeroHash } from '../../../runtime/records/row.ts';
import { documentContext, sealCose1 } from '../../../runtime/tokens/cose.ts';
import { ed25519Key, rawPublicKey } from '../../../runtime/tokens/keys.ts';
import { mayPublish, maySubscribe } from '../../../sync/headend/broker/access.ts';
import { type Ack, ackBody, parseAck } from '../../../sync/wire/ack.ts';
import {
  type BatchContent,
  batchAuthentic,
  batchLimits,
  glueBatch,
  parseBatch,
  sealBatch,
} from '../../../sync/wire/batch.ts';
import { describeMessage } from '../../../sync/wire/describe.ts';
import { type DocumentHeader, keyUses, openDocument, sealDocument } from '../../../sync/wire/document.ts';
import { type Range, Ranges } from '../../../sync/wire/ranges.ts';
import {
  documentNames,
  operations,
  operatorTopics,
  parseTopic,
  siteTopics,
  terminalTopics,
  topicMatches,
} from '../../../sync/wire/topics.ts';
import { MemoryJournal } from '../../fixtures/memory-journal.ts';
import { JournalKeyPair, newSigner } from '../../fixtures/sync-world.ts';

describe('ranges', () => {
  test('seed ranges-1: agree with a plain set of numbers', () => {
    const chance = new SeededEntropy('ranges-1');
    const plain = new Set<number>();
    let ranges = Ranges.empty;
    for (let step = 0; step < 400; step++) {
      const first = pick(chance, 60);
      const range: Range = [first, first + pick(chance, 8)];
      const adding = pick(chance, 2) === 0;
      ranges = adding ? ranges.add(range) : ranges.remove(range);
      for (let seq = range[0]; seq <= range[1]; seq++) adding ? plain.add(seq) : plain.delete(seq);
      const whole = Array.from({ length: 70 }, (_, seq) => seq);
      expect(whole.filter((seq) => ranges.has(seq))).toEqual(whole.filter((seq) => plain.has(seq)));
      expect(ranges.size).toBe(plain.size);
      expect(ranges.unbroken()).toBe((whole.find((seq) => !plain.has(seq)) ?? 70) - 1);
      const missing = ranges.missing([0, 69]).reduce((sum, [a, b]) => sum + b - a + 1, 0);
      expect(missing).toBe(70 - plain.size);
    }
  });
});

describe('topics', () => {
  test('every name leads back to its address', () => {
    const own = terminalTopics('metro', 'bus-1');
    const all = operatorTopics('metro');
    const names = [
      own.state,
      own.birth,
      own.ack,
      own.command,
      own.tx('live'),
      own.tx('backlog'),
      ...operations.map(own.request),
      ...operations.map(own.response),
    ];
    for (const name of names) expect(parseTopic(name)).toMatchObject({ operator: 'metro', terminal: 'bus-1' });
    const site = siteTopics('metro', '7');
    expect(parseTopic(site.claim('lane-1'))).toEqual({ to: 'claim', operator: 'metro', site: '7', sender: 'lane-1' });
    expect(parseTopic(site.answer('lane-1'))).toEqual({ to: 'answer', operator: 'metro', site: '7', sender: 'lane-1' });
    for (const name of [all.trust, all.denyHead, ...documentNames.map(all.documentHead), all.hostState('h1')]) {
      expect(parseTopic(name)).toMatchObject({ operator: 'metro' });
    }
  });

  test.each([
    '',
    'stile',
    'stile/1',
    'stile/2/metro/t/a/state',
    'stile/1/metro/t/a/state/x',
    'stile/1/metro/t/a b/state',
    'stile/1/metro/t/a/tx/other',
    'stile/1/metro/all/doc/other',
    'stile/1/metro/host/h1/state/x',
    'stile/1/metro/t/a/cmd/x',
    'stile/1/metro/t/a/req/other',
    'stile/1/metro/site/7/claim',
    'stile/1/metro/site/7/claim/a/b',
    'stile/1/metro/site/7/used/a',
  ])('%j is nobody’s address', (name) => expect(parseTopic(name)).toBeNull());

  test('filters match as MQTT says', () => {
    expect(topicMatches('a/+/c', 'a/b/c')).toBe(true);
    expect(topicMatches('a/+/c', 'a/b/d')).toBe(false);
    expect(topicMatches('a/#', 'a/b/d')).toBe(true);
    expect(topicMatches('a/b', 'a/b/c')).toBe(false);
  });

  test('a terminal may use its own topics and the broadcasts, and no other', () => {
    const [own, other] = [terminalTopics('metro', 'bus-1'), terminalTopics('metro', 'bus-2')];
    const all = operatorTopics('metro');
    const site = siteTopics('metro', '7');
    expect(
      [
        own.state,
        own.birth,
        own.tx('live'),
        own.tx('backlog'),
        ...operations.map(own.request),
        site.claim('bus-1'),
        site.answer('bus-1'),
      ].every((topic) => mayPublish('metro', 'bus-1', topic)),
    ).toBe(true);
    const forbidden = [
      other.state,
      other.tx('live'),
      own.ack,
      own.response('doc'),
      own.command,
      all.trust,
      all.denyHead,
      all.hostState('h1'),
      site.claim('bus-2'),
      site.answer('bus-2'),
      siteTopics('other', '7').claim('bus-1'),
      '#',
      '$SYS/x',
    ];
    expect(forbidden.some((topic) => mayPublish('metro', 'bus-1', topic))).toBe(false);
    expect(
      [
        own.ack,
        own.command,
        ...operations.map(own.response),
        all.trust,
        all.denyHead,
        all.anyHostState,
        site.anyClaim,
        site.anyAnswer,
      ].every((topic) => maySubscribe('metro', 'bus-1', topic)),
    ).toBe(true);
    expect(
      [
        other.ack,
        other.command,
        other.response('doc'),
        all.anyTx,
        '#',
        'stile/#',
        '+/+/+/+/+/+',
        'stile/1/metro/site/+/claim/+',
      ].some((topic) => maySubscribe('metro', 'bus-1', topic)),
    ).toBe(false);
  });
});

describe('a batch', () => {
  const keys = new JournalKeyPair();
  const journal = new MemoryJournal('bus-1');
  journal.appendMany(20);
  const rows = journal.read(journal.epoch, 5, 10);
  const content: BatchContent = {
    epoch: journal.epoch,
    from: 5,
    rows: rows.map(({ body }) => sliceRow(body, 'bus-1', journal.epoch)),
    prev: journal.read(journal.epoch, 4, 1)[0]?.hash ?? zeroHash,
    head: rows[9]?.hash ?? zeroHash,
    atMs: 1_767_600_000_000,
    history: true,
    tail: false,
  };
  const sealed = (changes: Partial<BatchContent> = {}): Bytes =>
    sealBatch('metro', 'bus-1', { ...content, ...changes }, (message) => keys.sign(message));
  const key = ed25519Key(keys.publicKey);

  test('carries the exact bytes of its rows, without terminal, epoch and prev in each', () => {
    const parsed = parseBatch(sealed());
    if (!parsed.ok || !key) throw new Error('unreadable');
    expect(batchAuthentic('metro', 'bus-1', parsed.value, key)).toBe(true);
    expect(glueBatch('bus-1', parsed.value)?.map(({ body }) => body)).toEqual(rows.map(({ body }) => body));
    expect(sealed().length).toBeLessThan(rows.reduce((sum, { body }) => sum + body.length, 0));
  });

  test.each([
    ['another operator', 'rail', 'bus-1'],
    ['another terminal', 'metro', 'bus-2'],
  ])('is not authentic for %s', (_what, operatorName, terminal) => {
    const parsed = parseBatch(sealed());
    if (!parsed.ok || !key) throw new Error('unreadable');
    expect(batchAuthentic(operatorName, terminal, parsed.value, key)).toBe(false);
  });

  test.each(['epoch', 'from', 'atMs', 'history', 'tail', 'prev', 'head'] as const)('its %s is signed', (field) => {
    const parsed = parseBatch(sealed());
    if (!parsed.ok || !key) throw new Error('unreadable');
    const value = parsed.value[field];
    const other = typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : zeroHash;
    expect(batchAuthentic('metro', 'bus-1', { ...parsed.value, [field]: other }, key)).toBe(false);
  });

  test('its bounds are refused by name', () => {
    const slice = content.rows[0] ?? zeroHash;
    expect(parseBatch(sealed({ rows: [] }))).toMatchObject({ ok: false });
    expect(
      parseBatch(sealed({ rows: Array.from({ length: batchLimits.backlogRows + 1 }, () => slice) })),
    ).toMatchObject({ ok: false });
    expect(parseBatch(sealed({ rows: [new Uint8Array(batchLimits.maxRowBytes + 1)] }))).toMatchObject({ ok: false });
    const fat = Array.from({ length: 4 }, () => new Uint8Array(60_000));
    expect(parseBatch(sealed({ rows: fat }))).toMatchObject({ ok: false });
    const { rows: slices, prev, head } = content;
    const ends = { e: 1, rows: slices, prev, head, at: 1, hist: false, tail: false, alg: -8, sig: new Uint8Array(64) };
    expect(parseBatch(encodeCbor({ ...ends, from: 0 }))).toMatchObject({ ok: true });
    expect(parseBatch(encodeCbor({ ...ends, from: Number.MAX_SAFE_INTEGER - 3 }))).toMatchObject({ ok: false });
  });

  test('reads as JSON for people, row by row', () => {
    const described = describeMessage(terminalTopics('metro', 'bus-1').tx('backlog'), sealed());
    expect(described).toMatchObject({
      ok: true,
      value: { topic: { lane: 'backlog' }, message: { e: journal.epoch, from: 5 } },
    });
    expect(JSON.stringify(described)).toContain('"act":"ride"');
  });
});

describe('a signed document', () => {
  const signer = newSigner();
  const header: DocumentHeader = {
    kind: 'deny',
    operator: 'metro',
    target: '*',
    version: 7,
    iat: unixSeconds(1_000),
    exp: unixSeconds(2_000),
  };
  const key = ed25519Key(rawPublicKey(signer.privateKey));
  if (!key) throw new Error('no key');
  const expected = {
    kind: 'deny',
    operator: 'metro',
    targets: ['*', 'bus-1'],
    keyOf: (kid: Bytes) =>
      Buffer.from(kid).equals(signer.kid) ? { key, uses: keyUses.deny, from: 0, until: 5_000 } : null,
    now: unixSeconds(1_500),
  } as const;

  test('opens to what was sealed', () => {
    expect(openDocument(sealDocument(header, { a: 1 }, signer), expected)).toMatchObject({ ok: true, header });
  });

  test.each([
    ['WRONG_OPERATOR', { operator: 'rail' }],
    ['WRONG_TARGET', { target: 'bus-2' }],
    ['WRONG_KIND', { kind: 'fares' }],
    ['EXPIRED', { exp: unixSeconds(1_500) }],
    ['KEY_EXPIRED', { iat: unixSeconds(6_000) }],
  ] as const)('%s', (refusal, change) => {
    expect(openDocument(sealDocument({ ...header, ...change }, 1, signer), expected)).toEqual({ ok: false, refusal });
  });

  test('WRONG_USE, UNKNOWN_KEY, BAD_SIGNATURE, MALFORMED', () => {
    const bytes = sealDocument(header, 1, signer);
    const other = { ...expected, keyOf: () => ({ key, uses: keyUses.fares, from: 0, until: 5_000 }) };
    expect(openDocument(bytes, other)).toEqual({ ok: false, refusal: 'WRONG_USE' });
    expect(openDocument(bytes, { ...expected, keyOf: () => null })).toEqual({ ok: false, refusal: 'UNKNOWN_KEY' });
    const changed = Uint8Array.from(bytes);
    changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
    expect(openDocument(changed, expected)).toEqual({ ok: false, refusal: 'BAD_SIGNATURE' });
    expect(openDocument(utf8('noise'), expected)).toEqual({ ok: false, refusal: 'MALFORMED' });
  });

  test('a payload signed in the context of another kind is not authentic here', () => {
    const payload = encodeCbor({ k: 'deny', o: 'metro', tgt: '*', v: 7, iat: 1_000, exp: 2_000, body: 1 });
    expect(openDocument(sealCose1(signer, documentContext('ack'), payload), expected)).toEqual({
      ok: false,
      refusal: 'BAD_SIGNATURE',
    });
    expect(openDocument(sealCose1(signer, documentContext('deny'), payload), expected)).toMatchObject({ ok: true });
  });

  test('is not judged by its life where it brings the time itself', () => {
    const old = sealDocument({ ...header, exp: unixSeconds(1_200) }, 1, signer);
    expect(openDocument(old, { ...expected, now: null })).toMatchObject({ ok: true });
  });
});

describe('an ack', () => {
  const ack: Ack = {
    terminal: 'bus-1',
    epoch: 2 ** 33 + 5,
    upto: -1,
    head: zeroHash,
    held: [[5, 9]],
    want: [[0, 4]],
    reject: [{ from: 7, count: 1, code: 'EROW' }],
    window: 4,
    rows: 100,
    waitSeconds: 0,
    nowMs: 1_767_600_000_000,
    birth: 3,
  };

  test('is read as it was written', () => {
    const body = ackBody(ack) as never;
    const map = new Map(Object.entries(body as Record<string, never>));
    expect(parseAck(map)).toEqual({ ok: true, value: ack });
  });

  test('ranges turned round and unknown codes are refused', () => {
    const wrong = (change: Partial<Ack>): unknown =>
      parseAck(new Map(Object.entries(ackBody({ ...ack, ...change }) as Record<string, never>)));
    expect(wrong({ held: [[9, 5]] })).toMatchObject({ ok: false });
    expect(wrong({ reject: [{ from: 0, count: 1, code: 'EVERYTHING' as never }] })).toMatchObject({ ok: false });
    expect(wrong({ window: 65 })).toMatchObject({ ok: false });
  });
});

test('the journal key of a terminal is Ed25519 and nothing else', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  expect(sign(null, utf8('x'), privateKey).length).toBe(64);
  expect(ed25519Key(new Uint8Array(32))).toBeNull();
});

// The flat form of a commit and its answer: what goes in comes out, and nothing of it lies in the memory
// that the next message overwrites.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  commitBytesMax,
  packAnswer,
  packCommit,
  unpackAnswer,
  unpackCommit,
} from '../../../runtime/store/packed-message.ts';
import type { WriterRequest } from '../../../runtime/store/writer-messages.ts';
import { SharedExchange, sharedBytes } from '../../../runtime/store/writer-wire.ts';

type Commit = Extract<WriterRequest, { kind: 'commit' }>;

const bytes = fc.uint8Array({ maxLength: 600 });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const commits: fc.Arbitrary<Commit> = fc.record({
  kind: fc.constant('commit' as const),
  rows: fc.array(
    fc.record({
      epoch: fc.maxSafeNat(),
      seq: fc.maxSafeNat(),
      body: bytes,
      hash: bytes,
      ref: text,
      type: text,
      day: text,
    }),
    { maxLength: 5 },
  ),
  projections: fc.array(fc.record({ space: text, key: bytes, value: fc.option(bytes) }), { maxLength: 5 }),
});
const copyOf = (value: Uint8Array): Uint8Array => Uint8Array.from(value);

describe('a packed commit', () => {
  it('unpacks to itself within the bound that is asked for (seed 7)', () => {
    fc.assert(
      fc.property(commits, (commit) => {
        const memory = Buffer.alloc(commitBytesMax(commit));
        const length = packCommit(commit, memory);
        const unpacked = unpackCommit(memory.subarray(0, length));
        memory.fill(0xaa);
        expect(unpacked).toEqual({
          ...commit,
          rows: commit.rows.map((row) => ({ ...row, body: copyOf(row.body), hash: copyOf(row.hash) })),
        });
      }),
      { seed: 7 },
    );
  });

  it('keeps a projection that deletes apart from one that is empty', () => {
    const projections = [null, new Uint8Array()].map((value) => ({ space: 'a', key: new Uint8Array(1), value }));
    const memory = Buffer.alloc(256);
    packCommit({ kind: 'commit', rows: [], projections }, memory);
    expect(unpackCommit(memory).projections.map(({ value }) => value)).toEqual([null, new Uint8Array()]);
  });
});

it('a packed answer says how many rows changed and how the file stands', () => {
  const answer = { ok: true, changed: 3, file: { usedBytes: 2 ** 40, ballast: false }, incidents: [] } as const;
  const memory = Buffer.alloc(32);
  expect(unpackAnswer(memory.subarray(0, packAnswer(answer, memory)))).toEqual(answer);
});

describe('the exchange', () => {
  it('refuses a commit that does not fit instead of writing past the shared memory', () => {
    const exchange = new SharedExchange(new SharedArrayBuffer(sharedBytes));
    const value = new Uint8Array(sharedBytes);
    expect(exchange.request({ kind: 'commit', rows: [], projections: [{ space: 'a', key: value, value }] })).toBe(
      false,
    );
    expect(exchange.waitForRequest(0, 0)).toBe(null);
  });

  it('carries an answer with incidents and a fault as they are', async () => {
    const shared = new SharedArrayBuffer(sharedBytes);
    const [writer, main] = [new SharedExchange(shared), new SharedExchange(shared)];
    const incidents = [{ kind: 'disk-full', detail: 'no room' }] as const;
    const answers = [
      { ok: true, changed: 1, file: { usedBytes: 8, ballast: false }, incidents },
      { ok: false, fault: { code: 'full', detail: 'no room' }, incidents: [] },
    ] as const;
    for (const [seen, answer] of answers.entries()) {
      writer.answer(answer);
      expect(await main.waitForAnswer(seen)).toEqual(answer);
    }
  });

  it('lets the loop go on when no answer comes in place, and still hears it later', async () => {
    const shared = new SharedArrayBuffer(sharedBytes);
    const [writer, main] = [new SharedExchange(shared), new SharedExchange(shared)];
    const order: string[] = [];
    const waiting = main.waitForAnswer(0).then(() => order.push('answered'));
    await new Promise((resolve) => setImmediate(resolve));
    order.push('the loop went on');
    writer.answer({ ok: true, changed: 0, file: { usedBytes: 0, ballast: true }, incidents: [] });
    await waiting;
    expect(order).toEqual(['the loop went on', 'answered']);
  });
});

// Whatever comes in at a real terminal process, from the reader or from the broker: it goes on, its main loop is never
// held up, its journal does not grow with the garbage, and the next good code is accepted.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Bytes, concat, utf8 } from '../../runtime/core/bytes.ts';
import { type Entropy, pick, SeededEntropy } from '../../runtime/core/entropy.ts';
import { validatorDefaults } from '../../runtime/machines/validator/config.ts';
import { securityRowsPerHour } from '../../runtime/main/terminal/sync-events.ts';
import { reasonCodes } from '../../runtime/records/reasons.ts';
import { operatorTopics, terminalTopics } from '../../sync/wire/topics.ts';
import { BusRig, busTerminal } from '../fixtures/bus-rig.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const stallMs = 50;
const largestBytes = 65_536;
/** CHECKPOINT and RECEIPT rows that happen to fall into a test. */
const bookkeepingRows = 3;
const probe = pathToFileURL(join(import.meta.dirname, '../fixtures/lag-probe.ts')).href;

let bus: BusRig;
afterEach(() => bus.close());

/** What a broken, misconfigured or hostile reader types. */
const noises: readonly { readonly what: string; readonly make: (chance: Entropy) => Bytes }[] = [
  { what: '64 KiB without an ending', make: (chance) => without(chance.bytes(largestBytes), [0x0d, 0x0a]) },
  { what: '64 KiB of any bytes', make: (chance) => chance.bytes(largestBytes) },
  { what: '64 KiB of endings', make: () => new Uint8Array(largestBytes).fill(0x0d) },
  {
    what: 'frames of any length up to the bound',
    make: (chance) => frames(chance, () => chance.bytes(1 + pick(chance, 4_200))),
  },
  { what: 'native prefixes with any text behind', make: (chance) => frames(chance, () => prefixed(chance)) },
  { what: 'many short frames', make: (chance) => frames(chance, () => chance.bytes(1 + pick(chance, 12))) },
];

describe.each(noises)('the reader types $what (seed noise)', ({ what, make }) => {
  it('costs a bounded number of rows and no stall', async () => {
    bus = await serving();
    const chance = new SeededEntropy(`noise ${what}`);
    const before = await refusals();
    const fromMs = performance.now();
    await lag();
    for (let round = 0; round < 3; round++) {
      await bus.scanner.line.write(concat(make(chance), utf8('\r')));
      await bus.scanner.line.sent();
      await bus.quiet();
    }
    const { busyMs } = await lag();
    expect(busyMs).toBeLessThan(stallMs);
    expect((await refusals()) - before).toBeLessThanOrEqual(rowsAllowed(performance.now() - fromMs));
    await goesOn();
  });
});

describe('the broker delivers anything on every subscribed topic (seed payloads)', () => {
  it('is not believed, costs a bounded number of rows an hour, and no stall', async () => {
    bus = await serving();
    const { operator } = bus.identity;
    const own = terminalTopics(operator, busTerminal);
    const all = operatorTopics(operator);
    const topics = [
      own.ack,
      own.response('doc'),
      all.trust,
      all.denyHead,
      all.documentHead('fares'),
      all.hostState('headend-1'),
      all.hostState('other'),
    ];
    const chance = new SeededEntropy('payloads');
    const before = (await bus.rows()).length;
    await lag();
    let delivered = 0;
    for (const topic of topics) {
      for (const bytes of [0, 1, 2, 9, 100, 5_000, largestBytes, 200_000]) {
        for (const payload of [chance.bytes(bytes), mangled(chance, bytes), mangled(chance, bytes + 1)]) {
          bus.headEnd?.broker.publish(topic, payload, { qos: delivered % 2 === 0 ? 0 : 1, retain: false });
          delivered++;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await bus.quiet();
    const { busyMs } = await lag();
    expect(delivered).toBe(topics.length * 24);
    expect(busyMs).toBeLessThan(stallMs);
    const written = (await bus.rows()).filter(({ type }) => type === 'SECURITY');
    expect(written).toHaveLength(securityRowsPerHour);
    expect((await bus.rows()).length - before).toBeLessThanOrEqual(securityRowsPerHour + bookkeepingRows);
    await goesOn();
    await bus.until('both rides at the head end', async () => (await bus.headEnd?.store.counts())?.rides === 2, 60_000);
  });
});

describe('the probe itself', () => {
  it('sees a main loop that is held up', async () => {
    bus = await serving([pathToFileURL(join(import.meta.dirname, '../fixtures/held-up.ts')).href]);
    await lag();
    const heldUp = bus.terminal.messages.next(({ kind }) => kind === 'held up');
    bus.terminal.send({ kind: 'hold up', forMs: 120 });
    await heldUp;
    expect((await lag()).busyMs).toBeGreaterThan(stallMs);
  });
});

async function serving(more: readonly string[] = []): Promise<BusRig> {
  const opened = await BusRig.open({ scannerBaudRate: null, preload: [probe, ...more] });
  bus = opened;
  await opened.startServing();
  // Code that runs for the first time is compiled first; that is no stall of a terminal that serves.
  await opened.show(opened.wallet().freshCode(opened.now()));
  await opened.show('SP1:not a code');
  return opened;
}

/** The longest the main loop was held up since it was last asked. */
async function lag(): Promise<{ readonly busyMs: number; readonly lateMs: number }> {
  const answered = bus.terminal.messages.next((message) => message.kind === 'lag');
  bus.terminal.send({ kind: 'lag' });
  const { busyMs, lateMs, ticks } = (await answered) as unknown as { busyMs: number; lateMs: number; ticks: number };
  expect(ticks).toBeGreaterThan(0);
  return { busyMs, lateMs };
}

const refusals = async (): Promise<number> =>
  (await bus.rows()).filter(({ payload }) => payload.act === 'decline' || payload.act === 'declines').length;

/** One budget to begin with, its refill, and the aggregate of each reason and minute. */
function rowsAllowed(elapsedMs: number): number {
  const seconds = Math.ceil(elapsedMs / 1_000);
  return validatorDefaults.badScansPerSecond * (seconds + 1) + reasonCodes.length * Math.ceil(seconds / 60);
}

async function goesOn(): Promise<void> {
  expect(bus.terminal.state).toBe('running');
  expect(await bus.show(bus.wallet().freshCode(bus.now()))).toMatchObject({ cue: 'accepted', reason: 'OK' });
  expect(bus.log()).not.toMatch(/INTERNAL|"level":60|defect/);
}

function frames(chance: Entropy, one: () => Bytes): Bytes {
  const parts: Bytes[] = [];
  for (let length = 0; length < largestBytes; ) {
    const frame = without(one(), [0x0d, 0x0a]);
    parts.push(frame, utf8(['\r', '\n', '\r\n'][pick(chance, 3)] ?? '\r'));
    length += frame.length + 2;
  }
  return concat(...parts);
}

const base45 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

function prefixed(chance: Entropy): Bytes {
  const prefix = ['SP1:', 'ST1:', 'SP1', 'sp1:', 'SP2:', ''][pick(chance, 6)] ?? '';
  const text = Array.from({ length: pick(chance, 900) }, () => base45[pick(chance, base45.length)]).join('');
  return utf8(prefix + text);
}

const without = (bytes: Bytes, banned: readonly number[]): Bytes =>
  bytes.map((byte) => (banned.includes(byte) ? 0x2e : byte));

/** Begins as a tagged CBOR array would, so that it reaches deeper than noise. */
function mangled(chance: Entropy, bytes: number): Bytes {
  const made = chance.bytes(bytes);
  for (const [at, byte] of [0xd2, 0x84, 0x43, 0xa1, 0x01, 0x27].entries()) if (at < made.length) made[at] = byte;
  return made;
}

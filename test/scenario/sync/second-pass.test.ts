// After rows are stored and acknowledged: their evidence is opened and verified again, and the same code
// on two buses is found. Case B2 of the machines.
import { expect, test } from 'vitest';
import { type Bytes, equal, utf8 } from '../../../runtime/core/bytes.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { EvidenceSealer } from '../../../runtime/records/evidence.ts';
import { rawPublicKey } from '../../../runtime/tokens/keys.ts';
import type { RowDate } from '../../../sync/headend/row-dates.ts';
import { MemoryBroker } from '../../../sync/terminal/link/memory-link.ts';
import type { RowTime } from '../../fixtures/memory-journal.ts';
import {
  Authority,
  type HeadEndUnderTest,
  newHeadEnd,
  newTerminal,
  publishBasics,
  type TerminalUnderTest,
} from '../../fixtures/sync-world.ts';

interface World {
  readonly clock: VirtualClock;
  readonly head: HeadEndUnderTest;
  readonly sealer: EvidenceSealer;
  bus(id: string): Promise<TerminalUnderTest>;
}

const goodToken = utf8('a token that verifies');

async function world(dates: Map<string, RowDate> = new Map()): Promise<World> {
  const clock = new VirtualClock();
  const broker = new MemoryBroker(clock);
  const authority = new Authority();
  const judge = (token: Bytes, date: RowDate) => {
    dates.set(Buffer.from(token).toString(), date);
    return equal(token, goodToken) ? { good: true as const } : { good: false as const, reason: 'BAD_SIGNATURE' };
  };
  const head = await newHeadEnd({ exchange: broker, clock, authority, judge });
  await head.headEnd.start();
  await publishBasics(head.headEnd, authority);
  return {
    clock,
    head,
    sealer: new EvidenceSealer(rawPublicKey(authority.sealing)),
    bus: async (id) => {
      const bus = newTerminal({ id, seed: id, clock, link: broker.link(id), authority });
      await head.headEnd.enrol(id, bus.keys.publicKey);
      bus.sync.start();
      return bus;
    },
  };
}

function ride(
  w: World,
  bus: TerminalUnderTest,
  token: Bytes,
  digest: Bytes,
  sealedFor = 0,
  time: RowTime = {},
): string {
  const head = bus.journal.head();
  const seq = (head?.seq ?? -1) + 1;
  const sealed = w.sealer.seal(bus.journal.epoch, seq + sealedFor, token);
  const sealKey = w.sealer.publicKey;
  const row = bus.journal.append('DECISION', { act: 'ride', reason: 'OK', digest, sealed, sealKey }, time);
  return `${bus.id}/${row.seq}`;
}

async function verdicts(w: World): Promise<Record<string, string | null>> {
  await w.clock.advance(10_000);
  await w.head.headEnd.settle();
  const rows = await w.head.headEnd.latest(100);
  return Object.fromEntries(rows.map(({ terminal, seq, verdict }) => [`${terminal}/${seq}`, verdict]));
}

const digestOf = (byte: number): Bytes => new Uint8Array(32).fill(byte);

test('each row gets its verdict, and the stored bytes stay as they came', async () => {
  const w = await world();
  const bus = await w.bus('bus-1');
  const good = ride(w, bus, goodToken, digestOf(1));
  const forged = ride(w, bus, utf8('a token that does not'), digestOf(2));
  const moved = ride(w, bus, goodToken, digestOf(3), 1);
  expect(await verdicts(w)).toEqual({
    'bus-1/0': 'none',
    [good]: 'good',
    [forged]: 'bad:BAD_SIGNATURE',
    [moved]: 'bad:UNSEALABLE',
  });
  expect(bus.sync.status().pendingRows).toBe(0);
});

test('B2: the same code on two buses is one review incident, on the later of the two', async () => {
  const w = await world();
  const first = await w.bus('bus-1');
  const second = await w.bus('bus-2');
  second.journal.append('SERVICE', { act: 'trip' });
  ride(w, first, goodToken, digestOf(9));
  ride(w, second, goodToken, digestOf(9));
  ride(w, second, goodToken, digestOf(10));
  await verdicts(w);
  expect(await w.head.headEnd.incidents(10)).toMatchObject([{ kind: 'double_use', terminal: 'bus-2', seq: 2 }]);
});

test('the same code twice on one bus is that bus’s own business', async () => {
  const w = await world();
  const bus = await w.bus('bus-1');
  ride(w, bus, goodToken, digestOf(9));
  ride(w, bus, goodToken, digestOf(9));
  await verdicts(w);
  expect(await w.head.headEnd.incidents(10)).toEqual([]);
});

test('B8: a row written without a clock is judged at once, and again when its boot was told the time', async () => {
  const dates = new Map<string, RowDate>();
  const w = await world(dates);
  const bus = await w.bus('bus-1');
  const boot = 'after the battery';
  const known = Date.UTC(2026, 0, 5, 8, 0, 0);
  ride(w, bus, utf8('lost'), digestOf(1), 0, { wallMs: 0, clock: 'UNTRUSTED', boot });
  await verdicts(w);
  expect(dates.get('lost')).toEqual({ anchor: null, afterMs: known });
  const toldMs = known + 3_600_000;
  bus.journal.append('CLOCK', { act: 'sync', fromMs: 0, toMs: toldMs }, { wallMs: toldMs, boot });
  ride(w, bus, goodToken, digestOf(2), 0, { wallMs: toldMs + 1, boot });
  await verdicts(w);
  expect(dates.get('lost')).toEqual({
    anchor: { monoMs: 1_002, wallMs: toldMs, uncertaintyMs: 5 },
    afterMs: known,
  });
});

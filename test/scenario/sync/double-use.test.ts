// One ticket on two lanes that could not ask each other: the earliest trusted redemption counts, and the other
// is an incident that names both, in whatever order the rows arrive.
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import type { Payload } from '../../../runtime/records/payload.ts';
import { MemoryBroker } from '../../../sync/terminal/link/memory-link.ts';
import type { RowTime } from '../../fixtures/memory-journal.ts';
import {
  Authority,
  newHeadEnd,
  newTerminal,
  publishBasics,
  type TerminalUnderTest,
} from '../../fixtures/sync-world.ts';

const ticket = { issuer: 'museum', cti: new Uint8Array(8).fill(9) };
const at = (minute: number): RowTime => ({ wallMs: Date.UTC(2026, 0, 5, 10, minute) });

async function world() {
  const clock = new VirtualClock();
  const broker = new MemoryBroker(clock);
  const authority = new Authority();
  const head = await newHeadEnd({ exchange: broker, clock, authority });
  await head.headEnd.start();
  await publishBasics(head.headEnd, authority);
  const lanes = ['east', 'west', 'north'].map((id) =>
    newTerminal({ id, seed: id, clock, link: broker.link(id), authority }),
  );
  for (const lane of lanes) await head.headEnd.enrol(lane.id, lane.keys.publicKey);
  const [east, west, north] = lanes;
  if (!east || !west || !north) throw new Error('three lanes');
  return {
    clock,
    head,
    east,
    west,
    north,
    /** Connects them in this order, each when the one before has been read. */
    upload: async (...order: readonly TerminalUnderTest[]): Promise<void> => {
      for (const lane of order) {
        lane.sync.start();
        await clock.advance(15_000);
        await head.headEnd.settle();
      }
    },
    incidents: async () => (await head.headEnd.incidents(20)).filter(({ kind }) => kind === 'double_use'),
  };
}

function admit(
  lane: TerminalUnderTest,
  time: RowTime,
  more: { uses?: number; outcome?: string; ticket?: object } = {},
): void {
  const { uses = 1, outcome = 'passed' } = more;
  const same = { act: 'admit', direction: 'entry', place: `gate-${lane.id}`, ...ticket, ...more.ticket } as Payload;
  lane.journal.append('INTENT', { ...same, reason: 'OK', count: uses, digest: new Uint8Array(32).fill(1) }, time);
  lane.journal.append('OUTCOME', { ...same, outcome }, time);
}

describe.each([
  ['in the order of the day', false],
  ['in the other order', true],
])('rows that arrive %s', (_what, reversed) => {
  test('name the later lane, and both', async () => {
    const w = await world();
    admit(w.east, at(1));
    admit(w.west, at(2));
    await w.upload(...(reversed ? [w.west, w.east] : [w.east, w.west]));
    const found = await w.incidents();
    expect(found).toMatchObject([{ terminal: 'west', seq: 2 }]);
    expect(found[0]?.detail).toMatch(/gate-east \(east\), row \S+, and again at gate-west \(west\)/);
  });

  test('a time that was not trusted loses, however early it says it was', async () => {
    const w = await world();
    admit(w.east, { ...at(1), clock: 'UNTRUSTED' });
    admit(w.west, at(2));
    await w.upload(...(reversed ? [w.west, w.east] : [w.east, w.west]));
    expect(await w.incidents()).toMatchObject([{ terminal: 'east', seq: 2 }]);
  });
});

describe('no double use', () => {
  test.each<readonly [string, (w: Awaited<ReturnType<typeof world>>) => void]>([
    [
      'a ticket of two uses, one on each lane',
      (w) => [w.east, w.west].forEach((lane, n) => void admit(lane, at(n), { uses: 2 })),
    ],
    [
      'somebody who did not pass and went to the other lane',
      (w) => {
        admit(w.east, at(1), { outcome: 'not_passed' });
        admit(w.west, at(2));
      },
    ],
    [
      'what one lane admitted by itself, as with staff',
      (w) => [1, 2].forEach((minute) => void admit(w.east, at(minute))),
    ],
    [
      'the same number from another issuer',
      (w) => {
        admit(w.east, at(1));
        admit(w.west, at(2), { ticket: { issuer: 'theatre' } });
      },
    ],
    [
      'what the home lane wrote about the claim of another',
      (w) => {
        admit(w.east, at(1));
        w.west.journal.append('OUTCOME', { act: 'settle', outcome: 'passed', place: 'gate-west', ...ticket }, at(2));
      },
    ],
  ])('%s', async (_what, happen) => {
    const w = await world();
    happen(w);
    await w.upload(w.east, w.west);
    expect((await w.head.headEnd.counts()).rows).toBeGreaterThan(3);
    expect(await w.incidents()).toEqual([]);
  });
});

test('of three redemptions of a ticket for two, the last is the double', async () => {
  const w = await world();
  admit(w.north, at(3), { uses: 2 });
  admit(w.east, at(1), { uses: 2 });
  admit(w.west, at(2), { uses: 2 });
  await w.upload(w.north, w.west, w.east);
  expect(await w.incidents()).toMatchObject([{ terminal: 'north' }]);
});

test('a guide taken twice on one loan code is found too', async () => {
  const w = await world();
  for (const [lane, minute] of [
    [w.east, 1],
    [w.west, 2],
  ] as const) {
    lane.journal.append(
      'OUTCOME',
      { act: 'order', outcome: 'taken', place: `cabinet-${lane.id}`, ...ticket },
      at(minute),
    );
  }
  await w.upload(w.east, w.west);
  expect(await w.incidents()).toMatchObject([{ terminal: 'west' }]);
});

// The cabinet cases as the head end sees them: rows of the real machine in, a loan and its money out. What a
// cabinet promised a visitor on its screen must be what the visitor pays.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { wallMs } from '../../../runtime/core/brand.ts';
import { hex } from '../../../runtime/core/bytes.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import type { Row } from '../../../runtime/records/row.ts';
import { claimOf } from '../../../sync/headend/loans/deposit.ts';
import { datingMs, loanStates } from '../../../sync/headend/loans/loan.ts';
import { LoanDesk } from '../../../sync/headend/loans/loan-desk.ts';
import { LoanReader } from '../../../sync/headend/loans/loan-reader.ts';
import { openSqliteLoans } from '../../../sync/headend/store/loan-database.ts';
import { LoanWorld, orderId, policy, relabelled } from '../../fixtures/loan-world.ts';
import { ctiOf, digestOf, Hall, type HallOptions } from '../cabinet-hall.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

interface Museum {
  readonly world: LoanWorld;
  readonly hall: Hall;
  /** The second machine, empty; its rows arrive when `bring` says so. */
  readonly other: Hall;
  /** Time passes for everybody, and rows that are due arrive. */
  pass(ms: number): Promise<void>;
  bring(which: 'hall' | 'other'): Promise<void>;
  /** A visitor scans, pays a deposit and takes the guide from slot 1. */
  borrow(order: string): Promise<void>;
}

async function museum(given: HallOptions = {}, otherGiven: HallOptions = {}): Promise<Museum> {
  const world = await LoanWorld.open('museum');
  const hall = new Hall('hall', given);
  const other = new Hall('other', { items: [null, null], ...otherGiven });
  const rowsOf = { hall: () => hall.rows, other: () => relabelled(other.rows, 'cabinet-2') };
  const bring = async (which: 'hall' | 'other'): Promise<void> => void (await world.receive(rowsOf[which]()));
  const pass = async (ms: number): Promise<void> => {
    // Over days the screens are dark, so that no code is drawn every half minute.
    const dark = ms >= dayMs;
    for (const machine of [hall, other]) {
      const { online } = machine;
      if (dark) machine.network(false);
      await machine.clock.advance(ms);
      if (dark) machine.network(online);
    }
    await world.clock.advance(ms);
    await world.loans.pass();
    await world.deposits.pass();
    await world.clock.advance(200);
  };
  const borrow = async (order: string): Promise<void> => {
    await world.deposits.hold(claimOf.order(orderId(order)), policy.depositMinor, 'CNY', null);
    await world.clock.advance(100);
    hall.command(order, hall.scanned());
    await pass(1_000);
  };
  return { world, hall, other, pass, bring, borrow };
}

interface Case {
  readonly id: string;
  readonly title: string;
  readonly given?: HallOptions;
  readonly otherGiven?: HallOptions;
  readonly story: (museum: Museum) => Promise<void>;
  /** Item, state, what is kept. */
  readonly loans: readonly string[];
  /** Held, captured, given back, at the provider. */
  readonly books: readonly string[];
}

const cases: readonly Case[] = [
  {
    id: 'V6',
    title: 'left in the slot: no loan, all given back',
    story: async ({ borrow, hall, pass, bring }) => {
      await borrow('o');
      hall.openDoor(1);
      hall.closeDoor(1);
      await pass(2 * minuteMs);
      await bring('hall');
    },
    loans: [],
    books: ['60000 0 60000'],
  },
  {
    id: 'V4',
    title: 'power cut, gone afterwards: presumed from the INTENT, ten minutes free',
    story: async ({ hall, world, pass, bring }) => {
      await world.deposits.hold(claimOf.order(orderId('o')), policy.depositMinor, 'CNY', null);
      hall.cut = { row: ({ type, act }) => type === 'INTENT' && act === 'dispense', when: 'acted' };
      hall.whileDark = (dark) => {
        Object.assign(dark.bay(1), { item: null, charge: null, locked: true, doorClosed: true });
      };
      hall.command('o', hall.scanned());
      await pass(65 * minuteMs);
      hall.put(1, 'A');
      await pass(1_000);
      await bring('hall');
    },
    loans: ['A RETURNED 1000'],
    books: ['60000 1000 59000'],
  },
  {
    id: 'V3',
    title: 'power cut, still in the slot: nothing lent, all given back',
    story: async ({ hall, world, pass, bring }) => {
      await world.deposits.hold(claimOf.order(orderId('o')), policy.depositMinor, 'CNY', null);
      hall.bay(1).jams = 1;
      hall.cut = { row: ({ type, act }) => type === 'INTENT' && act === 'dispense', when: 'acted' };
      hall.command('o', hall.scanned());
      await pass(2 * minuteMs);
      await bring('hall');
    },
    loans: [],
    books: ['60000 0 60000'],
  },
  {
    id: 'V5',
    title: 'jam in three slots: compensated without asking',
    story: async ({ borrow, hall, pass, bring }) => {
      for (const slot of [1, 2, 3]) hall.bay(slot).jams = 9;
      await borrow('o');
      await pass(2 * minuteMs);
      expect(hall.pulses).toHaveLength(6);
      await bring('hall');
    },
    loans: [],
    books: ['60000 0 60000'],
  },
  {
    id: 'doubt',
    title: 'staff find that it was taken: the loan begins when they looked',
    story: async ({ borrow, hall, pass, bring }) => {
      await borrow('o');
      hall.setBoard(false);
      await pass(20 * minuteMs);
      const doubt = hall.rows.find(({ payload }) => payload.outcome === 'in_doubt');
      await bring('hall');
      hall.staff({ kind: 'resolve', tx: doubt?.payload.tx ?? new Uint8Array(), taken: true });
      hall.bay(1).item = null;
      hall.setBoard(true);
      await pass(50 * minuteMs);
      hall.put(4, 'A');
      await pass(1_000);
      await bring('hall');
    },
    loans: ['A RETURNED 1000'],
    books: ['60000 1000 59000'],
  },
  {
    id: 'doubt',
    title: 'staff find that it was not taken: nothing lent, all given back',
    story: async ({ borrow, hall, pass, bring }) => {
      await borrow('o');
      hall.setBoard(false);
      await pass(20 * minuteMs);
      const doubt = hall.rows.find(({ payload }) => payload.outcome === 'in_doubt');
      hall.staff({ kind: 'resolve', tx: doubt?.payload.tx ?? new Uint8Array(), taken: false });
      await bring('hall');
    },
    loans: [],
    books: ['60000 0 60000'],
  },
  {
    id: 'V7',
    title: 'the wrong way round, then right: the fee ends at first contact',
    story: async ({ borrow, hall, pass, bring }) => {
      await borrow('o');
      hall.fetch(1);
      await pass(59 * minuteMs);
      hall.put(4, 'A', { wrongWay: true });
      await pass(5 * minuteMs);
      hall.staff({ kind: 'identify', slot: 4, item: 'A' });
      await pass(1_000);
      await bring('hall');
    },
    loans: ['A RETURNED 1000'],
    books: ['60000 1000 59000'],
  },
  {
    id: 'V8',
    title: 'at a machine of another place: accepted there, the loan ends',
    story: async ({ borrow, hall, other, pass, bring }) => {
      await borrow('o');
      hall.fetch(1);
      await pass(30 * minuteMs);
      other.put(1, 'A');
      await pass(1_000);
      await bring('hall');
      await bring('other');
    },
    loans: ['A RETURNED 1000'],
    books: ['60000 1000 59000'],
  },
  {
    id: 'V8',
    title: 'not of the fleet: no loan is closed by it',
    story: async ({ borrow, hall, other, pass, bring }) => {
      await borrow('o');
      hall.fetch(1);
      await pass(30 * minuteMs);
      other.put(1, 'Z');
      await pass(1_000);
      await bring('other');
      await bring('hall');
    },
    loans: ['A ON_LOAN -'],
    books: ['60000 0 0'],
  },
  {
    id: 'V9',
    title: "another visitor's item: that item's loan ends, one's own goes on",
    story: async ({ borrow, hall, pass, bring }) => {
      await borrow('alder');
      hall.fetch(1);
      await borrow('birch');
      hall.fetch(2);
      await pass(30 * minuteMs);
      hall.put(4, 'B');
      await pass(1_000);
      await bring('hall');
    },
    loans: ['A ON_LOAN -', 'B RETURNED 1000'],
    books: ['60000 0 0', '60000 1000 59000'],
  },
  {
    id: 'V10',
    title: 'returned offline, unknown there, and heard of before the order',
    otherGiven: { online: false },
    story: async ({ borrow, hall, other, pass, bring }) => {
      await borrow('o');
      hall.fetch(1);
      await pass(90 * minuteMs);
      other.put(1, 'A');
      await pass(1_000);
      await bring('other');
      await pass(dayMs);
      await bring('hall');
    },
    loans: ['A RETURNED 2000'],
    books: ['60000 2000 58000'],
  },
  {
    id: 'V15',
    title: 'the wall clock steps three hours: monotonic time counts',
    story: async ({ borrow, hall, pass, bring }) => {
      await borrow('o');
      hall.fetch(1);
      await pass(20 * minuteMs);
      hall.clock.stepWall(3 * hourMs);
      hall.time.observeSigned(hall.clock.wallMs(), 100);
      await pass(20 * minuteMs);
      hall.put(4, 'A');
      await pass(1_000);
      await bring('hall');
    },
    loans: ['A RETURNED 1000'],
    books: ['60000 1000 59000'],
  },
  {
    id: 'V16',
    title: 'full at return: the fee stands still for half an hour',
    otherGiven: { items: ['B', 'C'] },
    story: async ({ borrow, hall, other, pass, bring }) => {
      await borrow('o');
      hall.fetch(1);
      await pass(50 * minuteMs);
      other.feed({ kind: 'ItemShown', item: 'A', atMonoMs: other.clock.monoMs() });
      await pass(25 * minuteMs);
      hall.put(4, 'A');
      await pass(1_000);
      await bring('hall');
      await bring('other');
    },
    loans: ['A RETURNED 1000'],
    books: ['60000 1000 59000'],
  },
  {
    id: 'V16',
    title: 'full where the code was used: the code names its loan and its deposit',
    given: { items: ['A', 'B'] },
    story: async ({ world, hall, pass, bring }) => {
      await world.deposits.hold(claimOf.code(`museum/${hex(ctiOf('alder'))}`), policy.depositMinor, 'CNY', null);
      hall.show({ name: 'alder', lifeSeconds: 7_200 });
      hall.fetch(1);
      await pass(50 * minuteMs);
      hall.put(1, 'C');
      await pass(5_000);
      hall.show({ name: 'alder', lifeSeconds: 7_200 });
      await pass(25 * minuteMs);
      hall.staff({ kind: 'returnItem', item: 'A' });
      await pass(1_000);
      await bring('hall');
    },
    loans: ['A RETURNED 1000'],
    books: ['60000 1000 59000'],
  },
  {
    id: 'V17',
    title: 'found by the recount in a slot that had seen nothing: closed, nothing kept',
    story: async ({ borrow, hall, other, pass, bring }) => {
      await borrow('o');
      hall.fetch(1);
      await pass(30 * minuteMs);
      other.staff({ kind: 'open', slot: 1 });
      await pass(1_000);
      other.take(1);
      other.put(1, 'A');
      other.staff({ kind: 'recount' });
      await pass(hourMs);
      await bring('hall');
      await bring('other');
    },
    loans: ['A RETURNED 0'],
    books: ['60000 0 60000'],
  },
  {
    id: 'V17',
    title: 'found after it was charged as lost: closed, the rest given back',
    story: async ({ borrow, hall, pass, bring }) => {
      await borrow('o');
      hall.fetch(1);
      await bring('hall');
      await pass(4 * dayMs);
      hall.staff({ kind: 'returnItem', item: 'A' });
      await pass(1_000);
      await bring('hall');
    },
    loans: ['A RETURNED 20000'],
    books: ['60000 20000 40000'],
  },
  {
    id: 'late',
    title: 'lost, then back within the week: its time is kept, the rest given back',
    story: async ({ borrow, hall, pass, bring }) => {
      await borrow('o');
      hall.fetch(1);
      await bring('hall');
      await pass(5 * dayMs);
      hall.put(4, 'A');
      await pass(1_000);
      await bring('hall');
    },
    loans: ['A RETURNED 25000'],
    books: ['60000 25000 35000'],
  },
  {
    id: 'late',
    title: 'lost, and back after the week: the lost price stays, though its time would cost less',
    story: async ({ borrow, hall, pass, bring }) => {
      await borrow('o');
      hall.fetch(1);
      await bring('hall');
      await pass(8 * dayMs);
      hall.put(4, 'A');
      await pass(1_000);
      await bring('hall');
    },
    loans: ['A RETURNED 50000'],
    books: ['60000 50000 10000'],
  },
  {
    id: 'lost',
    title: 'never back: the lost price, once',
    story: async ({ borrow, hall, pass, bring }) => {
      await borrow('o');
      hall.fetch(1);
      await bring('hall');
      await pass(4 * dayMs);
      await pass(40 * dayMs);
    },
    loans: ['A LOST 50000'],
    books: ['60000 50000 10000'],
  },
];

describe('the cabinet cases at the head end', () => {
  test.each(cases)('$id: $title', async ({ given, otherGiven, story, loans, books }) => {
    const m = await museum(given, otherGiven);
    await story(m);
    await m.pass(5_000);
    expect(await m.world.told()).toEqual(loans);
    expect(await m.world.books()).toEqual(books);
    expect(m.world.provider.requests.filter(({ act }) => act === 'capture').length).toBeLessThanOrEqual(1);
    const run = await m.world.deposits.reconcile();
    expect(run).toMatchObject({ differences: [], open: 0, compared: books.length });
    await m.world.close();
  });
});

test('the story of states: on loan, overdue, lost', async () => {
  const { world, hall, borrow, bring, pass } = await museum();
  await borrow('o');
  hall.fetch(1);
  await bring('hall');
  expect(await world.told()).toEqual(['A ON_LOAN -']);
  await pass(4 * hourMs);
  expect(await world.told()).toEqual(['A OVERDUE -']);
  await pass(3 * dayMs);
  expect(await world.told()).toEqual(['A LOST 50000']);
});

test('a disputed loan charges nothing until a person settles it, and then that', async () => {
  const { world, hall, borrow, bring, pass } = await museum();
  await borrow('o');
  hall.fetch(1);
  await bring('hall');
  const [loan] = await world.every();
  expect(await world.loans.dispute(loan?.tx ?? '', 'says that the slot was empty')).toBe(true);
  await pass(4 * dayMs);
  expect(await world.told()).toEqual(['A DISPUTED -']);
  expect(await world.books()).toEqual(['60000 0 0']);
  await expect(world.loans.settle(loan?.tx ?? '', 50_001)).rejects.toThrow(RangeError);
  expect(await world.loans.settle(loan?.tx ?? '', 700)).toBe(true);
  await pass(5_000);
  expect(await world.told()).toEqual(['A LOST 700']);
  expect(await world.books()).toEqual(['60000 700 59300']);
  expect(await world.loans.settle('0'.repeat(32), 0)).toBe(false);
});

test('lent again without a return: a person looks, nobody is charged by a machine', async () => {
  const { world, hall, borrow, bring, pass } = await museum();
  await borrow('alder');
  hall.fetch(1);
  await bring('hall');
  const other = new Hall('again', { items: ['A'] });
  await other.clock.advance(hourMs);
  other.command('birch', other.scanned());
  other.fetch(1);
  await world.receive(
    relabelled(
      other.rows.filter(({ payload }) => payload.act !== 'slot'),
      'cabinet-2',
    ),
  );
  await pass(4 * dayMs);
  expect((await world.told())[0]).toBe('A DISPUTED -');
  expect(await world.books()).toEqual(['60000 0 0']);
});

test('an attempt of the visitor before is no mercy for the next', async () => {
  const { world, hall, other, borrow, bring, pass } = await museum({}, { items: ['B', 'C'] });
  await borrow('alder');
  hall.fetch(1);
  await pass(10 * minuteMs);
  other.feed({ kind: 'ItemShown', item: 'A', atMonoMs: other.clock.monoMs() });
  await pass(10 * minuteMs);
  hall.put(4, 'A');
  await pass(10 * minuteMs);
  hall.staff({ kind: 'quarantine', slot: 2 });
  hall.staff({ kind: 'quarantine', slot: 3 });
  await borrow('birch');
  hall.fetch(4);
  await pass(70 * minuteMs);
  hall.put(4, 'A');
  await pass(1_000);
  await bring('other');
  await bring('hall');
  expect(await world.told()).toEqual(['A RETURNED 1000', 'A RETURNED 2000']);
});

test('a loan keeps the terms it began under', async () => {
  const { world, hall, borrow, bring, pass } = await museum();
  await borrow('o');
  hall.fetch(1);
  await bring('hall');
  const dearer = { ...policy, terms: { ...policy.terms, periodMinor: 3_000 } };
  const { rows, database, clock } = world;
  const entropy = new SeededEntropy('later');
  const desk = new LoanDesk({ rows, loans: database.loans, clock, entropy, log: silentLogger, policy: dearer });
  await pass(30 * minuteMs);
  hall.put(4, 'A');
  await pass(1_000);
  await world.store(hall.rows);
  await desk.pass();
  expect(await world.told()).toEqual(['A RETURNED 1000']);
});

test('what another machine says of an order takes no deposit from its loan', async () => {
  const { world, hall, other, borrow, bring, pass } = await museum();
  await borrow('o');
  hall.fetch(1);
  await bring('hall');
  other.staff({ kind: 'recount' });
  await world.receive(relabelled(other.rows, 'cabinet-2'));
  const expired = { act: 'command', reason: 'COMMAND_EXPIRED', order: digestOf('order o').slice(0, 16) } as const;
  const last = other.rows.at(-1);
  if (last === undefined) throw new Error('no rows');
  await world.receive(relabelled([...other.rows, { ...last, type: 'DECISION', payload: expired }], 'cabinet-2'));
  await pass(5_000);
  expect(await world.books()).toEqual(['60000 0 0']);
});

test('a slot that says again what it holds adds nothing to the history of its item', async () => {
  const { world, hall, borrow, bring, pass } = await museum({ config: { hygiene: 'device' } });
  await pass(1_000);
  for (const slot of [1, 2, 3]) hall.feed({ kind: 'HygieneDone', slot, ok: true, atMonoMs: hall.clock.monoMs() });
  await borrow('o');
  hall.fetch(1);
  await pass(minuteMs);
  hall.put(4, 'A', { charge: 90 });
  await pass(1_000);
  hall.feed({ kind: 'HygieneDone', slot: 4, ok: true, atMonoMs: hall.clock.monoMs() });
  await bring('hall');
  const said = hall.rows.filter(({ payload }) => payload.item === 'A' && payload.act === 'slot');
  expect(said.length).toBeGreaterThan(3);
  expect((await world.database.loans.item('A')).events.map(({ kind }) => kind)).toEqual(['back', 'taken', 'back']);
});

describe('a return by a machine that has lost its clock', () => {
  async function returned(): Promise<Museum> {
    const m = await museum({}, { clock: 'lost' });
    await m.borrow('o');
    m.hall.fetch(1);
    await m.pass(90 * minuteMs);
    m.other.put(1, 'A');
    await m.pass(1_000);
    await m.bring('hall');
    await m.bring('other');
    return m;
  }

  test('waits a while for the machine to be told the time, and costs what it lasted', async () => {
    const { world, other, bring, pass } = await returned();
    expect(await world.told()).toEqual(['A RETURNED -']);
    other.time.observeSigned(other.clock.wallMs(), 100);
    other.staff({ kind: 'recount' });
    await bring('other');
    await pass(5_000);
    expect(await world.told()).toEqual(['A RETURNED 2000']);
    expect(await world.books()).toEqual(['60000 2000 58000']);
  });

  test('costs the shortest time that is consistent when nobody tells it: none', async () => {
    const { world, pass } = await returned();
    await pass(datingMs);
    expect(await world.told()).toEqual(['A RETURNED 0']);
    expect(await world.books()).toEqual(['60000 0 60000']);
  });

  test('costs the time up to the last moment at which that machine still knew the time', async () => {
    const { world, hall, other, borrow, bring, pass } = await museum();
    await borrow('o');
    hall.fetch(1);
    await pass(30 * minuteMs);
    other.time.observeSigned(other.clock.wallMs(), 100);
    other.staff({ kind: 'recount' });
    const known = other.rows.length;
    await pass(60 * minuteMs);
    other.put(1, 'A');
    await pass(1_000);
    const lost = { clock: { state: 'UNTRUSTED', uncertaintyMs: 300_000 }, bootId: new Uint8Array(16) } as const;
    const rows = other.rows.map((row, at) => (at < known ? row : { ...row, ...lost, tWallMs: wallMs(0) }));
    await bring('hall');
    await world.receive(relabelled(rows, 'cabinet-2'));
    await pass(datingMs);
    expect(await world.told()).toEqual(['A RETURNED 1000']);
    expect((await world.every())[0]?.fee).toMatchObject({ basis: 'shortest' });
    expect((await world.every())[0]?.fee.durationMs).toBeGreaterThan(29 * minuteMs);
  });
});

describe('whatever order rows arrive in', () => {
  /** Two machines, three loans, one of them returned where it was not lent. */
  async function stories(): Promise<{ readonly a: readonly Row[]; readonly b: readonly Row[] }> {
    const { hall, other, pass } = await museum({}, { items: ['D', null] });
    const lend = async (from: Hall, slot: number, order: string): Promise<void> => {
      from.command(order, from.scanned());
      from.fetch(slot);
      await pass(20 * minuteMs);
    };
    await lend(hall, 1, 'one');
    other.put(2, 'A');
    await pass(minuteMs);
    await lend(other, 1, 'two');
    hall.put(1, 'D');
    await pass(minuteMs);
    await lend(hall, 2, 'three');
    return { a: hall.rows, b: relabelled(other.rows, 'cabinet-2') };
  }

  test.each([1, 2, 3])('loans are the same (seed %i)', async (seed) => {
    const { a, b } = await stories();
    const straight = await LoanWorld.open('straight');
    await straight.receive(a);
    await straight.receive(b);
    const mixed = await LoanWorld.open('mixed');
    let state = seed;
    for (let left = 1; left > 0; ) {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      const [first, second] = state % 2 === 0 ? [a, b] : [b, a];
      left = (await mixed.receive(first, 1 + (state % 3))) || (await mixed.receive(second, 1));
    }
    const loans = await straight.told();
    expect(loans).toEqual(expect.arrayContaining(['A RETURNED 1000', 'D RETURNED 1000']));
    expect(loans).toHaveLength(3);
    expect((await mixed.told()).toSorted()).toEqual(loans.toSorted());
  });

  test('a process that dies between reading and judging loses nothing, and reads nothing twice', async () => {
    const { a, b } = await stories();
    const straight = await LoanWorld.open('straight');
    await straight.receive(a);
    await straight.receive(b);
    const folder = mkdtempSync(join(tmpdir(), 'stile-loans-'));
    const file = join(folder, 'loans.db');
    const world = await LoanWorld.open('dying');
    await world.store(a);
    await world.store(b);
    let read = 0;
    for (let life = 0, count = -1; count !== 0; life++) {
      const database = await openSqliteLoans(file);
      count = await new LoanReader({ rows: world.rows, loans: database.loans }).pass();
      read += count;
      if (life === 0) expect(await database.loans.loans(loanStates, 10)).toEqual([]);
      await database.close();
    }
    expect(read).toBe(a.length + b.length);
    const database = await openSqliteLoans(file);
    const { rows, clock } = world;
    const entropy = new SeededEntropy('next');
    await new LoanDesk({ rows, loans: database.loans, clock, entropy, log: silentLogger, policy }).pass();
    const told = (await database.loans.loans(loanStates, 10)).map(({ taken, state }) => `${taken.item} ${state}`);
    expect(told.toSorted()).toEqual((await straight.told()).map((line) => line.replace(/ \S+$/, '')).toSorted());
    await database.close();
    rmSync(folder, { recursive: true });
  });

  test('rows beyond the cursor are not read, and each row once', async () => {
    const { a } = await stories();
    const world = await LoanWorld.open('once');
    await world.receive(a);
    const before = await world.told();
    const { terminal, epoch } = a[0] ?? { terminal: '', epoch: 0 };
    const position = await world.database.loans.position(terminal, epoch);
    expect(position.seq).toBe((await world.rows.cursor(terminal, epoch))?.upto);
    // A crash before the position was stored: the same run again.
    const stored = await world.rows.read(terminal, epoch, 0, 1_000);
    expect(stored).toHaveLength(a.length);
    await world.loans.pass();
    expect(await world.told()).toEqual(before);
    expect(hex(stored[0]?.hash ?? new Uint8Array())).toHaveLength(64);
  });
});

test.each([
  ['that is forged', 'bad:BAD_SIGNATURE', 'A DISPUTED -'],
  ['that it cannot open', 'bad:UNSEALABLE', 'A DISPUTED -'],
  ['that verifies', 'good', 'A LOST 50000'],
  ['of a format that it does not know', 'bad:UNSUPPORTED_FORMAT', 'A LOST 50000'],
  ['at a time that nobody has dated', 'bad:CLOCK_UNTRUSTED', 'A LOST 50000'],
] as const)('a code %s at the second pass', async (_what, verdict, told) => {
  const { world, hall, pass } = await museum();
  hall.show({ name: 'alder' });
  hall.fetch(1);
  const sealed = hall.rows.map((row) =>
    row.payload.act === 'order' ? { ...row, payload: { ...row.payload, sealed: Uint8Array.of(1) } } : row,
  );
  await world.receive(sealed);
  expect(await world.told()).toEqual([]);
  const order = (await world.rows.unjudged(1_000)).find(({ act }) => act === 'order');
  if (order === undefined) throw new Error('no order');
  await world.rows.judge([{ row: order, verdict }]);
  await pass(4 * dayMs);
  expect(await world.told()).toEqual([told]);
});

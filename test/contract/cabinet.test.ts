// The cabinet port's contract: the Kerong driver against the simulated cabinet, over every kind of line this machine has,
// and against a real board where one is named.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KerongCabinet, type KerongCabinetOptions } from '../../devices/cabinet/kerong/kerong-cabinet.ts';
import type { SlotFacts } from '../../devices/ports/cabinet.ts';
import { SimulatedCabinet, type SimulatedCabinetOptions } from '../../simulators/cabinet/simulated-cabinet.ts';
import { itemNamed } from '../../simulators/cabinet/slot.ts';
import type { LineKind } from '../../simulators/line/line.ts';
import { peer, realDevicePath } from '../peers/available.ts';
import { pause, Rig, record, until } from './rig.ts';

describe.skipIf(!peer('pty'))('Kerong cabinet on pseudo terminals', () => contract('pty'));
describe('Kerong cabinet on sockets', () => contract('socket'));

interface Setup {
  readonly slots?: number;
  readonly readers?: boolean;
  readonly baudRate?: number;
  readonly simulated?: Partial<SimulatedCabinetOptions>;
  readonly driver?: Partial<KerongCabinetOptions>;
}

function contract(kind: LineKind): void {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig(kind);
  });
  afterEach(() => rig.end());

  async function build({ slots = 4, readers = true, baudRate, simulated, driver }: Setup = {}) {
    const { clock, log } = rig;
    const locks = await rig.line(baudRate);
    const tags = readers ? await rig.line(baudRate) : undefined;
    const charge = readers ? await rig.line(baudRate) : undefined;
    const lines = { locks, ...(tags && { tags }), ...(charge && { charge }) };
    const world = new SimulatedCabinet({ slots, lines, clock, nowUs: () => clock.monoUs(), ...simulated });
    rig.ending(() => world.close());
    const cabinet = new KerongCabinet({
      id: 'cabinet',
      locks: { path: locks.path, baudRate: 19_200 },
      slots,
      ...(tags && { tags: { path: tags.path, baudRate: 115_200 } }),
      ...(charge && { charge: { path: charge.path, baudRate: 115_200 } }),
      tagRoundMs: 20,
      chargeRoundMs: 20,
      backOffMs: [20, 40],
      clock,
      log,
      ...driver,
    });
    rig.ending(() => cabinet.stop());
    const facts = record(cabinet.facts);
    const of = (slot: number): SlotFacts => cabinet.snapshot()[slot - 1] as SlotFacts;
    return { world, cabinet, facts, of, locks, tags, charge };
  }

  async function plugIn(setup: Setup = {}) {
    const built = await build(setup);
    await reach(built.cabinet);
    return built;
  }

  async function reach(cabinet: KerongCabinet): Promise<void> {
    const online = cabinet.changed.next((health) => health.state === 'online');
    cabinet.start();
    await online;
  }

  it('says what stands in each slot, with the age of each reading', async () => {
    const { world, cabinet, of } = await build();
    world.load(2, itemNamed('AG-0042', 83));
    const beforeMs = rig.clock.monoMs();
    await reach(cabinet);
    await until(() => of(2).tagId !== null && of(2).chargePercent !== null && of(4).chargeAtMonoMs !== null);
    expect(of(2)).toMatchObject({
      slot: 2,
      locked: true,
      doorClosed: true,
      present: true,
      tagId: 'AG-0042',
      fault: null,
    });
    expect(of(2).chargePercent).toBe(83);
    expect(of(1)).toMatchObject({ slot: 1, locked: true, present: false, tagId: null, chargePercent: null });
    for (const age of [of(2).atMonoMs, of(1).tagAtMonoMs, of(1).chargeAtMonoMs]) {
      expect(age).toBeGreaterThanOrEqual(beforeMs);
      expect(age).toBeLessThanOrEqual(rig.clock.monoMs());
    }
    expect(cabinet.canRelatch).toBe(false);
    expect(cabinet.relatch(2)).toBe(false);
  });

  it('unlock moves one lock once, and the facts follow', async () => {
    const { world, cabinet, facts, of } = await plugIn();
    const open = cabinet.facts.next(({ slot, locked }) => slot === 3 && locked === false);
    expect(cabinet.unlock(3)).toBe(true);
    expect(cabinet.unlock(4)).toBe(false);
    expect(await open).toMatchObject({ doorClosed: false, fault: null });
    expect(world.slot(3)).toMatchObject({ locked: false, doorOpen: true });
    await pause(1_200);
    expect(world.unlocks).toMatchObject([{ slot: 3, moved: true }]);
    expect(of(3).fault).toBeNull();
    expect(facts.filter(({ slot, locked }) => slot === 4 && locked === false)).toEqual([]);
  });

  it('follows a loan and a return: opened, taken, charged, put back', async () => {
    const { world, cabinet, of } = await build({ simulated: { chargePercentPerMinute: 60_000 } });
    world.load(1, itemNamed('AG-0001', 40));
    await reach(cabinet);
    await until(() => of(1).tagId === 'AG-0001');
    expect(cabinet.unlock(1)).toBe(true);
    await until(() => of(1).locked === false);
    const item = world.take(1);
    expect(item?.tags).toEqual(['AG-0001']);
    await until(() => of(1).present === false && of(1).tagId === null && of(1).locked === true);

    expect(cabinet.unlock(1)).toBe(true);
    await until(() => of(1).locked === false);
    expect(world.putBack(1, itemNamed('AG-0001', 5))).toBe(true);
    await until(() => of(1).locked === true && of(1).tagId === 'AG-0001');
    await until(() => of(1).chargePercent === 100);
  });

  it('a visitor who walks off leaves the slot open with the item in it', async () => {
    const { world, cabinet, of } = await build();
    world.load(1, itemNamed('AG-0001'));
    await reach(cabinet);
    cabinet.unlock(1);
    await until(() => of(1).locked === false && of(1).tagId === 'AG-0001');
    expect(of(1)).toMatchObject({ doorClosed: false, present: true });
    expect(world.slot(1)).toMatchObject({ doorOpen: true, placement: 'in' });
  });

  interface BroughtCase {
    readonly what: string;
    readonly bring: (world: SimulatedCabinet) => boolean;
    readonly says: Partial<SlotFacts>;
  }
  const brought: readonly BroughtCase[] = [
    {
      what: 'a guide the wrong way round: present, without tag and charge',
      bring: (world) => world.putBack(1, itemNamed('AG-0001'), 'reversed'),
      says: { locked: true, present: true, tagId: null, chargePercent: null, fault: null },
    },
    {
      what: 'a guide that stood half in and was pushed home',
      bring: (world) => world.putBack(1, itemNamed('AG-0001', 50), 'mouth') && world.turnRound(1),
      says: { locked: true, present: true, tagId: 'AG-0001', fault: null },
    },
    {
      what: 'a foreign object: present without tag',
      bring: (world) => world.putForeign(1),
      says: { locked: true, present: true, tagId: null, chargePercent: null, fault: null },
    },
    {
      what: 'two guides in one slot',
      bring: (world) => world.putTwo(1, itemNamed('AG-0001'), itemNamed('AG-0002')),
      says: { locked: true, present: true, tagId: null, fault: 'twoTags' },
    },
  ];
  it.each(brought)('sees $what', async ({ bring, says }) => {
    const { world, cabinet, of } = await plugIn();
    cabinet.unlock(1);
    await until(() => of(1).locked === false);
    expect(bring(world)).toBe(true);
    const shutAtMs = rig.clock.monoMs();
    await until(() => of(1).locked === true && (of(1).tagAtMonoMs ?? 0) > shutAtMs + 100);
    expect(of(1)).toMatchObject(says);
  });

  it('a guide the wrong way round has its tag once the slot is opened again and it is turned', async () => {
    const { world, cabinet, of } = await plugIn();
    for (const act of [() => world.putBack(1, itemNamed('AG-0001'), 'reversed'), () => world.turnRound(1)]) {
      cabinet.unlock(1);
      await until(() => of(1).locked === false);
      expect(act()).toBe(true);
      await until(() => of(1).locked === true);
    }
    await until(() => of(1).tagId === 'AG-0001');
    expect(world.unlocks).toHaveLength(2);
  });

  it('a jammed lock stays locked: lockJam after a second, one frame, and a new unlock may try again', async () => {
    const { world, cabinet, of } = await plugIn({ readers: false });
    const jam = world.faults.add({ kind: 'jam', slot: 2 }, 1);
    const sentMs = rig.clock.monoMs();
    expect(cabinet.unlock(2)).toBe(true);
    await until(() => jam.fired === 1);
    expect(cabinet.unlock(1)).toBe(false);
    await until(() => of(2).fault === 'lockJam');
    expect(rig.clock.monoMs() - sentMs).toBeGreaterThanOrEqual(1_000);
    expect(of(2).locked).toBe(true);
    expect(world.unlocks).toMatchObject([{ slot: 2, moved: false }]);

    expect(cabinet.unlock(2)).toBe(true);
    await until(() => of(2).locked === false);
    expect(of(2).fault).toBeNull();
    expect(world.unlocks).toHaveLength(2);
  });

  it('a welded relay leaves the lock open behind a shut door', async () => {
    const { world, cabinet, of } = await plugIn({ readers: false });
    const weld = world.faults.add({ kind: 'relay-stuck', slot: 1 });
    cabinet.unlock(1);
    await until(() => of(1).locked === false);
    expect(world.pushShut(1)).toBe(false);
    await pause(400);
    expect(weld.fired).toBe(1);
    expect(of(1).locked).toBe(false);
    expect(world.slot(1).doorOpen).toBe(false);
  });

  it('a door that is pushed but does not catch stays open until it is pushed again', async () => {
    const { world, cabinet, of } = await plugIn({ readers: false });
    const ajar = world.faults.add({ kind: 'door-ajar', slot: 1 }, 1);
    cabinet.unlock(1);
    await until(() => of(1).locked === false);
    expect(world.pushShut(1)).toBe(false);
    await pause(400);
    expect(ajar.fired).toBe(1);
    expect(of(1).doorClosed).toBe(false);
    expect(world.pushShut(1)).toBe(true);
    await until(() => of(1).doorClosed === true);
  });

  it('an item half in the slot is present without tag, and the door stays open', async () => {
    const { world, cabinet, of } = await plugIn();
    const half = world.faults.add({ kind: 'half-in', slot: 1 }, 1);
    cabinet.unlock(1);
    await until(() => of(1).locked === false);
    world.putBack(1, itemNamed('AG-0001'));
    await until(() => of(1).present === true);
    await pause(200);
    expect(half.fired).toBe(1);
    expect(of(1)).toMatchObject({ present: true, tagId: null, locked: false });
  });

  it('a wrong tag is handed on as read: whose it is, is for the machine', async () => {
    const { world, cabinet, of } = await build();
    world.load(1, itemNamed('AG-0001'));
    const wrong = world.faults.add({ kind: 'wrong-tag', slot: 1, tag: 'XX-9999' });
    await reach(cabinet);
    await until(() => of(1).tagId !== null);
    expect(of(1).tagId).toBe('XX-9999');
    expect(wrong.fired).toBeGreaterThan(0);
  });

  it.each([
    ['tags', 'tagReader'],
    ['charge', 'chargeReader'],
  ] as const)('a slot whose %s cannot be read says %s, and the others read on', async (part, fault) => {
    const { world, cabinet, of } = await build();
    world.load(1, itemNamed('AG-0001', 90));
    world.load(2, itemNamed('AG-0002', 80));
    const unreadable = world.faults.add({ kind: 'unreadable', slot: 1, part });
    await reach(cabinet);
    await until(() => of(1).fault !== null && of(2).tagId !== null && of(2).chargePercent !== null);
    expect(of(1).fault).toBe(fault);
    expect(part === 'tags' ? of(1).tagId : of(1).chargePercent).toBeNull();
    expect(of(2).fault).toBeNull();
    expect(unreadable.fired).toBeGreaterThan(0);
  });

  it('leftovers of earlier answers between two requests fool nobody', async () => {
    const { world, cabinet, facts, of } = await plugIn({ readers: false });
    await openThenShut(world, cabinet, of);
    const heard = facts.length;
    const stale = world.faults.add({ kind: 'stale-bytes', when: 'between', copies: 3 });
    await until(() => stale.fired >= 6);
    world.faults.remove(stale);
    await pause(150);
    expect(facts.slice(heard).filter(({ slot }) => slot === 1)).toEqual([]);
    expect(of(1).locked).toBe(true);
  });

  it('one late answer of an earlier request fools nobody', async () => {
    const { world, cabinet, facts, of } = await plugIn({ readers: false });
    await openThenShut(world, cabinet, of);
    const heard = facts.length;
    for (let round = 0; round < 3; round++) {
      const stale = world.faults.add({ kind: 'stale-bytes', when: 'before', copies: 1 }, 1);
      await until(() => stale.fired === 1);
      await pause(250);
    }
    expect(facts.slice(heard).filter(({ slot }) => slot === 1)).toEqual([]);
    expect(of(1).locked).toBe(true);
  });

  /** Leaves slot 2 open, so that the board is polled often, and slot 1 shut after it was open. */
  async function openThenShut(world: SimulatedCabinet, cabinet: KerongCabinet, of: (slot: number) => SlotFacts) {
    for (const slot of [2, 1]) {
      cabinet.unlock(slot);
      await until(() => of(slot).locked === false);
    }
    world.pushShut(1);
    await until(() => of(1).locked === true);
  }

  it('reads through noise before every answer, seed of the simulated cabinet', async () => {
    const { world, cabinet, of } = await build();
    world.load(1, itemNamed('AG-0001', 77));
    const noises = (['locks', 'tags', 'charge'] as const).map((part) =>
      world.faults.add({ kind: 'noise', part, bytes: 5 }),
    );
    await reach(cabinet);
    await until(() => of(1).locked === true && of(1).present === true);
    expect(noises.map(({ fired }) => fired > 0)).toEqual([true, true, true]);
    for (const noise of noises.slice(1)) world.faults.remove(noise);
    await until(() => of(1).tagId === 'AG-0001' && of(1).chargePercent === 77);
  });

  it('waits for a slow board and still moves once', async () => {
    const { world, cabinet, of } = await plugIn({ readers: false });
    const slow = world.faults.add({ kind: 'slow', part: 'locks', ms: 120 });
    expect(cabinet.unlock(1)).toBe(true);
    await until(() => of(1).locked === false);
    expect(slow.fired).toBeGreaterThan(0);
    expect(world.unlocks).toHaveLength(1);
  });

  it('a board that loses its power is faulty, its facts are unknown, and it comes back by itself', async () => {
    const { world, cabinet, of } = await build();
    world.load(1, itemNamed('AG-0001'));
    await reach(cabinet);
    await until(() => of(1).tagId === 'AG-0001');
    const silent = cabinet.changed.next((health) => health.state === 'faulty');
    const gone = world.faults.add({ kind: 'gone', part: 'locks' });
    expect((await silent).detail).toMatch(/DEVICE_SILENT: lock board 0 at .*: 4 requests unanswered/);
    expect(gone.fired).toBeGreaterThanOrEqual(4);
    expect(of(1)).toMatchObject({ locked: null, doorClosed: null, present: null, tagId: 'AG-0001' });
    expect(cabinet.unlock(1)).toBe(false);

    const back = cabinet.changed.next((health) => health.state === 'online');
    world.faults.remove(gone);
    expect((await back).reconnects).toBe(1);
    expect(of(1)).toMatchObject({ locked: true, present: true });
    expect(world.unlocks).toEqual([]);
  });

  it.each(['tags', 'charge'] as const)(
    'without its %s line the cabinet serves, and those facts are null',
    async (part) => {
      const { world, cabinet, of, [part]: line } = await build();
      world.load(1, itemNamed('AG-0001', 60));
      await reach(cabinet);
      await until(() => of(1).tagId === 'AG-0001' && of(1).chargePercent === 60);
      const gone = world.faults.add({ kind: 'gone', part });
      const key = part === 'tags' ? 'tagId' : 'chargePercent';
      const age = part === 'tags' ? 'tagAtMonoMs' : 'chargeAtMonoMs';
      await until(() => of(1)[age] === null);
      expect(gone.fired).toBeGreaterThanOrEqual(3);
      expect(of(1)[key]).toBeNull();
      expect(cabinet.health()).toMatchObject({
        state: 'online',
        detail: expect.stringContaining(`cabinet ${part} faulty`),
      });
      expect(cabinet.unlock(1)).toBe(true);
      await until(() => of(1).locked === false);

      world.faults.remove(gone);
      await until(() => of(1)[key] !== null);
      await line?.unplug();
      await until(() => of(1)[age] === null);
      await line?.replug();
      await until(() => of(1)[key] !== null);
      expect(cabinet.health().detail).not.toContain(`cabinet ${part}`);
    },
  );

  it('a cabinet without readers has locks and presence only', async () => {
    const { world, of } = await plugIn({ readers: false });
    world.load(1, itemNamed('AG-0001'));
    await until(() => of(1).present === true);
    expect(of(1)).toMatchObject({ tagId: null, tagAtMonoMs: null, chargePercent: null, chargeAtMonoMs: null });
  });

  it('inputs that carry no presence sensors are not taken for them', async () => {
    const { world, of } = await plugIn({ readers: false, driver: { presence: false } });
    world.load(1, itemNamed('AG-0001'));
    await pause(50);
    expect(of(1)).toMatchObject({ locked: true, present: null });
  });

  it('a plug pulled while the lock moves: one motion, and the truth is read when it is back', async () => {
    const { world, cabinet, of, locks } = await plugIn({ readers: false });
    const pulled = world.unlocked.next().then(() => locks.unplug());
    const absent = cabinet.changed.next((health) => health.state !== 'online');
    expect(cabinet.unlock(2)).toBe(true);
    await pulled;
    await absent;
    expect(of(2)).toMatchObject({ locked: null, fault: null });

    const back = cabinet.changed.next((health) => health.state === 'online');
    await locks.replug();
    await back;
    expect(of(2).locked).toBe(false);
    await pause(1_200);
    expect(world.unlocks).toMatchObject([{ slot: 2, moved: true }]);
  });

  it('an unlock that waited for the bus when the plug was pulled is never made up for', async () => {
    const { world, cabinet, locks } = await plugIn({ readers: false });
    const slow = world.faults.add({ kind: 'slow', part: 'locks', ms: 150 });
    await until(() => slow.fired > 0);
    expect(cabinet.unlock(1)).toBe(true);
    await locks.unplug();
    world.faults.remove(slow);
    const back = cabinet.changed.next((health) => health.state === 'online');
    await locks.replug();
    await back;
    await pause(300);
    expect(world.unlocks).toEqual([]);
  });

  it('a board with another number is silence, not a cabinet', async () => {
    const { world, cabinet } = await build({ readers: false, simulated: { board: 1 } });
    const faulty = cabinet.changed.next((health) => health.state === 'faulty');
    cabinet.start();
    expect((await faulty).detail).toMatch(/DEVICE_SILENT: lock board 0/);
    expect(cabinet.unlock(1)).toBe(false);
    expect(world.unlocks).toEqual([]);
  });

  it('an answer under another number is named, and nothing of it is believed', async () => {
    const { world, cabinet, facts } = await build({ readers: false });
    const wrong = world.faults.add({ kind: 'wrong-board', board: 7 });
    const faulty = cabinet.changed.next((health) => health.state === 'faulty');
    cabinet.start();
    expect((await faulty).detail).toMatch(/DEVICE_UNSUPPORTED: board 7 answers at .*, not board 0/);
    expect(wrong.fired).toBeGreaterThanOrEqual(4);
    expect(facts.filter(({ locked }) => locked !== null)).toEqual([]);
  });

  it('a board under its own number answers there', async () => {
    const { world, cabinet, of } = await plugIn({ readers: false, simulated: { board: 9 }, driver: { board: 9 } });
    expect(cabinet.unlock(4)).toBe(true);
    await until(() => of(4).locked === false);
    expect(world.unlocks).toMatchObject([{ slot: 4 }]);
  });

  it('sixteen slots at the speed of the line', async () => {
    const { world, cabinet, of } = await plugIn({ slots: 16, readers: false, baudRate: 19_200 });
    expect(cabinet.unlock(16)).toBe(true);
    await until(() => of(16).locked === false);
    expect(world.unlocks).toMatchObject([{ slot: 16, moved: true }]);
  });

  it('is silent after stop and leaves no timer behind', async () => {
    const { world, cabinet, facts } = await plugIn();
    await cabinet.stop();
    const heard = facts.length;
    expect(cabinet.health().state).toBe('stopped');
    expect(cabinet.unlock(1)).toBe(false);
    world.load(1, itemNamed('AG-0001'));
    await pause(80);
    expect(facts).toHaveLength(heard);
    expect(rig.clock.pending().filter((name) => !name.startsWith('pty'))).toEqual([]);
  });
}

const realCabinet = realDevicePath('cabinet');
describe.skipIf(!realCabinet)('Kerong cabinet on a real board', () => {
  it('answers under its number and says which locks are locked; nothing is unlocked', async () => {
    const rig = new Rig('socket');
    const cabinet = new KerongCabinet({
      id: 'real',
      locks: { path: realCabinet ?? '', baudRate: Number(process.env['STILE_TEST_CABINET_BAUD'] ?? 19_200) },
      board: Number(process.env['STILE_TEST_CABINET_BOARD'] ?? 0),
      slots: 16,
      clock: rig.clock,
      log: rig.log,
    });
    const online = cabinet.changed.next((health) => health.state === 'online');
    cabinet.start();
    await online;
    expect(cabinet.snapshot().every(({ locked }) => locked !== null)).toBe(true);
    await cabinet.stop();
    await rig.end();
  });
});

// The museum of a running street as its page drives it: visitors act on device ends, real terminals answer, and what the
// device ends look like is what the page is told.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LiveMuseum } from '../../runtime/main/street/live-museum.ts';
import { Stage } from '../../runtime/main/street/stage.ts';
import type { CabinetSnapshot, LaneSnapshot, OfferKind } from '../../simulators/street/museum-world.ts';

// Six real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

let folder: string;
let stage: Stage;
let world: LiveMuseum;
let changes = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stile-museum-'));
  stage = await Stage.open({ folder, line: 'auto' });
  world = new LiveMuseum(stage.museum, stage.clock, () => changes++);
  await stage.start();
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

function lane(id: string): LaneSnapshot {
  const found = world.snapshot().lanes.find((one) => one.id === id);
  if (!found) throw new Error(`no ${id}`);
  return found;
}

function cabinet(id: string): CabinetSnapshot {
  const found = world.snapshot().cabinets.find((one) => one.id === id);
  if (!found) throw new Error(`no ${id}`);
  return found;
}

const held = (kind: OfferKind): string => world.snapshot().offers.find((offer) => offer.kind === kind)?.code ?? '';
const openSlot = (id: string): number => cabinet(id).slots.find(({ doorOpen }) => doorOpen)?.slot ?? 0;

describe('a gate lane', () => {
  it.each(['lane-1', 'lane-2'])('%s: a ticket opens it, somebody walks through, and it locks again', async (id) => {
    const before = changes;
    await world.act({ kind: 'ticket', lane: id, ticket: 'good' });
    await stage.until('the release', () => lane(id).barrier.phase === 'released');
    await world.act({ kind: 'person', lane: id, does: 'walk' });
    await stage.until('somebody in the passage', () => lane(id).people.length === 1);
    await stage.until('the lock', () => lane(id).barrier.phase === 'locked' && lane(id).people.length === 0);
    expect(lane(id).answer).toMatchObject({ cue: 'accepted', reason: 'OK' });
    expect(lane(id).beeps).toBeGreaterThan(0);
    expect(changes).toBeGreaterThan(before);
  });

  it.each(['lane-1', 'lane-2'])(
    '%s: out of order while its board is mute, and well by itself once mended',
    async (id) => {
      await world.act({ kind: 'mute', terminal: id, on: true });
      await world.act({ kind: 'ticket', lane: id, ticket: 'good' });
      await stage.until('the fault', () => lane(id).answer?.reason === 'DEVICE_FAULT', 60_000);
      expect(lane(id).barrier.phase).toBe('locked');
      await world.act({ kind: 'mute', terminal: id, on: false });
      const machine = stage.museum.lanes.find((one) => one.id === id);
      await stage.until('the self test', () => machine?.sight.acts().has('selfTest') ?? false, 90_000);
      await world.act({ kind: 'ticket', lane: id, ticket: 'good' });
      await stage.until('the release', () => lane(id).barrier.phase === 'released');
      await world.act({ kind: 'person', lane: id, does: 'walk' });
      await stage.until('the lock', () => lane(id).barrier.phase === 'locked' && lane(id).people.length === 0);
    },
  );

  it('refuses a ticket before its slot', async () => {
    await world.act({ kind: 'ticket', lane: 'lane-1', ticket: 'early' });
    await stage.until('the refusal', () => lane('lane-1').answer?.reason === 'NOT_YET_VALID');
    expect(lane('lane-1').barrier.phase).toBe('locked');
  });
});

describe('a guide', () => {
  it('borrowed by phone at one cabinet comes back at the other', async () => {
    await stage.until('a code', () => cabinet('cabinet-1').code !== null);
    await world.act({ kind: 'borrow', cabinet: 'cabinet-1', by: 'phone' });
    await stage.until('an open door', () => openSlot('cabinet-1') > 0);
    await world.act({ kind: 'take', cabinet: 'cabinet-1', slot: openSlot('cabinet-1') });
    const [item] = world.snapshot().carried;
    expect(item).toMatch(/^A-\d+$/);
    await world.act({ kind: 'pressReturn', cabinet: 'cabinet-2' });
    await stage.until('an open slot', () => openSlot('cabinet-2') > 0);
    const slot = openSlot('cabinet-2');
    await world.act({ kind: 'putBack', cabinet: 'cabinet-2', slot, item: null });
    expect(world.snapshot().carried).toEqual([]);
    expect(cabinet('cabinet-2').slots[slot - 1]?.item?.tags).toEqual([item]);
    await stage.until('the thanks', () => cabinet('cabinet-2').prompt?.prompt === 'returned');
  });

  it('behind a latch that jams is left for the next one', async () => {
    const jammed = cabinet('cabinet-1')
      .slots.filter(({ item }) => item !== null)
      .slice(0, 1);
    for (const { slot } of jammed) await world.act({ kind: 'jam', cabinet: 'cabinet-1', slot, on: true });
    await world.act({ kind: 'borrow', cabinet: 'cabinet-1', by: 'loanCode' });
    await stage.until('an open door', () => openSlot('cabinet-1') > 0);
    expect(jammed.map(({ slot }) => slot)).not.toContain(openSlot('cabinet-1'));
    for (const { slot } of jammed) await world.act({ kind: 'jam', cabinet: 'cabinet-1', slot, on: false });
    await world.act({ kind: 'take', cabinet: 'cabinet-1', slot: openSlot('cabinet-1') });
  });
});

describe('the phone', () => {
  it('holds a code until another one is bought, and shows it to any reader', async () => {
    const ticket = held('ticket');
    expect(held('ticket')).toBe(ticket);
    expect(await world.present(ticket, 'cabinet-1')).toBe('');
    await stage.until('the refusal', () => cabinet('cabinet-1').answer?.reason === 'WRONG_PRODUCT');
    await world.act({ kind: 'buy', offer: 'ticket' });
    expect(held('ticket')).not.toBe(ticket);
  });
});

describe('a machine', () => {
  it('has a reader that can be pulled: nobody reads what is shown then', async () => {
    await world.act({ kind: 'reader', terminal: 'lane-1', plugged: false });
    expect(lane('lane-1').reader.plugged).toBe(false);
    const answers = stage.museum.lanes[0].answers.length;
    expect(await world.present(held('ticket'), 'lane-1')).toContain('unplugged');
    await world.act({ kind: 'reader', terminal: 'lane-1', plugged: true });
    expect(lane('lane-1').reader.plugged).toBe(true);
    expect(stage.museum.lanes[0].answers).toHaveLength(answers);
  });

  it('has a network of its own, and a code for phones only where the head end is reached', async () => {
    await world.act({ kind: 'network', terminal: 'cabinet-1', cut: true });
    await stage.until('the end of the code', () => cabinet('cabinet-1').code === null);
    expect(cabinet('cabinet-1').network).toBe('cut');
    expect(cabinet('cabinet-2').network).toBe('up');
    await world.act({ kind: 'network', terminal: 'cabinet-1', cut: false });
    await stage.until('a code again', () => cabinet('cabinet-1').code !== null);
  });

  it('whose lock board is mute opens no door, and writes that it did not', async () => {
    const [hall] = stage.museum.cabinets;
    const [outcomes, unlocks] = [hall.outcomes('dispense').length, hall.cabinet.unlocks.length];
    await world.act({ kind: 'mute', terminal: 'cabinet-1', on: true });
    expect(cabinet('cabinet-1').boardLine).toBe('mute');
    await world.present(held('loanCode'), 'cabinet-1');
    await stage.until('an outcome', () => hall.outcomes('dispense').length > outcomes);
    expect(hall.outcomes('dispense').at(-1)?.payload.outcome).not.toBe('taken');
    expect(hall.cabinet.unlocks).toHaveLength(unlocks);
    expect(openSlot('cabinet-1')).toBe(0);
    await world.act({ kind: 'mute', terminal: 'cabinet-1', on: false });
    expect(cabinet('cabinet-1').boardLine).toBe('alive');
  });

  it('is killed and started again, and says so', async () => {
    await world.act({ kind: 'kill', terminal: 'cabinet-2' });
    expect(cabinet('cabinet-2')).toMatchObject({ process: 'dead', pid: null });
    await world.act({ kind: 'restart', terminal: 'cabinet-2' });
    expect(cabinet('cabinet-2').process).toBe('running');
  });

  it('that is not there is named as such', async () => {
    await expect(world.act({ kind: 'kill', terminal: 'lane-9' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a fire', () => {
  it('frees every barrier, and both lanes write it down', async () => {
    await world.act({ kind: 'fire', on: true });
    expect(world.snapshot().lanes.map(({ barrier }) => barrier.phase)).toEqual(['free', 'free']);
    for (const { id, sight } of stage.museum.lanes)
      await stage.until(`the fire at ${id}`, () => sight.rows().some(({ payload }) => payload.incident === 'fire'));
    await world.act({ kind: 'fire', on: false });
  });

  it('is over at a lane once somebody on duty shows a badge', async () => {
    const [one] = stage.museum.lanes;
    const cleared = (): boolean => one.sight.acts().has('fireCleared');
    await stage.until('the contact', () => one.sight.acts().has('fireReset'));
    expect(cleared()).toBe(false);
    await world.present(held('badge'), 'lane-1');
    await stage.until('the end of the fire', cleared);
  });
});

describe('the folder', () => {
  it('names every machine, and holds what it names', async () => {
    const machines = JSON.parse(readFileSync(join(folder, 'machines.json'), 'utf8')) as readonly {
      readonly terminal: string;
      readonly journal: string;
      readonly trace: string;
      readonly acts: string | null;
    }[];
    expect(machines.map(({ terminal }) => terminal)).toEqual(['bus-1', 'lane-1', 'lane-2', 'cabinet-1', 'cabinet-2']);
    for (const { journal, trace, acts } of machines)
      for (const file of [journal, trace, ...(acts === null ? [] : [acts])])
        expect(existsSync(join(folder, file)), file).toBe(true);
  });
});

// Slots on lines are heard by their drivers' events, and what the lock board felt is compared with what was ordered.
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import type { CabinetInput } from '../../../runtime/machines/cabinet/input.ts';
import type { SlotFacts } from '../../../runtime/machines/cabinet/slot.ts';
import { LineSlots, slotsHearWithinMs } from '../../../runtime/main/scenario/line-slots.ts';
import type { CabinetSetting, SlotDeed } from '../../../runtime/main/scenario/machine-format.ts';

const setting: CabinetSetting = { kind: 'cabinet', slots: [{ item: 'A', charge: 80 }, null] };
const foundMs = 50;
let slots: LineSlots | null = null;
afterEach(() => slots?.end());

interface Rig {
  readonly clock: VirtualClock;
  readonly device: LineSlots;
  readonly start: (silentMs: number) => void;
  readonly told: (slot: number) => SlotFacts | undefined;
  readonly everTold: (slot: number) => readonly SlotFacts[];
}

function made(): Rig {
  const clock = new VirtualClock();
  const device = new LineSlots(setting, clock);
  slots = device;
  const heard: SlotFacts[] = [];
  const input = (given: CabinetInput): void => void (given.kind === 'SlotChanged' && heard.push(given.facts));
  const everTold = (slot: number) => heard.filter((facts) => facts.slot === slot);
  return {
    clock,
    device,
    start: (silentMs) => device.begin({ clock, silentMs, input }),
    told: (slot) => everTold(slot).at(-1),
    everTold,
  };
}

async function found(): Promise<Rig> {
  const rig = made();
  rig.start(0);
  await rig.device.settled();
  await rig.clock.advance(foundMs);
  return rig;
}

describe('slots behind a lock board', () => {
  it('are found, and told with lock, presence, tag and charge', async () => {
    const { device, told } = await found();
    expect(device.online).toBe(true);
    expect(told(1)).toMatchObject({ locked: true, present: true, tagId: 'A', chargePercent: 80 });
    expect(told(2)).toMatchObject({ locked: true, present: false, tagId: null, chargePercent: null });
  });

  it('open on a pulse, and tell of the guide that is taken and of the door that is shut', async () => {
    const { clock, device, everTold, told } = await found();
    expect(device.pulse(1)).toBe(true);
    await clock.advance(0);
    device.act({ slot: 1, does: 'fetch' });
    await clock.advance(slotsHearWithinMs);
    expect(everTold(1).some(({ locked, present }) => locked === false && present === false)).toBe(true);
    expect(told(1)).toMatchObject({ locked: true, present: false, tagId: null });
    expect(device.problems(1)).toEqual([]);
  });

  it.each<{ readonly deed: SlotDeed; readonly facts: Partial<SlotFacts> }>([
    { deed: { slot: 2, does: 'put', item: 'E' }, facts: { present: true, tagId: 'E', chargePercent: 50 } },
    { deed: { slot: 2, does: 'put', item: 'E', wrongWay: true }, facts: { present: true, tagId: null } },
    { deed: { slot: 1, does: 'set', charge: 12 }, facts: { tagId: 'A', chargePercent: 12 } },
    { deed: { slot: 1, does: 'rob' }, facts: { locked: true, present: false, tagId: null } },
    { deed: { slot: 1, does: 'take' }, facts: { locked: true, present: true, tagId: 'A' } },
  ])('tell what people did: $deed', async ({ deed, facts }) => {
    const { clock, device, told } = await found();
    device.act(deed);
    await clock.advance(slotsHearWithinMs);
    expect(told(deed.slot)).toMatchObject(facts);
  });

  it('stand open with what was put in, where nobody shuts the door', async () => {
    const { clock, device, told } = await found();
    device.pulse(2);
    await clock.advance(0);
    device.act({ slot: 2, does: 'put', item: 'E', door: 'open' });
    await clock.advance(slotsHearWithinMs);
    expect(told(2)).toMatchObject({ locked: false, tagId: 'E' });
    device.act({ slot: 2, does: 'closeDoor' });
    await clock.advance(slotsHearWithinMs);
    expect(told(2)).toMatchObject({ locked: true, tagId: 'E' });
  });

  it('say so when the board felt another number of pulses than were ordered', async () => {
    const { clock, device } = await found();
    device.act({ slot: 1, does: 'set', jams: 1 });
    device.pulse(1);
    await clock.advance(0);
    expect(device.problems(1)).toEqual([]);
    expect(device.problems(0)).toEqual(['the lock board felt 1 pulses, and 0 were ordered']);
    expect(device.problems(2)).toEqual(['the lock board felt 1 pulses, and 2 were ordered']);
  });

  it('feel the pulse on the line when the power goes, before anybody reaches in, and none after', async () => {
    const { clock, device, start, told } = await found();
    device.pulse(1);
    device.end();
    device.act({ slot: 1, does: 'fetch' });
    expect(device.pulse(1)).toBe(false);
    start(0);
    await clock.advance(foundMs);
    expect(device.problems(1)).toEqual([]);
    expect(told(1)).toMatchObject({ locked: true, present: false, tagId: null });
  });

  it('say nothing for as long as their sensors are silent', async () => {
    const { clock, device, start, everTold, told } = made();
    start(5_000);
    await clock.advance(5_000);
    expect(everTold(1)).toEqual([]);
    expect(device.online).toBe(false);
    await clock.advance(slotsHearWithinMs);
    expect(told(1)).toMatchObject({ locked: true, tagId: 'A' });
  });

  it('are gone with their board, and come back', async () => {
    const { clock, device, told } = await found();
    device.setOnline(false);
    await clock.advance(0);
    expect(device.online).toBe(false);
    expect(told(1)).toMatchObject({ locked: null, tagId: null });
    device.setOnline(true);
    await clock.advance(slotsHearWithinMs);
    expect(told(1)).toMatchObject({ locked: true, tagId: 'A' });
  });

  it.each<{ readonly what: string; readonly play: (device: LineSlots) => unknown }>([
    { what: 'lockJam', play: (device) => device.act({ slot: 1, does: 'lockJam' }) },
    { what: 'dumb', play: (device) => device.act({ slot: 1, does: 'set', dumb: true }) },
    { what: 'put without item', play: (device) => device.act({ slot: 2, does: 'put' }) },
    { what: 'there is no slot 3', play: (device) => device.act({ slot: 3, does: 'take' }) },
    { what: 'serial "a b"', play: (device) => device.act({ slot: 2, does: 'put', item: 'a b' }) },
    { what: 'canRelatch', play: () => new LineSlots({ ...setting, canRelatch: true }, new VirtualClock()) },
    {
      what: '17 slots',
      play: () => new LineSlots({ kind: 'cabinet', slots: new Array(17).fill(null) }, new VirtualClock()),
    },
  ])('do not play what no real cabinet does: $what', async ({ what, play }) => {
    const { device } = await found();
    expect(() => play(device)).toThrow(what);
  });
});

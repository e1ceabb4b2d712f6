// The simulated cabinet's mechanics, without a driver: what people can do to a slot, and what they cannot.
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import type { CabinetFault } from '../../../simulators/cabinet/cabinet-faults.ts';
import { foreignObject, itemNamed, Slot } from '../../../simulators/cabinet/slot.ts';
import { FaultList } from '../../../simulators/line/faults.ts';

function slotOf(slot = 1, faults = new FaultList<CabinetFault>()) {
  const clock = new VirtualClock();
  const made = new Slot({ slot, clock, faults, chargePercentPerMinute: 2, changed: () => {} });
  return { clock, faults, slot: made };
}

describe('a simulated slot', () => {
  it('gives and takes nothing behind a shut door', () => {
    const { slot } = slotOf();
    slot.load(itemNamed('AG-0001'), 'in');
    expect(slot.take()).toBeNull();
    expect(slot.put(itemNamed('AG-0002'), 'in')).toBe(false);
    expect(slot.state()).toMatchObject({ locked: true, doorOpen: false, placement: 'in' });
  });

  it('opens by its coil and locks by a push only', () => {
    const { slot } = slotOf();
    expect(slot.pull()).toBe(true);
    expect(slot.pull()).toBe(false);
    expect(slot.state()).toMatchObject({ locked: false, doorOpen: true });
    expect(slot.pushShut()).toBe(true);
    expect(slot.pushShut()).toBe(false);
    expect(slot.locked).toBe(true);
  });

  it('holds one item, and cannot shut on one that stands half in', () => {
    const { slot } = slotOf();
    slot.pull();
    expect(slot.put(itemNamed('AG-0001'), 'mouth')).toBe(true);
    expect(slot.put(itemNamed('AG-0002'), 'in')).toBe(false);
    expect(slot.pushShut()).toBe(false);
    expect(slot).toMatchObject({ present: true, tags: [], chargePercent: null });
  });

  it('charges what touches the contacts, to 100 and no further', async () => {
    const { clock, slot } = slotOf();
    slot.load(itemNamed('AG-0001', 95), 'in');
    await clock.advance(60_000);
    expect(slot.chargePercent).toBe(97);
    await clock.advance(600_000);
    expect(slot.chargePercent).toBe(100);
    slot.pull();
    expect(slot.take()).toEqual(itemNamed('AG-0001', 100));
  });

  it('charges nothing that faces away or has no battery', async () => {
    const { clock, slot } = slotOf();
    slot.load(itemNamed('AG-0001', 10), 'reversed');
    await clock.advance(600_000);
    expect(slot.state().item).toEqual(itemNamed('AG-0001', 10));
    slot.load(foreignObject, 'in');
    expect(slot.chargePercent).toBeNull();
  });

  it('a fault of one slot leaves the others alone', () => {
    const faults = new FaultList<CabinetFault>();
    const [first, second] = [slotOf(1, faults).slot, slotOf(2, faults).slot];
    const jam = faults.add({ kind: 'jam', slot: 2 });
    expect([first.pull(), second.pull()]).toEqual([true, false]);
    expect(jam.fired).toBe(1);
  });
});

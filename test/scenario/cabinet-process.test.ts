// The guide cabinet through real processes: real serial stack, lock board and readers at the far end of their lines,
// real journal, real broker.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { itemNamed } from '../../simulators/cabinet/slot.ts';
import { awayGuide, CabinetRig, type CabinetRigOptions, guides, plainItem, slots } from '../fixtures/cabinet-rig.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

let hall: CabinetRig;
afterEach(() => hall.close());

const serving = async (options: CabinetRigOptions = {}): Promise<void> => {
  hall = await CabinetRig.open(options);
  await hall.startServing();
};

const accepted = { cue: 'accepted', reason: 'OK' };

describe('a visitor borrows', () => {
  it('with a loan code while everything is offline: green, one pulse, taken, and the code is used up', async () => {
    await serving();
    await hall.cutNetwork();
    const code = hall.loanCode();
    expect(await hall.show(code)).toMatchObject(accepted);
    const { slot, item } = await hall.takeOffered();
    expect(item).toBe(guides[slot - 1]);
    const [outcome] = await hall.outcomesAfter(0);
    expect(outcome?.payload).toMatchObject({ act: 'dispense', outcome: 'taken', slot, item, reason: 'OK' });
    const order = (await hall.rows()).find(({ payload }) => payload.act === 'order');
    expect(order?.payload).toMatchObject({ offline: true, slot, events: [['order', 'Started', 0]] });
    expect(hall.greens).toBe(1);
    expect(await hall.show(code)).toMatchObject({ cue: 'refused', reason: 'ALREADY_USED' });
    expect(await hall.noIntentMovedTwice()).toEqual({ intents: 1, unlocks: 1 });
    hall.network.restore();
    await hall.everyRowArrivedOnce();
  });

  it('with a ticket printed by the shop, whose product includes a guide; one without a guide is not valid here', async () => {
    await serving();
    expect(await hall.show(hall.paperTicket(plainItem))).toMatchObject({ cue: 'refused', reason: 'WRONG_PRODUCT' });
    const ticket = hall.paperTicket();
    expect(await hall.show(ticket)).toMatchObject(accepted);
    await hall.takeOffered();
    const [outcome] = await hall.outcomesAfter(0);
    expect(outcome?.payload.outcome).toBe('taken');
    expect(await hall.show(ticket)).toMatchObject({ reason: 'ALREADY_USED' });
    expect(hall.cabinet.unlocks).toHaveLength(1);
  });

  it('one after the other: the second code is promised another guide and its latch waits for the first', async () => {
    await serving();
    const [first, second] = [hall.loanCode(), hall.loanCode()];
    expect(await hall.show(first)).toMatchObject(accepted);
    expect(await hall.show(second)).toMatchObject(accepted);
    const one = await hall.takeOffered();
    const other = await hall.takeOffered();
    expect(other.item).not.toBe(one.item);
    expect((await hall.outcomesAfter(1)).map(({ payload }) => payload.outcome)).toEqual(['taken', 'taken']);
    expect(await hall.noIntentMovedTwice()).toEqual({ intents: 2, unlocks: 2 });
  });
});

describe('a latch that jams', () => {
  it('gets one more pulse under an INTENT of its own, then the next slot is tried', async () => {
    await serving();
    const jam = hall.cabinet.faults.add({ kind: 'jam', slot: 1 });
    expect(await hall.show(hall.loanCode())).toMatchObject(accepted);
    const { slot } = await hall.takeOffered();
    expect(jam.fired).toBe(2);
    expect(slot).not.toBe(1);
    const outcomes = await hall.outcomesAfter(2);
    expect(outcomes.map(({ payload }) => payload.outcome)).toEqual(['failed', 'failed', 'taken']);
    expect(await hall.slotKind(1)).toBe('FAULT');
    expect(await hall.noIntentMovedTwice()).toEqual({ intents: 3, unlocks: 3 });
    expect(hall.prompts.map(({ prompt }) => prompt)).toEqual(expect.arrayContaining(['retrying', 'tryingNext']));
  });

  it('in three slots: the visitor is compensated without asking, and the code is free for the fourth', async () => {
    await serving();
    const jams = [1, 2, 3].map((slot) => hall.cabinet.faults.add({ kind: 'jam', slot }));
    const code = hall.loanCode();
    expect(await hall.show(code)).toMatchObject(accepted);
    await hall.prompted('compensated');
    expect(hall.answers.at(-1)).toMatchObject({ cue: 'staff', reason: 'DEVICE_FAULT' });
    expect(jams.map(({ fired }) => fired)).toEqual([2, 2, 2]);
    const ended = (await hall.outcomes()).at(-1);
    expect(ended?.payload).toMatchObject({ act: 'order', reason: 'DEVICE_FAULT' });
    expect(ended?.payload.events?.at(-1)).toEqual(['order', 'Ended', expect.any(Number), 'compensated']);
    expect(await Promise.all([1, 2, 3].map((slot) => hall.slotKind(slot)))).toEqual(['FAULT', 'FAULT', 'FAULT']);
    expect(await hall.show(code)).toMatchObject(accepted);
    expect((await hall.takeOffered()).slot).toBe(4);
    expect(await hall.noIntentMovedTwice()).toEqual({ intents: 7, unlocks: 7 });
    await hall.everyRowArrivedOnce();
  });
});

describe('a guide that nobody takes', () => {
  it('is locked in again by whoever pushes the door: nothing is charged, and the code is free', async () => {
    await serving();
    const code = hall.loanCode();
    await hall.show(code);
    const slot = await hall.prompted('takeGuide');
    expect(hall.cabinet.pushShut(slot)).toBe(true);
    await hall.prompted('notTaken');
    const endings = (await hall.outcomes()).map(({ payload }) => [payload.outcome, payload.events?.at(-1)?.[3]]);
    expect(endings).toEqual([
      ['not_taken', undefined],
      ['not_taken', 'not_taken'],
    ]);
    expect(await hall.show(code)).toMatchObject(accepted);
    await hall.takeOffered();
    expect(await hall.noIntentMovedTwice()).toEqual({ intents: 2, unlocks: 2 });
  });

  it('may be had again within the time: "open again" is a new INTENT', async () => {
    await serving({ lending: { takeWithinMs: 60_000 } });
    await hall.show(hall.loanCode());
    hall.cabinet.pushShut(await hall.prompted('takeGuide'));
    const slot = await hall.prompted('openAgain');
    hall.press('openAgain');
    expect(await hall.prompted('takeGuide')).toBe(slot);
    hall.cabinet.take(slot);
    expect((await hall.outcomesAfter(1)).map(({ payload }) => payload.outcome)).toEqual(['not_taken', 'taken']);
    expect(await hall.noIntentMovedTwice()).toEqual({ intents: 2, unlocks: 2 });
  });

  it('behind a door that stays open is in doubt, without charge, until the latch holds it again', async () => {
    await serving();
    const code = hall.loanCode();
    await hall.show(code);
    const slot = await hall.prompted('takeGuide');
    const [doubt] = await hall.outcomesAfter(0);
    expect(doubt?.payload).toMatchObject({ outcome: 'in_doubt', incident: 'in_doubt' });
    expect(await hall.slotKind(slot)).toBe('LOCKED');
    expect(await hall.show(code)).toMatchObject({ reason: 'DEVICE_FAULT' });
    expect(hall.cabinet.pushShut(slot)).toBe(true);
    await hall.is(slot, 'AVAILABLE');
    expect((await hall.outcomes()).at(-1)?.payload.events?.at(-1)?.[3]).toBe('not_taken');
    expect(await hall.noIntentMovedTwice()).toEqual({ intents: 1, unlocks: 1 });
  });
});

describe('a guide comes back', () => {
  it('offline, into the slot that "return" opens, first contact noted, and may be lent again', async () => {
    await serving();
    await hall.cutNetwork();
    await hall.show(hall.loanCode());
    const { item } = await hall.takeOffered();
    await hall.outcomesAfter(0);
    hall.press('return');
    const slot = await hall.prompted('returnHere');
    expect(hall.cabinet.putBack(slot, itemNamed(item))).toBe(true);
    await hall.prompted('returned');
    const [started, ended] = (await hall.rows())
      .filter(({ payload }) => payload.act === 'return' && payload.slot === slot)
      .slice(-2);
    expect(started?.payload.events).toEqual([['return', 'Started', 0]]);
    expect(ended?.payload).toMatchObject({
      item,
      reason: 'OK',
      offline: true,
      events: [['return', 'Ended', 1, 'done']],
    });
    expect(ended?.payload.contactMonoMs).toBe(started?.payload.contactMonoMs);
    await hall.is(slot, 'AVAILABLE');
    hall.network.restore();
    await hall.everyRowArrivedOnce();
  });

  it('from another cabinet, by the code on its own label, while lending is stopped', async () => {
    await serving({ site: { closesAt: clockIn(30) } });
    expect(await hall.show(hall.loanCode())).toMatchObject({ reason: 'NO_STOCK' });
    await hall.scanner.show(awayGuide);
    const slot = await hall.prompted('returnHere');
    expect(slot).toBe(slots);
    hall.cabinet.putBack(slot, itemNamed(awayGuide, 55));
    await hall.prompted('returned');
    await hall.is(slot, 'AVAILABLE');
    expect(
      (await hall.rows()).filter(({ payload }) => payload.item === awayGuide && payload.act === 'return'),
    ).toHaveLength(1);
    expect(await hall.noIntentMovedTwice()).toEqual({ intents: 1, unlocks: 1 });
  });

  it('that is none of the fleet closes no loan, and its slot opens again to give it back', async () => {
    await serving();
    hall.press('return');
    const slot = await hall.prompted('returnHere');
    hall.cabinet.putBack(slot, itemNamed('X-7'));
    await hall.until('the answer', () => hall.answers.at(-1)?.reason === 'WRONG_PRODUCT');
    expect(await hall.opened()).toBe(slot);
    hall.cabinet.take(slot);
    await hall.until('an empty slot', async () => (await hall.slotKind(slot)) === 'EMPTY');
    const returns = (await hall.rows()).filter(({ payload }) => payload.act === 'return' && payload.slot === slot);
    expect(returns.at(-1)?.payload).toMatchObject({ item: 'X-7', incident: 'foreign_item' });
    expect(returns.at(-1)?.payload.events).toEqual([['return', 'Ended', 1, 'unfinished']]);
    expect(await hall.noIntentMovedTwice()).toEqual({ intents: 2, unlocks: 2 });
  });

  it('the wrong way round is asked for once more, keeps its first contact, and counts when its tag is read', async () => {
    await serving();
    hall.press('return');
    const slot = await hall.prompted('returnHere');
    hall.cabinet.putBack(slot, itemNamed(awayGuide), 'reversed');
    expect(await hall.prompted('turnRound')).toBe(slot);
    const returns = async () =>
      (await hall.rows()).filter(({ payload }) => payload.act === 'return' && payload.slot === slot);
    expect((await returns()).at(-1)?.payload).toMatchObject({ incident: 'return_unseen' });
    hall.cabinet.load(slot, itemNamed(awayGuide));
    await hall.prompted('returned');
    const [started, , ended] = await returns();
    expect(ended?.payload.contactMonoMs).toBe(started?.payload.contactMonoMs);
  });
});

describe('a guide that somebody has to wipe', () => {
  it('is lent once that is said, and a damaged one is not', async () => {
    hall = await CabinetRig.open({ lending: { hygiene: 'staff' } });
    await hall.startServing([], 'HYGIENE');
    expect(await hall.show(hall.loanCode())).toMatchObject({ reason: 'NO_STOCK' });
    hall.terminal.send({ kind: 'wiped', slot: 3, ok: true });
    hall.terminal.send({ kind: 'damaged', slot: 4 });
    await hall.is(3, 'AVAILABLE');
    await hall.is(4, 'QUARANTINE');
    expect(await hall.show(hall.loanCode())).toMatchObject(accepted);
    expect((await hall.takeOffered()).slot).toBe(3);
  });
});

describe('the code on the screen', () => {
  it('is shown while the head end can be reached, and leaves when it cannot', async () => {
    await serving();
    await hall.until('a code', () => hall.notices.at(-1) === 'code');
    await hall.cutNetwork();
    await hall.until('no code', () => hall.notices.at(-1) === 'noCode');
    hall.network.restore();
    await hall.until('a code again', () => hall.notices.at(-1) === 'code');
  });
});

/** The clock on the wall of a site in UTC, some minutes from now. */
function clockIn(minutes: number): string {
  return new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
}

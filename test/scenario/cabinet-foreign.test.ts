// An item that is none of the fleet goes back to whoever put it in, in whatever order tag and latch are read, and
// however the latch behaves; on the virtual clock, with the real machine.
import { expect, test } from 'vitest';
import { cabinetBounds } from '../../runtime/machines/cabinet/config.ts';
import { expectFold, Hall, type HallOptions } from './cabinet-hall.ts';

const secondMs = 1_000;
const pauseMs = 1_000;
const motionTimeoutMs = 5_000;

/** Slot 4 stands open, empty, for a return. */
function hallWithOpenSlot(options: HallOptions = {}): Hall {
  const hall = new Hall('foreign', options);
  hall.alter(4, { locked: false, doorClosed: false });
  hall.forget();
  return hall;
}

const openings = (hall: Hall): readonly string[] =>
  hall.rows
    .filter(({ payload }) => payload.act === 'open' && payload.detail !== 'return')
    .map(({ type, payload }) => `${type} ${payload.outcome ?? payload.detail}`);

const calls = (hall: Hall): readonly string[] =>
  hall.effects.filter((effect) => effect.kind === 'callStaff').map(({ why }) => why);

test('the tag is read while the door still stands open: the slot opens as soon as its latch is seen shut', async () => {
  const hall = hallWithOpenSlot();
  hall.put(4, 'X', { door: 'open' });
  expect(hall.told()).toEqual(['refused WRONG_PRODUCT']);
  expect(hall.kinds()[3]).toBe('LOCKED foreign');
  expect(hall.pulses).toEqual([]);
  hall.closeDoor(4);
  expect(hall.pulses.map(({ slot }) => slot)).toEqual([4]);
  await hall.clock.advance(secondMs);
  expect(hall.fetch(4)).toBe('X');
  expect(hall.kinds()[3]).toBe('EMPTY');
  expect(openings(hall)).toEqual(['INTENT foreign', 'OUTCOME opened']);
  expectFold(hall);
});

test('a latch that jams is tried under an INTENT of its own after a pause, three times, then staff come', async () => {
  const hall = hallWithOpenSlot();
  hall.bay(4).jams = cabinetBounds.ejectTries;
  hall.put(4, 'X');
  expect(hall.pulses.length).toBe(1);
  await hall.clock.advance(motionTimeoutMs + pauseMs - 1);
  expect(hall.pulses.length).toBe(1);
  await hall.clock.advance(1);
  expect(hall.pulses.length).toBe(2);
  expect(calls(hall)).toEqual(['foreign_item']);
  await hall.clock.advance(60 * secondMs);
  expect(openings(hall)).toEqual(
    Array.from({ length: cabinetBounds.ejectTries }, () => ['INTENT foreign', 'OUTCOME failed']).flat(),
  );
  expect(calls(hall)).toEqual(['foreign_item', 'lockJam']);
  expect(hall.kinds()[3]).toBe('LOCKED foreign');
  expectFold(hall);
});

test('a driver that sends nothing is asked again after the pause, and not more often than a jammed latch', async () => {
  const hall = hallWithOpenSlot();
  hall.deaf = true;
  hall.put(4, 'X');
  expect(openings(hall)).toEqual(['INTENT foreign', 'OUTCOME failed']);
  hall.deaf = false;
  await hall.clock.advance(pauseMs);
  expect(hall.pulses.map(({ slot }) => slot)).toEqual([4]);
  hall.closeDoor(4);
  hall.deaf = true;
  await hall.clock.advance(60 * secondMs);
  expect(openings(hall).filter((row) => row.startsWith('INTENT')).length).toBe(cabinetBounds.ejectTries);
});

test('shut again on the foreign item it opens again, but not for ever', () => {
  const hall = hallWithOpenSlot();
  hall.put(4, 'X');
  for (let push = 0; push < 10; push++) hall.closeDoor(4);
  expect(hall.pulses.length).toBe(cabinetBounds.ejectTries);
  expect(hall.bay(4).locked).toBe(true);
});

test('the next foreign item has its own tries', () => {
  const hall = hallWithOpenSlot();
  hall.put(4, 'X');
  for (let push = 0; push < 10; push++) hall.closeDoor(4);
  hall.rob(4);
  expect(hall.kinds()[3]).toBe('EMPTY');
  const before = hall.pulses.length;
  hall.put(4, 'Y');
  expect(hall.pulses.length).toBe(before + 1);
});

test('without a lock board nothing is tried; once it answers, the item goes back', () => {
  const hall = hallWithOpenSlot();
  hall.put(4, 'X', { door: 'open' });
  hall.setBoard(false);
  hall.closeDoor(4);
  expect(hall.pulses).toEqual([]);
  hall.setBoard(true);
  expect(hall.pulses.map(({ slot }) => slot)).toEqual([4]);
});

test('after a restart its owner may have left: nothing opens by itself, staff can open', () => {
  const hall = hallWithOpenSlot();
  hall.put(4, 'X', { door: 'open' });
  hall.boot();
  hall.closeDoor(4);
  expect(hall.pulses).toEqual([]);
  hall.staff({ kind: 'open', slot: 4 });
  expect(hall.pulses.map(({ slot }) => slot)).toEqual([4]);
});

test('a guide of the fleet put in its place is a return, and its slot stays shut', () => {
  const hall = hallWithOpenSlot();
  hall.put(4, 'X', { door: 'open' });
  hall.put(4, 'H');
  expect(hall.pulses).toEqual([]);
  expect(hall.kinds()[3]).toBe('AVAILABLE');
  expect(hall.rows.findLast(({ payload }) => payload.act === 'return')?.payload).toMatchObject({
    item: 'H',
    reason: 'OK',
  });
  expectFold(hall);
});

test('where nothing is given back, the door shut on it later stays shut', () => {
  const hall = hallWithOpenSlot({ config: { ejectForeign: false } });
  hall.put(4, 'X', { door: 'open' });
  hall.closeDoor(4);
  expect(hall.pulses).toEqual([]);
});

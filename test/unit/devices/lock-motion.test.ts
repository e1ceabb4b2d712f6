// When a lock counts as moved and when as jammed, on a virtual clock: a bolt that is late by a hair, one that never moves,
// and a contact that never rests.
import { expect, it } from 'vitest';
import { KerongCabinet } from '../../../devices/cabinet/kerong/kerong-cabinet.ts';
import { unlockWaitMs } from '../../../devices/cabinet/kerong/lock-board.ts';
import { encodeStatus, requestDecoder } from '../../../devices/cabinet/protocol/kerong-cu16.ts';
import type { SlotFacts } from '../../../devices/ports/cabinet.ts';
import type { Line, LineListener } from '../../../devices/serial/line.ts';
import { silentLogger } from '../../../runtime/core/log.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';

/** One slot. `openAt` says what the contact reads so many milliseconds after the unlock, in the n-th status after it. */
async function cabinetWith(openAt: (afterMs: number, reading: number) => boolean) {
  const clock = new VirtualClock();
  const requests = requestDecoder();
  let listener: LineListener | null = null;
  let unlockedAtMs: number | null = null;
  let readings = 0;
  let unlocks = 0;
  const status = (): Uint8Array => {
    const open = unlockedAtMs !== null && openAt(clock.monoMs() - unlockedAtMs, readings++);
    return encodeStatus({ board: 0, locked: open ? 0 : 1, inputs: 0 });
  };
  const line: Line = {
    path: '/dev/locks',
    listen: (heard) => {
      listener = heard;
    },
    write: (bytes) => {
      for (const request of requests.push(bytes)) {
        if (request.kind === 'status') clock.timer('board', 10, () => listener?.data(status()));
        else unlockedAtMs = clock.monoMs();
        if (request.kind === 'unlock') unlocks++;
      }
      return true;
    },
    drain: async () => {},
    close: async () => {},
  };
  const locks = { path: '/dev/locks', baudRate: 19_200 };
  const open = async (): Promise<Line> => line;
  const cabinet = new KerongCabinet({ id: 'cabinet', locks, slots: 1, clock, log: silentLogger, open });
  const facts: SlotFacts[] = [];
  cabinet.facts.on((fact) => facts.push(fact));
  cabinet.start();
  await clock.advance(500);
  expect(cabinet.unlock(1)).toBe(true);
  return { cabinet, clock, facts, unlocks: () => unlocks };
}

it('a bolt that leaves at the last reading of the wait has moved, and was never called jammed', async () => {
  const { clock, facts, unlocks } = await cabinetWith((afterMs) => afterMs >= unlockWaitMs);
  await clock.advance(3_000);
  expect(facts.map(({ locked, fault }) => [locked, fault])).toEqual([
    [true, null],
    [false, null],
  ]);
  expect(unlocks()).toBe(1);
});

it('a bolt that never leaves is jammed once the wait is over, and not before', async () => {
  const { cabinet, clock, facts, unlocks } = await cabinetWith(() => false);
  await clock.advance(unlockWaitMs);
  expect(facts.at(-1)?.fault).toBeNull();
  expect(cabinet.unlock(1)).toBe(false);
  await clock.advance(200);
  expect(facts.at(-1)).toMatchObject({ locked: true, fault: 'lockJam' });
  expect(unlocks()).toBe(1);
});

it('a jammed lock that somebody opens with a key is not jammed any more', async () => {
  const { clock, facts } = await cabinetWith((afterMs) => afterMs > 4_000);
  await clock.advance(6_000);
  expect(facts.map(({ locked, fault }) => [locked, fault])).toEqual([
    [true, null],
    [true, 'lockJam'],
    [false, null],
  ]);
});

it('a contact that never rests does not keep the cabinet from moving other locks', async () => {
  const { cabinet, clock } = await cabinetWith((_afterMs, reading) => reading % 2 === 0);
  await clock.advance(2 * unlockWaitMs + 200);
  expect(cabinet.snapshot()[0]?.fault).toBe('lockJam');
  expect(cabinet.unlock(1)).toBe(true);
});

// When a lock board's bus speaks and when it waits, on a virtual clock: pauses, polls, deadlines and retries have the
// lengths that are written down, and an unlock goes out once.
import { describe, expect, it } from 'vitest';
import { LockBus, lockBusTimes } from '../../../devices/cabinet/kerong/lock-bus.ts';
import { encodeStatus } from '../../../devices/cabinet/protocol/kerong-cu16.ts';
import type { Line } from '../../../devices/serial/line.ts';
import { type Bytes, fromHex, hex } from '../../../runtime/core/bytes.ts';
import type { StileError } from '../../../runtime/core/errors.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';

const askStatus = '0200300335';
const unlock3 = '0202310338';
const allLocked = encodeStatus({ board: 0, locked: 0xffff, inputs: 0 });

/** A bus whose board answers `answerAfterMs` after each status; null: never. */
function bus(
  options: { answerAfterMs?: number | null; answer?: () => Bytes; pollInMs?: number; takes?: boolean } = {},
) {
  const clock = new VirtualClock(undefined, 1_000);
  const sent: [number, string][] = [];
  const faults: StileError[] = [];
  const statuses: number[] = [];
  const after = options.answerAfterMs === undefined ? 10 : options.answerAfterMs;
  const line: Line = {
    path: '/dev/locks',
    listen: () => {},
    write: (bytes) => {
      if (options.takes === false) return false;
      sent.push([clock.monoMs() - 1_000, hex(bytes)]);
      if (hex(bytes) === askStatus && after !== null) {
        clock.timer('board', after, () => made.data(options.answer?.() ?? allLocked));
      }
      return true;
    },
    drain: async () => {},
    close: async () => {},
  };
  const made: LockBus = new LockBus({
    id: 'locks',
    line,
    board: 0,
    clock,
    status: ({ locked }) => {
      statuses.push(locked);
      return options.pollInMs ?? lockBusTimes.idlePollMs;
    },
    unlocking: () => {},
    failed: (fault) => faults.push(fault),
  });
  return { bus: made, clock, sent, faults, statuses };
}

describe('lock bus', () => {
  it('asks at once, then every second', async () => {
    const { clock, sent } = bus();
    await clock.advance(2_500);
    expect(sent).toEqual([
      [0, askStatus],
      [1_010, askStatus],
      [2_020, askStatus],
    ]);
  });

  it('waits 25 ms after an answer, however soon the next status is wanted', async () => {
    const { clock, sent } = bus({ pollInMs: 0 });
    await clock.advance(80);
    expect(sent.map(([atMs]) => atMs)).toEqual([0, 35, 70]);
  });

  it('sends an unlock at once when the bus rests, and asks for the status 100 ms later', async () => {
    const { bus: made, clock, sent } = bus();
    await clock.advance(500);
    expect(made.unlock(3)).toBe(true);
    await clock.advance(400);
    expect(sent).toEqual([
      [0, askStatus],
      [500, unlock3],
      [600, askStatus],
    ]);
  });

  it('holds an unlock back until the request under way is answered and the pause is over', async () => {
    const { bus: made, clock, sent } = bus();
    expect(made.unlock(3)).toBe(true);
    expect(made.unlock(4)).toBe(false);
    await clock.advance(100);
    expect(sent).toEqual([
      [0, askStatus],
      [35, unlock3],
    ]);
  });

  it('asks four times for a status, 200 ms each, then the board is silent; the unlock among them went out once', async () => {
    const { bus: made, clock, sent, faults } = bus({ answerAfterMs: null });
    made.unlock(3);
    await clock.advance(3_000);
    expect(sent).toEqual([
      [0, askStatus],
      [225, unlock3],
      [325, askStatus],
      [550, askStatus],
      [775, askStatus],
    ]);
    expect(faults.map(({ code }) => code)).toEqual(['DEVICE_SILENT']);
    expect(made.unlock(3)).toBe(false);
    expect(clock.pending()).toEqual([]);
  });

  it('takes only the first answer to a request: what follows it is left over', async () => {
    const open = encodeStatus({ board: 0, locked: 0, inputs: 0 });
    const { bus: made, clock, statuses } = bus({ answer: () => new Uint8Array([...allLocked, ...open]) });
    await clock.advance(5);
    made.data(open.subarray(0, 4));
    await clock.advance(10);
    made.data(open);
    await clock.advance(100);
    expect(statuses).toEqual([0xffff]);
    expect(made.unaskedBytes).toBe(9);
  });

  it('forgets half an answer before it asks again', async () => {
    let turn = 0;
    const half = encodeStatus({ board: 0, locked: 0, inputs: 0 }).subarray(0, 8);
    const { clock, statuses, bus: made } = bus({ answer: () => (turn++ === 0 ? half : fromHex('3a')) });
    await clock.advance(300);
    expect(turn).toBe(2);
    expect(statuses).toEqual([]);
    expect(made.unaskedBytes).toBe(8);
  });

  it('a line that takes no bytes is lost', async () => {
    const { faults } = bus({ takes: false });
    expect(faults.map(({ code }) => code)).toEqual(['DEVICE_LOST']);
  });
});

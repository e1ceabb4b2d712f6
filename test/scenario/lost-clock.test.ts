// B8: a terminal whose clock was lost goes on with its monotonic time; the first signed time of the head end is written
// down once, and with it every earlier row of the boot gets its true time back without being changed.
import { describe, expect, it } from 'vitest';
import { TrustedTime } from '../../runtime/core/trusted-time.ts';
import { VirtualClock } from '../../runtime/core/virtual-clock.ts';
import { journalledTime } from '../../runtime/main/terminal/journalled-time.ts';
import type { Payload } from '../../runtime/records/payload.ts';

const floorMs = Date.UTC(2026, 0, 5);
/** What the time really was when the terminal started: its own clock said 1970. */
const trueStartMs = Date.UTC(2026, 0, 5, 7, 30);

interface Written extends Payload {
  readonly tMonoMs: number;
  readonly tWallMs: number;
  readonly state: string;
}

function lostTerminal(rtcKeptPower = false) {
  const clock = new VirtualClock(rtcKeptPower ? trueStartMs : 5_000);
  const time = new TrustedTime({ clock, floorMs, rtcKeptPower });
  const rows: Written[] = [];
  const write = (payload: Payload): void => {
    const { wallMs, monoMs, state } = time.now();
    rows.push({ ...payload, tMonoMs: monoMs, tWallMs: wallMs, state });
  };
  const startMonoMs = clock.monoMs();
  const trueMs = (): number => trueStartMs + clock.monoMs() - startMonoMs;
  const sink = journalledTime(time, (_type, payload) => write(payload));
  return { clock, rows, write, trueMs, sink };
}

describe('B8: the clock is lost, then the head end tells the time', () => {
  it('rides before it get their true time from the one row that ties both clocks', async () => {
    const { clock, rows, write, trueMs, sink } = lostTerminal();
    const rodeAt: number[] = [];
    for (let ride = 0; ride < 3; ride++) {
      await clock.advance(61_000);
      rodeAt.push(trueMs());
      write({ act: 'ride' });
    }
    await clock.advance(3_600_000);
    expect(sink.observeSigned(trueMs(), 40)).toBe(true);
    await clock.advance(60_000);
    expect(sink.observeSigned(trueMs(), 40)).toBe(true);

    const rides = rows.filter(({ act }) => act === 'ride');
    const [tie, ...more] = rows.filter(({ act }) => act === 'sync');
    expect(rides.map(({ state }) => state)).toEqual(['UNTRUSTED', 'UNTRUSTED', 'UNTRUSTED']);
    expect(rides.some(({ tWallMs }, at) => tWallMs === rodeAt[at])).toBe(false);
    expect(more).toEqual([]);
    expect(tie).toMatchObject({ state: 'SYNCED', toMs: trueStartMs + 3 * 61_000 + 3_600_000 });
    const rebuilt = rides.map(({ tMonoMs }) => (tie?.tWallMs ?? 0) - ((tie?.tMonoMs ?? 0) - tMonoMs));
    expect(rebuilt).toEqual(rodeAt);
  });

  it('a time that is not believed is not written down', () => {
    const { rows, sink } = lostTerminal();
    expect(sink.observeSigned(floorMs - 86_400_000, 40)).toBe(false);
    expect(rows).toEqual([]);
  });

  it('a clock that was never lost needs no row', () => {
    const { rows, trueMs, sink } = lostTerminal(true);
    expect(sink.observeSigned(trueMs(), 40)).toBe(true);
    expect(rows).toEqual([]);
  });
});

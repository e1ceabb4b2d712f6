// Cues against time: how long each stands, when it beeps, and that a new cue ends the old one. The board is the test's
// own, so that time can be virtual; the bytes are the contract test's matter.
import { beforeEach, describe, expect, it } from 'vitest';
import type { OutputBoard } from '../../../devices/board/firmata-board.ts';
import { BoardIndicator } from '../../../devices/indicator/board-indicator.ts';
import { cueTable, lamps } from '../../../devices/indicator/cue-table.ts';
import type { DeviceHealth } from '../../../devices/ports/device.ts';
import { cues } from '../../../devices/ports/indicator.ts';
import { Signal } from '../../../runtime/core/event.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';

const pins = { green: 4, red: 5, amber: 6, white: 7, buzzer: 8 } as const;
const names = new Map<number, string>(Object.entries(pins).map(([name, pin]) => [pin, name]));

class TestBoard implements OutputBoard {
  readonly id = 'lamp';
  readonly changed = new Signal<DeviceHealth>();
  readonly log: string[] = [];
  readonly on = new Set<string>();
  online = true;
  readonly #clock: VirtualClock;
  readonly #startMs: number;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    this.#startMs = clock.monoMs();
  }

  set(pin: number, on: boolean): boolean {
    if (!this.online) return false;
    const name = names.get(pin) ?? '?';
    if (on) this.on.add(name);
    else this.on.delete(name);
    this.log.push(`${this.#clock.monoMs() - this.#startMs} ${name} ${on ? 'on' : 'off'}`);
    return true;
  }
  health(): DeviceHealth {
    return { id: this.id, state: this.online ? 'online' : 'faulty', detail: '', reconnects: 0 };
  }
  lose(): void {
    this.online = false;
    this.on.clear();
    this.changed.emit(this.health());
  }
  start(): void {}
  async stop(): Promise<void> {}
}

let clock: VirtualClock;
let board: TestBoard;
let indicator: BoardIndicator;
beforeEach(() => {
  clock = new VirtualClock();
  board = new TestBoard(clock);
  indicator = new BoardIndicator({ board, pins, clock });
});

describe('a cue', () => {
  it('accepted: green first, one tone of 100 ms, dark after 1.5 s', async () => {
    indicator.show('accepted');
    await clock.advance(5_000);
    expect(board.log).toEqual(['0 green on', '0 buzzer on', '100 buzzer off', '1500 green off']);
  });

  it('repeat: green without a sound', async () => {
    indicator.show('repeat');
    await clock.advance(5_000);
    expect(board.log).toEqual(['0 green on', '1500 green off']);
  });

  it('refused: red and three tones of 80 ms, dark after 4 s', async () => {
    indicator.show('refused');
    await clock.advance(5_000);
    expect(board.log).toEqual([
      '0 red on',
      '0 buzzer on',
      '80 buzzer off',
      '160 buzzer on',
      '240 buzzer off',
      '320 buzzer on',
      '400 buzzer off',
      '4000 red off',
    ]);
  });

  it.each(['wait', 'emergency', 'outOfOrder'] as const)('%s stands until the next', async (cue) => {
    indicator.show(cue);
    await clock.advance(3_600_000);
    expect([...board.on]).toEqual(cueTable[cue].lamps);
    indicator.show('ready');
    expect([...board.on]).toEqual([]);
  });

  it('ends the one before it, its tone and its end', async () => {
    indicator.show('refused');
    await clock.advance(20);
    indicator.show('repeat');
    expect(board.on).toEqual(new Set(['green']));
    await clock.advance(1_400);
    expect(board.on).toEqual(new Set(['green']));
    indicator.show('wait');
    await clock.advance(10_000);
    expect(board.on).toEqual(new Set(['white']));
    expect(clock.pending()).toEqual([]);
  });

  it('accepted again sounds again', async () => {
    indicator.show('accepted');
    await clock.advance(50);
    indicator.show('accepted');
    await clock.advance(5_000);
    expect(board.log).toEqual([
      '0 green on',
      '0 buzzer on',
      '50 green on',
      '50 buzzer on',
      '150 buzzer off',
      '1550 green off',
    ]);
  });

  it('always sends something, or its answer would prove nothing', () => {
    for (const cue of cues) {
      indicator.show('ready');
      const sent = board.log.length;
      expect(indicator.show(cue)).toBe(true);
      expect(board.log.length).toBeGreaterThan(sent);
    }
  });

  it('is false on a board that is not online, and arms no timer', () => {
    board.lose();
    expect(cues.map((cue) => indicator.show(cue))).toEqual(cues.map(() => false));
    expect(clock.pending()).toEqual([]);
  });

  it('ends with the board: no late beep on the one that comes back', async () => {
    indicator.show('refused');
    await clock.advance(100);
    board.lose();
    board.online = true;
    const sent = board.log.length;
    await clock.advance(10_000);
    expect(board.log.slice(sent)).toEqual([]);
  });
});

describe('the table of cues', () => {
  it('lights green only for a granted ride', () => {
    const green = cues.filter((cue) => (cueTable[cue].lamps as readonly string[]).includes('green'));
    expect(green).toEqual(['accepted', 'repeat']);
  });

  it('depends on colour alone nowhere: accepted, refused and staff differ in sound', () => {
    const sounds = (['accepted', 'refused', 'staff'] as const).map((cue) => cueTable[cue].beeps);
    expect(new Set(sounds).size).toBe(3);
  });

  it('ends every tone before its cue ends', () => {
    for (const cue of cues) {
      const { beeps, beepMs, pauseMs, durationMs } = cueTable[cue];
      expect(beeps * (beepMs + pauseMs)).toBeLessThanOrEqual(durationMs ?? Number.POSITIVE_INFINITY);
    }
    expect(lamps).toEqual(['green', 'red', 'amber', 'white']);
  });
});

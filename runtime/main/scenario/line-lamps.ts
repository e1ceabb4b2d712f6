// Lamp and buzzer of a bus behind their real driver: johnny-five on a Firmata board over a line of memory. Which lamps were
// lit is read from the pins of the board, not from what the machine says that it showed.
import { createBoardIndicator } from '../../../devices/indicator/board-indicator.ts';
import type { Indicator } from '../../../devices/ports/indicator.ts';
import { SimulatedBoard } from '../../../simulators/board/simulated-board.ts';
import type { DeviceEnd } from '../../../simulators/line/device-end.ts';
import { type Clock, SystemClock, sleep } from '../../core/clock.ts';
import { silentLogger } from '../../core/log.ts';
import { handshakeTurns, MemoryLines } from './memory-lines.ts';
import type { Told } from './station-port.ts';

const path = 'memory:board';
/** A board that comes back is found before the next rider. */
const backOffMs = 250;
const pins = { green: 4, red: 5, amber: 6, white: 7, buzzer: 8 } as const;

export class LineLamps {
  readonly #lines: MemoryLines;
  readonly #line: DeviceEnd;
  readonly #ready: Promise<void>;
  #indicator: Indicator | null = null;
  #reached = false;
  #greens = 0;

  constructor(clock: Clock, present: boolean) {
    this.#lines = new MemoryLines(clock);
    this.#line = this.#lines.line(path);
    const board = new SimulatedBoard({ line: this.#line, clock, nowUs: () => clock.monoMs() * 1_000 });
    board.pinChanged.on(({ pin, level }) => void (pin === pins.green && level === 1 && this.#greens++));
    this.#ready = this.#lines.plugged().then(() => (present ? undefined : this.#line.unplug()));
  }

  get online(): boolean {
    return this.#indicator?.health().state === 'online';
  }

  /** The driver of a machine whose power has come. */
  begin(clock: Clock): Indicator {
    const indicator = createBoardIndicator({
      id: 'indicator',
      line: { path, baudRate: 57_600 },
      pins,
      reportVersionTimeoutMs: 1,
      backOffMs: [backOffMs],
      clock,
      log: silentLogger,
      open: this.#lines.open,
    });
    this.#indicator = indicator;
    this.#reached = false;
    indicator.changed.on(({ state }) => {
      if (state === 'online') this.#reached = true;
    });
    indicator.start();
    return indicator;
  }

  end(): void {
    this.#indicator = null;
    this.#lines.hostDied();
  }

  setOnline(online: boolean): void {
    if (online) void this.#line.replug();
    else void this.#line.unplug();
  }

  /** Resolves when the driver has found its board, or waits for it in the story's own time. */
  async settled(): Promise<void> {
    await this.#ready;
    const real = new SystemClock();
    const shakesHands = (): boolean =>
      this.#indicator !== null && this.#line.plugged && !this.online && (!this.#reached || this.#lines.isOpen(path));
    for (let turn = 0; shakesHands(); turn++) {
      if (turn === handshakeTurns) throw new Error('the board of lamp and buzzer is not reached');
      await sleep(real, 'handshake', 1);
    }
  }

  /** Green for nobody, or none for somebody who was told that all is well. */
  problems(told: readonly Told[]): readonly string[] {
    const wanted = told.some(({ cue }) => cue === 'accepted' || cue === 'repeat');
    if (wanted === this.#greens > 0) return [];
    return [wanted ? 'nobody saw the green lamp' : 'the green lamp was lit for nobody'];
  }
}

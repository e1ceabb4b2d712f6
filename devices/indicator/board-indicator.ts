// Lamps and an active buzzer on the outputs of a board. A cue starts with its first bytes in the same turn, so that
// whoever has just committed a decision shows it before doing anything else.
import { type Clock, sleep, type TimerHandle } from '../../runtime/core/clock.ts';
import type { Signal } from '../../runtime/core/event.ts';
import { FirmataBoard, type FirmataBoardOptions, type OutputBoard } from '../board/firmata-board.ts';
import type { DeviceHealth } from '../ports/device.ts';
import type { Cue, Indicator } from '../ports/indicator.ts';
import { type CueShape, cueTable, type Lamp, lamps } from './cue-table.ts';

/** Board pin of each part. */
export type IndicatorPins = Readonly<Record<Lamp | 'buzzer', number>>;

export interface BoardIndicatorOptions {
  readonly board: OutputBoard;
  readonly pins: IndicatorPins;
  readonly clock: Clock;
}

/** An indicator that owns its board. */
export function createBoardIndicator(
  options: Omit<FirmataBoardOptions, 'outputs'> & { readonly pins: IndicatorPins },
): BoardIndicator {
  const { pins, ...board } = options;
  return new BoardIndicator({
    board: new FirmataBoard({ ...board, outputs: [...lamps.map((lamp) => pins[lamp]), pins.buzzer] }),
    pins,
    clock: options.clock,
  });
}

export class BoardIndicator implements Indicator {
  readonly id: string;
  readonly changed: Signal<DeviceHealth>;
  readonly #board: OutputBoard;
  readonly #pins: IndicatorPins;
  readonly #clock: Clock;
  readonly #lit = new Set<Lamp>();
  #buzzing = false;
  #running: AbortController | null = null;
  #fallback: TimerHandle | null = null;

  constructor(options: BoardIndicatorOptions) {
    this.id = options.board.id;
    this.changed = options.board.changed;
    this.#board = options.board;
    this.#pins = options.pins;
    this.#clock = options.clock;
    this.changed.on(() => this.#forget());
  }

  start(): void {
    this.#board.start();
  }

  async stop(): Promise<void> {
    this.#endCue();
    await this.#board.stop();
  }

  health(): DeviceHealth {
    return this.#board.health();
  }

  show(cue: Cue): boolean {
    this.#endCue();
    const shape: CueShape = cueTable[cue];
    if (!this.#light(shape.lamps)) return false;
    if (shape.beeps > 0) void this.#beep(shape);
    else if (this.#buzzing) this.#buzz(false);
    if (shape.durationMs !== null) {
      this.#fallback = this.#clock.timer(`cue ${this.id}`, shape.durationMs, () => this.show('ready'));
    }
    return true;
  }

  /**
   * Green comes on before anything else is sent, so that the accepted cue begins with it; every other cue first
   * drops what is lit, so that no byte of it shows green.
   */
  #light(wanted: readonly Lamp[]): boolean {
    const others = [...this.#lit].filter((lamp) => !wanted.includes(lamp));
    const off = others.map((lamp) => [lamp, false] as const);
    const on = wanted.map((lamp) => [lamp, true] as const);
    const steps = wanted.includes('green') ? [...on, ...off] : [...off, ...on];
    // A dark lamp is told to be dark again: a cue always sends something, or its result would prove nothing.
    if (steps.length === 0) steps.push(['green', false]);
    return steps.every(([lamp, lit]) => this.#set(lamp, lit));
  }

  #set(lamp: Lamp, lit: boolean): boolean {
    if (!this.#board.set(this.#pins[lamp], lit)) return false;
    if (lit) this.#lit.add(lamp);
    else this.#lit.delete(lamp);
    return true;
  }

  async #beep({ beeps, beepMs, pauseMs }: CueShape): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    for (let beep = 1; beep <= beeps; beep++) {
      this.#buzz(true);
      await sleep(this.#clock, `beep ${this.id}`, beepMs, running.signal);
      if (running.signal.aborted) return;
      this.#buzz(false);
      if (beep < beeps) await sleep(this.#clock, `pause ${this.id}`, pauseMs, running.signal);
      if (running.signal.aborted) return;
    }
  }

  #buzz(on: boolean): void {
    this.#buzzing = on && this.#board.set(this.#pins.buzzer, true);
    if (!on) this.#board.set(this.#pins.buzzer, false);
  }

  #endCue(): void {
    this.#running?.abort();
    this.#running = null;
    this.#fallback?.cancel();
    this.#fallback = null;
  }

  /** The board's state changed: whatever was lit before is dark now, by the board's own safe levels. */
  #forget(): void {
    this.#endCue();
    this.#lit.clear();
    this.#buzzing = false;
  }
}

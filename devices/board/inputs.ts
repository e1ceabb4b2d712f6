// The inputs of one board connection: raw levels as the board reports them, each change with the time it was read. Not
// johnny-five's Sensor or Button: they sample, and lose edges of a fast contact.
import type { Firmata } from 'firmata-io';
import type Board from 'johnny-five/lib/board.js';
import type { MonoMs } from '../../runtime/core/brand.ts';
import type { Clock } from '../../runtime/core/clock.ts';

export interface InputPin {
  readonly pin: number;
  /** The board's own resistor holds the open input high: for a contact to ground. */
  readonly pullUp: boolean;
}

export interface Edge {
  readonly pin: number;
  readonly level: 0 | 1;
  /** When the board's report was read. */
  readonly atMonoMs: MonoMs;
}

export interface InputsOptions {
  readonly io: Firmata;
  readonly pins: readonly InputPin[];
  readonly clock: Clock;
  readonly edge: (edge: Edge) => void;
}

export class Inputs {
  readonly #options: InputsOptions;
  readonly #levels = new Map<number, 0 | 1>();

  constructor(options: InputsOptions) {
    this.#options = options;
  }

  level(pin: number): 0 | 1 | null {
    return this.#levels.get(pin) ?? null;
  }

  /** All modes come before the first report: a report is taken only for pins that are inputs. */
  listen(board: Board): void {
    const { pins } = this.#options;
    for (const input of pins) board.pinMode(input.pin, this.#mode(input));
    for (const input of pins) board.digitalRead(input.pin, (level) => this.#reported(input, level));
  }

  /** `done` gets null when every input has its mode and a level, else what is wrong. */
  readBack(done: (fault: string | null) => void, index = 0): void {
    const { io, pins } = this.#options;
    const input = pins[index];
    if (input === undefined) return done(null);
    io.queryPinState(input.pin, () => {
      const mode = io.pins[input.pin]?.mode;
      if (mode !== this.#mode(input)) return done(`pin ${input.pin} is no ${wanted(input)}: mode ${mode}`);
      if (this.level(input.pin) === null) return done(`pin ${input.pin} reports no level`);
      this.readBack(done, index + 1);
    });
  }

  /** Asks for all levels again, so that an edge lost on the line is wrong for one heartbeat only. */
  refresh(): void {
    const { io, pins } = this.#options;
    const firstOfPort = new Map(pins.map(({ pin }) => [pin >> 3, pin]));
    for (const pin of firstOfPort.values()) io.reportDigitalPin(pin, 1);
  }

  #reported({ pin, pullUp }: InputPin, level: 0 | 1): void {
    const { io, clock, edge } = this.#options;
    const port = pin >> 3;
    // firmata-io sends a whole port with every output write; a high bit at an input would switch its pull-up on.
    if (!pullUp) io.ports[port] = (io.ports[port] ?? 0) & ~(1 << (pin & 7));
    if (this.#levels.get(pin) === level) return;
    this.#levels.set(pin, level);
    edge({ pin, level, atMonoMs: clock.monoMs() });
  }

  #mode({ pullUp }: InputPin): number {
    const { INPUT, PULLUP } = this.#options.io.MODES;
    return pullUp ? PULLUP : INPUT;
  }
}

const wanted = ({ pullUp }: InputPin): string => (pullUp ? 'input with pull-up' : 'input');

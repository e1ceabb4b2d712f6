// Writes down what a board saw: every chunk of bytes with the pins it moved. When a chunk turns the
// green lamp, the tone or a relay on, a reader of its own looks into the journal at that moment: a row that is not
// durable yet cannot be seen from another connection.
import type { SimulatedBoard } from '../../../simulators/board/simulated-board.ts';
import type { JournalSight } from './journal-sight.ts';
import { LineTrace } from './line-trace.ts';

export interface BoardTraceOptions {
  readonly file: string;
  readonly sight: JournalSight;
  readonly board: SimulatedBoard;
  /** Output pins by name; what is on another pin is not told. */
  readonly pins: Readonly<Record<string, number>>;
  /** Names of the pins whose rise nothing may see before its row. */
  readonly lookAt: readonly string[];
}

export class BoardTrace {
  readonly #trace: LineTrace;

  constructor({ file, sight, board, pins, lookAt }: BoardTraceOptions) {
    const names = new Map(Object.entries(pins).map(([name, pin]) => [pin, name]));
    this.#trace = new LineTrace(file, sight);
    board.traced.on(({ atUs, bytes }) => this.#trace.heard(atUs, bytes));
    board.pinChanged.on(({ pin, level }) => {
      const name = names.get(pin);
      if (name === undefined) return;
      this.#trace.moved(name, level);
      if (level === 1 && lookAt.includes(name)) this.#trace.look();
    });
  }

  /** The newest chunk's line is written when the next chunk comes, or now. */
  flush(): void {
    this.#trace.flush();
  }
}

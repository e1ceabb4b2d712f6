// Writes down what the board saw: every chunk of bytes with the pins it moved. When a chunk turns the
// green lamp or the tone on, a reader of its own looks into the journal at that moment: a row that is not durable yet
// cannot be seen from another connection.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SimulatedBoard } from '../../../simulators/board/simulated-board.ts';
import { hex } from '../../core/bytes.ts';
import type { JournalSight } from './journal-sight.ts';
import { streetPins } from './setting.ts';

interface TraceLine {
  readonly atUs: number;
  readonly hex: string;
  readonly rising: string[];
  readonly falling: string[];
  journal: { readonly epoch: number; readonly seq: number; readonly accepted: number } | null;
}

const pinNames = new Map<number, string>(Object.entries(streetPins).map(([name, pin]) => [pin, name]));

export class BoardTrace {
  readonly #file: string;
  readonly #sight: JournalSight;
  #line: TraceLine | null = null;

  constructor(folder: string, sight: JournalSight, board: SimulatedBoard) {
    this.#file = join(folder, 'board.ndjson');
    this.#sight = sight;
    board.traced.on(({ atUs, bytes }) => {
      this.flush();
      this.#line = { atUs, hex: hex(bytes), rising: [], falling: [], journal: null };
    });
    board.pinChanged.on(({ pin, level }) => this.#moved(pin, level));
  }

  /** The newest chunk's line is written when the next chunk comes, or now. */
  flush(): void {
    if (this.#line) appendFileSync(this.#file, `${JSON.stringify(this.#line)}\n`);
    this.#line = null;
  }

  #moved(pin: number, level: number): void {
    const name = pinNames.get(pin);
    if (!name || !this.#line) return;
    const { rising, falling } = this.#line;
    if (level === 1 && !rising.includes(name)) rising.push(name);
    if (level === 0 && !falling.includes(name)) falling.push(name);
    if (level === 1 && (name === 'green' || name === 'buzzer')) this.#line.journal ??= this.#sight.look();
  }
}

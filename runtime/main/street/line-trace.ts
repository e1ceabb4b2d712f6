// The bytes that a terminal sent to one device, a line of JSON for each chunk, with what the chunk moved there and what
// the journal showed at that moment.
import { appendFileSync } from 'node:fs';
import { type Bytes, hex } from '../../core/bytes.ts';
import type { JournalSight, Seen } from './journal-sight.ts';

interface TraceLine {
  readonly atUs: number;
  readonly hex: string;
  readonly rising: string[];
  readonly falling: string[];
  journal: Seen | null;
}

export class LineTrace {
  readonly #file: string;
  readonly #sight: JournalSight;
  #line: TraceLine | null = null;

  constructor(file: string, sight: JournalSight) {
    this.#file = file;
    this.#sight = sight;
  }

  /** A chunk of bytes from the terminal, before the device obeys it. */
  heard(atUs: number, bytes: Bytes): void {
    this.flush();
    this.#line = { atUs, hex: hex(bytes), rising: [], falling: [], journal: null };
  }

  /** What the newest chunk moved. */
  moved(name: string, level: number): void {
    if (!this.#line) return;
    const { rising, falling } = this.#line;
    if (level === 1 && !rising.includes(name)) rising.push(name);
    if (level === 0 && !falling.includes(name)) falling.push(name);
  }

  /** Notes what the journal shows now, unless the newest chunk has that already. */
  look(): void {
    if (this.#line) this.#line.journal ??= this.#sight.look();
  }

  /** The newest chunk's line is written when the next chunk comes, or now. */
  flush(): void {
    if (this.#line) appendFileSync(this.#file, `${JSON.stringify(this.#line)}\n`);
    this.#line = null;
  }
}

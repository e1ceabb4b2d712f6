// Everything that happens to the machine waits here while a decision is being made durable, and is
// taken up one at a time. Scans are bounded: under a flood the oldest waiting scan is dropped, because
// the person who shows a code now is the one standing at the machine. Other inputs overtake scans and
// are bounded by what arms them (two timers, one driver).
import type { Scan } from '../../devices/ports/scanner.ts';

export const waitingScansLimit = 16;

export class InputQueue<Input> {
  readonly #take: (input: Input | Scan) => Promise<void>;
  readonly #scans: Scan[] = [];
  readonly #inputs: Input[] = [];
  #running: Promise<void> | null = null;
  #dropped = 0;

  /** `take` must not reject: it owns its faults. */
  constructor(take: (input: Input | Scan) => Promise<void>) {
    this.#take = take;
  }

  /** Scans dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  scan(scan: Scan): void {
    this.#scans.push(scan);
    if (this.#scans.length > waitingScansLimit) {
      this.#scans.shift();
      this.#dropped++;
    }
    this.#wake();
  }

  input(input: Input): void {
    this.#inputs.push(input);
    this.#wake();
  }

  /** Resolves when nothing waits and nothing runs. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running;
  }

  #wake(): void {
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
      if (this.#scans.length > 0 || this.#inputs.length > 0) this.#wake();
    });
  }

  async #drain(): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#take(next);
  }

  #next(): Input | Scan | undefined {
    return this.#inputs.shift() ?? this.#scans.shift();
  }
}

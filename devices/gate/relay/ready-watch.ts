// The controller's ready output: away for longer than any release takes, the gate cannot be used. That is the fault of a
// barrier that does not lock as well as of a controller that died behind a living board.
import type { Clock, TimerHandle } from '../../../runtime/core/clock.ts';

export interface ReadyWatchOptions {
  readonly id: string;
  readonly clock: Clock;
  readonly patienceMs: number;
  /** A person in the passage, or fire: then nothing is overdue. */
  readonly excused: () => boolean;
  readonly overdue: (detail: string) => void;
  /** The fault came or went. */
  readonly changed: () => void;
}

export class ReadyWatch {
  readonly #options: ReadyWatchOptions;
  #ready: boolean | null = null;
  #fault: string | null = null;
  #waiting: TimerHandle | null = null;

  constructor(options: ReadyWatchOptions) {
    this.#options = options;
  }

  get fault(): string | null {
    return this.#fault;
  }

  /** Null: not wired, or not known. */
  change(ready: boolean | null): void {
    this.#ready = ready;
    this.restart();
    if (ready !== false) this.#set(null);
  }

  /** A release begins: the patience does, too. */
  restart(): void {
    this.#waiting?.cancel();
    const { clock, id, patienceMs } = this.#options;
    if (this.#ready !== false || this.#fault !== null) return;
    this.#waiting = clock.timer(`ready ${id}`, patienceMs, () => this.#timeIsUp());
  }

  /** Something else already found out why it is not ready. */
  fail(detail: string): void {
    this.#waiting?.cancel();
    this.#set(detail);
  }

  #timeIsUp(): void {
    if (this.#options.excused()) this.restart();
    else this.#options.overdue('the controller is not ready');
  }

  #set(fault: string | null): void {
    if (this.#fault === fault) return;
    this.#fault = fault;
    this.#options.changed();
  }
}

// One connection to a lock board: requests one after another, each with its own deadline, a pause between them, and
// nothing believed that was not asked for. Status is asked again when an answer is missing; an unlock never is.
import type { Bytes } from '../../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../../runtime/core/clock.ts';
import { StileError } from '../../../runtime/core/errors.ts';
import type { Line } from '../../serial/line.ts';
import type { Connection } from '../../serial/supervisor.ts';
import { encodeRequest, type LockStatus, statusDecoder } from '../protocol/kerong-cu16.ts';

export interface LockBusOptions {
  readonly id: string;
  readonly line: Line;
  readonly board: number;
  readonly clock: Clock;
  /** An answer of this board; returns in how many milliseconds the next status is wanted. */
  readonly status: (status: LockStatus) => number;
  /** The unlock frame was handed to the line. */
  readonly unlocking: (lock: number) => void;
  readonly failed: (fault: StileError) => void;
}

export const lockBusTimes = {
  /** The board needs it between two requests. */
  pauseMs: 25,
  /** A status takes 7 ms on a line of 19200 baud; adapters hold bytes back for up to 16 ms. */
  answerMs: 200,
  /** Further attempts after a status without an answer; then the board counts as dead. */
  statusRetries: 3,
  idlePollMs: 1_000,
  movingPollMs: 100,
} as const;

export class LockBus implements Connection {
  readonly #options: LockBusOptions;
  readonly #decoder = statusDecoder();
  #phase: 'pausing' | 'awaiting' | 'resting' | 'ended' = 'resting';
  #timer: TimerHandle | null = null;
  #pollAtMs = 0;
  #pendingLock: number | null = null;
  #missed = 0;
  #otherBoard: number | null = null;
  #unaskedBytes = 0;

  constructor(options: LockBusOptions) {
    this.#options = options;
    this.#next();
  }

  /** Bytes that came while no answer was awaited: leftovers, or an unlock reply, which nobody vouches for. */
  get unaskedBytes(): number {
    return this.#unaskedBytes;
  }

  /** One motion waits at most; false when there is one, or the connection is over. */
  unlock(lock: number): boolean {
    if (this.#phase === 'ended' || this.#pendingLock !== null) return false;
    this.#pendingLock = lock;
    if (this.#phase === 'resting') this.#next();
    return this.#ongoing;
  }

  data(bytes: Bytes): void {
    if (this.#phase !== 'awaiting') {
      this.#unaskedBytes += bytes.length;
      return;
    }
    for (const status of this.#decoder.push(bytes)) {
      if (status.board === this.#options.board) return this.#answered(status);
      this.#otherBoard = status.board;
    }
  }

  lost(): void {
    this.#phase = 'ended';
    this.#timer?.cancel();
  }

  farewell(): void {
    this.lost();
  }

  get #ongoing(): boolean {
    return this.#phase !== 'ended';
  }

  #next(): void {
    this.#timer?.cancel();
    const lock = this.#pendingLock;
    if (lock === null) return this.#askStatus();
    this.#pendingLock = null;
    const { board } = this.#options;
    if (!this.#send(encodeRequest({ kind: 'unlock', board, lock }))) return;
    this.#options.unlocking(lock);
    this.#pause(lockBusTimes.movingPollMs);
  }

  #askStatus(): void {
    if (!this.#send(encodeRequest({ kind: 'status', board: this.#options.board }))) return;
    this.#phase = 'awaiting';
    this.#timer = this.#options.clock.timer(`answer ${this.#options.id}`, lockBusTimes.answerMs, () => this.#silent());
  }

  #answered(status: LockStatus): void {
    this.#timer?.cancel();
    this.#missed = 0;
    this.#pause(0);
    const pollInMs = this.#options.status(status);
    this.#pollAtMs = this.#options.clock.monoMs() + pollInMs;
  }

  #pause(pollInMs: number): void {
    const { clock, id } = this.#options;
    this.#phase = 'pausing';
    this.#pollAtMs = clock.monoMs() + pollInMs;
    this.#timer = clock.timer(`pause ${id}`, lockBusTimes.pauseMs, () => this.#rest());
  }

  #rest(): void {
    const { clock, id } = this.#options;
    this.#phase = 'resting';
    const restMs = this.#pollAtMs - clock.monoMs();
    if (this.#pendingLock !== null || restMs <= 0) return this.#next();
    this.#timer = clock.timer(`poll ${id}`, restMs, () => this.#next());
  }

  #silent(): void {
    if (++this.#missed <= lockBusTimes.statusRetries) return this.#pause(0);
    const { line, board } = this.#options;
    if (this.#otherBoard !== null) {
      return this.#fail(
        new StileError('DEVICE_UNSUPPORTED', `board ${this.#otherBoard} answers at ${line.path}, not board ${board}`, {
          remedy: `Set the board's switches to ${board}, or name its number in the configuration.`,
        }),
      );
    }
    this.#fail(
      new StileError('DEVICE_SILENT', `lock board ${board} at ${line.path}: ${this.#missed} requests unanswered`, {
        remedy: 'Check its power, its number, the baud rate, and that A and B of the RS-485 line are not swapped.',
      }),
    );
  }

  /** What came before a request cannot be its answer. */
  #send(frame: Bytes): boolean {
    this.#unaskedBytes += this.#decoder.flush();
    if (this.#options.line.write(frame)) return true;
    this.#fail(
      new StileError('DEVICE_LOST', `line ${this.#options.line.path} takes no more bytes`, {
        remedy: 'Check the adapter and its cable; the line is opened again by itself.',
      }),
    );
    return false;
  }

  #fail(fault: StileError): void {
    if (this.#phase === 'ended') return;
    this.lost();
    this.#options.failed(fault);
  }
}

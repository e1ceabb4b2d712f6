// The tags or the charge of a cabinet's slots over Stile's slot line: every slot in turn, one request at a time. What it
// cannot read is null, and a reader that falls silent takes its readings with it.
import type { MonoMs } from '../../runtime/core/brand.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { StileError } from '../../runtime/core/errors.ts';
import type { Logger } from '../../runtime/core/log.ts';
import type { DeviceHealth } from '../ports/device.ts';
import type { Line, LineSettings, OpenLine } from '../serial/line.ts';
import { DeviceStatus } from '../serial/status.ts';
import { type Connection, LineSupervisor } from '../serial/supervisor.ts';
import {
  encodeReadingRequest,
  type Quantity,
  type Reading,
  type ReadingAnswer,
  readingAnswerDecoder,
  slotLineLimits,
} from './protocol/slot-line.ts';

export interface SlotReaderOptions {
  readonly id: string;
  readonly quantity: Quantity;
  readonly line: LineSettings;
  readonly slots: number;
  /** From the end of one round over all slots to the next. */
  readonly roundMs: number;
  readonly backOffMs: readonly number[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly open?: OpenLine;
  /** A slot was read, or, with null, all readings are lost. */
  readonly read: (slot: number | null) => void;
}

export const slotReaderTimes = {
  answerMs: 200,
  /** Answers missing in a row, over whatever slots, after which the reader counts as dead. */
  misses: 3,
} as const;

export interface TimedReading {
  readonly reading: Reading;
  readonly atMonoMs: MonoMs;
}

export class SlotReader {
  readonly #options: SlotReaderOptions;
  readonly #status: DeviceStatus;
  readonly #supervisor: LineSupervisor;
  readonly #readings = new Map<number, TimedReading>();

  constructor(options: SlotReaderOptions) {
    this.#options = options;
    this.#status = new DeviceStatus(options.id);
    const { id, line, backOffMs, clock, log, open } = options;
    this.#supervisor = new LineSupervisor({
      id,
      line,
      backOffMs,
      clock,
      log,
      ...(open && { open }),
      connect: (opened) => this.#connect(opened),
      failed: (fault) => {
        this.#status.failed(fault);
        this.#forget();
      },
    });
  }

  health(): DeviceHealth {
    return this.#status.health;
  }

  /** Null until the slot was read since the reader was reached. */
  at(slot: number): TimedReading | null {
    return this.#readings.get(slot) ?? null;
  }

  start(): void {
    this.#status.set('opening', `opening ${this.#options.line.path}`);
    this.#supervisor.start();
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
    this.#status.set('stopped', 'stopped');
    this.#forget();
  }

  #connect(line: Line): Connection {
    const { quantity, slots, roundMs, clock, id } = this.#options;
    return new Round({
      id,
      line,
      quantity,
      slots,
      roundMs,
      clock,
      answered: (slot, reading) => this.#answered(slot, reading),
      failed: (fault) => this.#supervisor.drop(fault),
    });
  }

  #answered(slot: number, reading: Reading): void {
    if (this.#status.health.state !== 'online') {
      this.#supervisor.proven();
      this.#status.reached('online', `${this.#options.line.path} answers`);
    }
    this.#readings.set(slot, { reading, atMonoMs: this.#options.clock.monoMs() });
    this.#options.read(slot);
  }

  #forget(): void {
    this.#readings.clear();
    this.#options.read(null);
  }
}

interface RoundOptions extends Pick<SlotReaderOptions, 'id' | 'quantity' | 'slots' | 'roundMs' | 'clock'> {
  readonly line: Line;
  readonly answered: (slot: number, reading: Reading) => void;
  readonly failed: (fault: StileError) => void;
}

/** The requests of one connection. */
class Round implements Connection {
  readonly #options: RoundOptions;
  readonly #decoder = readingAnswerDecoder();
  #slot = 1;
  #number = 0;
  #missed = 0;
  #awaiting = false;
  #timer: TimerHandle | null = null;

  constructor(options: RoundOptions) {
    this.#options = options;
    this.#ask();
  }

  data(bytes: Bytes): void {
    for (const answer of this.#decoder.push(bytes)) if (this.#awaiting && this.#isAwaited(answer)) this.#take(answer);
  }

  lost(): void {
    this.#awaiting = false;
    this.#timer?.cancel();
  }

  farewell(): void {
    this.lost();
  }

  #ask(): void {
    const { line, quantity, clock, id } = this.#options;
    this.#number = (this.#number + 1) % slotLineLimits.numbers;
    this.#decoder.flush();
    if (!line.write(encodeReadingRequest({ quantity, slot: this.#slot, number: this.#number }))) {
      return this.#fail('DEVICE_LOST', 'it takes no more bytes');
    }
    this.#awaiting = true;
    this.#timer = clock.timer(`answer ${id}`, slotReaderTimes.answerMs, () => this.#silent());
  }

  #isAwaited({ quantity, slot, number }: ReadingAnswer): boolean {
    return quantity === this.#options.quantity && slot === this.#slot && number === this.#number;
  }

  #take({ slot, reading }: ReadingAnswer): void {
    this.#timer?.cancel();
    this.#awaiting = false;
    this.#missed = 0;
    this.#advance();
    this.#options.answered(slot, reading);
  }

  #silent(): void {
    this.#awaiting = false;
    this.#missed++;
    if (this.#missed < slotReaderTimes.misses) return this.#advance();
    this.#fail('DEVICE_SILENT', `${this.#missed} requests unanswered`);
  }

  #advance(): void {
    const { slots, roundMs, clock, id } = this.#options;
    const last = this.#slot >= slots;
    this.#slot = last ? 1 : this.#slot + 1;
    this.#timer = clock.timer(`round ${id}`, last ? roundMs : 0, () => this.#ask());
  }

  #fail(code: 'DEVICE_LOST' | 'DEVICE_SILENT', what: string): void {
    const { line, quantity, failed } = this.#options;
    this.lost();
    failed(
      new StileError(code, `${quantity} line ${line.path}: ${what}`, {
        remedy: 'Check power and cable of the reader, its baud rate, and that its line is not swapped with another.',
      }),
    );
  }
}

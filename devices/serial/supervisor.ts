// Keeps one line open for as long as it is wanted: opens, hands it to fresh objects, notices its end, and opens it
// again with back-off. Nothing of a lost connection survives into the next one.
import { assert } from '../../runtime/core/assert.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { messageOf, StileError } from '../../runtime/core/errors.ts';
import type { Logger } from '../../runtime/core/log.ts';
import { type Line, type LineListener, type LineSettings, type OpenLine, openLine } from './line.ts';

/** What a driver makes for one connection: parser, codec, pending requests. */
export interface Connection extends LineListener {
  /** Before a wanted close: the last bytes the device should get. */
  farewell?(): void;
}

export interface SupervisorOptions {
  /** The device's id, as it stands in logs and timer names. */
  readonly id: string;
  readonly line: LineSettings;
  /** Waits before the second, third … attempt; the last one repeats. Milliseconds, at least one. */
  readonly backOffMs: readonly number[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly open?: OpenLine;
  /** Makes the objects of one connection. */
  readonly connect: (line: Line) => Connection;
  /** An attempt failed or the line ended; the next attempt is already planned. */
  readonly failed: (fault: StileError) => void;
}

export class LineSupervisor {
  readonly #options: SupervisorOptions;
  readonly #open: OpenLine;
  #running = false;
  #attempts = 0;
  #opening: Promise<void> = Promise.resolve();
  #line: Line | null = null;
  #connection: Connection | null = null;
  #retry: TimerHandle | null = null;
  #lastLogged = '';

  constructor(options: SupervisorOptions) {
    assert(options.backOffMs.length > 0, 'a supervisor needs at least one back-off');
    this.#options = options;
    this.#open = options.open ?? openLine;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#opening = this.#attempt();
  }

  /** The driver's word that this connection is good: the next back-off starts from the shortest again. */
  proven(): void {
    this.#attempts = 0;
    this.#lastLogged = '';
    this.#options.log.info('device-reached', { device: this.#options.id, path: this.#options.line.path });
  }

  /** Ends the present connection because the driver found the device silent or wrong. */
  drop(fault: StileError): void {
    const line = this.#line;
    if (!line) return;
    this.#connection?.lost(fault);
    this.#forget();
    void line.close();
    this.#fail(fault);
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#retry?.cancel();
    this.#retry = null;
    await this.#opening;
    const line = this.#line;
    this.#connection?.farewell?.();
    this.#forget();
    if (!line) return;
    await line.drain();
    await line.close();
  }

  async #attempt(): Promise<void> {
    const { line: settings, clock } = this.#options;
    let line: Line;
    try {
      line = await this.#open(settings, clock);
    } catch (error) {
      return this.#fail(asFault(settings.path, error));
    }
    if (!this.#running) return line.close();
    this.#adopt(line);
  }

  #adopt(line: Line): void {
    this.#line = line;
    const connection = this.#options.connect(line);
    // The driver may have dropped the line while it made its objects.
    if (this.#line !== line) return;
    this.#connection = connection;
    line.listen({
      data: (bytes) => this.#line === line && connection.data(bytes),
      lost: (fault) => {
        if (this.#line !== line) return;
        connection.lost(fault);
        this.#forget();
        this.#fail(fault);
      },
    });
  }

  #forget(): void {
    this.#line = null;
    this.#connection = null;
  }

  #fail(fault: StileError): void {
    if (!this.#running) return;
    this.#log(fault);
    const { backOffMs, clock, id } = this.#options;
    const delayMs = backOffMs[Math.min(this.#attempts, backOffMs.length - 1)] ?? 0;
    this.#attempts++;
    this.#retry = clock.timer(`reopen ${id}`, delayMs, () => {
      this.#opening = this.#attempt();
    });
    this.#options.failed(fault);
  }

  /** A device that stays away is one line in the log, not one for each attempt. */
  #log(fault: StileError): void {
    if (this.#lastLogged === fault.code) return;
    this.#lastLogged = fault.code;
    const { id, line, log } = this.#options;
    log.warn('device-failed', {
      device: id,
      path: line.path,
      code: fault.code,
      detail: fault.message,
      remedy: fault.remedy,
    });
  }
}

function asFault(path: string, error: unknown): StileError {
  if (error instanceof StileError) return error;
  return new StileError('INTERNAL', `line ${path}: ${messageOf(error)}`, {
    remedy: 'Report this message with the log around it.',
    cause: error,
  });
}

// A board with Firmata firmware as a device: supervised line, heartbeat, and outputs that can be set only while the
// board is proven to answer. johnny-five drives the pins.
import { assert } from '../../runtime/core/assert.ts';
import type { Clock } from '../../runtime/core/clock.ts';
import { messageOf, StileError } from '../../runtime/core/errors.ts';
import type { Signal } from '../../runtime/core/event.ts';
import type { Logger } from '../../runtime/core/log.ts';
import type { Device, DeviceHealth } from '../ports/device.ts';
import type { Line, LineSettings, OpenLine } from '../serial/line.ts';
import { DeviceStatus } from '../serial/status.ts';
import { LineSupervisor } from '../serial/supervisor.ts';
import { BoardConnection } from './connection.ts';
import { type Libraries, loadLibraries } from './libraries.ts';

/** A device whose named pins can be switched. */
export interface OutputBoard extends Device {
  /** True when the bytes were handed to a board that is online; false, and nothing sent, otherwise. */
  set(pin: number, on: boolean): boolean;
}

export interface FirmataBoardOptions {
  readonly id: string;
  readonly line: LineSettings;
  /** Pins driven as outputs, at least one. Low is the safe level and is set before the board is online. */
  readonly outputs: readonly number[];
  /**
   * How long firmata-io waits for a version report before it asks. 50 for a board that does not reset on open
   * (default), 1000-2000 for one that does.
   */
  readonly reportVersionTimeoutMs?: number;
  /** From the open line to online. Default reportVersionTimeoutMs + 5000. */
  readonly handshakeTimeoutMs?: number;
  /** Default 1000; two without an answer and the board is dead. */
  readonly heartbeatMs?: number;
  /** Default 1, 2, 5, 10, 30 s: every attempt that reaches the board leaks a little in johnny-five. */
  readonly backOffMs?: readonly number[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly open?: OpenLine;
}

export const boardDefaults = {
  reportVersionTimeoutMs: 50,
  handshakeGraceMs: 5_000,
  heartbeatMs: 1_000,
  backOffMs: [1_000, 2_000, 5_000, 10_000, 30_000],
} as const;

export class FirmataBoard implements OutputBoard {
  readonly id: string;
  readonly changed: Signal<DeviceHealth>;
  readonly #options: FirmataBoardOptions;
  readonly #status: DeviceStatus;
  readonly #supervisor: LineSupervisor;
  #starting: Promise<void> | null = null;
  #libraries: Libraries | null = null;
  #connection: BoardConnection | null = null;

  constructor(options: FirmataBoardOptions) {
    this.id = options.id;
    this.#options = options;
    this.#status = new DeviceStatus(options.id);
    this.changed = this.#status.changed;
    const { id, line, clock, log, open } = options;
    this.#supervisor = new LineSupervisor({
      id,
      line,
      clock,
      log,
      ...(open && { open }),
      backOffMs: options.backOffMs ?? boardDefaults.backOffMs,
      connect: (opened) => this.#connect(opened),
      failed: (fault) => this.#status.failed(fault),
    });
  }

  start(): void {
    if (this.#starting) return;
    this.#status.set('opening', `opening ${this.#options.line.path}`);
    this.#starting = this.#begin();
  }

  async stop(): Promise<void> {
    const starting = this.#starting;
    this.#starting = null;
    await starting;
    await this.#supervisor.stop();
    this.#status.set('stopped', 'stopped');
  }

  health(): DeviceHealth {
    return this.#status.health;
  }

  set(pin: number, on: boolean): boolean {
    return this.#connection?.set(pin, on) ?? false;
  }

  async #begin(): Promise<void> {
    try {
      this.#libraries = await loadLibraries();
    } catch (error) {
      this.#status.failed(
        error instanceof StileError ? error : new StileError('INTERNAL', messageOf(error), { remedy: 'Report this.' }),
      );
      return;
    }
    if (this.#starting) this.#supervisor.start();
  }

  #connect(line: Line): BoardConnection {
    const { id, clock, outputs } = this.#options;
    const libraries = this.#libraries;
    assert(libraries, 'the libraries are loaded before the first line is opened');
    const reportVersionTimeoutMs = this.#options.reportVersionTimeoutMs ?? boardDefaults.reportVersionTimeoutMs;
    const connection = new BoardConnection({
      id,
      line,
      libraries,
      clock,
      outputs,
      reportVersionTimeoutMs,
      handshakeTimeoutMs: this.#options.handshakeTimeoutMs ?? reportVersionTimeoutMs + boardDefaults.handshakeGraceMs,
      heartbeatMs: this.#options.heartbeatMs ?? boardDefaults.heartbeatMs,
      online: () => {
        this.#supervisor.proven();
        this.#status.reached('online', `${line.path} answers; outputs ${outputs.join(', ')} are low`);
      },
      failed: (fault) => this.#supervisor.drop(fault),
    });
    this.#connection = connection;
    return connection;
  }
}

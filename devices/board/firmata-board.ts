// A board with Firmata firmware as a device: supervised line, heartbeat, outputs that can be set only while the board is
// proven to answer, and inputs heard edge by edge. johnny-five drives the pins.
import { assert } from '../../runtime/core/assert.ts';
import type { Clock } from '../../runtime/core/clock.ts';
import { messageOf, StileError } from '../../runtime/core/errors.ts';
import { Signal } from '../../runtime/core/event.ts';
import type { Logger } from '../../runtime/core/log.ts';
import type { Device, DeviceHealth } from '../ports/device.ts';
import type { Line, LineSettings, OpenLine } from '../serial/line.ts';
import { DeviceStatus } from '../serial/status.ts';
import { LineSupervisor } from '../serial/supervisor.ts';
import { BoardConnection } from './connection.ts';
import type { Edge, InputPin } from './inputs.ts';
import { type Libraries, loadLibraries } from './libraries.ts';

/** A device whose named pins can be switched. */
export interface OutputBoard extends Device {
  /** True when the bytes were handed to a board that is online; false, and nothing sent, otherwise. */
  set(pin: number, on: boolean): boolean;
}

/** A device whose pins can be switched, pulsed and heard. */
export interface PinBoard extends OutputBoard {
  /** Every change of an input while the board is online, with its own time; contacts are not debounced. */
  readonly edges: Signal<Edge>;
  /** Newest level of an input; null while the board is not online. */
  level(pin: number): 0 | 1 | null;
  /**
   * High for `lengthMs`, at most `maxPulseMs`, then low. False, and nothing sent, when the board is not online or
   * the pin is still in a pulse. A pulse ends with its connection: the next one begins with low levels.
   */
  pulse(pin: number, lengthMs: number): boolean;
}

export interface FirmataBoardOptions {
  readonly id: string;
  readonly line: LineSettings;
  /** Pins driven as outputs, at least one. Low is the safe level and is set before the board is online. */
  readonly outputs: readonly number[];
  /** Pins heard as inputs; the level of each is known before the board is online. */
  readonly inputs?: readonly InputPin[];
  /** Firmware name that the board must give, to tell it from another one; a sketch's file name. Any when left out. */
  readonly firmware?: string;
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

export class FirmataBoard implements PinBoard {
  readonly id: string;
  readonly changed: Signal<DeviceHealth>;
  readonly edges = new Signal<Edge>();
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

  pulse(pin: number, lengthMs: number): boolean {
    return this.#connection?.pulse(pin, lengthMs) ?? false;
  }

  level(pin: number): 0 | 1 | null {
    return this.#connection?.level(pin) ?? null;
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
      inputs: this.#options.inputs ?? [],
      firmware: this.#options.firmware ?? null,
      edge: (edge) => this.edges.emit(edge),
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

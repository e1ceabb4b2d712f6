// One connection to a Firmata board: handshake, identity, safe levels, read-back, heartbeat. Made anew for every opened
// line and thrown away with it.

import type { Firmata } from 'firmata-io';
import type Board from 'johnny-five/lib/board.js';
import type Relay from 'johnny-five/lib/relay.js';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { type Clock, repeat, type TimerHandle } from '../../runtime/core/clock.ts';
import { type ErrorCode, messageOf, StileError } from '../../runtime/core/errors.ts';
import type { Line } from '../serial/line.ts';
import type { Connection } from '../serial/supervisor.ts';
import { type Edge, type InputPin, Inputs } from './inputs.ts';
import type { Libraries } from './libraries.ts';
import { Pulses } from './pulses.ts';
import { LineTransport } from './transport.ts';

export interface BoardConnectionOptions {
  readonly id: string;
  readonly line: Line;
  readonly libraries: Libraries;
  readonly clock: Clock;
  /** Output pins; each is driven low before the board counts as online. */
  readonly outputs: readonly number[];
  readonly inputs: readonly InputPin[];
  /** Firmware name that the board must give; null accepts any. */
  readonly firmware: string | null;
  readonly reportVersionTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  readonly heartbeatMs: number;
  /** Safe levels are set and read back. */
  readonly online: () => void;
  /** A level changed while the board was online. */
  readonly edge: (edge: Edge) => void;
  readonly failed: (fault: StileError) => void;
}

/** Unanswered heartbeats after which the board is dead. */
export const maxMissedHeartbeats = 2;

export class BoardConnection implements Connection {
  readonly #options: BoardConnectionOptions;
  readonly #transport: LineTransport;
  readonly #io: Firmata;
  readonly #relays = new Map<number, Relay>();
  readonly #inputs: Inputs;
  readonly #pulses: Pulses;
  #board: Board | null = null;
  #deadline: TimerHandle;
  #heartbeat: TimerHandle | null = null;
  #online = false;
  #ended = false;
  #beats = 0;
  #missed = 0;
  #awaited: number | null = null;

  constructor(options: BoardConnectionOptions) {
    this.#options = options;
    this.#transport = new LineTransport(options.line, () => this.#fail('DEVICE_LOST', 'the line takes no more bytes'));
    this.#io = new options.libraries.Firmata(this.#transport, { reportVersionTimeout: options.reportVersionTimeoutMs });
    this.#io.on('error', (error: unknown) => this.#fail('DEVICE_LOST', messageOf(error)));
    this.#io.once('ready', () => this.#guarded(() => this.#construct()));
    this.#inputs = new Inputs({
      io: this.#io,
      pins: options.inputs,
      clock: options.clock,
      edge: (edge) => {
        if (this.#online) options.edge(edge);
      },
    });
    this.#pulses = new Pulses({ id: options.id, clock: options.clock, set: (pin, on) => this.set(pin, on) });
    this.#deadline = options.clock.timer(`handshake ${options.id}`, options.handshakeTimeoutMs, () =>
      this.#fail('DEVICE_SILENT', `no Firmata answer within ${options.handshakeTimeoutMs} ms`),
    );
  }

  get online(): boolean {
    return this.#online;
  }

  data(bytes: Bytes): void {
    this.#transport.receive(bytes, this.#io);
  }

  lost(): void {
    this.#end();
  }

  farewell(): void {
    if (this.#online) for (const relay of this.#relays.values()) relay.open();
    this.#end();
  }

  /** False, and nothing sent, when the board is not online or the line refused the bytes. */
  set(pin: number, on: boolean): boolean {
    const relay = this.#relays.get(pin);
    if (!this.#online || !relay) return false;
    if (on) relay.close();
    else relay.open();
    return this.#online;
  }

  /** One pulse, capped; false, and nothing sent, when the board is not online or the pin is still in a pulse. */
  pulse(pin: number, lengthMs: number): boolean {
    return this.#online && this.#pulses.start(pin, lengthMs);
  }

  /** Null while the board is not online. */
  level(pin: number): 0 | 1 | null {
    return this.#online ? this.#inputs.level(pin) : null;
  }

  /** Only for a board that has answered: johnny-five keeps every Board it ever made. */
  #construct(): void {
    const { libraries, handshakeTimeoutMs, firmware } = this.#options;
    const { name } = this.#io.firmware;
    if (firmware !== null && name !== firmware) {
      return this.#fail('DEVICE_MISMATCH', `its firmware is ${JSON.stringify(name)}, not ${JSON.stringify(firmware)}`);
    }
    const board = new libraries.five.Board({
      io: this.#io,
      repl: false,
      debug: false,
      sigint: false,
      timeout: handshakeTimeoutMs * 2,
    });
    this.#board = board;
    board.on('error', (error: unknown) => this.#fail('DEVICE_LOST', messageOf(error)));
    board.once('ready', () => this.#guarded(() => this.#makeSafe(board)));
  }

  #makeSafe(board: Board): void {
    for (const pin of this.#options.outputs) {
      board.pinMode(pin, this.#io.MODES.OUTPUT);
      const relay = new this.#options.libraries.five.Relay({ pin, board, type: 'NO' });
      relay.open();
      this.#relays.set(pin, relay);
    }
    this.#readBack(0);
    this.#inputs.listen(board);
  }

  #readBack(index: number): void {
    const pin = this.#options.outputs[index];
    if (pin === undefined) return this.#readInputs();
    this.#io.queryPinState(pin, () => {
      if (this.#ended) return;
      const state = this.#io.pins[pin];
      if (state?.mode === this.#io.MODES.OUTPUT && state.state === 0) return this.#readBack(index + 1);
      this.#fail(
        'DEVICE_UNSUPPORTED',
        `pin ${pin} does not take the safe level: mode ${state?.mode}, value ${state?.state}`,
      );
    });
  }

  #readInputs(): void {
    this.#inputs.readBack((fault) => {
      if (this.#ended) return;
      if (fault === null) this.#ready();
      else this.#fail('DEVICE_UNSUPPORTED', fault);
    });
  }

  #ready(): void {
    const { clock, id, heartbeatMs, online } = this.#options;
    this.#deadline.cancel();
    this.#online = true;
    this.#heartbeat = repeat(clock, `heartbeat ${id}`, heartbeatMs, () => this.#beat());
    // A board says its version unasked only when it starts.
    this.#io.on('reportversion', () => this.#fail('DEVICE_LOST', 'the board restarted by itself'));
    online();
  }

  #beat(): void {
    const { outputs, heartbeatMs } = this.#options;
    if (this.#awaited !== null && ++this.#missed >= maxMissedHeartbeats) {
      this.#fail('DEVICE_SILENT', `${this.#missed} heartbeats of ${heartbeatMs} ms without an answer`);
      return;
    }
    const pin = outputs[this.#beats++ % outputs.length] ?? 0;
    this.#awaited = pin;
    this.#io.queryPinState(pin, () => this.#answered(pin));
    this.#inputs.refresh();
  }

  #answered(pin: number): void {
    if (this.#ended) return;
    this.#awaited = null;
    this.#missed = 0;
    const mode = this.#io.pins[pin]?.mode;
    if (mode !== this.#io.MODES.OUTPUT) this.#fail('DEVICE_LOST', `pin ${pin} is no output any more (mode ${mode})`);
  }

  #guarded(step: () => void): void {
    if (this.#ended) return;
    try {
      step();
    } catch (error) {
      this.#fail('DEVICE_UNSUPPORTED', messageOf(error));
    }
  }

  #fail(code: ErrorCode, what: string): void {
    if (this.#ended) return;
    this.#end();
    const { id, line, failed } = this.#options;
    failed(
      new StileError(code, `board ${id} at ${line.path}: ${what}`, {
        remedy:
          code === 'DEVICE_MISMATCH'
            ? 'Check that the cables of two boards are not swapped and that the path names this board.'
            : 'Check power, cable and that the board runs StandardFirmata at the configured baud rate.',
      }),
    );
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#online = false;
    this.#deadline.cancel();
    this.#heartbeat?.cancel();
    this.#relays.clear();
    this.#pulses.end();
    clearTimeout(this.#io.reportVersionTimeoutId);
    this.#transport.shut();
    this.#io.removeAllListeners();
    this.#io.on('error', () => {});
    if (this.#board) release(this.#board);
  }
}

/** johnny-five never lets a Board go; let it at least hold nothing. */
function release(board: Board): void {
  if (board.timer) clearTimeout(board.timer);
  board.removeAllListeners();
  board.on('error', () => {});
  board.register.length = 0;
  board.io = null;
}

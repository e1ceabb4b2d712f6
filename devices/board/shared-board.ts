// One board that carries several devices, such as a gate and its lamps. Each driver holds a part with its own pins, id,
// start and stop; the board starts with the first part and stops with the last, so that nobody has to own it.
import { StileError } from '../../runtime/core/errors.ts';
import { Signal } from '../../runtime/core/event.ts';
import type { DeviceHealth } from '../ports/device.ts';
import { FirmataBoard, type FirmataBoardOptions, type PinBoard } from './firmata-board.ts';
import type { Edge, InputPin } from './inputs.ts';

export type SharedBoardOptions = Omit<FirmataBoardOptions, 'outputs' | 'inputs'>;

export interface PartPins {
  /** At least one over all parts of a board. */
  readonly outputs: readonly number[];
  readonly inputs: readonly InputPin[];
}

export class SharedBoard {
  readonly #options: SharedBoardOptions;
  readonly #claimed = new Map<number, string>();
  readonly #outputs: number[] = [];
  readonly #inputs: InputPin[] = [];
  readonly #started = new Set<BoardPart>();
  #board: FirmataBoard | null = null;
  #stopping: Promise<void> = Promise.resolve();

  constructor(options: SharedBoardOptions) {
    this.#options = options;
  }

  /**
   * The pins of one device. All parts are made before the first is started.
   * @throws StileError CONFIG_INVALID for a pin that another part has, or after the start.
   */
  part(id: string, pins: PartPins): PinBoard {
    if (this.#board) throw this.#invalid(`part ${id} comes after the board was started`);
    for (const pin of [...pins.outputs, ...pins.inputs.map((input) => input.pin)]) {
      const owner = this.#claimed.get(pin);
      if (owner !== undefined) throw this.#invalid(`pin ${pin} is used by ${owner} and by ${id}`);
      this.#claimed.set(pin, id);
    }
    this.#outputs.push(...pins.outputs);
    this.#inputs.push(...pins.inputs);
    return new BoardPart(id, pins, {
      join: (part) => this.#join(part),
      leave: (part) => this.#leave(part),
    });
  }

  #join(part: BoardPart): FirmataBoard {
    this.#board ??= new FirmataBoard({ ...this.#options, outputs: this.#outputs, inputs: this.#inputs });
    const board = this.#board;
    this.#started.add(part);
    // A start right after a stop waits for the line to be free.
    void this.#stopping.then(() => this.#started.size > 0 && board.start());
    return board;
  }

  async #leave(part: BoardPart): Promise<void> {
    this.#started.delete(part);
    if (this.#started.size > 0 || !this.#board) return;
    this.#stopping = this.#board.stop();
    await this.#stopping;
  }

  #invalid(what: string): StileError {
    return new StileError('CONFIG_INVALID', `board ${this.#options.id}: ${what}`, {
      remedy: 'Give each part of a board pins of its own.',
    });
  }
}

interface Membership {
  join(part: BoardPart): FirmataBoard;
  leave(part: BoardPart): Promise<void>;
}

class BoardPart implements PinBoard {
  readonly id: string;
  readonly changed = new Signal<DeviceHealth>();
  readonly edges = new Signal<Edge>();
  readonly #pins: PartPins;
  readonly #membership: Membership;
  #board: FirmataBoard | null = null;
  #deaf: (() => void)[] = [];
  #stopped: DeviceHealth;

  constructor(id: string, pins: PartPins, membership: Membership) {
    this.id = id;
    this.#pins = pins;
    this.#membership = membership;
    this.#stopped = { id, state: 'stopped', detail: 'not started', reconnects: 0 };
  }

  start(): void {
    if (this.#board) return;
    const board = this.#membership.join(this);
    this.#board = board;
    const heard = new Set(this.#pins.inputs.map((input) => input.pin));
    this.#deaf = [
      board.changed.on(() => this.changed.emit(this.health())),
      board.edges.on((edge) => heard.has(edge.pin) && this.edges.emit(edge)),
    ];
    if (board.health().state !== 'stopped') this.changed.emit(this.health());
  }

  async stop(): Promise<void> {
    if (!this.#board) return;
    for (const pin of this.#pins.outputs) this.#board.set(pin, false);
    for (const stop of this.#deaf) stop();
    this.#stopped = { ...this.health(), state: 'stopped', detail: 'stopped' };
    this.#board = null;
    await this.#membership.leave(this);
    this.changed.emit(this.#stopped);
  }

  health(): DeviceHealth {
    return this.#board ? { ...this.#board.health(), id: this.id } : this.#stopped;
  }

  set(pin: number, on: boolean): boolean {
    return this.#pins.outputs.includes(pin) && (this.#board?.set(pin, on) ?? false);
  }

  pulse(pin: number, lengthMs: number): boolean {
    return this.#pins.outputs.includes(pin) && (this.#board?.pulse(pin, lengthMs) ?? false);
  }

  level(pin: number): 0 | 1 | null {
    return this.#board?.level(pin) ?? null;
  }
}

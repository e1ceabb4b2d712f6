// A Firmata board at the far end of a line. Its pins can be watched and driven as wires would, and every byte the host
// sent is kept with its time: what a lamp did is read here, not from what the terminal says of itself.
import { FirmataDecoder } from '../../devices/board/protocol/decoder.ts';
import { encode, type FirmataMessage } from '../../devices/board/protocol/messages.ts';
import { type Bytes, concat } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { type Entropy, SeededEntropy } from '../../runtime/core/entropy.ts';
import { Signal } from '../../runtime/core/event.ts';
import type { DeviceEnd } from '../line/device-end.ts';
import { FaultList } from '../line/faults.ts';
import { Firmware, type I2cDevice } from './firmware.ts';
import { type PinState, Pins } from './pins.ts';
import { isPin, pinCount } from './uno.ts';

export type BoardFault =
  /** Deaf and dumb for `ms` after power on. */
  | { readonly kind: 'boot-delay'; readonly ms: number }
  /** Obeys, but answers nothing. */
  | { readonly kind: 'mute' }
  /** Neither obeys nor answers: wedged firmware behind a live line. */
  | { readonly kind: 'hang' }
  /** Random bytes before each answer. */
  | { readonly kind: 'noise'; readonly bytes: number }
  /** A welded relay or a stuck contact. */
  | { readonly kind: 'stuck'; readonly pin: number; readonly level: 0 | 1 }
  /** A firmware that does not take a mode for this pin. */
  | { readonly kind: 'locked'; readonly pin: number }
  /** A contact changes `edges` times more, 1 ms apart, before it rests. */
  | { readonly kind: 'bounce'; readonly edges: number };

export interface TraceEntry {
  /** On the axis of the `nowUs` passed in. */
  readonly atUs: number;
  /** As they came from the host in one read. */
  readonly bytes: Bytes;
}

export interface PinChange extends PinState {
  readonly atUs: number;
}

export interface SimulatedBoardOptions {
  readonly line: DeviceEnd;
  readonly clock: Clock;
  /** CLOCK_MONOTONIC in microseconds, so that the trace compares with other processes of this boot. */
  readonly nowUs: () => number;
  /** Firmware name. Default `StandardFirmata.ino`. */
  readonly name?: string;
  /** Greets at power on, as a board that resets when the line opens. Default true. */
  readonly greets?: boolean;
  /** Entries kept; the oldest go first. Default 10000. */
  readonly traceLimit?: number;
  /** Chance of the faults. Default: a fixed seed. */
  readonly entropy?: Entropy;
}

const defaultTraceLimit = 10_000;
const bounceMs = 1;

export class SimulatedBoard {
  readonly line: DeviceEnd;
  readonly pinChanged = new Signal<PinChange>();
  readonly traced = new Signal<TraceEntry>();
  readonly faults = new FaultList<BoardFault>(() => this.#faultsChanged());
  readonly #options: SimulatedBoardOptions;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #pins = new Pins((state) => this.pinChanged.emit({ ...state, atUs: this.#options.nowUs() }));
  readonly #firmware: Firmware;
  readonly #trace: TraceEntry[] = [];
  readonly #stop: () => void;
  #decoder = new FirmataDecoder('host');
  #booting: TimerHandle | null = null;
  #sampling: TimerHandle | null = null;
  #faultyPins: readonly number[] = [];

  constructor(options: SimulatedBoardOptions) {
    this.#options = options;
    this.line = options.line;
    this.#clock = options.clock;
    this.#entropy = options.entropy ?? new SeededEntropy('simulated board');
    this.#firmware = new Firmware(options.name ?? 'StandardFirmata.ino', this.#pins);
    this.#stop = this.line.data.on((bytes) => this.#received(bytes));
  }

  /** Of every byte the host sent, oldest first. */
  get trace(): readonly TraceEntry[] {
    return this.#trace;
  }

  /** Messages and bytes that meant nothing to the board. */
  get ignored(): number {
    return this.#firmware.ignored + this.#decoder.skippedBytes;
  }

  pin(pin: number): PinState {
    return this.#pins.state(pin);
  }

  pins(): readonly PinState[] {
    return Array.from({ length: pinCount }, (_, pin) => this.#pins.state(pin));
  }

  /** A contact or sensor outside the board; null lets go. */
  apply(pin: number, level: 0 | 1 | null): void {
    if (!isPin(pin)) return;
    this.#applied(pin, level);
    const bounce = this.faults.fire('bounce');
    if (bounce && level !== null) this.#bounce(pin, level, bounce.edges);
  }

  /** 0..1023 on analog channel 0..5. */
  applyAnalog(channel: number, value: number): void {
    this.#firmware.analog.set(channel, value);
  }

  attachI2c(address: number, device: I2cDevice): void {
    this.#firmware.attach(address, device);
  }

  /** The reset button, a brownout, or DTR: every pin falls back, then the firmware starts anew. */
  powerCycle(): void {
    this.#booting?.cancel();
    this.#decoder = new FirmataDecoder('host');
    this.#firmware.reset();
    const delay = this.faults.fire('boot-delay');
    if (!delay) this.#booted();
    else this.#booting = this.#clock.timer('board boots', delay.ms, () => this.#booted());
  }

  async close(): Promise<void> {
    this.#stop();
    this.#booting?.cancel();
    this.#sampling?.cancel();
    await this.line.close();
  }

  #booted(): void {
    this.#booting = null;
    if (this.#options.greets ?? true) this.#send(this.#firmware.greeting());
  }

  #received(bytes: Bytes): void {
    const entry: TraceEntry = { atUs: this.#options.nowUs(), bytes: bytes.slice() };
    this.#trace.push(entry);
    if (this.#trace.length > (this.#options.traceLimit ?? defaultTraceLimit)) this.#trace.shift();
    this.traced.emit(entry);
    if (this.#booting || this.faults.fire('hang')) return;
    for (const message of this.#decoder.push(bytes)) this.#send(this.#firmware.receive(message));
    this.#sample();
  }

  #send(messages: readonly FirmataMessage[]): void {
    if (messages.length === 0 || this.#booting) return;
    if (this.faults.fire('mute')) return;
    const noise = this.#entropy.bytes(this.faults.fire('noise')?.bytes ?? 0);
    this.line.write(concat(noise, ...messages.map(encode)));
  }

  #applied(pin: number, level: 0 | 1 | null): void {
    this.#pins.apply(pin, level);
    this.#send(this.#firmware.changedPorts());
  }

  #bounce(pin: number, level: 0 | 1, edges: number): void {
    if (edges <= 0) {
      this.#applied(pin, level);
      return;
    }
    this.#clock.timer('contact bounces', bounceMs, () => {
      this.#applied(pin, edges % 2 === 1 ? level : level === 1 ? 0 : 1);
      this.#bounce(pin, level, edges - 1);
    });
  }

  #sample(): void {
    if (this.#sampling || !this.#firmware.samples) return;
    this.#sampling = this.#clock.timer('board samples', this.#firmware.samplingMs, () => {
      this.#sampling = null;
      this.#send(this.#firmware.analogSamples());
      this.#sample();
    });
  }

  #faultsChanged(): void {
    for (const pin of this.#faultyPins) {
      this.#pins.stick(pin, null);
      this.#pins.lock(pin, false);
    }
    const pins: number[] = [];
    for (const armed of this.faults.active()) {
      const { fault } = armed;
      if (fault.kind === 'stuck') this.#pins.stick(fault.pin, fault.level);
      else if (fault.kind === 'locked') this.#pins.lock(fault.pin, true);
      else continue;
      pins.push(fault.pin);
      if (armed.fired === 0) armed.fire();
    }
    this.#faultyPins = pins;
  }
}

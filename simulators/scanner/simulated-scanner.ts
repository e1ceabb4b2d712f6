// A code reader at the far end of a line: shows it a code and it types it, with what its configuration adds, at the
// line's pace. Its faults are entries in a list.
import { type Bytes, concat, utf8 } from '../../runtime/core/bytes.ts';
import { type Clock, sleep } from '../../runtime/core/clock.ts';
import { type Entropy, pick, SeededEntropy } from '../../runtime/core/entropy.ts';
import type { DeviceEnd } from '../line/device-end.ts';
import { FaultList } from '../line/faults.ts';
import type { ScannerFault } from './scanner-faults.ts';

export interface SimulatedScannerOptions {
  readonly line: DeviceEnd;
  readonly clock: Clock;
  /** Default `\r`. */
  readonly ending?: string;
  readonly prefix?: string;
  /** Symbology identifier in front of each code, e.g. `]Q1`. */
  readonly aimIdentifier?: string;
  /** Chance of the faults. Default: a fixed seed. */
  readonly entropy?: Entropy;
}

interface Configuration {
  readonly ending: string;
  readonly prefix: string;
  readonly aimIdentifier: string;
}

export class SimulatedScanner {
  readonly line: DeviceEnd;
  readonly faults = new FaultList<ScannerFault>();
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  #configuration: Configuration;
  #typed = 0;

  constructor(options: SimulatedScannerOptions) {
    this.line = options.line;
    this.#clock = options.clock;
    this.#entropy = options.entropy ?? new SeededEntropy('simulated scanner');
    this.#configuration = {
      ending: options.ending ?? '\r',
      prefix: options.prefix ?? '',
      aimIdentifier: options.aimIdentifier ?? '',
    };
  }

  /** Codes typed, repeats included. */
  get typed(): number {
    return this.#typed;
  }

  /** Holds a code before the window. Resolves when the reader has handed its last byte to the line. */
  async show(code: string | Bytes): Promise<void> {
    if (this.faults.fire('hang')) return;
    const bytes = typeof code === 'string' ? utf8(code) : code;
    await this.#type(bytes);
    const double = this.faults.fire('double-read');
    if (double) await this.#again(bytes, double.gapMs);
    const stuck = this.faults.fire('stuck-trigger');
    for (let read = 0; read < (stuck?.reads ?? 0); read++) await this.#again(bytes, stuck?.everyMs ?? 0);
  }

  async #again(bytes: Bytes, afterMs: number): Promise<void> {
    await sleep(this.#clock, 'reader repeats', afterMs);
    await this.#type(bytes);
  }

  async #type(code: Bytes): Promise<void> {
    this.#typed++;
    const frame = this.#frame(code);
    const cut = this.faults.fire('unplug');
    if (cut) {
      this.line.write(frame.subarray(0, cut.afterBytes));
      // Long enough for those bytes to leave a line of 9600 baud.
      await sleep(this.#clock, 'plug', 20 + cut.afterBytes);
      return this.line.unplug();
    }
    await this.#send(frame);
  }

  #frame(code: Bytes): Bytes {
    const reconfigured = this.faults.fire('reconfigured');
    if (reconfigured) this.#configuration = { ...this.#configuration, ...reconfigured };
    const { prefix, aimIdentifier, ending } = this.#configuration;
    const lowered = this.faults.fire('lower-case') ? code.map(lowerCase) : code;
    const sent = this.faults.fire('transcoding') ? utf8(Buffer.from(lowered).toString('latin1')) : lowered;
    const noise = this.#entropy.bytes(this.faults.fire('noise')?.bytes ?? 0);
    const end = this.faults.fire('no-suffix') ? '' : ending;
    return concat(noise, utf8(prefix + aimIdentifier), sent, utf8(end));
  }

  async #send(frame: Bytes): Promise<void> {
    const split = this.faults.fire('split-frame');
    if (split) {
      const middle = frame.length >> 1;
      this.line.write(frame.subarray(0, middle));
      await sleep(this.#clock, 'reader pauses', split.pauseMs);
      return this.line.write(frame.subarray(middle));
    }
    const jitter = this.faults.fire('jitter');
    if (!jitter) return this.line.write(frame);
    for (let index = 0; index < frame.length; index++) {
      await sleep(this.#clock, 'reader hesitates', pick(this.#entropy, jitter.maxMs + 1));
      this.line.write(frame.subarray(index, index + 1));
    }
  }
}

const lowerCase = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);

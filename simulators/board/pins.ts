// The pins of the simulated board: mode, what the host wrote, and what the world outside applies. Faults of the wiring
// act here, between what was written and what the pin shows.
import { pinModes } from '../../devices/board/protocol/messages.ts';
import { isUsable, pinCount, supports } from './uno.ts';

export interface PinState {
  readonly pin: number;
  readonly mode: number;
  /** What the host wrote: 0 or 1, or the value of a PWM or servo pin. For an input: its pull-up. */
  readonly value: number;
  /** What a meter on the pin would show: 0 or 1. */
  readonly level: 0 | 1;
}

interface Pin {
  mode: number;
  value: number;
  /** Level from outside; null where nothing is connected. */
  applied: 0 | 1 | null;
  /** A welded contact or a stuck input: shows this whatever is written or applied. */
  stuck: 0 | 1 | null;
  /** A firmware that leaves this pin to itself. */
  locked: boolean;
}

const drivenModes: readonly number[] = [pinModes.output, pinModes.pwm, pinModes.servo];

export class Pins {
  readonly #pins: Pin[] = Array.from({ length: pinCount }, () => ({
    mode: 0,
    value: 0,
    applied: null,
    stuck: null,
    locked: false,
  }));
  readonly #changed: (state: PinState) => void;

  constructor(changed: (state: PinState) => void) {
    this.#changed = changed;
  }

  state(pin: number): PinState {
    const { mode, value } = this.#at(pin);
    return { pin, mode, value, level: this.#level(this.#at(pin)) };
  }

  /** StandardFirmata drives a pin low when its mode changes. False when the pin cannot. */
  setMode(pin: number, mode: number): boolean {
    if (!supports(pin, mode) || this.#at(pin).locked) return false;
    return this.#change(pin, { mode, value: mode === pinModes.pullup ? 1 : 0 });
  }

  /** A digital write: the level of an output, the pull-up of an input. A pin in pull-up mode ignores it. */
  write(pin: number, value: number): boolean {
    const { mode } = this.#at(pin);
    const digital = mode === pinModes.output || mode === pinModes.input;
    return isUsable(pin) && digital && this.#change(pin, { value: value === 0 ? 0 : 1 });
  }

  writeAnalog(pin: number, value: number): boolean {
    const { mode } = this.#at(pin);
    return (mode === pinModes.pwm || mode === pinModes.servo) && this.#change(pin, { value });
  }

  /** The world outside: a contact, a sensor. Null lets go. */
  apply(pin: number, level: 0 | 1 | null): void {
    this.#change(pin, { applied: level });
  }

  stick(pin: number, level: 0 | 1 | null): void {
    this.#change(pin, { stuck: level });
  }

  lock(pin: number, locked: boolean): void {
    this.#change(pin, { locked });
  }

  /** Back to the state after power on; what is connected stays connected. */
  reset(): void {
    for (let pin = 0; pin < pinCount; pin++) this.#change(pin, { mode: pinModes.input, value: 0 });
  }

  #change(pin: number, change: Partial<Pin>): boolean {
    const target = this.#at(pin);
    const before = this.state(pin);
    Object.assign(target, change);
    const after = this.state(pin);
    if (before.mode !== after.mode || before.value !== after.value || before.level !== after.level)
      this.#changed(after);
    return true;
  }

  #level(pin: Pin): 0 | 1 {
    if (pin.stuck !== null) return pin.stuck;
    if (drivenModes.includes(pin.mode)) return pin.value > 0 ? 1 : 0;
    return pin.applied ?? (pin.value > 0 ? 1 : 0);
  }

  #at(pin: number): Pin {
    return this.#pins[pin] ?? { mode: 0, value: 0, applied: null, stuck: null, locked: false };
  }
}

// Lines of memory in a scenario: what drivers open in place of serial ports. They run on the story's own clock.
import type { OpenLine } from '../../../devices/serial/line.ts';
import { DeviceEnd } from '../../../simulators/line/device-end.ts';
import { MemoryWire } from '../../../simulators/line/memory-wire.ts';
import type { Clock } from '../../core/clock.ts';
import { SeededEntropy } from '../../core/entropy.ts';
import { StileError } from '../../core/errors.ts';

/** A handshake costs turns of the event loop and no time of the story. */
export const handshakeTurns = 20_000;

export class MemoryLines {
  readonly #clock: Clock;
  readonly #wires = new Map<string, MemoryWire>();
  #plugging: Promise<void> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A line of that name; {@link plugged} says when it is plugged in. */
  line(path: string): DeviceEnd {
    const wire = new MemoryWire(path);
    this.#wires.set(path, wire);
    const end = new DeviceEnd({ wire, clock: this.#clock, entropy: new SeededEntropy(`line ${path}`), baudRate: null });
    this.#plugging = Promise.all([this.#plugging, end.replug()]).then(() => {});
    return end;
  }

  plugged(): Promise<void> {
    return this.#plugging;
  }

  readonly open: OpenLine = async ({ path }) => {
    const wire = this.#wires.get(path);
    if (wire) return wire.open();
    throw new StileError('DEVICE_ABSENT', `no line is named ${path}`, { remedy: 'Make the line before its driver.' });
  };

  isOpen(path: string): boolean {
    return this.#wires.get(path)?.isOpen ?? false;
  }

  /** The power of whoever opened them has gone. */
  hostDied(): void {
    for (const wire of this.#wires.values()) wire.hostDied();
  }
}

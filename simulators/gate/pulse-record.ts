// Every release that reached the gate's own terminals, with its times: the evidence of motion, taken at the device's end.
import type { GateDirection } from '../../devices/ports/gate.ts';

export interface PulseEntry {
  readonly direction: GateDirection | 'both';
  /** On the axis of the `nowUs` passed in. */
  readonly fromUs: number;
  /** Null while a contact is held; equals `fromUs` for a command on a line. */
  readonly toUs: number | null;
  /** The controller acted on it. */
  readonly taken: boolean;
}

/** Entries kept; the oldest go first. */
export const maxPulseEntries = 1_000;

export class PulseRecord {
  readonly #entries: PulseEntry[] = [];

  get entries(): readonly PulseEntry[] {
    return this.#entries;
  }

  add(entry: PulseEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length > maxPulseEntries) this.#entries.shift();
  }

  /** Changes the newest entry of this direction, where there is one. */
  amend(direction: GateDirection, change: Partial<PulseEntry>): void {
    const index = this.#entries.findLastIndex((entry) => entry.direction === direction);
    const entry = this.#entries[index];
    if (entry) this.#entries[index] = { ...entry, ...change };
  }
}

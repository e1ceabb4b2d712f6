// The named inputs of a relay gate: which pins a controller's outputs arrive at, and what they say together.
import type { MonoMs } from '../../../runtime/core/brand.ts';
import type { Clock } from '../../../runtime/core/clock.ts';
import type { Edge, InputPin } from '../../board/inputs.ts';
import { Contact, type ContactInput } from '../contact.ts';

export interface ContactPins {
  /** Pulses once for each person who went through, 0.3 s at common controllers. */
  readonly passageEntry: ContactInput;
  readonly passageExit: ContactInput;
  /** The controller is locked and takes a pulse. */
  readonly ready?: ContactInput;
  /** The barrier's own end switch. */
  readonly opened?: ContactInput;
  /** The detector in the passage. */
  readonly occupied?: ContactInput;
  /** A second contact of the fire system, only observed; the first is wired to the controller. */
  readonly fire?: ContactInput;
}
export type ContactName = keyof ContactPins;

const names = ['passageEntry', 'passageExit', 'ready', 'opened', 'occupied', 'fire'] as const satisfies ContactName[];

export interface ContactsOptions {
  readonly id: string;
  readonly pins: ContactPins;
  readonly debounceMs: number;
  readonly clock: Clock;
  readonly changed: (name: ContactName, active: boolean, atMonoMs: MonoMs) => void;
}

export class Contacts {
  readonly inputs: readonly InputPin[];
  readonly #byName = new Map<ContactName, Contact>();

  constructor({ id, pins, debounceMs, clock, changed }: ContactsOptions) {
    const inputs: InputPin[] = [];
    for (const name of names) {
      const input = pins[name];
      if (!input) continue;
      inputs.push({ pin: input.pin, pullUp: input.pullUp });
      const told = (active: boolean, atMonoMs: MonoMs): void => changed(name, active, atMonoMs);
      this.#byName.set(name, new Contact({ name: `${id} ${name}`, input, debounceMs, clock, changed: told }));
    }
    this.inputs = inputs;
  }

  /** Null where it is not wired, or the board is not online. */
  active(name: ContactName): boolean | null {
    return this.#byName.get(name)?.active ?? null;
  }

  /** By the end switch; without one, a controller that is not ready has let go of the barrier. */
  open(): boolean | null {
    if (this.#byName.has('opened')) return this.active('opened');
    const ready = this.active('ready');
    return ready === null ? null : !ready;
  }

  edge(edge: Edge): void {
    for (const contact of this.#byName.values()) if (contact.pin === edge.pin) contact.edge(edge);
  }

  adopt(level: (pin: number) => 0 | 1 | null): void {
    for (const contact of this.#byName.values()) contact.adopt(level(contact.pin));
  }

  forget(): void {
    for (const contact of this.#byName.values()) contact.forget();
  }
}

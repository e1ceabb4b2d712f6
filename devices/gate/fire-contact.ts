// The fire system's second contact at a board's input, for a gate whose own line says nothing of fire. Only observed: the
// first contact is wired to the gate's controller.
import type { MonoMs } from '../../runtime/core/brand.ts';
import type { Clock } from '../../runtime/core/clock.ts';
import type { PinBoard } from '../board/firmata-board.ts';
import type { SharedBoard } from '../board/shared-board.ts';
import { Contact, type ContactInput } from './contact.ts';

export interface FireContactOptions {
  readonly id: string;
  readonly board: SharedBoard;
  readonly input: ContactInput;
  readonly debounceMs: number;
  readonly clock: Clock;
  /** The contact is known for the first time since the board was reached, or changed. */
  readonly known: (active: boolean, atMonoMs: MonoMs) => void;
}

export class FireContact {
  readonly #board: PinBoard;
  readonly #contact: Contact;

  constructor({ id, board, input, debounceMs, clock, known }: FireContactOptions) {
    const { pin, pullUp } = input;
    this.#board = board.part(id, { outputs: [], inputs: [{ pin, pullUp }] });
    this.#contact = new Contact({ name: id, input, debounceMs, clock, changed: known });
    this.#board.edges.on((edge) => this.#contact.edge(edge));
    this.#board.changed.on((health) => {
      if (health.state !== 'online') return this.#contact.forget();
      this.#contact.adopt(this.#board.level(pin));
      if (this.#contact.active !== null) known(this.#contact.active, clock.monoMs());
    });
  }

  /** Null while its board is not online. */
  get active(): boolean | null {
    return this.#contact.active;
  }

  start(): void {
    this.#board.start();
  }

  async stop(): Promise<void> {
    this.#contact.forget();
    await this.#board.stop();
  }
}

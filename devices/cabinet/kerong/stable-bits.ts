// Contacts as a driver may believe them: a bit counts once it was read twice in a row. A bouncing contact, a flipped
// bit or one stale answer says a thing once; a lock that moved says it every time. Pure.

export class StableBits {
  readonly #mask: number;
  #value = 0;
  #known = 0;
  #last: number | null = null;

  /** `width` contacts, 1..31. */
  constructor(width: number) {
    this.#mask = 2 ** width - 1;
  }

  push(reading: number): void {
    const last = this.#last;
    this.#last = reading;
    if (last === null) return;
    const confirmed = ~(reading ^ last) & this.#mask;
    this.#value = (this.#value & ~confirmed) | (reading & confirmed);
    this.#known |= confirmed;
  }

  /** True while the newest reading says something that is not yet believed. */
  get unsettled(): boolean {
    return this.#last !== null && ((~this.#known | (this.#last ^ this.#value)) & this.#mask) !== 0;
  }

  /** Null until the bit was read twice alike. */
  at(bit: number): boolean | null {
    const only = 1 << bit;
    return (this.#known & only) === 0 ? null : (this.#value & only) !== 0;
  }
}

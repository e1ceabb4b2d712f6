// An ordered list of faults, each a small value that counts how often it had an effect: a test of a fault that never
// happened proves nothing.

export class ArmedFault<F> {
  readonly fault: F;
  #turns: number;
  #fired = 0;

  constructor(fault: F, turns: number) {
    this.fault = fault;
    this.#turns = turns;
  }

  /** Times it had an effect. */
  get fired(): number {
    return this.#fired;
  }

  get spent(): boolean {
    return this.#turns <= 0;
  }

  fire(): void {
    this.#fired++;
    this.#turns--;
  }
}

export class FaultList<F extends { readonly kind: string }> {
  readonly #changed: () => void;
  #armed: readonly ArmedFault<F>[] = [];

  constructor(changed: () => void = () => {}) {
    this.#changed = changed;
  }

  /** Puts a fault in front of the others. `turns`: how many times it may fire. */
  add(fault: F, turns = Number.POSITIVE_INFINITY): ArmedFault<F> {
    const armed = new ArmedFault(fault, turns);
    this.#armed = [armed, ...this.#armed];
    this.#changed();
    return armed;
  }

  remove(armed: ArmedFault<F>): void {
    this.#armed = this.#armed.filter((other) => other !== armed);
    this.#changed();
  }

  clear(): void {
    this.#armed = [];
    this.#changed();
  }

  /** Those that still have a turn, in order. */
  active(): readonly ArmedFault<F>[] {
    return this.#armed.filter((armed) => !armed.spent);
  }

  /** `at` narrows to the part of the device that is touched. */
  find<K extends F['kind']>(
    kind: K,
    at: Partial<Extract<F, { kind: K }>> = {},
  ): ArmedFault<Extract<F, { kind: K }>> | null {
    const wanted = Object.entries({ kind, ...at });
    const found = this.active().find(({ fault }) =>
      wanted.every(([key, value]) => (fault as Record<string, unknown>)[key] === value),
    );
    return (found as ArmedFault<Extract<F, { kind: K }>> | undefined) ?? null;
  }

  /** The first active fault of this kind, counted as fired; null when there is none. */
  fire<K extends F['kind']>(kind: K, at: Partial<Extract<F, { kind: K }>> = {}): Extract<F, { kind: K }> | null {
    const found = this.find(kind, at);
    found?.fire();
    return found?.fault ?? null;
  }
}

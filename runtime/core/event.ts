// A typed event with one job: to tell its listeners. Listeners run in the order they came.

export class Signal<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Returns the function that stops listening. */
  on(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }

  /** Resolves with the next value that satisfies `wanted`. */
  next(wanted: (value: T) => boolean = () => true): Promise<T> {
    return new Promise((resolve) => {
      const stop = this.on((value) => {
        if (!wanted(value)) return;
        stop();
        resolve(value);
      });
    });
  }
}

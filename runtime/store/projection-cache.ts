// The derived state that decisions asked for or wrote last, kept beside the database: a look-up through SQLite
// costs a decision more than its hashes. It can hold nothing the file does not, because the file changes only
// by commits that pass here.
import { type Bytes, latin1 } from '../core/bytes.ts';
import type { Projection } from './journal.ts';

export const projectionCacheLimits = { entries: 1_024, valueBytes: 512 } as const;

export class ProjectionCache {
  readonly #values = new Map<string, Bytes>();

  get size(): number {
    return this.#values.size;
  }

  /** Null where nothing is known here: the database may still hold a value. */
  get(space: string, key: Bytes): Bytes | null {
    const name = nameOf(space, key);
    const value = this.#values.get(name);
    if (!value) return null;
    this.#values.delete(name);
    this.#values.set(name, value);
    return new Uint8Array(value);
  }

  /** What the database answered. The least recently used makes room. */
  put(space: string, key: Bytes, value: Bytes): void {
    const name = nameOf(space, key);
    this.#values.delete(name);
    if (value.length > projectionCacheLimits.valueBytes) return;
    this.#values.set(name, new Uint8Array(value));
    if (this.#values.size <= projectionCacheLimits.entries) return;
    const oldest = this.#values.keys().next();
    if (!oldest.done) this.#values.delete(oldest.value);
  }

  /** To be called before a commit is tried: whatever becomes of it, nothing older is answered. */
  forget(projections: readonly Projection[]): void {
    for (const { space, key } of projections) this.#values.delete(nameOf(space, key));
  }

  /** After the commit that made them durable. */
  committed(projections: readonly Projection[]): void {
    for (const { space, key, value } of projections) if (value !== null) this.put(space, key, value);
  }
}

const nameOf = (space: string, key: Bytes): string => `${space}/${latin1(key)}`;

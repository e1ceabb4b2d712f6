// Forgets derived state that can no longer change a decision, a page at a time, so that a scan gets its turn
// between two pages however many tickets or accounts a terminal remembers.
import type { Bytes } from '../core/bytes.ts';
import type { Journal, Projection } from '../store/journal.ts';

/** Entries looked at between two turns of the loop, and forgotten in one commit. */
export const sweepRows = 500;

/** `isOver` is asked of every entry of `space`; one that it cannot read (it throws) is kept. */
export async function sweepSpace(journal: Journal, space: string, isOver: (value: Bytes) => boolean): Promise<void> {
  for (let after: Bytes | null = new Uint8Array(0); after !== null; ) {
    const page: readonly (readonly [Bytes, Bytes])[] = journal.projectionsAfter(space, after, sweepRows);
    const gone = page.filter(([, value]) => readableAnd(isOver, value));
    if (gone.length > 0)
      await journal.commit(
        [],
        gone.map(([key]): Projection => ({ space, key, value: null })),
      );
    after = page.length < sweepRows ? null : (page.at(-1)?.[0] ?? null);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function readableAnd(isOver: (value: Bytes) => boolean, value: Bytes): boolean {
  try {
    return isOver(value);
  } catch {
    return false;
  }
}

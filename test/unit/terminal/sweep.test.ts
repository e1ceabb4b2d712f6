// The sweep: what is over goes, page by page, and one entry that damage made unreadable stops nothing.
import { expect, test } from 'vitest';
import type { Bytes } from '../../../runtime/core/bytes.ts';
import { encodeCbor } from '../../../runtime/core/cbor.ts';
import type { Journal } from '../../../runtime/store/journal.ts';
import { sweepRows, sweepSpace } from '../../../runtime/terminal/sweep.ts';

const over = encodeCbor('over');
const running = encodeCbor('running');
const broken = encodeCbor('broken');

/** The two calls the sweep makes, on a sorted list; counts commits. */
function journalOf(values: readonly Bytes[]) {
  const kept = new Map(values.map((value, at) => [at, value] as const));
  const keyOf = (at: number): Bytes => Uint8Array.of(at >> 8, at & 0xff);
  const commits: number[] = [];
  const journal = {
    projectionsAfter: (_space: string, after: Bytes, limit: number) =>
      [...kept]
        .map(([at, value]) => [keyOf(at), value] as const)
        .filter(([key]) => Buffer.compare(key, after) > 0)
        .slice(0, limit),
    commit: async (
      _rows: readonly unknown[],
      projections: readonly { readonly key: Bytes; readonly value: null }[],
    ) => {
      commits.push(projections.length);
      for (const { key } of projections) kept.delete(((key[0] ?? 0) << 8) | (key[1] ?? 0));
      return [];
    },
  };
  return { journal: journal as unknown as Journal, commits, left: () => [...kept.values()] };
}

const isOver = (value: Bytes): boolean => {
  if (value === broken) throw new Error('unreadable');
  return value === over;
};

test('every entry that is over goes, over several pages, and the others stay', async () => {
  const values = Array.from({ length: 2 * sweepRows + 10 }, (_, at) => (at % 3 === 0 ? running : over));
  const { journal, commits, left } = journalOf(values);
  await sweepSpace(journal, 'account', isOver);
  expect(commits.length).toBe(3);
  expect(left().every((value) => value === running)).toBe(true);
  expect(left().length).toBe(values.filter((value) => value === running).length);
});

test('an entry that cannot be read is kept, and what stands behind it goes all the same', async () => {
  const { journal, left } = journalOf([over, broken, over, running]);
  await sweepSpace(journal, 'account', isOver);
  expect(left()).toEqual([broken, running]);
});

test('nothing over is nothing written', async () => {
  const { journal, commits } = journalOf([running, running]);
  await sweepSpace(journal, 'account', isOver);
  expect(commits).toEqual([]);
});

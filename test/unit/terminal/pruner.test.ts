// Which rows may leave a terminal: only what a receipt covers, and only when it is provably a week old.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../runtime/core/log.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { coverage, Pruner, pruneLimits } from '../../../runtime/terminal/pruner.ts';
import { draft, JournalRig, momentAt } from '../../fixtures/journal-rig.ts';

const startMs = 1_767_600_000_000;
const dayMs = 86_400_000;
const rows = 20;

let rig: JournalRig;
let nowMs: number;
let state: 'SYNCED' | 'HOLDOVER' | 'UNTRUSTED';
let pruner: Pruner;
beforeEach(async () => {
  rig = new JournalRig();
  await rig.open();
  // GENESIS and one row a day.
  for (let day = 0; day < rows; day++) {
    await rig.journal.commit([draft({ act: 'ride', count: day }, 'DECISION', startMs + day * dayMs)]);
  }
  nowMs = startMs + 12 * dayMs;
  state = 'SYNCED';
  const now = () => ({ ...momentAt(nowMs), state });
  pruner = new Pruner({ journal: rig.journal, clock: new VirtualClock(), logger: silentLogger, now });
});
afterEach(() => rig.end());

const oldest = (): number => rig.journal.oldest(1)[0]?.seq ?? -1;
const cover = (upto: number): Promise<unknown> =>
  rig.journal.commit([], [coverage(rig.journal.head()?.epoch ?? 0, upto)]);

describe('pruning', () => {
  it('takes nothing without a receipt, however old', async () => {
    nowMs = startMs + 1_000 * dayMs;
    expect(await pruner.prune()).toBe(0);
    expect(oldest()).toBe(0);
  });

  it('takes what is covered and more than seven days old, and no row beside it', async () => {
    await cover(rows);
    expect(await pruner.prune()).toBe(6);
    // Seq 6 was written on day 5, exactly seven days ago.
    expect(oldest()).toBe(6);
    nowMs += 1;
    expect(await pruner.prune()).toBe(1);
    expect(await rig.verdict()).toMatchObject({ whole: true });
  });

  it('stops at the last row that a receipt covers', async () => {
    await cover(3);
    nowMs = startMs + 1_000 * dayMs;
    expect(await pruner.prune()).toBe(4);
    expect(oldest()).toBe(4);
    expect(await pruner.prune()).toBe(0);
  });

  it('takes nothing by a clock that is not trusted', async () => {
    await cover(rows);
    state = 'UNTRUSTED';
    expect(await pruner.prune()).toBe(0);
  });

  it('judges a row without a trusted time by the next that has one', async () => {
    const untrusted = { ...draft({ act: 'ride' }), moment: { ...momentAt(0), state: 'UNTRUSTED' as const } };
    await rig.journal.commit([untrusted, draft({ act: 'ride' }, 'DECISION', startMs + 30 * dayMs)]);
    await cover(rows + 2);
    nowMs = startMs + 36 * dayMs;
    await pruner.prune();
    expect(oldest()).toBe(rows + 1);
    nowMs = startMs + 38 * dayMs;
    await rig.ride(1);
    await pruner.prune();
    expect(oldest()).toBe(rows + 3);
  });

  it('leaves the newest row, and so the epoch', async () => {
    await cover(1_000);
    nowMs = startMs + 1_000 * dayMs;
    await pruner.prune();
    expect(oldest()).toBe(rows);
  });

  it('looks at a bounded number of rows in one pass', async () => {
    await rig.journal.commit(
      Array.from({ length: 300 }, () => draft({ act: 'ride' }, 'DECISION', startMs + 20 * dayMs)),
    );
    await cover(1_000);
    nowMs = startMs + 1_000 * dayMs;
    expect(await pruner.prune()).toBe(pruneLimits.rowsPerPass);
  });

  it('that fails is only logged', async () => {
    await cover(rows);
    await rig.shut();
    expect(await pruner.prune()).toBe(0);
  });
});

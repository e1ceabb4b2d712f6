// The journal as the terminal has it: a real writer thread behind one await.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, repeat, SystemClock } from '../../../runtime/core/clock.ts';
import { sharedBytes } from '../../../runtime/store/writer-wire.ts';
import { JournalRig, momentAt, ride } from '../../fixtures/journal-rig.ts';

/** Of the thread that reads it. */
const schedulerFile = '/proc/thread-self/schedstat';
const busyThread = 'for (;;);';
const program = fileURLToPath(new URL('../../fixtures/journal-process.ts', import.meta.url));
const openElsewhere = (folder: string): string =>
  spawnSync(process.execPath, ['--import', 'tsx', program, folder, '1'], { timeout: 20_000 }).stdout.toString();

let rig: JournalRig;
beforeEach(() => {
  rig = new JournalRig();
});
afterEach(() => rig.end());

describe('commits', () => {
  it('queue in the order of their calls, gapless, and are told after they are durable', async () => {
    await rig.open();
    const told: number[] = [];
    rig.journal.committed.on(({ seq }) => told.push(seq));
    const stored = await Promise.all(
      Array.from({ length: 30 }, (_, count) => rig.journal.commit([ride(count), ride(count)])),
    );
    expect(stored.flat().map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, at) => at + 1));
    expect(told).toEqual(Array.from({ length: 30 }, (_, at) => 2 * at + 2));
    expect(await rig.verdict()).toMatchObject({ whole: true, rows: 61 });
  });

  it('change derived state together with their rows, or not at all', async () => {
    await rig.open({ faults: { failAt: [{ commit: 3, how: 'ioerr-absent' }] } });
    const kept = (value: number) => [{ space: 'trip', key: Uint8Array.of(1), value: Uint8Array.of(value) }];
    await rig.journal.commit([ride(1)], kept(1));
    await expect(rig.journal.commit([ride(2)], kept(2))).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
    expect(rig.incidents.map(({ kind }) => kind)).toEqual(['fault']);
    expect(rig.journal.projection('trip', Uint8Array.of(1))).toEqual(Uint8Array.of(1));
    await rig.journal.commit([ride(2)], [{ space: 'trip', key: Uint8Array.of(1), value: null }]);
    expect(rig.journal.projections('trip')).toEqual([]);
    expect(rig.journal.projection('trip', Uint8Array.of(1))).toBeNull();
    expect(await rig.verdict()).toMatchObject({ whole: true, rows: 3 });
  });

  it('reads a space page by page, in order of its keys and without its neighbours', async () => {
    await rig.open();
    const entries = [3, 1, 2, 5, 4].map((key) => ({ space: 'use', key: Uint8Array.of(key), value: Uint8Array.of(9) }));
    const others = ['a', 'v'].map((space) => ({ space, key: Uint8Array.of(7), value: Uint8Array.of(7) }));
    await rig.journal.commit([], [...entries, ...others]);
    const keys = (after: readonly number[], limit: number): number[] =>
      rig.journal.projectionsAfter('use', Uint8Array.from(after), limit).map(([key]) => key[0] ?? -1);
    expect(keys([], 2)).toEqual([1, 2]);
    expect(keys([2], 2)).toEqual([3, 4]);
    expect(keys([4], 2)).toEqual([5]);
    expect(keys([5], 2)).toEqual([]);
  });

  it('with an unknown outcome resolve when the row turns out to be durable', async () => {
    await rig.open({ faults: { failAt: [{ commit: 2, how: 'ioerr-present' }] } });
    const [row] = await rig.journal.commit([ride(1)]);
    expect(rig.incidents.map(({ kind }) => kind)).toEqual(['fault']);
    expect(row).toMatchObject({ seq: 1 });
    await rig.ride(1);
    expect(await rig.verdict()).toMatchObject({ whole: true, rows: 3 });
  });

  it('larger than the shared memory are refused, and the next one goes through', async () => {
    await rig.open();
    const large = { space: 'trip', key: Uint8Array.of(1), value: new Uint8Array(sharedBytes) };
    await expect(rig.journal.commit([], [large])).rejects.toThrow(/more than fits/);
    await rig.ride(1);
    expect(rig.journal.head()).toMatchObject({ seq: 1 });
  });

  it('that wait when the thread dies are told so, as is everybody after them', async () => {
    await rig.open({ faults: { failAt: [{ commit: 2, how: 'defect' }] } });
    const both = [rig.journal.commit([ride(1)]), rig.journal.commit([ride(2)])];
    for (const commit of both) await expect(commit).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
    expect(rig.journal.level()).toBe('unavailable');
    expect(rig.incidents.map(({ kind }) => kind)).toEqual(['out-of-service']);
    await rig.shut();
    expect((await rig.open()).rows).toBe(1);
  });

  it('after close are refused; a clean close folds the WAL into the file', async () => {
    await rig.open();
    const { journal } = rig;
    await rig.ride(3);
    const late = [journal.close(), journal.commit([ride(9)])] as const;
    await late[0];
    await expect(late[1]).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
    expect(existsSync(`${rig.file}-wal`)).toBe(false);
    expect(rig.incidents).toEqual([]);
    expect(await rig.verdict()).toMatchObject({ whole: true, rows: 4 });
  });
});

describe('reads', () => {
  beforeEach(async () => {
    await rig.open();
    await rig.ride(20);
  });
  const seqs = (rows: readonly { readonly seq: number }[]) => rows.map(({ seq }) => seq);

  it('are bounded by rows and by bytes, but give at least one row', () => {
    const { epoch = 0 } = rig.journal.head() ?? {};
    expect(seqs(rig.journal.read(epoch, 5, 3))).toEqual([5, 6, 7]);
    const [first] = rig.journal.read(epoch, 5, 1);
    const size = first?.body.length ?? 0;
    expect(seqs(rig.journal.read(epoch, 5, 10, size * 2))).toEqual([5, 6]);
    expect(seqs(rig.journal.read(epoch, 5, 10, 1))).toEqual([5]);
  });

  it('go backwards from any place, oldest first', () => {
    const { epoch = 0 } = rig.journal.head() ?? {};
    expect(seqs(rig.journal.before({ epoch, seq: 4 }, 2))).toEqual([2, 3]);
    expect(seqs(rig.journal.before({ epoch: epoch + 1, seq: 0 }, 2))).toEqual([19, 20]);
    expect(seqs(rig.journal.oldest(2))).toEqual([0, 1]);
  });

  it('find a row by its reference', () => {
    const { epoch = 0 } = rig.journal.head() ?? {};
    const [row] = rig.journal.read(epoch, 7, 1);
    expect(seqs(rig.journal.byReference(row?.ref ?? ''))).toEqual([7]);
    expect(rig.journal.byReference('ZZZZZZ')).toEqual([]);
  });
});

describe('pruning', () => {
  it('goes from the oldest end in bounded steps, and the chain stays whole before and after a start', async () => {
    await rig.open();
    await rig.journal.commit(Array.from({ length: 500 }, (_, count) => ride(count)));
    const { epoch = 0 } = rig.journal.head() ?? {};
    expect(await rig.journal.prune(epoch, 449)).toBe(450);
    expect(rig.journal.oldest(1)[0]?.seq).toBe(450);
    expect(await rig.verdict()).toMatchObject({ whole: true, rows: 51 });
    await rig.shut();
    expect(await rig.open()).toMatchObject({ how: 'recovered' });
    await rig.ride(1);
    expect(rig.journal.head()).toMatchObject({ epoch, seq: 501 });
  });
});

describe('the size cap', () => {
  it('raises the level as rows fill it, and pruning lowers it again', async () => {
    await rig.open({ sizeCapBytes: 700_000 });
    const levels = new Set([rig.journal.level()]);
    for (let batch = 0; batch < 60; batch++) {
      await rig.journal.commit(Array.from({ length: 100 }, (_, count) => ride(count)));
      levels.add(rig.journal.level());
    }
    expect([...levels]).toEqual(['normal', 'warning', 'restricted', 'full']);
    const { epoch = 0, seq = 0 } = rig.journal.head() ?? {};
    await rig.journal.prune(epoch, seq - 10);
    expect(rig.journal.level()).toBe('normal');
  });
});

describe('a second writer', () => {
  it('of another process is refused while the first lives, and taken when it has ended', async () => {
    await rig.open();
    expect(openElsewhere(rig.folder)).toBe('failed JOURNAL_LOCKED\n');
    await rig.ride(1);
    await rig.shut();
    expect(openElsewhere(rig.folder)).toMatch(/^open recovered 2\nack /);
  });

  it('of the same process is refused too', async () => {
    await rig.open();
    await expect(new JournalRig(rig.folder).open()).rejects.toMatchObject({ code: 'JOURNAL_LOCKED' });
  });
});

describe('a disk that stalls for two seconds', () => {
  const stallMs = 2_000;
  /** A bound on blocking, not on speed. */
  const blockedAtMostMs = 100;

  it('stalls the commit and not the main loop, on which reads go on', async () => {
    const clock = new SystemClock();
    await rig.open({ faults: { fsyncDelayMs: stallMs } });
    let reads = 0;
    const reading = repeat(clock, 'read', 20, () => {
      reads += rig.journal.before({ epoch: Number.MAX_SAFE_INTEGER, seq: 0 }, 1).length;
    });
    const { blockedMs, tookMs } = await longestBlock(clock, () => rig.journal.commit([ride(1)]));
    reading.cancel();
    expect(tookMs).toBeGreaterThanOrEqual(stallMs);
    expect(blockedMs).toBeLessThanOrEqual(blockedAtMostMs);
    expect(reads).toBeGreaterThan(10);
  });

  it('rows keep the time of what they tell, not of when they were written', async () => {
    await rig.open({ faults: { fsyncDelayMs: 300 } });
    const times = [1_000, 1_040, 1_080];
    const drafts = times.map((timeMs) => ({ ...ride(1), moment: momentAt(timeMs) }));
    await Promise.all(drafts.map((draft) => rig.journal.commit([draft])));
    expect((await rig.rows()).slice(1).map(({ tMonoMs }) => tMonoMs)).toEqual(times);
  });

  it.each([
    ['that sleeps', () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)],
    ['that is busy', () => spin(300)],
  ])('would be seen by this measure if it left the main loop to work %s', async (_, block) => {
    const { blockedMs } = await longestBlock(new SystemClock(), async () => block());
    expect(blockedMs).toBeGreaterThan(2 * blockedAtMostMs);
  });

  it.skipIf(!existsSync(schedulerFile))('does not take a machine that is busy with others for a stall', async () => {
    const others = Array.from({ length: 4 * availableParallelism() }, () => new Worker(busyThread, { eval: true }));
    const clock = new SystemClock();
    try {
      await Promise.all(others.map((other) => once(other, 'online')));
      const keptBefore = keptWaitingMs();
      const { blockedMs, tookMs } = await longestBlock(clock, async () => spin(300));
      expect(keptWaitingMs()).toBeGreaterThan(keptBefore);
      expect(blockedMs).toBeLessThan(tookMs);
    } finally {
      await Promise.all(others.map((other) => other.terminate()));
    }
  });
});

/**
 * The longest time for which nothing else could run on this loop while `work` was under way. Time in which this thread
 * was ready to run and the machine ran others is no stall of the loop, so it does not count.
 */
async function longestBlock(
  clock: Clock,
  work: () => Promise<unknown>,
): Promise<{ blockedMs: number; tookMs: number }> {
  const start = clock.monoMs();
  let [last, kept, blockedMs] = [start, keptWaitingMs(), 0];
  const look = (): void => {
    const [now, keptNow] = [clock.monoMs(), keptWaitingMs()];
    blockedMs = Math.max(blockedMs, now - last - (keptNow - kept));
    [last, kept] = [now, keptNow];
  };
  const looking = repeat(clock, 'look', 5, look);
  await work();
  look();
  looking.cancel();
  return { blockedMs, tookMs: clock.monoMs() - start };
}

/** Second field: nanoseconds ready and not run (Linux, Documentation/scheduler/sched-stats). 0 elsewhere. */
function keptWaitingMs(): number {
  if (!existsSync(schedulerFile)) return 0;
  return Number(readFileSync(schedulerFile, 'latin1').split(' ')[1]) / 1e6;
}

/** Works for so long, whoever else the machine serves meanwhile. */
function spin(forMs: number): void {
  const from = process.cpuUsage();
  for (let usedMs = 0; usedMs < forMs; ) {
    const { user, system } = process.cpuUsage(from);
    usedMs = (user + system) / 1_000;
  }
}

// The one writer, without its thread: what it answers when the disk is full or fails, when it moves the
// WAL, and how much it prunes at once.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import type { CommitFault } from '../../../runtime/store/faults.ts';
import { openWriter, sizeOf } from '../../../runtime/store/journal-file.ts';
import { Writer, writerLimits } from '../../../runtime/store/writer.ts';
import type { RowToWrite, WriterAnswer } from '../../../runtime/store/writer-messages.ts';
import { JournalRig, openSqlite } from '../../fixtures/journal-rig.ts';

let rig: JournalRig;
let clock: VirtualClock;
let writer: Writer;

const start = (...failAt: readonly CommitFault[]): void => {
  const database = openWriter(openSqlite, rig.file);
  writer = new Writer({ open: openSqlite, file: rig.file, database, clock, faults: { failAt } });
};
beforeEach(() => {
  rig = new JournalRig();
  clock = new VirtualClock();
});
afterEach(async () => {
  writer.close();
  await rig.end();
});

const row = (seq: number, mark = seq): RowToWrite => ({
  epoch: 1,
  seq,
  body: new Uint8Array(400).fill(mark),
  hash: new Uint8Array(32).fill(mark),
  ref: '000000',
  type: 'DECISION',
  day: '2026-01-05',
});
const commit = (...rows: readonly RowToWrite[]): WriterAnswer => {
  const answer = writer.handle({ kind: 'commit', rows, projections: [] });
  writer.afterAnswer();
  return answer;
};
let pieces = 0;
/** Returns what was told meanwhile. */
const grow = (mebibytes: number): readonly string[] => {
  const told: string[] = [];
  for (let piece = 0; piece < mebibytes; piece++) {
    const value = new Uint8Array(1_048_576).fill(++pieces);
    const projection = { space: 'filler', key: Uint8Array.of(pieces), value };
    told.push(...kinds(writer.handle({ kind: 'commit', rows: [], projections: [projection] })));
    writer.afterAnswer();
  }
  return told;
};
const seqs = (file = rig.file): unknown => {
  const reader = openSqlite(file, { readonly: true });
  const found = reader.prepare('SELECT seq FROM journal ORDER BY epoch, seq').pluck().all();
  reader.close();
  return found;
};
const kinds = (answer: WriterAnswer): readonly string[] => answer.incidents.map(({ kind }) => kind);

describe('an I/O error', () => {
  it('whose rows are not there is answered as absent, and their place is free', () => {
    start({ commit: 2, how: 'ioerr-absent' });
    commit(row(0));
    const answer = commit(row(1, 0xaa));
    expect(answer).toMatchObject({ ok: false, fault: { code: 'absent' } });
    expect(kinds(answer)).toEqual(['fault']);
    expect(seqs()).toEqual([0]);
    expect(commit(row(1)).ok).toBe(true);
    expect(seqs()).toEqual([0, 1]);
  });

  it('whose rows are there is answered as done, once they stand in the database file itself', () => {
    start({ commit: 2, how: 'ioerr-present' });
    commit(row(0));
    const answer = commit(row(1));
    expect(answer).toMatchObject({ ok: true, changed: 1 });
    expect(kinds(answer)).toEqual(['fault']);
    const alone = join(rig.folder, 'without-wal.db');
    copyFileSync(rig.file, alone);
    expect(seqs(alone)).toEqual([0, 1]);
  });

  it('whose rows are there but cannot be proven durable ends the service; a later checkpoint brings it back', () => {
    start({ commit: 2, how: 'ioerr-present' });
    commit(row(0));
    const reader = openSqlite(rig.file, { readonly: true });
    const open = reader.prepare('SELECT seq FROM journal').iterate();
    open.next();
    const answer = commit(row(1));
    expect(answer).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
    expect(kinds(answer)).toEqual(['fault', 'out-of-service']);
    expect(writer.outOfService).toBe(true);
    expect(commit(row(2))).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
    writer.rest();
    expect(writer.outOfService).toBe(true);
    open.return?.();
    reader.close();
    expect(writer.restMs).toBe(writerLimits.retryMs);
    writer.rest();
    expect(writer.outOfService).toBe(false);
    const next = commit(row(2));
    expect([next.ok, kinds(next)]).toEqual([true, ['in-service']]);
    expect(seqs()).toEqual([0, 1, 2]);
  });

  it.each([
    ['within a minute ends the service', writerLimits.faultWindowMs - 1, true],
    ['after a minute is one fault like the first', writerLimits.faultWindowMs, false],
  ])('a second one %s', async (_what, laterMs, outOfService) => {
    start({ commit: 1, how: 'ioerr-absent' }, { commit: 2, how: 'ioerr-absent' });
    expect(commit(row(0))).toMatchObject({ ok: false, fault: { code: 'absent' } });
    await clock.advance(laterMs);
    expect(commit(row(0))).toMatchObject({ ok: false, fault: { code: outOfService ? 'unavailable' : 'absent' } });
    expect(writer.outOfService).toBe(outOfService);
    expect(commit(row(0)).ok).toBe(!outOfService);
  });

  it('a second one whose rows are durable is answered truly, and still ends the service', () => {
    start({ commit: 1, how: 'ioerr-present' }, { commit: 2, how: 'ioerr-present' });
    expect(commit(row(0)).ok).toBe(true);
    expect(commit(row(1)).ok).toBe(true);
    expect(writer.outOfService).toBe(true);
    expect(seqs()).toEqual([0, 1]);
  });

  it('another row at the same place does not pass for the one that was meant', () => {
    start({ commit: 2, how: 'ioerr-absent' });
    commit(row(0, 0xbb));
    expect(commit(row(0, 0xcc))).toMatchObject({ ok: false, fault: { code: 'absent' } });
  });

  it('is remembered in the file, so that the next start looks at all of it', () => {
    start({ commit: 1, how: 'ioerr-absent' });
    commit(row(0));
    const doubt = rig.inspect((database) =>
      database.prepare("SELECT value FROM meta WHERE name = 'doubt'").pluck().get(),
    );
    expect(doubt).toMatch(/IOERR/);
  });
});

describe('a full disk', () => {
  const ballast = (): number => sizeOf(join(rig.folder, 'ballast'));

  it('costs the ballast and not the row, which says so; the ballast comes back when there is room', async () => {
    start({ commit: 1, how: 'full' });
    expect(ballast()).toBeGreaterThan(0);
    const answer = commit(row(0));
    expect(answer).toMatchObject({ ok: true, file: { ballast: false } });
    expect(kinds(answer)).toEqual(['disk-full']);
    expect(ballast()).toBe(0);
    writer.rest();
    expect(ballast()).toBe(0);
    await clock.advance(writerLimits.retryMs);
    writer.rest();
    expect(ballast()).toBeGreaterThan(0);
    expect(commit(row(1))).toMatchObject({ ok: true, file: { ballast: true } });
  });

  it('is answered as full when the ballast is gone too, and nothing is there', () => {
    start({ commit: 1, how: 'full' }, { commit: 2, how: 'full' });
    commit(row(0));
    expect(commit(row(1))).toMatchObject({ ok: false, fault: { code: 'full' } });
    expect(seqs()).toEqual([0]);
    expect(commit(row(1)).ok).toBe(true);
  });
});

describe('the WAL', () => {
  const walBytes = (): number => sizeOf(`${rig.file}-wal`);
  const pending = (): boolean => writer.restMs !== Number.POSITIVE_INFINITY;

  it('is restarted after two seconds without work, and then there is nothing to wake for', () => {
    start();
    expect(pending()).toBe(false);
    commit(row(0));
    expect(writer.restMs).toBe(writerLimits.idleCheckpointMs);
    writer.rest();
    expect(pending()).toBe(false);
  });

  it('is restarted in the next gap from 3 MiB on', () => {
    start();
    grow(2);
    expect(writer.restMs).toBe(writerLimits.idleCheckpointMs);
    grow(2);
    expect(writer.restMs).toBe(writerLimits.gapMs);
    writer.rest();
    expect(pending()).toBe(false);
  });

  it('is restarted at once at 8 MiB', () => {
    start();
    grow(7);
    expect(writer.restMs).toBe(writerLimits.gapMs);
    grow(1);
    expect(pending()).toBe(false);
    expect(walBytes()).toBeLessThan(10 * 1_048_576);
  });

  it('that a reader holds is told once at 16 MiB, and is cut back when the reader ends', () => {
    start();
    commit(row(0));
    commit(row(1));
    const reader = openSqlite(rig.file, { readonly: true });
    const open = reader.prepare('SELECT seq FROM journal').iterate();
    open.next();
    expect(grow(14)).toEqual([]);
    expect(writer.restMs).toBe(writerLimits.heldRetryMs);
    expect(grow(4)).toEqual(['wal-held']);
    for (const seq of [2, 3, 4]) expect(kinds(commit(row(seq)))).toEqual([]);
    open.return?.();
    reader.close();
    writer.rest();
    commit(row(5));
    expect(walBytes()).toBeLessThan(5 * 1_048_576);
    expect(seqs()).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('pruning', () => {
  beforeEach(() => {
    start();
    commit(...Array.from({ length: 450 }, (_, seq) => row(seq)));
  });
  const prune = (uptoSeq: number): WriterAnswer => writer.handle({ kind: 'prune', epoch: 1, uptoSeq });

  it('takes a bounded number of rows at a time, from the oldest', () => {
    expect(prune(400)).toMatchObject({ ok: true, changed: writerLimits.pruneRows });
    expect(seqs()).toEqual(Array.from({ length: 250 }, (_, at) => at + 200));
    expect([prune(400), prune(400)]).toMatchObject([{ changed: 200 }, { changed: 1 }]);
    expect(prune(400)).toMatchObject({ changed: 0 });
  });

  it('leaves the newest row, because the chain goes on from it', () => {
    for (let pass = 0; pass < 4; pass++) prune(9_999);
    expect(seqs()).toEqual([449]);
    expect(commit(row(450)).ok).toBe(true);
  });
});

describe('the settings', () => {
  it('are read back after the first rows: under weaker ones nothing is answered as durable', () => {
    const database = openWriter(openSqlite, rig.file);
    writer = new Writer({ open: openSqlite, file: rig.file, database, clock, faults: {} });
    database.pragma('synchronous = NORMAL');
    expect(() => commit(row(0))).toThrow(/synchronous is 1/);
  });
});

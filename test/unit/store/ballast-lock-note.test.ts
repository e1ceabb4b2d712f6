// The small files beside the journal: ballast, lock and the note of the open epoch.
import { existsSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ballast, ballastBytes } from '../../../runtime/store/ballast.ts';
import { readEpochNote, writeEpochNote } from '../../../runtime/store/epoch-note.ts';
import { takeWriterLock } from '../../../runtime/store/writer-lock.ts';
import { openSqlite } from '../../fixtures/journal-rig.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stile-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the ballast', () => {
  it('is written, not a hole: its blocks are really taken', () => {
    const ballast = new Ballast(folder);
    expect(ballast.whole).toBe(false);
    expect(ballast.rebuild()).toBe(true);
    const { size, blocks } = statSync(join(folder, 'ballast'));
    expect(size).toBe(ballastBytes);
    expect(blocks * 512).toBeGreaterThanOrEqual(ballastBytes);
  });

  it('is given up once, found again by the next process, and rewritten where it was cut', () => {
    new Ballast(folder).rebuild();
    expect(new Ballast(folder).whole).toBe(true);
    truncateSync(join(folder, 'ballast'), 1_000);
    const cut = new Ballast(folder);
    expect(cut.whole).toBe(false);
    expect(cut.rebuild()).toBe(true);
    expect(cut.release()).toBe(true);
    expect(existsSync(join(folder, 'ballast'))).toBe(false);
    expect([cut.whole, cut.release()]).toEqual([false, false]);
  });

  it('is not built where the folder is gone', () => {
    expect(new Ballast(join(folder, 'absent')).rebuild()).toBe(false);
  });
});

describe('the writer lock', () => {
  it('is held by one connection and free again when that closes', () => {
    const held = takeWriterLock(openSqlite, folder);
    expect(() => takeWriterLock(openSqlite, folder)).toThrow(
      expect.objectContaining({ code: 'JOURNAL_LOCKED', message: expect.stringContaining(folder) }),
    );
    held.close();
    takeWriterLock(openSqlite, folder).close();
  });

  it('is taken although damage wrote into its file', () => {
    writeFileSync(join(folder, 'journal.lock'), Buffer.alloc(4_096, 0x5a));
    takeWriterLock(openSqlite, folder).close();
  });

  it('does not call it locked when the folder is not there', () => {
    expect(() => takeWriterLock(openSqlite, join(folder, 'absent'))).toThrow(/directory does not exist/);
  });
});

describe('the note of the open epoch', () => {
  it('is read back, replaced whole, and leaves nothing beside it', () => {
    const file = join(folder, 'journal.db');
    expect(readEpochNote(file)).toBeNull();
    writeEpochNote(file, 2 ** 33 + 5);
    writeEpochNote(file, 2 ** 34 + 6);
    expect(readEpochNote(file)).toBe(2 ** 34 + 6);
    expect(existsSync(`${file}.epoch.new`)).toBe(false);
  });

  it.each(['', 'x\n', '12', '99999999999999999999\n', '-1\n'])('%j is no note', (text) => {
    writeFileSync(join(folder, 'journal.db.epoch'), text);
    expect(readEpochNote(join(folder, 'journal.db'))).toBeNull();
  });
});

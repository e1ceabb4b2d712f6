// The recipe by which journal.db is opened, read back from a real file; and what the table itself refuses.
import { copyFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  assertDurable,
  checkpoint,
  journalFileLimits,
  openWriter,
  type Sqlite,
  sizeOf,
  walProbe,
  warmWal,
} from '../../../runtime/store/journal-file.ts';
import { sqliteRefusal } from '../../../runtime/store/sqlite-version.ts';
import { JournalRig, openSqlite } from '../../fixtures/journal-rig.ts';

let rig: JournalRig;
let database: Sqlite;
beforeEach(() => {
  rig = new JournalRig();
  database = openWriter(openSqlite, rig.file);
});
afterEach(async () => {
  database.close();
  await rig.end();
});

const insert = (epoch: number, seq: number, into = database): void => {
  into
    .prepare('INSERT INTO journal (epoch, seq, body, hash, ref, type, day) VALUES (?, ?, ?, ?, ?, ?, ?)')
    .run(epoch, seq, Buffer.alloc(600, seq), Buffer.alloc(32), '000000', 'DECISION', '2026-01-05');
};

describe('the settings of the writing connection', () => {
  it.each([
    ['journal_mode', 'wal'],
    ['synchronous', 2],
    ['wal_autocheckpoint', 0],
    ['journal_size_limit', journalFileLimits.warmWalBytes],
    ['foreign_keys', 1],
    ['trusted_schema', 0],
    ['cell_size_check', 1],
    ['busy_timeout', journalFileLimits.busyTimeoutMs],
    ['mmap_size', 0],
    ['cache_size', -1_024],
    ['page_size', journalFileLimits.pageBytes],
  ])('%s is %s after rows were written', (name, value) => {
    insert(1, 0);
    expect(database.pragma(name, { simple: true })).toBe(value);
  });

  it('synchronous drops to NORMAL with the first transaction where FULL was not set after WAL', () => {
    const weak = openSqlite(join(rig.folder, 'weak.db'));
    weak.pragma('journal_mode = WAL');
    expect(weak.pragma('synchronous', { simple: true })).toBe(2);
    weak.exec('CREATE TABLE row (a)');
    expect(weak.pragma('synchronous', { simple: true })).toBe(1);
    expect(() => assertDurable(weak)).toThrow(/synchronous is 1/);
    weak.close();
  });

  it('are refused where the file is in no WAL, and where they were weakened later', () => {
    const memory = openSqlite(':memory:');
    expect(() => assertDurable(memory)).toThrow(/journal mode memory/);
    memory.close();
    expect(() => openWriter(openSqlite, ':memory:')).toThrow(/journal mode is memory, not wal/);
    database.pragma('synchronous = NORMAL');
    expect(() => assertDurable(database)).toThrow(/synchronous is 1/);
  });

  it('are refused where the library does not take one of them', () => {
    const deaf: typeof openSqlite = (file, options) => {
      const connection = openSqlite(file, options);
      const take = connection.pragma.bind(connection);
      connection.pragma = (source, how) => (source === 'synchronous = FULL' ? null : take(source, how));
      return connection;
    };
    expect(() => openWriter(deaf, join(rig.folder, 'deaf.db'))).toThrow(/synchronous is 1/);
  });

  it('leave no connection behind when the file is not a database', () => {
    const file = join(rig.folder, 'garbage.db');
    writeFileSync(file, Buffer.alloc(8_192, 0x5a));
    const opened: Sqlite[] = [];
    const open: typeof openSqlite = (path, options) => {
      const connection = openSqlite(path, options);
      opened.push(connection);
      return connection;
    };
    expect(() => openWriter(open, file)).toThrow(/not a database/);
    expect(opened.map((connection) => connection.open)).toEqual([false]);
  });
});

describe('the version gate', () => {
  it.each([
    ['3.51.2', /WAL reset/],
    ['3.50.4', /WAL reset/],
    ['3.7.0', /WAL reset/],
    ['3.52.0', /withdrawn/],
    ['3.52.1', /withdrawn/],
    ['4.0.0', /only SQLite 3/],
  ])('refuses %s', (version, why) => {
    expect(sqliteRefusal(version)).toMatch(why);
  });

  it.each(['3.51.3', '3.51.10', '3.53.0', '3.53.2'])('takes %s', (version) => {
    expect(sqliteRefusal(version)).toBeNull();
  });

  it('asks the library that is loaded', () => {
    const open: typeof openSqlite = (file, options) => {
      const connection = openSqlite(file, options);
      connection.function('sqlite_version', () => '3.51.2');
      return connection;
    };
    expect(() => openWriter(open, join(rig.folder, 'gate.db'))).toThrow(/SQLite 3\.51\.2 is refused/);
  });
});

describe('the write-ahead log', () => {
  const walBytes = (): number => sizeOf(`${rig.file}-wal`);

  it('is warm at once, keeps its size through commits, and does not grow when warmed again', () => {
    expect(walBytes()).toBeLessThan(journalFileLimits.warmBlobBytes);
    warmWal(database, rig.file);
    const warm = walBytes();
    expect(warm).toBeGreaterThan(journalFileLimits.warmBlobBytes);
    expect(database.prepare('SELECT count(*) FROM scratch').pluck().get()).toBe(0);
    for (let seq = 0; seq < 200; seq++) insert(1, seq);
    expect(walBytes()).toBe(warm);
    warmWal(database, rig.file);
    expect(walBytes()).toBe(warm);
    expect(statSync(rig.file).size).toBeGreaterThan(journalFileLimits.warmBlobBytes);
  });

  it('is deleted by a clean close, and is still warm after an end without one', () => {
    warmWal(database, rig.file);
    copyFileSync(rig.file, join(rig.folder, 'killed.db'));
    copyFileSync(`${rig.file}-wal`, join(rig.folder, 'killed.db-wal'));
    database.close();
    expect(walBytes()).toBe(0);
    const killed = openWriter(openSqlite, join(rig.folder, 'killed.db'));
    expect(sizeOf(join(rig.folder, 'killed.db-wal'))).toBeGreaterThan(journalFileLimits.warmBlobBytes);
    killed.close();
  });

  it('is restarted by a checkpoint: the probe says what is pending before, and nothing after', () => {
    warmWal(database, rig.file);
    const probe = walProbe(database);
    insert(1, 0);
    expect(probe().pendingBytes).toBeGreaterThan(0);
    expect(checkpoint(database)).toMatchObject({ held: false, pendingBytes: 0 });
    insert(1, 1);
    expect(probe().walBytes).toBeLessThan(10 * journalFileLimits.walFrameBytes);
  });

  it('is held by a reader with an open statement; the checkpoint says so without waiting for it', () => {
    insert(1, 0);
    insert(1, 1);
    const reader = openSqlite(rig.file, { readonly: true });
    const rows = reader.prepare('SELECT seq FROM journal').iterate();
    rows.next();
    insert(1, 2);
    const before = database.pragma('busy_timeout', { simple: true });
    const startedMs = performance.now();
    expect(checkpoint(database).held).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(journalFileLimits.busyTimeoutMs);
    expect(database.pragma('busy_timeout', { simple: true })).toBe(before);
    rows.return?.();
    expect(checkpoint(database).held).toBe(false);
    reader.close();
  });

  it('that a reader let grow beyond its limit is cut back after its reset', () => {
    warmWal(database, rig.file);
    database.prepare('INSERT INTO scratch (filler) VALUES (zeroblob(?))').run(9_000_000);
    expect(walBytes()).toBeGreaterThan(9_000_000);
    checkpoint(database);
    insert(1, 0);
    expect(walBytes()).toBe(journalFileLimits.warmWalBytes);
  });
});

describe('the table', () => {
  beforeEach(() => {
    for (const [epoch, seq] of [
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
    ] as const)
      insert(epoch, seq);
  });
  const remove = (epoch: number, seq: number) => () =>
    database.prepare('DELETE FROM journal WHERE epoch = ? AND seq = ?').run(epoch, seq);

  it('is never edited', () => {
    expect(() => database.exec("UPDATE journal SET ref = 'X'")).toThrow(/never edited/);
    expect(() => database.exec("UPDATE journal SET body = x'00' WHERE epoch = 2")).toThrow(/never edited/);
  });

  it.each([
    ['a gap', 2, 3],
    ['a place that is taken', 2, 1],
    ['an earlier epoch', 1, 2],
  ])('takes no row at %s', (_what, epoch, seq) => {
    expect(() => insert(epoch, seq)).toThrow(/appended at the end only/);
  });

  it('takes no row in place of another, by whatever conflict rule', () => {
    const replace = `INSERT OR REPLACE INTO journal VALUES (2, 1, x'00', x'00', 'X', 'DECISION', '2026-01-05')`;
    expect(() => database.exec(replace)).toThrow(/appended at the end only/);
  });

  it('loses rows from the oldest end only, and never the newest', () => {
    expect(remove(1, 1)).toThrow(/oldest end only/);
    expect(remove(2, 1)).toThrow(/oldest end only/);
    for (const [epoch, seq] of [
      [1, 0],
      [1, 1],
      [2, 0],
    ] as const)
      remove(epoch, seq)();
    expect(remove(2, 1)).toThrow(/never the newest/);
    insert(2, 2);
    expect(database.prepare('SELECT seq FROM journal').pluck().all()).toEqual([1, 2]);
  });

  it('may begin above 0 where the rows before were pruned, and goes on from there without a gap', () => {
    insert(3, 17);
    expect(() => insert(3, 19)).toThrow(/appended at the end only/);
    insert(3, 18);
    expect(database.prepare('SELECT seq FROM journal WHERE epoch = 3').pluck().all()).toEqual([17, 18]);
  });
});

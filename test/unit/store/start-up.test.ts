// The start-up ladder on real files: what is sound goes on; what is damaged is moved aside, saved as far as
// it verifies, and followed by a new epoch, wherever the salvage itself was cut.
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWriter } from '../../../runtime/store/journal-file.ts';
import { remember } from '../../../runtime/store/meta.ts';
import { bootId, draft, JournalRig, openSqlite } from '../../fixtures/journal-rig.ts';

let rig: JournalRig;
beforeEach(async () => {
  rig = new JournalRig();
  await rig.open();
  await rig.ride(40);
});
afterEach(() => rig.end());

const asides = (): readonly string[] => readdirSync(rig.folder).filter((name) => /\.corrupt-\d+$/.test(name));
const epochNow = async (): Promise<number> => (await rig.rows()).at(-1)?.epoch ?? -1;
const generation = (epoch: number): number => Math.floor(epoch / 2 ** 32);

/** What a vandal or a dying card does to the table, past the triggers. */
const damageTable = (sql: string): void =>
  rig.inspect((database) => {
    database.exec('DROP TRIGGER journal_never_edited; DROP TRIGGER journal_pruned_from_oldest');
    database.exec(sql);
  });

describe('a journal without damage', () => {
  it('goes on where it stood: same epoch, next seq', async () => {
    const epoch = await epochNow();
    await rig.shut();
    expect(await rig.open()).toMatchObject({ how: 'recovered', rows: 41, lost: 0 });
    await rig.ride(1);
    expect((await rig.rows()).at(-1)).toMatchObject({ epoch, seq: 41 });
    expect(asides()).toEqual([]);
  });

  it('begins with generation 1 and a GENESIS that says it was provisioned', async () => {
    const [first] = await rig.rows();
    expect(first).toMatchObject({ seq: 0, type: 'GENESIS', payload: { cause: 'provisioning' } });
    expect(generation(first?.epoch ?? 0)).toBe(1);
    expect(first?.payload.previousEpoch).toBeUndefined();
  });

  it('is recovered twice with the same result as once', async () => {
    await rig.shut();
    const once = rig.recover();
    expect(once).toMatchObject({ how: 'recovered', rows: 41 });
    expect(rig.recover()).toEqual(once);
  });
});

describe('a journal whose bytes were changed', () => {
  beforeEach(() => rig.shut());

  it.each([
    [
      'one bit of a payload',
      "UPDATE journal SET body = CAST(replace(body, 'ride', 'sidf') AS BLOB) WHERE seq = 30",
      30,
    ],
    ['a row taken out', 'DELETE FROM journal WHERE seq = 30', 30],
    ['a stored hash', 'UPDATE journal SET hash = zeroblob(32) WHERE seq = 30', 30],
    ['a row moved to another place', 'UPDATE journal SET seq = 100 WHERE seq = 40', 40],
  ])('%s: what stands before it is kept, and a new epoch names the old one', async (_what, sql, kept) => {
    const before = await epochNow();
    damageTable(sql);
    expect(rig.inspect((database) => database.pragma('integrity_check', { simple: true }))).toBe('ok');
    const opened = await rig.open();
    expect(opened).toMatchObject({ how: 'salvaged', rows: kept });
    expect(opened.problem).toMatch(/row/);
    expect(asides()).toHaveLength(1);
    const rows = await rig.rows();
    const genesis = rows.at(-1);
    expect(genesis).toMatchObject({
      seq: 0,
      type: 'GENESIS',
      payload: { cause: 'corrupt', previousEpoch: before, lastSeq: kept - 1 },
    });
    expect(generation(genesis?.epoch ?? 0)).toBe(2);
    expect(await rig.verdict()).toMatchObject({ whole: true, rows: kept + 1 });
  });

  it('a flipped bit before the last checkpoint is for the full check, which names its row', async () => {
    await rig.open();
    await rig.journal.commit([draft({ act: 'checkpoint' }, 'CHECKPOINT')]);
    await rig.ride(3);
    await rig.shut();
    damageTable("UPDATE journal SET body = CAST(replace(body, 'ride', 'sidf') AS BLOB) WHERE seq = 7");
    expect(await rig.verdict()).toMatchObject({ whole: false, seq: 7 });
  });
});

describe('a journal whose file is damaged', () => {
  const epochBefore = async (): Promise<number> => {
    const epoch = await epochNow();
    await rig.shut();
    return epoch;
  };

  it.each([
    ['garbage from end to end', () => writeFileSync(rig.file, Buffer.alloc(65_536, 0x5a)), 0],
    ['cut to nothing', () => truncateSync(rig.file, 0), 0],
    ['gone', () => rmSync(rig.file), 0],
    ['cut to one page', () => truncateSync(rig.file, 4_096), 0],
  ])('%s: a new epoch names the old one, whose number the note beside it kept', async (_what, damage, kept) => {
    const before = await epochBefore();
    damage();
    expect(await rig.open()).toMatchObject({ how: 'salvaged', rows: kept });
    const [genesis] = await rig.rows();
    expect(genesis).toMatchObject({ seq: 0, payload: { cause: 'corrupt', previousEpoch: before } });
    expect(generation(genesis?.epoch ?? 0)).toBe(2);
    await rig.ride(1);
    expect(await rig.verdict()).toMatchObject({ whole: true, rows: 2 });
  });

  it('cut in the middle: every row that can still be read is saved', async () => {
    await rig.ride(2_000, 40);
    const before = await epochBefore();
    truncateSync(rig.file, 4_096 * 60);
    const opened = await rig.open();
    expect(opened.how).toBe('salvaged');
    expect(opened.rows).toBeGreaterThan(100);
    expect(opened.rows).toBeLessThan(2_041);
    expect(await rig.verdict()).toMatchObject({ whole: true, rows: opened.rows + 1 });
    expect((await rig.rows()).at(-1)).toMatchObject({
      type: 'GENESIS',
      payload: { previousEpoch: before, lastSeq: opened.rows - 1 },
    });
    expect(asides().length).toBeGreaterThan(0);
  });

  it('a page of the table full of garbage is found after a reboot and saved around', async () => {
    await rig.ride(2_000, 40);
    await epochBefore();
    const bytes = readFileSync(rig.file);
    bytes.fill(0x5a, 4_096 * 100, 4_096 * 101);
    writeFileSync(rig.file, bytes);
    const opened = await rig.open({ bootId: new Uint8Array(16).fill(9) });
    expect(opened.how).toBe('salvaged');
    expect(await rig.verdict()).toMatchObject({ whole: true, rows: opened.rows + 1 });
  });

  it('derived state comes along: floors, uses of accounts', async () => {
    const kept = { space: 'floor', key: Uint8Array.of(1), value: Uint8Array.of(2, 3) };
    await rig.journal.commit([], [kept]);
    await rig.shut();
    damageTable('UPDATE journal SET hash = zeroblob(32) WHERE seq = 30');
    expect((await rig.open()).how).toBe('salvaged');
    expect(rig.journal.projections('floor')).toEqual([[kept.key, kept.value]]);
  });
});

describe('a salvage that is cut by a kill is taken up again', () => {
  let before: number;
  const wal = (): string => `${rig.file}-wal`;
  const aside = (): string => `${rig.file}.corrupt-77`;
  const salvagedAfterAll = async (rows: number): Promise<void> => {
    expect(await rig.open()).toMatchObject({ how: 'salvaged', rows });
    expect((await rig.rows()).at(-1)).toMatchObject({
      type: 'GENESIS',
      payload: { cause: 'corrupt', previousEpoch: before },
    });
    expect(await rig.verdict()).toMatchObject({ whole: true, rows: rows + 1 });
    await rig.shut();
    expect((await rig.open()).how).toBe('recovered');
  };
  beforeEach(async () => {
    before = await epochNow();
  });

  it('after the database was moved and before its WAL: SQLite must not delete that WAL', async () => {
    for (const suffix of ['', '-wal']) copyFileSync(rig.file + suffix, join(rig.folder, `saved${suffix}`));
    await rig.shut();
    renameSync(join(rig.folder, 'saved'), aside());
    renameSync(join(rig.folder, 'saved-wal'), wal());
    rmSync(rig.file);
    await salvagedAfterAll(41);
    expect(existsSync(`${aside()}-wal`)).toBe(true);
  });

  it('after all was moved and before the new file', async () => {
    await rig.shut();
    renameSync(rig.file, aside());
    await salvagedAfterAll(41);
  });

  it('between two batches of rows', async () => {
    await rig.shut();
    renameSync(rig.file, aside());
    const database = openWriter(openSqlite, rig.file);
    remember(database, 'salvaging', aside());
    database.exec(`ATTACH '${aside()}' AS old`);
    database.exec('INSERT INTO journal SELECT * FROM old.journal WHERE seq < 20 ORDER BY seq');
    database.close();
    await salvagedAfterAll(41);
  });

  it('after the last row and before GENESIS: the old epoch is not continued', async () => {
    await rig.shut();
    damageTable('UPDATE journal SET hash = zeroblob(32) WHERE seq = 30');
    expect(rig.recover()).toMatchObject({ how: 'salvaged', rows: 30, head: null });
    await salvagedAfterAll(30);
  });
});

describe('the whole-file check', () => {
  it('runs after another boot and after an I/O error, and not when the same boot goes on', async () => {
    await rig.shut();
    // The index of references full of garbage: neither opening nor the chain looks at it.
    const index = "SELECT rootpage FROM sqlite_schema WHERE name = 'journal_ref'";
    const page = rig.inspect((database) => Number(database.prepare(index).pluck().get()));
    const bytes = readFileSync(rig.file);
    bytes.fill(0x5a, 4_096 * (page - 1), 4_096 * page);
    writeFileSync(rig.file, bytes);
    expect((await rig.open({ bootId })).how).toBe('recovered');
    await rig.shut();
    rig.inspect((database) => remember(database, 'doubt', 'SQLITE_IOERR'));
    expect(await rig.open({ bootId })).toMatchObject({ how: 'salvaged', rows: 41, lost: 0 });
    expect(await rig.verdict()).toMatchObject({ whole: true, rows: 42 });
  });
});

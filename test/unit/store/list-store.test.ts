// lists.db: replaceable. Damage is thrown away and made anew; a disk that fails is no damage.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../runtime/core/log.ts';
import { type DenyRow, type KeptDocument, openListStore } from '../../../runtime/store/list-store.ts';
import { openSqlite } from '../../fixtures/journal-rig.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stile-lists-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (): string => join(folder, 'lists.db');
const document: KeptDocument = {
  kind: 'trust',
  target: '*',
  version: 3,
  hash: new Uint8Array(32).fill(3),
  issuedAt: 1_767_600_000,
  bytes: new Uint8Array(900).fill(9),
};
const denied = (mark: number): DenyRow => ({
  issuer: 'metro1',
  type: 1,
  id: new Uint8Array(8).fill(mark),
  issuedBefore: 0,
  begin: 0,
  end: 0,
  why: 1,
  ref: '',
});

/** A store that holds something, closed again. */
async function filled(): Promise<void> {
  const lists = await openListStore(folder, silentLogger);
  lists.put(document);
  lists.replaceDeny([denied(1), denied(2)]);
  lists.close();
}

describe('lists.db', () => {
  it('keeps documents and the exact deny rows over a restart', async () => {
    await filled();
    const lists = await openListStore(folder, silentLogger);
    expect(lists.get('trust', '*')).toEqual(document);
    expect(lists.get('trust', 'other')).toBeNull();
    expect(lists.denyRow('metro1', 1, denied(2).id)).toEqual(denied(2));
    expect(lists.denyRow('metro1', 2, denied(2).id)).toBeNull();
    lists.replaceDeny([denied(3)]);
    expect([1, 2, 3].map((mark) => lists.denyRow('metro1', 1, denied(mark).id) !== null)).toEqual([false, false, true]);
    lists.close();
  });

  it('is replaced as a whole or not at all', async () => {
    await filled();
    const lists = await openListStore(folder, silentLogger);
    expect(() => lists.replaceDeny([denied(4), denied(4)])).toThrow(/UNIQUE/);
    expect([1, 2, 4].map((mark) => lists.denyRow('metro1', 1, denied(mark).id) !== null)).toEqual([true, true, false]);
    lists.close();
  });

  it.each([
    ['garbage', () => writeFileSync(file(), Buffer.alloc(20_000, 0x5a))],
    ['cut short', () => truncateSync(file(), 5_000)],
    [
      'empty of tables it knows',
      () => {
        const other = openSqlite(file());
        other.exec('DROP TABLE document; CREATE TABLE document (something)');
        other.close();
      },
    ],
  ])('that is %s is made anew, empty and usable', async (_what, damage) => {
    await filled();
    damage();
    const lists = await openListStore(folder, silentLogger);
    expect(lists.get('trust', '*')).toBeNull();
    lists.put(document);
    expect(lists.get('trust', '*')).toEqual(document);
    lists.close();
  });

  it('that another connection keeps locked is left as it is, and so is what it holds', async () => {
    await filled();
    const other = openSqlite(file());
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN EXCLUSIVE');
    await expect(openListStore(folder, silentLogger)).rejects.toMatchObject({ code: expect.stringMatching(/BUSY/) });
    other.exec('ROLLBACK');
    other.close();
    const lists = await openListStore(folder, silentLogger);
    expect(lists.get('trust', '*')).toEqual(document);
    lists.close();
  });
});

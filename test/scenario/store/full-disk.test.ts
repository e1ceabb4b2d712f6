// A disk that fills up under a running journal: a small file system of its own, filled to the last block.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock, sleep } from '../../../runtime/core/clock.ts';
import { writerLimits } from '../../../runtime/store/writer.ts';
import { draft, JournalRig } from '../../fixtures/journal-rig.ts';
import { peer } from '../../peers/available.ts';

describe.skipIf(!peer('root') || !peer('tmpfs'))('a disk of 40 MiB', () => {
  let mount: string;
  let rig: JournalRig;
  beforeEach(() => {
    mount = mkdtempSync(join(tmpdir(), 'stile-small-'));
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', mount]).status).toBe(0);
    rig = new JournalRig(join(mount, '.'));
  });
  afterEach(async () => {
    await rig.shut();
    spawnSync('umount', [mount]);
    rmSync(mount, { recursive: true, force: true });
  });

  const filler = (): string => join(mount, 'filler');
  const ballast = (): boolean => existsSync(join(mount, 'ballast'));

  /** Takes every free block, as a log that nobody rotates would. */
  function fill(): void {
    const file = openSync(filler(), 'a');
    const block = Buffer.alloc(65_536, 1);
    try {
      for (let written = 0; written < 1_024; written++) writeSync(file, block);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    } finally {
      closeSync(file);
    }
    expect(statfsSync(mount).bavail).toBe(0);
  }

  const large = (count: number) =>
    draft({ act: 'ride', reason: 'OK', count, sealed: new Uint8Array(30_000).fill(count) });

  /** Commits rows of 30 kB until the journal is full; the number that were acknowledged. */
  async function commitUntilFull(): Promise<number> {
    for (let count = 0; count < 2_000; count++) {
      try {
        await rig.journal.commit([large(count)]);
      } catch (error) {
        expect(error).toMatchObject({ code: 'JOURNAL_FULL' });
        return count;
      }
    }
    throw new Error('the disk never filled');
  }

  it('rows go on into the warm WAL, then into the room of the ballast; then the journal is full and whole', async () => {
    await rig.open();
    expect([ballast(), rig.journal.level()]).toEqual([true, 'normal']);
    fill();
    await rig.ride(50);
    expect([ballast(), rig.journal.level(), rig.incidents]).toEqual([true, 'normal', []]);
    const acknowledged = await commitUntilFull();
    expect(acknowledged).toBeGreaterThan(200);
    expect([ballast(), rig.journal.level()]).toEqual([false, 'full']);
    expect(rig.incidents.map(({ kind }) => kind)).toContain('disk-full');
    expect(await rig.verdict()).toMatchObject({ whole: true, rows: 1 + 50 + acknowledged });
  }, 60_000);

  it('starts on a full disk from the ballast, degraded; when there is room again, all is as before', async () => {
    await rig.open();
    await rig.ride(5);
    await rig.shut();
    fill();
    expect(await rig.open()).toMatchObject({ how: 'recovered', rows: 6 });
    expect([ballast(), rig.journal.level()]).toEqual([false, 'restricted']);
    await rig.ride(5);
    expect(rig.incidents.map(({ kind }) => kind)).toEqual(['disk-full']);
    rmSync(filler());
    await sleep(new SystemClock(), 'ballast', writerLimits.retryMs + writerLimits.idleCheckpointMs + 1_000);
    await rig.ride(1);
    expect([ballast(), rig.journal.level()]).toEqual([true, 'normal']);
    expect(await rig.verdict()).toMatchObject({ whole: true, rows: 12 });
  }, 60_000);

  it('that is full without ballast says so at the start and leaves every file as it was', async () => {
    await rig.open();
    await rig.ride(5);
    await rig.shut();
    rmSync(join(mount, 'ballast'));
    fill();
    await expect(rig.open()).rejects.toMatchObject({
      code: 'JOURNAL_UNAVAILABLE',
      message: expect.stringMatching(/full/),
    });
    rmSync(filler());
    expect(await rig.open()).toMatchObject({ how: 'recovered', rows: 6 });
  }, 60_000);
});

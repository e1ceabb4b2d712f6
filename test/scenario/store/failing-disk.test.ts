// Every fsync and every write of a committing process fails once, one after the other, injected by strace
// into the real system calls of the writer thread. Whatever was acknowledged is there afterwards.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hex } from '../../../runtime/core/bytes.ts';
import { openJournalReader } from '../../../runtime/store/read-journal.ts';
import { JournalRig } from '../../fixtures/journal-rig.ts';
import { peer } from '../../peers/available.ts';

const program = fileURLToPath(new URL('../../fixtures/journal-process.ts', import.meta.url));
const rides = 6;
/** More calls than the process makes; reaching it would mean that the sweep never ended. */
const lastN = 200;

let template: string;
beforeAll(() => {
  template = mkdtempSync(join(tmpdir(), 'stile-warm-'));
  spawnSync(process.execPath, ['--import', 'tsx', program, template, '3']);
});
afterAll(() => rmSync(template, { recursive: true, force: true }));

interface Run {
  /** Times the fault fired. */
  readonly injected: number;
  readonly acks: readonly string[];
  readonly said: string;
  readonly rig: JournalRig;
}

/** A process of its own on a copy of a journal that was ended by a kill, so that its WAL is warm. */
function run(call: string, error: string, when: string): Run {
  const rig = new JournalRig();
  cpSync(template, rig.folder, { recursive: true });
  const trace = join(rig.folder, 'trace');
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${when}`];
  const node = [process.execPath, '--import', 'tsx', program, rig.folder, String(rides)];
  const { stdout, status } = spawnSync('strace', ['-f', '-o', trace, ...inject, ...node], { timeout: 60_000 });
  const said = stdout.toString();
  expect({ status, said }).toMatchObject({ status: 0, said: expect.stringMatching(/done|failed/) });
  const injected = readFileSync(trace, 'utf8').split('(INJECTED)').length - 1;
  return { injected, said, rig, acks: said.split('\n').filter((line) => line.startsWith('ack ')) };
}

async function nothingIsLost({ rig, acks }: Run): Promise<void> {
  expect(rig.recover()).toMatchObject({ how: 'recovered', lost: 0 });
  const verdict = await rig.verdict();
  expect(verdict.whole).toBe(true);
  const reader = await openJournalReader(rig.file);
  const rows = [...reader.rows()];
  reader.close();
  expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, at) => at));
  const stored = new Set(rows.map((row) => `ack ${row.epoch} ${row.seq} ${hex(row.hash)}`));
  expect(acks.filter((ack) => !stored.has(ack))).toEqual([]);
}

describe.skipIf(!peer('strace'))('the Nth call fails', () => {
  it.each([
    { call: 'fsync', error: 'EIO', step: 1, atLeast: 10 },
    { call: 'fsync', error: 'ENOSPC', step: 4, atLeast: 3 },
    { call: 'pwrite64', error: 'EIO', step: 4, atLeast: 8 },
    { call: 'pwrite64', error: 'ENOSPC', step: 4, atLeast: 8 },
  ])(
    '$call with $error, N rising by $step until it no longer fires',
    async ({ call, error, step, atLeast }) => {
      let fired = 0;
      let acknowledged = 0;
      let fruitless = 0;
      for (let n = 1; n <= lastN; n += step) {
        const result = run(call, error, String(n));
        await nothingIsLost(result);
        await result.rig.end();
        if (result.injected === 0) {
          expect(result.said).toContain('done quiet');
          expect(result.acks).toHaveLength(rides);
          fruitless++;
          break;
        }
        fired++;
        acknowledged += result.acks.length;
        if (result.acks.length < rides) expect(result.said).toMatch(/refused|failed/);
      }
      expect(fruitless).toBe(1);
      expect(fired).toBeGreaterThanOrEqual(atLeast);
      expect(acknowledged).toBeGreaterThan(fired);
    },
    150_000,
  );

  it('every fsync from the first commit on: nothing is acknowledged any more, and the level says so', async () => {
    const counted = run('fsync', 'EIO', String(lastN));
    const first = fsyncsBeforeTheFirstRide(counted);
    await counted.rig.end();
    const result = run('fsync', 'EIO', `${first + 1}+`);
    expect(result.injected).toBeGreaterThan(1);
    expect(result.acks).toEqual([]);
    expect(result.said.match(/refused JOURNAL_UNAVAILABLE unavailable/g)).toHaveLength(rides);
    expect(result.said).toContain('out-of-service');
    await nothingIsLost(result);
    await result.rig.end();
  }, 60_000);
});

/** Each ride of an untroubled run costs one fsync, and they come last. */
const fsyncsBeforeTheFirstRide = ({ rig }: Run): number =>
  readFileSync(join(rig.folder, 'trace'), 'utf8').split('fsync(').length - 1 - rides;

// A process that commits through the writer is killed at random moments, also while it recovers. The page
// cache survives a kill, so this proves recovery, not durability.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hex } from '../../../runtime/core/bytes.ts';
import { pick, SeededEntropy } from '../../../runtime/core/entropy.ts';
import { openJournalReader } from '../../../runtime/store/read-journal.ts';
import { JournalRig } from '../../fixtures/journal-rig.ts';

const program = fileURLToPath(new URL('../../fixtures/journal-process.ts', import.meta.url));
const cycles = 20;
const seed = 'kill-9/1';

let rig: JournalRig;
beforeEach(() => {
  rig = new JournalRig();
});
afterEach(() => rig.end());

/** Runs until it is killed: `afterAcks` rows after it opened, or, where that is null, `recoveringMs` after its start. */
function killed(
  afterAcks: number | null,
  recoveringMs: number,
): Promise<{ lines: readonly string[]; signal: string | null }> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, rig.folder, '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString();
    if (afterAcks !== null && acksIn(said).length >= afterAcks) child.kill('SIGKILL');
  });
  const timer = afterAcks === null ? setTimeout(() => child.kill('SIGKILL'), recoveringMs) : null;
  return new Promise((resolve) => {
    child.once('close', (_code, signal) => {
      if (timer) clearTimeout(timer);
      resolve({ lines: said.split('\n').slice(0, -1), signal });
    });
  });
}

const acksIn = (said: string): readonly string[] =>
  said
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('ack '));

describe(`kill -9, ${cycles} cycles, seed ${seed}`, () => {
  it('every acknowledged row is there, without gaps, in a whole chain', async () => {
    const entropy = new SeededEntropy(seed);
    const acks: string[] = [];
    let signals = 0;
    for (let cycle = 0; cycle < cycles; cycle++) {
      const whileRecovering = cycle % 5 === 4;
      const { lines, signal } = await killed(whileRecovering ? null : 1 + pick(entropy, 60), 350 + pick(entropy, 250));
      acks.push(...lines.filter((line) => line.startsWith('ack ')));
      if (signal === 'SIGKILL') signals++;
      expect(lines.filter((line) => /refused|failed/.test(line))).toEqual([]);
    }
    expect(signals).toBe(cycles);
    expect(acks.length).toBeGreaterThan(cycles);
    expect(rig.recover()).toMatchObject({ how: 'recovered', lost: 0 });
    const verdict = await rig.verdict();
    expect(verdict).toMatchObject({ whole: true });
    const reader = await openJournalReader(rig.file);
    const stored = new Set([...reader.rows()].map((row) => `ack ${row.epoch} ${row.seq} ${hex(row.hash)}`));
    reader.close();
    expect(acks.filter((ack) => !stored.has(ack))).toEqual([]);
    expect(new Set(acks).size).toBe(acks.length);
    expect(stored.size).toBe(verdict.rows);
  }, 120_000);
});

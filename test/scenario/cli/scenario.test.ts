// `stile scenario` as a person or a build types it: a verdict per story, and exit codes that mean something.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { jsonLines, stile } from '../../fixtures/stile-command.ts';

const cases = join(import.meta.dirname, '../cases');
const story = join(cases, 'B1-same-code-twice.json');
const folder = mkdtempSync(join(tmpdir(), 'stile-scenario-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('stile scenario', () => {
  test('plays files and says that they are as expected', async () => {
    const answer = await stile(['scenario', 'run', story, join(cases, 'G2-nobody-passes.json'), '--verbose']);
    expect(answer.code).toBe(0);
    expect(answer.out).toContain('  ok   B1 ');
    expect(answer.out).toContain('ok: step 2, scan, at 2000 ms, bus');
    expect(answer.out).toContain('2 scenarios as expected.');
    expect(answer.out).not.toContain(String.fromCharCode(27));
    for (const line of answer.out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('ends with 1 when one is not, and names the step', async () => {
    const answer = await stile(['scenario', 'run', story, '--without', 'presence']);
    expect(answer.code).toBe(1);
    expect(answer.out).toContain(' FAIL  B1 ');
    expect(answer.out).toContain('step 2, scan, at 2000 ms, bus');
    expect(answer.out).toContain('- reason: expected "REPEAT", got "REPLAYED"');
    expect(answer.out).toContain('1 of 1 scenario NOT as expected.');
  });

  test('answers a line of JSON a file, and one for all', async () => {
    const answer = await stile(['scenario', 'run', story, '--json']);
    expect(answer.code).toBe(0);
    const [played, all] = jsonLines(answer.out);
    expect(played).toMatchObject({ id: 'B1', ok: true, guards: ['presence'], file: story });
    expect(played?.['steps']).toMatchObject([{ step: 1, act: 'scan', ok: true, problems: [] }, {}, {}, {}, {}]);
    expect(all).toEqual({ ok: true, files: 1, failed: 0, without: null });
  });

  test('ends with 2 for a file that is no scenario, and plays none', async () => {
    const bad = join(folder, 'bad.json');
    writeFileSync(
      bad,
      JSON.stringify({ scenario: 1, id: 'B1', title: 'x', guards: ['presence'], world: {}, steps: [] }),
    );
    const answer = await stile(['scenario', 'run', story, bad]);
    expect(answer.code).toBe(2);
    expect(answer.out).toBe('');
    for (const words of ['SCENARIO_INVALID', 'bad.json', 'machines', 'remedy']) expect(answer.err).toContain(words);
  });

  test.each([
    { args: ['scenario', 'run', story, '--without', 'gravity'], code: 2, names: ['gravity', 'replay-ring'] },
    { args: ['scenario', 'run'], code: 2, names: ['USAGE', 'file'] },
    { args: ['scenario', 'run', '/does/not/exist.json'], code: 1, names: ['FILE_UNREADABLE', '/does/not/exist.json'] },
  ])('$args is a clear error', async ({ args, code, names }) => {
    const answer = await stile(args);
    expect(answer.code).toBe(code);
    for (const name of names) expect(answer.err).toContain(name);
  });

  test('lists what can be switched off, and helps', async () => {
    const guards = await stile(['scenario', 'guards', '--json']);
    expect(jsonLines(guards.out)).toContainEqual(expect.objectContaining({ id: 'replay-ring' }));
    const help = await stile(['scenario', '--help']);
    expect(help.code).toBe(0);
    for (const word of ['run', 'guards', 'docs/scenarios.md']) expect(help.out).toContain(word);
  });
});

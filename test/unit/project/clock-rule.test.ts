// The guard of injected time and chance must itself fail on a violation, however it is spelled.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clockViolations, exemptFiles } from '../../project/clock-rule.ts';

const found = (source: string): string[] => clockViolations('planted.ts', source).map(({ what }) => what);

describe('the clock rule', () => {
  it.each([
    ['Date.now()', 'Date.now'],
    ['const clock = Date.now;', 'Date.now'],
    ['new Date()', 'new Date()'],
    ['new Date', 'new Date()'],
    ['Date()', 'Date()'],
    ['const { now } = Date;', 'Date taken apart'],
    ['setTimeout(work, 5)', 'setTimeout'],
    ['const later = setTimeout;', 'setTimeout'],
    ['class Retry { wait = setInterval; }', 'setInterval'],
    ['globalThis.setTimeout(work, 5)', 'globalThis.setTimeout'],
    ["globalThis['setTimeout'](work, 5)", 'globalThis.setTimeout'],
    ['new globalThis.Date()', 'globalThis.Date'],
    ['performance.now()', 'performance'],
    ['process.hrtime.bigint()', 'process.hrtime'],
    ['const { hrtime } = process;', 'process.hrtime'],
    ['process.uptime()', 'process.uptime'],
    ['AbortSignal.timeout(5)', 'AbortSignal.timeout'],
    ['Math.random()', 'Math.random'],
    ["Math['random']()", 'Math.random'],
    ['const { random } = Math;', 'Math.random'],
    ["import { randomBytes } from 'node:crypto';", 'randomBytes of node:crypto'],
    ["import { randomUUID as id } from 'node:crypto';", 'randomUUID of node:crypto'],
    ['crypto.randomUUID()', 'crypto.randomUUID'],
    ['crypto.getRandomValues(bytes)', 'crypto.getRandomValues'],
    ["import { setTimeout as sleep } from 'node:timers/promises';", 'import of node:timers/promises'],
    ["await import('node:timers/promises')", 'import of node:timers/promises'],
    ["import { performance as clock } from 'node:perf_hooks';", 'import of node:perf_hooks'],
  ])('refuses %s', (source, what) => {
    expect(found(source)).toEqual([what]);
  });

  it.each([
    'new Date(clock.wallMs()).toISOString()',
    'Date.UTC(2026, 0, 1)',
    "Date.parse('2026-01-01')",
    'clock.timer("wait", 5, work)',
    'socket.setTimeout(5)',
    'const options = { setTimeout: 5 };',
    'function at(date: Date): Date { return date; }',
    'setImmediate(work)',
    'process.on("exit", work)',
    "import { createHash } from 'node:crypto';",
    '// Date.now() in a comment',
    '"Math.random()"',
  ])('lets pass %s', (source) => {
    expect(found(source)).toEqual([]);
  });

  it('names the line', () => {
    expect(clockViolations('planted.ts', 'const a = 1;\n\nconst b = Date.now();')).toEqual([
      { line: 3, what: 'Date.now' },
    ]);
  });

  it('exempts only files that need it', () => {
    const needless = exemptFiles.filter((path) => {
      const source = readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');
      return clockViolations(path, source).length === 0;
    });
    expect(needless).toEqual([]);
  });

  it('stops the check with file and line, and passes pages by', () => {
    const root = mkdtempSync(join(tmpdir(), 'stile-clock-'));
    for (const room of ['runtime/fares', 'devices', 'sync', 'simulators/street/web']) {
      mkdirSync(join(root, room), { recursive: true });
    }
    writeFileSync(join(root, 'simulators/street/web/page.ts'), 'setTimeout(draw, 5);');
    expect(runCheck(root)).toEqual({ status: 0, stderr: '' });

    writeFileSync(join(root, 'runtime/fares/evaluate.ts'), 'export const today = new Date();');
    const { status, stderr } = runCheck(root);
    expect(status).toBe(1);
    expect(stderr).toContain('runtime/fares/evaluate.ts:1 new Date()');
  });
});

function runCheck(root: string): { status: number | null; stderr: string } {
  const script = join(import.meta.dirname, '../../project/check-clock.ts');
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script, root], { encoding: 'utf8' });
  return { status, stderr };
}

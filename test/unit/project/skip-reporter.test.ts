// A skipped test must be named, and must fail the run where peers are required: tried with a real run
// of the suite in which the programs are taken off the PATH.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peerNames, remedyOf } from '../../peers/available.ts';
import { reportSkips, type SkippedFile } from '../../peers/skip-reporter.ts';

const root = join(import.meta.dirname, '../../..');

function skipped(path: string, count: number, missing: Partial<SkippedFile['missing']> = {}): SkippedFile {
  return { path, skipped: count, missing: { peers: [], devices: [], ...missing } };
}

describe('the report on skips', () => {
  it('groups files by missing peer, with its remedy', () => {
    const files = [skipped('a.test.ts', 3, { peers: ['strace'] }), skipped('b.test.ts', 1, { peers: ['strace'] })];
    expect(reportSkips(files, false)).toEqual({
      lines: [
        'Skipped because this machine lacks strace (apt-get install strace): 3 tests in a.test.ts, 1 test in b.test.ts',
      ],
      failures: [],
    });
  });

  it('says nothing of a peer whose absence skipped nothing', () => {
    expect(reportSkips([skipped('a.test.ts', 0, { peers: ['strace'] })], true)).toEqual({ lines: [], failures: [] });
  });

  it('fails a missing peer and an unnamed skip where peers are required, but never a missing device', () => {
    const files = [
      skipped('a.test.ts', 1, { peers: ['chromium'] }),
      skipped('b.test.ts', 2, { devices: ['STILE_TEST_SCANNER_PATH'] }),
      skipped('c.test.ts', 1),
    ];
    const { lines, failures } = reportSkips(files, true);
    expect(lines).toHaveLength(3);
    expect(failures).toEqual([
      'Skipped because this machine lacks chromium (apt-get install chromium): 1 test in a.test.ts',
      'Skipped without a named cause: 1 test in c.test.ts',
    ]);
  });

  it('knows a remedy for every peer', () => {
    for (const name of peerNames) expect(remedyOf(name)).not.toBe('');
  });
});

describe('a run on a machine without tmux and without a scanner', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stile-skips-'));
  beforeAll(() => {
    mkdirSync(join(folder, 'bin'));
    writeFileSync(
      join(folder, 'vitest.config.mts'),
      `import { SkipReporter } from '${root}/test/peers/skip-reporter.ts';
       const required = process.env.STILE_REQUIRE_PEERS === '1';
       export default { test: { globals: true, reporters: [new SkipReporter(required)], server: { deps: { inline: true } } } };`,
    );
    writeFileSync(
      join(folder, 'peers.test.ts'),
      `import { peer } from '${root}/test/peers/available.ts';
       describe.skipIf(!peer('tmux'))('a window', () => { it('opens', () => {}); it('closes', () => {}); });
       it('needs nothing', () => {});`,
    );
    writeFileSync(
      join(folder, 'devices.test.ts'),
      `import { realDevicePath } from '${root}/test/peers/available.ts';
       it.skipIf(!realDevicePath('scanner'))('reads', () => {});`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function run(environment: Record<string, string>, ...files: string[]) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder, ...files],
      { encoding: 'utf8', env: { PATH: join(folder, 'bin'), ...environment } },
    );
    return { status, output: stdout + stderr };
  }

  it('passes and names both', () => {
    const { status, output } = run({});
    expect(output).toContain(
      'Skipped because this machine lacks tmux (apt-get install tmux): 2 tests in peers.test.ts',
    );
    expect(output).toContain(
      'Skipped because no device is attached (set STILE_TEST_SCANNER_PATH): 1 test in devices.test.ts',
    );
    expect(status).toBe(0);
  });

  it('fails where peers are required', () => {
    const { status, output } = run({ STILE_REQUIRE_PEERS: '1' });
    expect(output).toContain('the skips above count as failures');
    expect(status).toBe(1);
  });

  it('does not fail for want of hardware', () => {
    expect(run({ STILE_REQUIRE_PEERS: '1' }, 'devices.test.ts').status).toBe(0);
  });
});

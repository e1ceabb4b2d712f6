// `npm start` as a service or a person's other window would run it: without a terminal, until a signal, and nothing of
// it is left afterwards.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { peer } from '../peers/available.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const root = join(import.meta.dirname, '../..');
const entry = join(root, 'runtime/main/stile.ts');
const temporary = { folder: '' };
const started: ChildProcess[] = [];

beforeAll(() => {
  if (existsSync(join(root, 'dist/simulators/street/web/index.html'))) return;
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  expect(spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: root }).status).toBe(0);
}, 60_000);

beforeEach(() => {
  temporary.folder = mkdtempSync(join(tmpdir(), 'stile-start-'));
});

afterEach(() => {
  for (const { pid = 0 } of started.splice(0)) endGroup(pid);
  rmSync(temporary.folder, { recursive: true, force: true });
});

/** Each street leads a process group of its own: what a failing test left behind ends here. */
function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nothing is left, as it should be.
  }
}

interface Ending {
  readonly how: string;
  readonly args: readonly string[];
  /** What is printed when it is time to end it. */
  readonly when: RegExp;
  readonly end: (street: Street) => void;
  readonly status: number | null;
}

const runs = /The street runs/;
const endings: readonly Ending[] = [
  { how: 'SIGINT', args: [], when: runs, end: ({ child }) => child.kill('SIGINT'), status: 0 },
  { how: 'SIGTERM', args: [], when: runs, end: ({ child }) => child.kill('SIGTERM'), status: 0 },
  {
    how: 'Ctrl-C, which reaches every process of the group',
    args: [],
    when: runs,
    end: ({ pid }) => process.kill(-pid, 'SIGINT'),
    status: 0,
  },
  {
    how: 'SIGINT twice',
    args: [],
    when: runs,
    end: ({ child }) => [child.kill('SIGINT'), child.kill('SIGINT')],
    status: 0,
  },
  { how: 'SIGTERM while it starts', args: [], when: /Starting/, end: ({ child }) => child.kill('SIGTERM'), status: 0 },
  {
    how: 'SIGTERM as text',
    args: ['--text'],
    when: /row \d+ .* trip/,
    end: ({ child }) => child.kill('SIGTERM'),
    status: 0,
  },
  {
    how: 'SIGKILL, after which its processes end by themselves',
    args: [],
    when: runs,
    end: ({ child }) => child.kill('SIGKILL'),
    status: null,
  },
];

describe.skipIf(!peer('procfs'))('`npm start` as npm runs it', () => {
  // A shell between npm and the street would die of the signal and leave the street behind.
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends on %s to npm alone, and so does every process below it',
    async (signal) => {
      const street = startByNpm();
      await until('the page', () => runs.test(street.printed()), street);
      const family = descendants(street.pid);
      expect(family.length).toBeGreaterThanOrEqual(7);
      street.child.kill(signal);
      await until('the end', () => street.child.exitCode !== null || street.child.signalCode !== null, street);
      await until('the end of its processes', () => [...family, ...strays()].filter(isAlive).length === 0, street);
    },
  );
});

describe.skipIf(!peer('procfs'))('`npm start` without a terminal window', () => {
  it.each(endings)(
    'ends on $how, and so does every process it started',
    async ({ args, when, end, status }) => {
      const street = start(args);
      await until('what it prints', () => when.test(street.printed()), street);
      if (!String(when).includes('Starting'))
        await until('its six processes', () => descendants(street.pid).length >= 6, street);
      const family = descendants(street.pid);
      if (when === runs) await delay(500);
      expect(street.child.exitCode).toBeNull();
      end(street);
      await until('the end', () => street.child.exitCode !== null || street.child.signalCode !== null, street);
      expect(street.child.exitCode).toBe(status);
      await until('the end of its processes', () => [...family, ...strays()].filter(isAlive).length === 0, street);
    },
    180_000,
  );

  it('leaves a running head end and its terminals alone for as long as nobody ends it', async () => {
    const street = start([]);
    await until('the page', () => runs.test(street.printed()), street);
    const family = descendants(street.pid);
    await delay(3_000);
    expect(descendants(street.pid)).toEqual(family);
    expect(family.length).toBeGreaterThanOrEqual(6);
    const [, url = ''] = /(http:\/\/\S+)/.exec(street.printed()) ?? [];
    expect((await fetch(url)).status).toBe(200);
    street.child.kill('SIGTERM');
    await until('the end', () => street.child.exitCode !== null, street);
  });
});

interface Street {
  readonly child: ChildProcess;
  readonly pid: number;
  printed(): string;
}

const start = (args: readonly string[]): Street =>
  run(process.execPath, ['--import', 'tsx', entry, 'street', '--port', '8350', ...args], root);

/** The script as it stands in package.json, over the sources instead of the build. */
function startByNpm(): Street {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { start: string } };
  const script = scripts.start.replace('dist/runtime/main/stile.js', `--import tsx ${entry}`);
  writeFileSync(join(temporary.folder, 'package.json'), JSON.stringify({ private: true, scripts: { start: script } }));
  symlinkSync(join(root, 'node_modules'), join(temporary.folder, 'node_modules'));
  return run('npm', ['start'], temporary.folder);
}

function run(program: string, args: readonly string[], cwd: string): Street {
  const child = spawn(program, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, TMPDIR: temporary.folder },
  });
  started.push(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (printed += String(text)));
  return { child, pid: child.pid ?? 0, printed: () => printed };
}

async function until(what: string, holds: () => boolean, street: Street): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what} never came\n${street.printed()}`);
    await delay(25);
  }
}

/** Every process below `pid`, by /proc/PID/stat (proc(5)): the fourth field is the parent. */
function descendants(pid: number): readonly number[] {
  const parents = processes().map((one) => [one, parentOf(one)] as const);
  const below = (of: number): readonly number[] =>
    parents.filter(([, parent]) => parent === of).flatMap(([child]) => [child, ...below(child)]);
  return below(pid).filter((one) => commandOf(one).includes('stile.ts'));
}

/** Processes of this street whose parent is gone: they name its folder. */
const strays = (): readonly number[] => processes().filter((pid) => commandOf(pid).includes(temporary.folder));

const processes = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

function parentOf(pid: number): number {
  const [, rest = ''] = read(`/proc/${pid}/stat`).split(') ');
  return Number(rest.split(' ')[1] ?? 0);
}

const commandOf = (pid: number): string => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');

/** A process that has ended but was not waited for is a zombie, which is no process any more. */
const isAlive = (pid: number): boolean => /^\d+ \(.*\) [^ZX]/.test(read(`/proc/${pid}/stat`));

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

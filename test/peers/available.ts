// Which real peers this machine has. A test that needs one skips itself by asking here, so that the
// run can list at its end what was not tried, and why (see skip-reporter.ts).
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { TestRunner } from 'vitest';

interface Peer {
  /** What a person does to have it. */
  readonly remedy: string;
  present(): boolean;
}

const fromPackage = (name: string, ...programs: string[]): Peer => ({
  remedy: `apt-get install ${name}`,
  present: () => programs.some(onPath),
});

const peers = {
  chromium: fromPackage('chromium', 'chromium'),
  gcc: fromPackage('gcc libc6-dev', 'gcc'),
  libusb: { remedy: 'apt-get install libusb-1.0-0', present: hasLibusb },
  mosquitto: fromPackage('mosquitto', 'mosquitto'),
  openssl: fromPackage('openssl', 'openssl'),
  perl: fromPackage('perl-base', 'perl'),
  postgres: { remedy: 'apt-get install postgresql', present: () => postgresProgram('initdb') !== undefined },
  procfs: { remedy: 'run on Linux with /proc mounted', present: () => existsSync('/proc/self/status') },
  pty: { remedy: 'run on Linux with /dev/ptmx and devpts mounted', present: hasPseudoTerminals },
  python3: fromPackage('python3', 'python3'),
  root: { remedy: 'run as root', present: () => process.getuid?.() === 0 },
  sqlite3: fromPackage('sqlite3', 'sqlite3'),
  strace: fromPackage('strace', 'strace'),
  tmpfs: { remedy: 'run as root with the right to mount', present: mayMount },
  tmux: fromPackage('tmux', 'tmux'),
  zbarimg: fromPackage('zbar-tools', 'zbarimg'),
} as const satisfies Record<string, Peer>;
export type PeerName = keyof typeof peers;
export const peerNames = Object.keys(peers) as readonly PeerName[];

/** What a test file's run leaves for the reporter: peers by name, devices by environment variable. */
export interface Missing {
  readonly peers: readonly PeerName[];
  readonly devices: readonly string[];
}

declare module 'vitest' {
  interface TaskMeta {
    missing?: Missing;
  }
}

/** Whether this machine has `name`. To be asked while tests are collected: `describe.skipIf(!peer('strace'))`. */
export function peer(name: PeerName): boolean {
  if (peers[name].present()) return true;
  remember({ peers: [name], devices: [] });
  return false;
}

/** Path of a real device from `STILE_TEST_<device>_PATH`, undefined where none is attached. */
export function realDevicePath(device: string): string | undefined {
  const variable = `STILE_TEST_${device.toUpperCase()}_PATH`;
  const path = process.env[variable];
  if (!path) remember({ peers: [], devices: [variable] });
  return path || undefined;
}

export const remedyOf = (name: PeerName): string => peers[name].remedy;

/** Absolute path of a peer's program. */
export function programPath(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

/** Debian keeps the programs of each PostgreSQL beside each other, outside of PATH; the newest is taken. */
export function postgresProgram(program: 'initdb' | 'postgres'): string | undefined {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  const found = versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join('/usr/lib/postgresql', version, 'bin', program));
  return found.find(isExecutable) ?? programPath(program);
}

function onPath(program: string): boolean {
  return programPath(program) !== undefined;
}

function isExecutable(path: string): boolean {
  return isAccessible(path, constants.X_OK);
}

/** Root in a container often may not: only trying tells. */
function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'stile-mount-'));
  try {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status !== 0) return false;
    return spawnSync('umount', [folder]).status === 0;
  } finally {
    rmdirSync(folder);
  }
}

function hasPseudoTerminals(): boolean {
  return (
    process.platform === 'linux' && existsSync('/dev/pts') && isAccessible('/dev/ptmx', constants.R_OK | constants.W_OK)
  );
}

/** Where Debian's architectures and other distributions keep their libraries. */
function hasLibusb(): boolean {
  const roots = ['/lib', '/usr/lib', '/lib64', '/usr/lib64'].filter((root) => existsSync(root));
  const folders = roots.flatMap((root) => [root, ...readdirSync(root).map((name) => join(root, name))]);
  return folders.some((folder) => existsSync(join(folder, 'libusb-1.0.so.0')));
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function remember(more: Missing): void {
  const { meta } = TestRunner.getCurrentTest()?.file ?? TestRunner.getCurrentSuite().file;
  meta.missing = {
    peers: [...new Set([...(meta.missing?.peers ?? []), ...more.peers])],
    devices: [...new Set([...(meta.missing?.devices ?? []), ...more.devices])],
  };
}

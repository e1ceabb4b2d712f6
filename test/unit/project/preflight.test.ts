// The preflight is the first thing a newcomer with a bare machine meets: one message, each line with its remedy.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const preflight = join(import.meta.dirname, '../../../preflight.mjs');

describe('the preflight', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'stile-preflight-'));
    mkdirSync(join(root, 'bin'));
    copyFileSync(preflight, join(root, 'preflight.mjs'));
    writeFileSync(join(root, 'package.json'), '{}');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** `node` replaces what the process believes about its own Node. */
  function run(node: { version?: string; execPath?: string } = {}, environment: Record<string, string> = {}) {
    const disguise = [
      node.version && `Object.defineProperty(process, 'versions', { value: { node: '${node.version}' } });`,
      `process.execPath = '${node.execPath ?? join(root, 'bin/node')}';`,
    ].filter(Boolean);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(disguise.join(''))}`, join(root, 'preflight.mjs')],
      { encoding: 'utf8', env: { PATH: join(root, 'bin'), ...environment } },
    );
    return { status, output: stdout + stderr };
  }

  function installDatabase(source: string): void {
    const folder = join(root, 'node_modules/better-sqlite3');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'index.js'), source);
  }

  function provide(...programs: string[]): void {
    for (const program of programs) {
      writeFileSync(join(root, 'bin', program), '');
      chmodSync(join(root, 'bin', program), 0o755);
    }
  }

  const working = 'module.exports = class { close() {} };';
  const quiet = { status: 0, output: '' };

  it('is silent before the first install', () => {
    expect(run()).toEqual(quiet);
  });

  it('is silent when the database opens, compiler or not', () => {
    installDatabase(working);
    expect(run()).toEqual(quiet);
  });

  it('names a database that ends Node when a statement is garbage, and how to compile it', () => {
    installDatabase(working);
    const folder = join(root, 'node_modules/better-sqlite3/build/Release');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'better_sqlite3.node'), '\0_ZN4node28RemoveEnvironmentCleanupHookEPN2v87IsolateE\0');
    const { status, output } = run();
    expect(status).toBe(1);
    expect(output).toContain('headers of Node 24.11 or newer');
    expect(output).toContain('npm_config_nodedir=');
    writeFileSync(join(folder, 'better_sqlite3.node'), '\0_ZN4node25AddEnvironmentCleanupHookEPN2v87IsolateE\0');
    expect(run()).toEqual(quiet);
  });

  it.each(['18.20.4', '20.18.3'])('refuses Node %s and says which to install', (version) => {
    installDatabase(working);
    const { status, output } = run({ version });
    expect(status).toBe(1);
    expect(output).toContain(`Node ${version} is too old: Stile needs 20.19 or newer. Install Node 20, 22 or 24`);
  });

  it.each(['20.19.0', '22.0.0', '24.9.0'])('takes Node %s', (version) => {
    installDatabase(working);
    expect(run({ version })).toEqual(quiet);
  });

  it('names every missing build tool at once, with its Debian package', () => {
    mkdirSync(join(root, 'node_modules'));
    const { status, output } = run();
    expect(status).toBe(1);
    expect(output).toContain('better-sqlite3 has no ready-made binary for this machine and could not be compiled:');
    expect(output).toContain('no C++ compiler: apt-get install g++');
    expect(output).toContain('no make: apt-get install make');
    expect(output).toContain('no Python 3: apt-get install python3');
    expect(output).toContain('Then run npm ci again.');
  });

  it('names only what is missing', () => {
    mkdirSync(join(root, 'node_modules'));
    provide('g++', 'python3');
    const { output } = run();
    expect(output).toContain('no make');
    expect(output).not.toContain('no C++ compiler');
    expect(output).not.toContain('no Python 3');
    expect(output).not.toContain('no Node headers');
  });

  it('counts a compiler named by CXX', () => {
    mkdirSync(join(root, 'node_modules'));
    provide('arm-linux-gnueabihf-g++');
    expect(run({}, { CXX: 'arm-linux-gnueabihf-g++' }).output).not.toContain('no C++ compiler');
  });

  it('names missing Node headers once the tools are there', () => {
    mkdirSync(join(root, 'node_modules'));
    provide('g++', 'make', 'python3');
    expect(run().output).toContain('no Node headers');

    mkdirSync(join(root, 'headers/include/node'), { recursive: true });
    writeFileSync(join(root, 'headers/include/node/node.h'), '');
    const { status, output } = run({}, { npm_config_nodedir: join(root, 'headers') });
    expect(status).toBe(1);
    expect(output).not.toContain('no Node headers');
    expect(output).toContain('To see why: npm ci --foreground-scripts');
  });

  it('asks for a rebuild when Node was exchanged after the install', () => {
    installDatabase("throw Object.assign(new Error('NODE_MODULE_VERSION 115'), { code: 'ERR_DLOPEN_FAILED' });");
    const { status, output } = run();
    expect(status).toBe(1);
    expect(output).toContain('Run: npm rebuild better-sqlite3');
  });
});

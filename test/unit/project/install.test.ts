// What an install may do: run one compiler job, on every supported Node, on every platform.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { completePlatforms, type LockedPackages } from '../../project/lock-platforms.ts';

const root = join(import.meta.dirname, '../../..');
const readJson = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
const { packages } = readJson('package-lock.json') as { packages: LockedPackages };
const { allowScripts, optionalDependencies = {} } = readJson('package.json') as {
  allowScripts: Record<string, boolean>;
  optionalDependencies?: Record<string, string>;
};

describe('an install', () => {
  it('runs no install script that has not been looked at', () => {
    const withScripts = Object.entries(packages)
      .filter(([path, locked]) => path !== '' && locked.hasInstallScript)
      .map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect([...new Set(withScripts)].toSorted()).toEqual(Object.keys(allowScripts).toSorted());
  });

  it('compiles nothing but better-sqlite3', () => {
    const allowed = Object.keys(allowScripts).filter((name) => allowScripts[name]);
    expect(allowed).toEqual(['better-sqlite3']);
    const compiled = Object.keys(packages).filter(
      (path) => existsSync(join(root, path, 'build/Release')) && path !== '',
    );
    expect(compiled.filter((path) => path !== 'node_modules/better-sqlite3')).toEqual([]);
  });

  it('reaches the preflight when that fails, because npm passes over an optional package', () => {
    expect(Object.keys(optionalDependencies)).toContain('better-sqlite3');
  });

  it.each(['@serialport/bindings-cpp', 'node-hid'])('finds %s ready-made for the boards in the field', (name) => {
    const prebuilds = readdirSync(join(root, 'node_modules', name, 'prebuilds')).join(' ');
    for (const processor of ['x64', 'arm64', 'arm']) expect(prebuilds).toMatch(new RegExp(`linux-${processor}\\b`));
  });

  it('locks the binary packages of every platform, or npm ci refuses the lock file', () => {
    expect(Object.keys(completePlatforms(packages))).toEqual(Object.keys(packages));
  });

  it('brings no package that needs a newer Node than 20', () => {
    const tooNew = Object.entries(packages)
      .filter(([, locked]) => /^>=\s*(2[1-9]|[3-9]\d)/.test(locked.engines?.node ?? ''))
      .map(([path]) => path);
    expect(tooNew).toEqual([]);
  });
});

describe('completing the lock file', () => {
  const parent = (name: string): LockedPackages => ({
    'node_modules/tool': { version: '1.0.0', dev: true, optionalDependencies: { [name]: '1.0.0' } },
  });

  it('derives system, processor and C library from the name', () => {
    expect(
      completePlatforms(parent('@tool/binding-linux-arm64-musl'))['node_modules/@tool/binding-linux-arm64-musl'],
    ).toEqual({
      version: '1.0.0',
      dev: true,
      optional: true,
      os: ['linux'],
      cpu: ['arm64'],
      libc: ['musl'],
    });
  });

  it('leaves a complete file as it is', () => {
    const once = completePlatforms(parent('@tool/darwin-arm64'));
    expect(completePlatforms(once)).toEqual(once);
  });

  it('refuses to guess', () => {
    expect(() => completePlatforms(parent('@tool/extras'))).toThrow('lock it by hand');
  });
});

// Every import rule must fail on a planted violation, and let the permitted import pass: a rule that
// matches nothing looks exactly like a rule that is kept.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const configPath = join(root, '.dependency-cruiser.cjs');
const { forbidden } = createRequire(import.meta.url)(configPath) as { forbidden: readonly { name: string }[] };

/** rule, importing file, what it imports: a path of the tree, a package, or a built-in module. */
const violations = [
  ['room-core', 'runtime/core/plant.ts', 'runtime/records/target.ts'],
  ['room-records', 'runtime/records/plant.ts', 'runtime/tokens/target.ts'],
  ['room-tokens', 'runtime/tokens/plant.ts', 'runtime/records/target.ts'],
  ['room-fares', 'runtime/fares/plant.ts', 'runtime/tokens/target.ts'],
  ['room-rules', 'runtime/rules/plant.ts', 'runtime/fares/target.ts'],
  ['room-machines', 'runtime/machines/validator/plant.ts', 'runtime/store/target.ts'],
  ['room-machines-types-only', 'runtime/machines/validator/plant2.ts', 'runtime/tokens/target.ts'],
  ['room-store', 'runtime/store/plant.ts', 'runtime/tokens/target.ts'],
  ['room-ports', 'devices/ports/plant.ts', 'devices/serial/target.ts'],
  ['room-serial', 'devices/serial/plant.ts', 'devices/scanner/target.ts'],
  ['room-hid', 'devices/hid/plant.ts', 'devices/serial/target.ts'],
  ['room-board', 'devices/board/plant.ts', 'devices/indicator/target.ts'],
  ['room-scanner', 'devices/scanner/plant.ts', 'devices/indicator/target.ts'],
  ['room-gate', 'devices/gate/plant.ts', 'runtime/records/target.ts'],
  ['room-cabinet', 'devices/cabinet/plant.ts', 'devices/gate/target.ts'],
  ['room-indicator', 'devices/indicator/plant.ts', 'runtime/machines/target.ts'],
  ['room-position', 'devices/position/plant.ts', 'sync/wire/target.ts'],
  ['room-wire', 'sync/wire/plant.ts', 'runtime/store/target.ts'],
  ['room-sync-terminal', 'sync/terminal/plant.ts', 'runtime/store/target.ts'],
  ['room-headend', 'sync/headend/plant.ts', 'runtime/machines/target.ts'],
  ['room-terminal', 'runtime/terminal/plant.ts', 'devices/scanner/target.ts'],
  ['room-kiosk', 'runtime/kiosk/plant.ts', 'runtime/tokens/target.ts'],
  ['room-kiosk-types-only', 'runtime/kiosk/plant2.ts', 'runtime/terminal/target.ts'],
  ['room-provisioning', 'runtime/provisioning/plant.ts', 'runtime/machines/target.ts'],
  ['room-simulators', 'simulators/scanner/plant.ts', 'devices/scanner/target.ts'],
  ['package-@noble/curves', 'sync/headend/plant9.ts', '@noble/curves/abstract/weierstrass.js'],
  ['package-@peculiar/x509', 'sync/headend/plant11.ts', '@peculiar/x509'],
  ['package-@serialport', 'devices/scanner/plant2.ts', '@serialport/stream'],
  ['package-aedes', 'sync/headend/plant2.ts', 'aedes'],
  ['package-better-sqlite3', 'runtime/terminal/plant2.ts', 'better-sqlite3'],
  ['package-cborg', 'sync/wire/plant2.ts', 'cborg'],
  ['package-commander', 'runtime/terminal/plant3.ts', 'commander'],
  ['package-fastify', 'sync/headend/plant3.ts', 'fastify'],
  ['package-firmata-io', 'devices/indicator/plant2.ts', 'firmata-io'],
  ['package-johnny-five', 'devices/indicator/plant3.ts', 'johnny-five'],
  ['package-mqtt', 'sync/terminal/plant2.ts', 'mqtt'],
  ['package-mqtt-packet', 'sync/terminal/plant3.ts', 'mqtt-packet'],
  ['package-node-hid', 'devices/scanner/plant3.ts', 'node-hid'],
  ['package-pg', 'sync/headend/plant10.ts', 'pg'],
  ['package-pino', 'runtime/core/plant2.ts', 'pino'],
  ['package-preact', 'simulators/street/plant.ts', 'preact'],
  ['package-qr', 'simulators/wallet/plant.ts', 'qr'],
  ['package-qrcode-terminal', 'simulators/street/plant2.ts', 'qrcode-terminal'],
  ['package-reflect-metadata', 'sync/headend/plant12.ts', 'reflect-metadata'],
  ['package-serialport', 'simulators/line/plant.ts', 'serialport'],
  ['simulators-from-main-only', 'runtime/terminal/plant4.ts', 'simulators/scanner/target.ts'],
  ['nobody-imports-main', 'simulators/street/plant3.ts', 'runtime/main/target.ts'],
  ['product-never-imports-test', 'runtime/main/plant.ts', 'test/fixtures/target.ts'],
  ['page-types-only', 'simulators/street/web/plant.ts', 'runtime/core/target.ts'],
  ['page-from-nowhere', 'simulators/street/plant4.ts', 'simulators/street/web/target.ts'],
  ['checker-stands-alone', 'runtime/main/checker/plant.ts', 'runtime/store/target.ts'],
  ['pure-rooms-touch-no-world', 'runtime/tokens/plant2.ts', 'node:fs'],
  ['package-zod', 'runtime/tokens/plant3.ts', 'zod'],
  ['package-has-a-home', 'runtime/main/plant2.ts', 'stray-package'],
  ['no-cycles', 'runtime/fares/cycle-a.ts', 'runtime/fares/cycle-b.ts'],
  ['no-unresolvable', 'runtime/fares/plant2.ts', './absent.ts'],
] as const;

/** What the table permits, each beside the rule it comes closest to breaking. */
const permitted = [
  ['runtime/machines/cabinet/fine.ts', 'import type', 'runtime/tokens/target.ts'],
  ['runtime/kiosk/server/fine.ts', 'import type', 'runtime/terminal/target.ts'],
  ['runtime/kiosk/server/fine2.ts', 'import', 'fastify'],
  ['simulators/street/web/fine.ts', 'import type', 'simulators/street/target.ts'],
  ['simulators/street/web/fine2.ts', 'import', 'preact'],
  ['simulators/scanner/fine.ts', 'import', 'devices/scanner/protocol.ts'],
  ['simulators/gate/fine.ts', 'import', 'devices/gate/vendor/protocol/target.ts'],
  ['devices/board/fine.ts', 'import', 'devices/serial/target.ts'],
  ['devices/serial/fine.ts', 'import', 'serialport'],
  ['sync/terminal/link/fine.ts', 'import', 'mqtt'],
  ['sync/headend/broker.ts', 'import', 'aedes'],
  ['sync/headend/store/fine.ts', 'import', 'better-sqlite3'],
  ['sync/headend/console/loans/fine.ts', 'import', 'fastify'],
  ['runtime/main/checker/fine.ts', 'import', 'better-sqlite3'],
  ['runtime/main/checker/fine2.ts', 'import', 'runtime/core/target.ts'],
  ['runtime/main/fine.ts', 'import', 'simulators/scanner/target.ts'],
  ['runtime/tokens/fine.ts', 'import', 'node:crypto'],
  ['runtime/terminal/fine.ts', 'import', 'zod'],
  ['test/unit/fine.ts', 'import', 'mqtt'],
] as const;

describe('the import rules', () => {
  const tree = mkdtempSync(join(tmpdir(), 'stile-boundaries-'));
  let brokenBy: ReadonlyMap<string, readonly string[]>;

  beforeAll(() => {
    plantTree(tree);
    brokenBy = cruise(tree);
  });
  afterAll(() => rmSync(tree, { recursive: true }));

  it('plants each violation in a file of its own', () => {
    const files = violations.map(([, file]) => file);
    expect(files.filter((file, at) => files.indexOf(file) !== at)).toEqual([]);
  });

  it('has a planted violation for every rule', () => {
    const planted = violations.map(([rule]) => rule);
    expect(planted.toSorted()).toEqual(forbidden.map((rule) => rule.name).toSorted());
  });

  it.each(violations)('%s stops %s from importing %s', (rule, from) => {
    expect(brokenBy.get(from)).toContain(rule);
  });

  it.each(permitted)('%s may %s %s', (from) => {
    expect(brokenBy.get(from) ?? []).toEqual([]);
  });

  it('sees through a go-between to what the checker shares', () => {
    expect(brokenBy.get('runtime/main/checker/plant3.ts')).toContain('checker-stands-alone');
  });
});

function plantTree(tree: string): void {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  };
  const imports = [
    ...violations.map(([, from, to]) => [from, 'import', to] as const),
    ...permitted,
    ['runtime/fares/cycle-b.ts', 'import', 'runtime/fares/cycle-a.ts'] as const,
    ['runtime/main/checker/plant3.ts', 'import', 'runtime/main/between.ts'] as const,
    ['runtime/main/between.ts', 'import', 'runtime/records/target.ts'] as const,
  ];
  for (const [, , to] of imports) {
    if (to.endsWith('.ts') && !to.startsWith('.')) write(to, 'export const value = 1;\nexport type Value = number;\n');
    else if (!to.includes(':') && !to.startsWith('.')) plantPackage(write, to);
  }
  for (const [from, keyword, to] of imports) write(from, importLine(from, keyword, to));
  const names = Object.fromEntries(imports.filter(([, , to]) => !to.endsWith('.ts')).map(([, , to]) => [to, '1.0.0']));
  write('package.json', JSON.stringify({ type: 'module', dependencies: names }));
  write('tsconfig.json', JSON.stringify({ compilerOptions: { module: 'nodenext', moduleResolution: 'nodenext' } }));
}

function plantPackage(write: (path: string, text: string) => void, name: string): void {
  write(
    `node_modules/${name}/package.json`,
    JSON.stringify({ name, version: '1.0.0', type: 'module', main: 'index.js' }),
  );
  write(`node_modules/${name}/index.js`, 'export const value = 1;\n');
}

function importLine(from: string, keyword: string, to: string): string {
  const up = '../'.repeat(from.split('/').length - 1);
  const specifier = /^(runtime|devices|sync|simulators|test)\//.test(to) ? up + to : to;
  return keyword === 'import'
    ? `import { value } from '${specifier}';\nexport { value };\n`
    : `import type { Value } from '${specifier}';\nexport type Used = Value;\nexport const value = 1;\n`;
}

/** Names of the rules each file breaks, by the real configuration run over the planted tree. */
function cruise(tree: string): ReadonlyMap<string, readonly string[]> {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const folders = ['runtime', 'devices', 'sync', 'simulators', 'test'];
  const run = spawnSync(process.execPath, [program, '--config', configPath, '--output-type', 'json', ...folders], {
    cwd: tree,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (!run.stdout) throw new Error(run.stderr);
  const { summary } = JSON.parse(run.stdout) as { summary: { violations: { from: string; rule: { name: string } }[] } };
  const brokenBy = new Map<string, string[]>();
  for (const { from, rule } of summary.violations) brokenBy.set(from, [...(brokenBy.get(from) ?? []), rule.name]);
  return brokenBy;
}

// What a terminal process loads, seen from outside: V8 lists every script of the process when it ends. A
// package that slips in here costs memory and start-up on every vehicle.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { operatorId, terminalId } from '../../runtime/core/brand.ts';
import { createIdentity } from '../../runtime/provisioning/identity.ts';
import { OperatorKeys } from '../../simulators/issuer/root.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
  'dependencies' | 'optionalDependencies',
  Readonly<Record<string, string>>
>;
const declared = Object.keys({ ...dependencies, ...optionalDependencies });

let folder: string;
let broker: Server;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stile-packages-'));
  broker = createServer().listen(0, '127.0.0.1');
  await once(broker, 'listening');
});
afterEach(() => {
  broker.close();
  rmSync(folder, { recursive: true, force: true });
});

it('is what the scan path, the devices and the link need, and nothing of head end, street or command line', async () => {
  const connected = once(broker, 'connection');
  const child = start();
  await once(child, 'message');
  await connected;
  child.kill('SIGTERM');
  await once(child, 'exit');
  expect(loadedAtEnd()).toEqual([
    '@serialport/stream',
    'better-sqlite3',
    'firmata-io',
    'johnny-five',
    'mqtt',
    'mqtt-packet',
    'pino',
    'serialport',
    'zod',
  ]);
});

it('has no mqtt yet when it says that it is ready', async () => {
  const child = start();
  await once(child, 'message');
  const atReady = JSON.parse(readFileSync(atReadyFile(), 'utf8')) as readonly string[];
  // Ended while it still loads what it connects with.
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(packagesOf(atReady)).toContain('better-sqlite3');
  expect(packagesOf(atReady)).not.toContain('mqtt');
});

const atReadyFile = (): string => join(folder, 'at-ready.json');

/** Absent devices are waited for with all that it takes to drive them. */
function start(): ChildProcess {
  const keys = OperatorKeys.create('demo');
  createIdentity(join(folder, 'identity.json'), {
    operator: operatorId('demo'),
    terminal: terminalId('bus-1'),
    roots: keys.rootSet,
  });
  const config = join(folder, 'terminal.json');
  writeFileSync(
    config,
    JSON.stringify({
      machine: 'validator',
      identityFile: 'identity.json',
      dataFolder: 'data',
      scanner: { path: join(folder, 'ttySCANNER') },
      indicator: { path: join(folder, 'ttyBOARD') },
      brokers: [`mqtt://127.0.0.1:${(broker.address() as AddressInfo).port}`],
      trip: { line: '12' },
      log: { level: 'silent' },
    }),
  );
  return fork(join(root, 'runtime/main/stile.ts'), ['run', '--config', config], {
    execArgv: [
      '--import',
      'tsx',
      '--import',
      `data:text/javascript,${encodeURIComponent(notesWhatIsLoadedWhenReady())}`,
    ],
    env: { ...process.env, STILE_CHILD: '1', NODE_V8_COVERAGE: join(folder, 'scripts') },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

const notesWhatIsLoadedWhenReady = (): string => `
  import { createRequire } from 'node:module';
  import { writeFileSync } from 'node:fs';
  import { isMainThread } from 'node:worker_threads';
  const send = process.send?.bind(process);
  if (isMainThread && send) process.send = (message, ...rest) => {
    const { cache } = createRequire(${JSON.stringify(join(root, 'x.js'))});
    if (message.kind === 'ready') writeFileSync(${JSON.stringify(atReadyFile())}, JSON.stringify(Object.keys(cache)));
    return send(message, ...rest);
  };`;

/** Of the packages this project declares, those of which a script was loaded, in the main thread or the writer. */
function loadedAtEnd(): readonly string[] {
  const folderOfReports = join(folder, 'scripts');
  const urls = readdirSync(folderOfReports).flatMap((name) => {
    const report = JSON.parse(readFileSync(join(folderOfReports, name), 'utf8')) as { result: { url: string }[] };
    return report.result.map(({ url }) => url);
  });
  return packagesOf(urls);
}

const packagesOf = (scripts: readonly string[]): readonly string[] =>
  declared.filter((name) => scripts.some((script) => script.includes(`/node_modules/${name}/`))).toSorted();

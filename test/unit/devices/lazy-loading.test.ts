// Native and heavy packages are loaded by what is used, not by what is imported: a terminal without a board never pays
// for johnny-five, and importing a driver costs nothing.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Which of the packages a fresh process has loaded after running `script`. */
function loadedBy(script: string): string[] {
  const report = `
    const { createRequire } = await import('node:module');
    const files = Object.keys(createRequire(import.meta.url).cache ?? {});
    const packages = ['@serialport/bindings-cpp', 'serialport', '@serialport/stream', 'johnny-five', 'firmata-io', 'node-hid'];
    console.log(JSON.stringify(packages.filter((name) => files.some((file) => file.includes('/node_modules/' + name + '/')))));
    process.exit(0);`;
  const preamble = `
    const { SystemClock } = await import('./runtime/core/clock.ts');
    const { silentLogger } = await import('./runtime/core/log.ts');
    const { SerialScanner } = await import('./devices/scanner/serial-scanner.ts');
    const { plainProfile } = await import('./devices/scanner/framing.ts');
    const { createBoardIndicator } = await import('./devices/indicator/board-indicator.ts');
    const { SharedBoard } = await import('./devices/board/shared-board.ts');
    const { RelayGate } = await import('./devices/gate/relay/relay-gate.ts');
    const { defaultRelayPins } = await import('./devices/gate/relay/pinout.ts');
    const { DigiconGate } = await import('./devices/gate/digicon/digicon-gate.ts');
    const common = { clock: new SystemClock(), log: silentLogger };
    const scannerAt = (path) => new SerialScanner({ id: 's', line: { path, baudRate: 115200 }, profile: plainProfile, ...common });
    const pins = { green: 4, red: 5, amber: 6, white: 7, buzzer: 8 };
    const lamp = createBoardIndicator({ id: 'l', line: { path: '/dev/absent', baudRate: 57600 }, pins, ...common });
    const scanner = scannerAt('/dev/absent');
    const { HidScanner } = await import('./devices/scanner/hid-scanner.ts');
    const { systemHid } = await import('./devices/hid/system-hid.ts');
    const address = { vendorId: 0xffff, productId: 0xffff };
    const hid = new HidScanner({ id: 'h', address, profile: 'auto', bus: systemHid(), ...common });
    const board = new SharedBoard({ id: 'b', line: { path: '/dev/absent', baudRate: 57600 }, ...common });
    new RelayGate({ id: 'g', board, pins: defaultRelayPins, ...common });
    const entry = { release: 'rightToLeft', passage: 'A' };
    const turnstile = new DigiconGate({ id: 't', line: { path: '/dev/absent', baudRate: 115200 }, entry, ...common });`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', preamble + script + report];
  const child = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  expect(child.stderr).toBe('');
  return JSON.parse(child.stdout);
}

it('importing and constructing the drivers loads none of them', () => {
  expect(loadedBy('')).toEqual([]);
});

it('starting a scanner loads serialport and no johnny-five', () => {
  const packages = loadedBy(`
    const absent = scanner.changed.next((health) => health.state === 'absent');
    scanner.start();
    await absent;`);
  expect(packages).toContain('serialport');
  expect(packages).not.toContain('johnny-five');
  expect(packages).not.toContain('firmata-io');
});

it('starting a serial turnstile loads serialport and no johnny-five', () => {
  const packages = loadedBy(`
    const absent = turnstile.changed.next((health) => health.state === 'absent');
    turnstile.start();
    await absent;`);
  expect(packages).toContain('serialport');
  expect(packages).not.toContain('johnny-five');
});

it('starting a scanner at a socket does not load the native bindings', () => {
  const packages = loadedBy(`
    const remote = scannerAt('tcp://127.0.0.1:1');
    const absent = remote.changed.next((health) => health.state === 'absent');
    remote.start();
    await absent;`);
  expect(packages).toContain('@serialport/stream');
  expect(packages).not.toContain('@serialport/bindings-cpp');
});

it('starting an indicator loads johnny-five', () => {
  const packages = loadedBy(`
    const absent = lamp.changed.next((health) => health.state === 'absent');
    lamp.start();
    await absent;`);
  expect(packages).toContain('johnny-five');
  expect(packages).toContain('firmata-io');
});

it('starting a HID scanner loads node-hid and no serialport', () => {
  const packages = loadedBy(`
    const missing = hid.changed.next((health) => health.state === 'absent' || health.state === 'faulty');
    hid.start();
    await missing;`);
  expect(packages).toEqual(['node-hid']);
});

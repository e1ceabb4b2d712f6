// A bus whose reader sends HID-POS reports, through a real terminal process, and the same terminal where the system cannot
// carry HID at all.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SystemClock } from '../../../runtime/core/clock.ts';
import { SimulatedHidScanner } from '../../../simulators/scanner/simulated-hid-scanner.ts';
import { BusRig } from '../../fixtures/bus-rig.ts';
import { peer } from '../available.ts';
import { buildHidraw, hidrawEnvironment, madeUpPath, SocketPlug } from './hidraw.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stile-hidbus-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!peer('gcc') || !peer('libusb'))('a bus with a HID reader', () => {
  it('accepts a code of several reports, and the lamp is green', async () => {
    const socketPath = join(folder, 'reader.sock');
    const plug = new SocketPlug(socketPath);
    await plug.replug();
    const reader = new SimulatedHidScanner({ profile: 'standard', plug, clock: new SystemClock() });
    const environment = hidrawEnvironment(buildHidraw(folder), socketPath);
    const bus = await BusRig.open({ scanner: { kind: 'hid', path: madeUpPath }, environment });
    try {
      await bus.startServing();
      await reader.show(bus.wallet().freshCode(bus.now()));
      await bus.until('an answer', () => bus.answers.length > 0);
      expect(bus.answers).toMatchObject([{ cue: 'accepted', reason: 'OK' }]);
      await bus.until('the lamp', () => bus.greens === 1);
      expect(await bus.rides()).toHaveLength(1);
    } finally {
      await bus.close();
      plug.unplug();
    }
  });
});

describe.skipIf(!peer('procfs'))('a terminal with a HID reader on a system without libusb', () => {
  it('starts, and its log names the package to install', async () => {
    writeFileSync(join(folder, 'libusb-1.0.so.0'), '');
    const scanner = { kind: 'hid', vendorId: '1eab', productId: '0001' };
    const bus = await BusRig.open({ scanner, environment: { LD_LIBRARY_PATH: folder } });
    try {
      await bus.terminal.start();
      await bus.until('the fault', () => bus.log().includes('NATIVE_PACKAGE_MISSING'));
      expect(bus.log()).toContain('Install libusb-1.0-0');
      expect(bus.terminal.state).toBe('running');
    } finally {
      await bus.close();
    }
  });
});

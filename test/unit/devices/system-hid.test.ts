// The room around node-hid: what it says when the native part does not load, and that nothing of one device is unbounded
// or lost. The library's own code runs in test/peers/hidraw.
import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hidLimits, systemHid } from '../../../devices/hid/system-hid.ts';
import type { StileError } from '../../../runtime/core/errors.ts';
import { peer } from '../../peers/available.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('a system without libusb', () => {
  it.skipIf(!peer('procfs'))('is told by the real package what to install', () => {
    const folder = mkdtempSync(join(tmpdir(), 'stile-nolib-'));
    writeFileSync(join(folder, 'libusb-1.0.so.0'), '');
    const script = `
      const { systemHid } = await import('./devices/hid/system-hid.ts');
      const { code, message, remedy } = await systemHid().devices().catch((fault) => fault);
      console.log(JSON.stringify({ code, message, remedy }));`;
    const child = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, LD_LIBRARY_PATH: folder },
    });
    rmSync(folder, { recursive: true });
    expect(JSON.parse(child.stdout)).toEqual({
      code: 'NATIVE_PACKAGE_MISSING',
      message: 'package node-hid cannot be loaded: the system library libusb-1.0.so.0 is missing or broken',
      remedy: 'Install libusb-1.0-0 (apt-get install on Debian); it is tried again by itself.',
    });
  });

  it('with an incomplete installation is told to repeat it', async () => {
    const bus = systemHid(async () => {
      throw new Error("Cannot find package 'node-hid'");
    });
    await expect(bus.open('/dev/hidraw0')).rejects.toMatchObject({
      code: 'NATIVE_PACKAGE_MISSING',
      remedy: expect.stringContaining('npm ci'),
    });
  });
});

describe('an open HID device', () => {
  /** node-hid's device without its native part: nothing is ever taken. */
  class Wedged extends EventEmitter {
    closed = 0;
    write = (): Promise<number> => new Promise(() => {});
    async close(): Promise<void> {
      this.closed++;
    }
  }

  async function opened() {
    const wedged = new Wedged();
    const library = { HIDAsync: { open: async () => wedged }, devicesAsync: async () => [] };
    const device = await systemHid(async () => library as never).open('/dev/hidraw0');
    const lost: StileError[] = [];
    const listen = (): void => device.listen({ report: () => {}, lost: (fault) => lost.push(fault) });
    return { wedged, device, lost, listen };
  }

  it('refuses reports when the device takes none', async () => {
    const { device, listen } = await opened();
    listen();
    const taken = Array.from({ length: hidLimits.pendingWrites + 1 }, () => device.write(new Uint8Array(2)));
    expect(taken.indexOf(false)).toBe(hidLimits.pendingWrites);
  });

  it.each(['before', 'after'])('tells once that it is lost, also when it goes %s somebody listens', async (when) => {
    const { wedged, device, lost, listen } = await opened();
    if (when === 'after') listen();
    wedged.emit('error', new Error('could not read from HID device'));
    if (when === 'before') listen();
    wedged.emit('error', new Error('could not read from HID device'));
    expect(lost.map(({ code }) => code)).toEqual(['DEVICE_LOST']);
    expect(device.write(new Uint8Array(2))).toBe(false);
    await device.close();
    expect(wedged.closed).toBe(1);
  });
});

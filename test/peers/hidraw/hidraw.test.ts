// The HID driver on node-hid's own native code: a library preloaded into the process answers as one hidraw device would,
// and the simulated reader sits at its other end. What is not tried this way: the kernel's HID, udev and its listing.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SystemClock } from '../../../runtime/core/clock.ts';
import { SimulatedHidScanner } from '../../../simulators/scanner/simulated-hid-scanner.ts';
import { peer } from '../available.ts';
import { buildHidraw, hidrawEnvironment, SocketPlug } from './hidraw.ts';

const code = 'STILE:1/AB CD*EF$GH.IJ-KL+MN%0123456789'.repeat(5);

interface Said {
  readonly state?: string;
  readonly detail?: string;
  readonly reconnects?: number;
  readonly scan?: string;
  readonly wrote?: boolean;
  readonly counters?: { readonly frames: number };
}

describe.skipIf(!peer('gcc') || !peer('libusb'))('HID scanner on the native node-hid', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stile-hidraw-'));
  let library = '';
  const endings: (() => unknown)[] = [];

  beforeAll(() => {
    library = buildHidraw(folder);
  });
  afterEach(async () => {
    for (const ending of endings.splice(0).toReversed()) await ending();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function plugIn() {
    const socketPath = join(folder, 'reader.sock');
    const plug = new SocketPlug(socketPath);
    await plug.replug();
    const simulated = new SimulatedHidScanner({ profile: 'standard', plug, clock: new SystemClock() });
    const host = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'host.ts')], {
      env: { ...process.env, ...hidrawEnvironment(library, socketPath) },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    endings.push(
      () => plug.unplug(),
      () => ended(host),
    );
    const said: Said[] = [];
    createInterface({ input: host.stdout }).on('line', (line) => said.push(JSON.parse(line)));
    const heard = async (wanted: (message: Said) => boolean): Promise<Said> => {
      for (;;) {
        const found = said.find(wanted);
        if (found) return found;
        if (host.exitCode !== null) throw new Error(`the host ended with ${host.exitCode}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await heard(({ state }) => state === 'unproven');
    return { plug, simulated, host, said, heard };
  }

  const scansOf = (said: readonly Said[]): string[] =>
    said.flatMap(({ scan }) => (scan === undefined ? [] : [Buffer.from(scan, 'hex').toString('latin1')]));

  it('carries a code of one report and one of four', async () => {
    const { simulated, said, heard } = await plugIn();
    const long = code.padEnd(202, 'Z');
    await simulated.show('SHORT ');
    await simulated.show(long);
    await heard(() => scansOf(said).length === 2);
    expect(scansOf(said)).toEqual(['SHORT ', long]);
  });

  it('carries an output report', async () => {
    const { plug, host, heard } = await plugIn();
    host.stdin.write('fd0316070d\n');
    expect((await heard(({ wrote }) => wrote !== undefined)).wrote).toBe(true);
    while (plug.written.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(Buffer.concat(plug.written).toString('hex')).toBe('fd0316070d');
  });

  it('notices an unplug in the middle of a code, comes back by itself, and ends cleanly', async () => {
    const { plug, simulated, host, said, heard } = await plugIn();
    const unplug = simulated.faults.add({ kind: 'unplug', afterReports: 2 }, 1);
    await simulated.show(code);
    await heard(({ state }) => state === 'absent');
    expect(unplug.fired).toBe(1);
    await plug.replug();
    await heard(({ state, reconnects }) => state === 'unproven' && reconnects === 1);
    await simulated.show(code);
    await heard(() => scansOf(said).length === 1);
    expect(scansOf(said)).toEqual([code]);

    host.stdin.end();
    expect((await heard(({ counters }) => counters !== undefined)).counters?.frames).toBe(1);
    await once(host, 'exit');
    expect(host.exitCode).toBe(0);
  });
});

async function ended(host: ChildProcess): Promise<void> {
  if (host.exitCode !== null || host.signalCode !== null) return;
  host.kill('SIGKILL');
  await once(host, 'exit');
}

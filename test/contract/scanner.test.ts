// The scanner port's contract: the serial driver against the simulated reader over every kind of line this machine has,
// the HID driver against a simulated device with real reports, and a real reader where one is named.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemHid } from '../../devices/hid/system-hid.ts';
import type { HidBus } from '../../devices/ports/hid.ts';
import type { Scan, Scanner } from '../../devices/ports/scanner.ts';
import { type FramingProfile, framingLimits, plainProfile } from '../../devices/scanner/framing.ts';
import { HidScanner, type HidScannerOptions } from '../../devices/scanner/hid-scanner.ts';
import { type HidProfile, hidPosLimits, hidProfiles } from '../../devices/scanner/protocol/hid-pos.ts';
import { SerialScanner } from '../../devices/scanner/serial-scanner.ts';
import { openLine } from '../../devices/serial/line.ts';
import type { LineKind } from '../../simulators/line/line.ts';
import { InProcessHid } from '../../simulators/scanner/in-process-hid.ts';
import { SimulatedHidScanner } from '../../simulators/scanner/simulated-hid-scanner.ts';
import { SimulatedScanner, type SimulatedScannerOptions } from '../../simulators/scanner/simulated-scanner.ts';
import { peer, realDevicePath } from '../peers/available.ts';
import { pause, Rig, record, until } from './rig.ts';

const ride = 'STILE:1/AB CD*EF$GH.IJ-KL+MN%0123456789';
const texts = (scans: readonly Scan[]): string[] => scans.map((scan) => Buffer.from(scan.bytes).toString('latin1'));

describe.skipIf(!peer('pty'))('serial scanner on a pseudo terminal', () => {
  everyScanner('pty', plugInSerial);
  serialScanner('pty');
});
describe('serial scanner on a socket', () => {
  everyScanner('socket', plugInSerial);
  serialScanner('socket');
});
describe.each(hidProfiles)('HID scanner with %s reports', (profile) => {
  everyScanner('socket', (rig) => plugInHid(rig, profile));
});
describe('HID scanner', hidScanner);

/** A scanner that was not started yet, and the reader at its other end. */
interface Pair {
  readonly scanner: Scanner;
  readonly show: (code: string | Uint8Array) => Promise<void>;
  readonly unplug: () => Promise<unknown>;
  readonly replug: () => Promise<unknown>;
  readonly arm: (fault: 'double-read' | 'unplug' | 'hang') => { readonly fired: number };
}

async function plugInSerial(rig: Rig): Promise<Pair> {
  const line = await rig.line();
  const simulated = new SimulatedScanner({ line, clock: rig.clock });
  const scanner = new SerialScanner({
    id: 'scanner',
    line: { path: line.path, baudRate: 115_200 },
    profile: plainProfile,
    backOffMs: [20, 40],
    clock: rig.clock,
    log: rig.log,
  });
  const faults = {
    'double-read': () => simulated.faults.add({ kind: 'double-read', gapMs: 10 }, 1),
    unplug: () => simulated.faults.add({ kind: 'unplug', afterBytes: 60 }, 1),
    hang: () => line.faults.add({ kind: 'hang' }),
  };
  return {
    scanner,
    show: (code) => simulated.show(code),
    unplug: () => line.unplug(),
    replug: () => line.replug(),
    arm: (fault) => faults[fault](),
  };
}

async function plugInHid(rig: Rig, profile: HidProfile, options: Partial<HidScannerOptions> = {}) {
  const bus = new InProcessHid({ vendorId: 0x1234, productId: 0x0001, serialNumber: 'S1', product: 'reader' });
  const { faults } = bus;
  const simulated = new SimulatedHidScanner({ profile, plug: bus, clock: rig.clock, faults });
  const scanner = new HidScanner({
    id: 'scanner',
    address: { vendorId: 0x1234, productId: 0x0001 },
    profile,
    bus,
    backOffMs: [20, 40],
    clock: rig.clock,
    log: rig.log,
    ...options,
  });
  const named = {
    'double-read': () => faults.add({ kind: 'double-read', gapMs: 10 }, 1),
    unplug: () => faults.add({ kind: 'unplug', afterReports: 1 }, 1),
    hang: () => faults.add({ kind: 'hang' }),
  };
  return {
    scanner,
    bus,
    faults,
    show: (code: string | Uint8Array) => simulated.show(code),
    unplug: async () => bus.unplug(),
    replug: async () => bus.replug(),
    arm: (fault: keyof typeof named) => named[fault](),
  };
}

async function started<T extends Pair>(rig: Rig, pair: T) {
  rig.ending(() => pair.scanner.stop());
  const scans = record(pair.scanner.scans);
  const open = pair.scanner.changed.next((health) => health.state === 'unproven');
  pair.scanner.start();
  await open;
  return { ...pair, scans };
}

/** What holds for a reader of any make. */
function everyScanner(kind: LineKind, make: (rig: Rig) => Promise<Pair>): void {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig(kind);
  });
  afterEach(() => rig.end());
  const plugIn = async () => started(rig, await make(rig));
  const long = ride.repeat(5);

  it.each([1, 55, 56, 57, 62, 112, 202, 4_096])('hands on the exact bytes of a code of %i', async (length) => {
    const { show, scans } = await plugIn();
    const code = `${long.repeat(25).slice(0, length - 1)} `;
    await show(code);
    await until(() => scans.length === 1);
    expect(texts(scans)).toEqual([code]);
    expect(scans[0]?.scanner).toBe('scanner');
  });

  it('stamps a scan with the time its end was read', async () => {
    const { show, scans } = await plugIn();
    const beforeMs = rig.clock.monoMs();
    await show(ride);
    await until(() => scans.length === 1);
    expect(scans[0]?.atMonoMs).toBeGreaterThanOrEqual(beforeMs);
    expect(scans[0]?.atMonoMs).toBeLessThanOrEqual(rig.clock.monoMs());
  });

  it('drops a code of more than 4096 bytes and reads the next', async () => {
    const { show, scanner, scans } = await plugIn();
    await show('X'.repeat(framingLimits.frameBytes + 1));
    await pause(80);
    await show(ride);
    await until(() => scans.length === 1);
    expect(texts(scans)).toEqual([ride]);
    expect(scanner.counters()).toMatchObject({ frames: 1, oversize: 1, discardedBytes: framingLimits.frameBytes + 1 });
  });

  it('hands on a double read: holding it off is the work of the scan loop', async () => {
    const { show, arm, scans } = await plugIn();
    const double = arm('double-read');
    await show(ride);
    await until(() => scans.length === 2);
    expect(texts(scans)).toEqual([ride, ride]);
    expect(double.fired).toBe(1);
  });

  it('scans again after unplug in the middle of a code and replug', async () => {
    const { show, replug, arm, scanner, scans } = await plugIn();
    const unplug = arm('unplug');
    const gone = scanner.changed.next((health) => health.state === 'absent');
    await show(long);
    await gone;
    expect(unplug.fired).toBe(1);
    expect(scanner.counters().discardedBytes).toBeGreaterThan(0);
    const back = scanner.changed.next((health) => health.state === 'unproven');
    await replug();
    await back;
    await show(long);
    await until(() => scans.length === 1);
    expect(texts(scans)).toEqual([long]);
    expect(scanner.health().reconnects).toBe(1);
  });

  it('waits for a reader that is absent at start, and logs it once', async () => {
    const { scanner, unplug, replug, show } = await make(rig);
    rig.ending(() => scanner.stop());
    const scans = record(scanner.scans);
    await unplug();
    const absent = scanner.changed.next((health) => health.state === 'absent');
    scanner.start();
    expect((await absent).detail).toMatch(/^DEVICE_ABSENT: /);
    await pause(100);
    const open = scanner.changed.next((health) => health.state === 'unproven');
    await replug();
    await open;
    await show(ride);
    await until(() => scans.length === 1);
    expect(rig.logged.filter((entry) => entry.event === 'device-failed')).toHaveLength(1);
  });

  it('a reader that hangs wedges nothing: another reader scans and stop returns', async () => {
    const hung = await plugIn();
    const other = await plugIn();
    const wedge = hung.arm('hang');
    await hung.show(ride);
    await other.show(ride);
    await until(() => other.scans.length === 1);
    expect(hung.scans).toEqual([]);
    await hung.scanner.stop();
    expect(hung.scanner.health().state).toBe('stopped');
    expect(wedge.fired).toBeGreaterThan(0);
  });

  it('stays silent after stop and leaves no timer behind', async () => {
    const { show, scanner, scans } = await plugIn();
    await scanner.stop();
    await show(long);
    await pause(80);
    expect(scans).toEqual([]);
    expect(rig.clock.pending().filter((name) => !name.startsWith('pty'))).toEqual([]);
  });
}

function hidScanner(): void {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig('socket');
  });
  afterEach(() => rig.end());

  it.each([
    ['under another id', { kind: 'wrong-id', reportId: 7 }],
    ['that claims more than it holds', { kind: 'wrong-length', length: 57 }],
    ['of 63 bytes', { kind: 'wrong-size', bytes: 63 }],
    ['of one byte', { kind: 'wrong-size', bytes: 1 }],
  ] as const)('drops and counts a report %s', async (_what, fault) => {
    const { faults, show, scanner, scans } = await started(rig, await plugInHid(rig, 'standard'));
    const stray = faults.add(fault, 1);
    await show(ride);
    await until(() => scans.length === 1);
    expect(texts(scans)).toEqual([ride]);
    expect(stray.fired).toBe(1);
    expect(scanner.counters()).toMatchObject({ frames: 1, droppedReports: 1 });
  });

  it('all byte values are content', async () => {
    const { show, scans } = await started(rig, await plugInHid(rig, 'standard'));
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await show(every);
    await until(() => scans.length === 1);
    expect(scans[0]?.bytes).toEqual(every);
  });

  it('a code whose last report was lost does not spoil the next one for longer than a second', async () => {
    const { faults, show, scanner, scans } = await started(rig, await plugInHid(rig, 'standard'));
    const lost = faults.add({ kind: 'lose-last' }, 1);
    await show(ride.repeat(3));
    await pause(hidPosLimits.staleAfterMs + 50);
    await show(ride);
    await until(() => scans.length === 1);
    expect(lost.fired).toBe(1);
    expect(texts(scans)).toEqual([ride]);
    expect(scanner.counters().discardedBytes).toBe(112);
  });

  it('a reader that comes back as a keyboard is refused', async () => {
    const { faults, unplug, replug, show, scanner, scans } = await started(rig, await plugInHid(rig, 'standard'));
    const keyboard = faults.add({ kind: 'keyboard' }, 1);
    await unplug();
    const refused = scanner.changed.next((health) => health.state === 'faulty');
    await replug();
    expect((await refused).detail).toMatch(/DEVICE_UNSUPPORTED: HID device 1234:0001 announces a keyboard/);
    expect(keyboard.fired).toBe(1);
    await show(ride);
    expect(scans).toEqual([]);

    const back = scanner.changed.next((health) => health.state === 'unproven');
    await unplug();
    await replug();
    await back;
  });

  it('finds the profile by the vendor, and names path and profile in its health', async () => {
    const { bus, scanner } = await started(rig, await plugInHid(rig, 'standard', { profile: 'auto' }));
    expect(scanner.health().detail).toContain(`${bus.path} is open, standard reports`);
  });

  it('without the system library it is faulty and says what to install; once it is there, it scans', async () => {
    const pair = await plugInHid(rig, 'standard');
    let installed = false;
    const cause = new Error('libusb-1.0.so.0: cannot open shared object file: No such file or directory');
    const library = systemHid(async () => {
      throw cause;
    });
    const bus: HidBus = {
      devices: () => (installed ? pair.bus.devices() : library.devices()),
      open: (path) => pair.bus.open(path),
    };
    const { scanner } = await plugInHid(rig, 'standard', { bus });
    rig.ending(() => scanner.stop());
    const scans = record(scanner.scans);
    const faulty = scanner.changed.next((health) => health.state === 'faulty');
    scanner.start();
    expect((await faulty).detail).toMatch(
      /NATIVE_PACKAGE_MISSING: .*libusb-1\.0\.so\.0 is missing or broken.*Install libusb-1\.0-0/,
    );
    const open = scanner.changed.next((health) => health.state === 'unproven');
    installed = true;
    await open;
    await pair.show(ride);
    await until(() => scans.length === 1);
  });
}

function serialScanner(kind: LineKind): void {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig(kind);
  });
  afterEach(() => rig.end());

  interface Setup {
    readonly reader?: Partial<SimulatedScannerOptions>;
    readonly profile?: Partial<FramingProfile>;
    readonly baudRate?: number;
    readonly idleEndMs?: number;
  }

  async function plugIn({ reader, profile, baudRate, idleEndMs }: Setup = {}) {
    const line = await rig.line(baudRate);
    const simulated = new SimulatedScanner({ line, clock: rig.clock, ...reader });
    const scanner = new SerialScanner({
      id: 'scanner',
      line: { path: line.path, baudRate: 115_200 },
      profile: { ...plainProfile, ...profile },
      backOffMs: [20, 40],
      clock: rig.clock,
      log: rig.log,
      ...(idleEndMs && { idleEndMs }),
    });
    rig.ending(() => scanner.stop());
    const scans = record(scanner.scans);
    const open = scanner.changed.next((health) => health.state === 'unproven');
    scanner.start();
    await open;
    return { line, simulated, scanner, scans };
  }

  it.each([
    ['CR', '\r'],
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ] as const)('hands on the exact bytes of a code that ends with %s', async (ending, bytes) => {
    const { simulated, scans } = await plugIn({ reader: { ending: bytes }, profile: { ending } });
    await simulated.show(ride);
    await simulated.show(`${ride} `);
    await until(() => scans.length === 2);
    expect(texts(scans)).toEqual([ride, `${ride} `]);
    expect(scans[0]?.scanner).toBe('scanner');
    expect(rig.logged.filter((entry) => entry.event === 'scanner-drift')).toEqual([]);
  });

  it('passes all byte values but the endings', async () => {
    const { simulated, scans } = await plugIn();
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 0x0d && byte !== 0x0a);
    await simulated.show(every);
    await until(() => scans.length === 1);
    expect(scans[0]?.bytes).toEqual(every);
  });

  it('joins a frame that arrives in two halves', async () => {
    const { simulated, scans } = await plugIn();
    const split = simulated.faults.add({ kind: 'split-frame', pauseMs: 40 });
    await simulated.show(ride);
    await until(() => scans.length === 1);
    expect(texts(scans)).toEqual([ride]);
    expect(split.fired).toBe(1);
  });

  it('joins a frame that arrives byte by byte', async () => {
    const { line, simulated, scans } = await plugIn();
    const split = line.faults.add({ kind: 'split', atBytes: 1, gapMs: 1 });
    await simulated.show('ABCDEF');
    await until(() => scans.length === 1);
    expect(texts(scans)).toEqual(['ABCDEF']);
    expect(split.fired).toBe(1);
  });

  it('parts frames that arrive as one', async () => {
    const { line, simulated, scans } = await plugIn();
    const merge = line.faults.add({ kind: 'merge', holdMs: 20 });
    await Promise.all(['FIRST', 'SECOND', 'THIRD'].map((code) => simulated.show(code)));
    await until(() => scans.length === 3);
    expect(texts(scans)).toEqual(['FIRST', 'SECOND', 'THIRD']);
    expect(merge.fired).toBe(3);
  });

  it('strips prefix, symbology identifier and suffix that the profile names, and nothing else', async () => {
    const { simulated, scans } = await plugIn({
      reader: { prefix: '<<', aimIdentifier: ']Q1', ending: '>>\r' },
      profile: { prefix: Buffer.from('<<'), suffix: Buffer.from('>>'), aimIdentifier: true },
    });
    await simulated.show(' ]Q1 stays ');
    await until(() => scans.length === 1);
    expect(texts(scans)).toEqual([' ]Q1 stays ']);
  });

  it('keeps what looks like a symbology identifier when the profile has none', async () => {
    const { simulated, scans } = await plugIn({ reader: { aimIdentifier: ']Q1' } });
    await simulated.show('CODE');
    await until(() => scans.length === 1);
    expect(texts(scans)).toEqual([']Q1CODE']);
  });

  it('reads the next code after noise that ended in a line end', async () => {
    const { simulated, scans } = await plugIn();
    const noise = simulated.faults.add({ kind: 'noise', bytes: 300 }, 1);
    await simulated.show(ride);
    await simulated.show(ride);
    await until(() => texts(scans).includes(ride));
    expect(noise.fired).toBe(1);
  });

  it('discards an oversize frame and reads the next', async () => {
    const { simulated, scanner, scans } = await plugIn();
    await simulated.show('X'.repeat(framingLimits.frameBytes + 1));
    await simulated.show(ride);
    await until(() => scans.length === 1);
    expect(texts(scans)).toEqual([ride]);
    expect(scanner.counters()).toEqual({ frames: 1, oversize: 1, discardedBytes: framingLimits.frameBytes + 1 });
  });

  it('ends a frame by silence only where the reader cannot send an ending', async () => {
    const { simulated, scans } = await plugIn({ idleEndMs: 50 });
    const bare = simulated.faults.add({ kind: 'no-suffix' });
    await simulated.show(ride);
    await until(() => scans.length === 1);
    expect(texts(scans)).toEqual([ride]);
    expect(bare.fired).toBe(1);
  });

  it('hands on a code whose letters were lowered, and warns that the reader was re-programmed', async () => {
    const { simulated, scans } = await plugIn();
    const lower = simulated.faults.add({ kind: 'lower-case' });
    await simulated.show('ABCDEFGHIJ'.repeat(4));
    await until(() => scans.length === 1);
    expect(lower.fired).toBe(1);
    expect(rig.logged).toContainEqual(expect.objectContaining({ event: 'scanner-drift', kind: 'case' }));
  });

  it('reads on when a setup code changed the ending, and warns once', async () => {
    const { simulated, scans } = await plugIn();
    const changed = simulated.faults.add({ kind: 'reconfigured', ending: '\n', prefix: '' }, 1);
    for (const [index, code] of ['ONE', 'TWO', 'THREE', 'FOUR'].entries()) {
      await simulated.show(code);
      await until(() => scans.length === index + 1);
    }
    expect(texts(scans)).toEqual(['ONE', 'TWO', 'THREE', 'FOUR']);
    expect(changed.fired).toBe(1);
    expect(rig.logged.filter((entry) => entry.event === 'scanner-drift')).toHaveLength(1);
  });

  it('scans again after unplug in the middle of a code and replug', async () => {
    const { line, simulated, scanner, scans } = await plugIn();
    const unplug = simulated.faults.add({ kind: 'unplug', afterBytes: 7 }, 1);
    const gone = scanner.changed.next((health) => health.state === 'absent');
    await simulated.show(ride);
    await gone;
    expect(unplug.fired).toBe(1);
    expect(scanner.health().detail).toContain(line.path);

    const back = scanner.changed.next((health) => health.state === 'unproven');
    await line.replug();
    await back;
    await simulated.show(ride);
    await until(() => scans.length === 1);
    expect(texts(scans)).toEqual([ride]);
    expect(scanner.health().reconnects).toBe(1);
    expect(scanner.counters().discardedBytes).toBe(7);
  });

  it('waits for a reader that is absent at start', async () => {
    const line = await rig.line();
    await line.unplug({ staleLink: true });
    const scanner = new SerialScanner({
      id: 'late',
      line: { path: line.path, baudRate: 115_200 },
      profile: plainProfile,
      backOffMs: [20],
      clock: rig.clock,
      log: rig.log,
    });
    rig.ending(() => scanner.stop());
    const absent = scanner.changed.next((health) => health.state === 'absent');
    scanner.start();
    expect((await absent).detail).toMatch(/DEVICE_ABSENT: line .* cannot be opened/);
    const open = scanner.changed.next((health) => health.state === 'unproven');
    await line.replug();
    await open;
    expect(rig.logged.filter((entry) => entry.event === 'device-failed')).toHaveLength(1);
  });

  it('refuses a second open of its line and says who is to blame', async () => {
    const { line, simulated, scans } = await plugIn();
    const second = openLine({ path: line.path, baudRate: 115_200 }, rig.clock);
    await expect(second).rejects.toMatchObject({
      code: 'DEVICE_BUSY',
      message: expect.stringContaining(line.path),
      remedy: expect.stringMatching(/other program/),
    });
    await simulated.show(ride);
    await until(() => scans.length === 1);
  });
}

const realScanner = realDevicePath('scanner');
describe.skipIf(!realScanner)('serial scanner on a real reader', () => {
  it('opens the line, holds it alone and lets it go', async () => {
    const rig = new Rig('socket');
    const line = { path: realScanner ?? '', baudRate: Number(process.env['STILE_TEST_SCANNER_BAUD'] ?? 115_200) };
    const scanner = new SerialScanner({ id: 'real', line, profile: plainProfile, clock: rig.clock, log: rig.log });
    const open = scanner.changed.next((health) => health.state === 'unproven');
    scanner.start();
    await open;
    await expect(openLine(line, rig.clock)).rejects.toMatchObject({ code: 'DEVICE_BUSY' });
    await scanner.stop();
    const again = await openLine(line, rig.clock);
    await again.close();
    await rig.end();
    expect(scanner.health().state).toBe('stopped');
  });
});

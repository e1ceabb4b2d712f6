// The scanner port's contract: the serial driver against the simulated reader, over every kind of line this machine has,
// and against a real reader where one is named.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Scan } from '../../devices/ports/scanner.ts';
import { type FramingProfile, framingLimits, plainProfile } from '../../devices/scanner/framing.ts';
import { SerialScanner } from '../../devices/scanner/serial-scanner.ts';
import { openLine } from '../../devices/serial/line.ts';
import type { LineKind } from '../../simulators/line/line.ts';
import { SimulatedScanner, type SimulatedScannerOptions } from '../../simulators/scanner/simulated-scanner.ts';
import { peer, realDevicePath } from '../peers/available.ts';
import { pause, Rig, record, until } from './rig.ts';

const ride = 'STILE:1/AB CD*EF$GH.IJ-KL+MN%0123456789';
const texts = (scans: readonly Scan[]): string[] => scans.map((scan) => Buffer.from(scan.bytes).toString('latin1'));

describe.skipIf(!peer('pty'))('serial scanner on a pseudo terminal', () => contract('pty'));
describe('serial scanner on a socket', () => contract('socket'));

function contract(kind: LineKind): void {
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

  it('stamps a scan with the time its end was read', async () => {
    const { simulated, scans } = await plugIn();
    const beforeMs = rig.clock.monoMs();
    await simulated.show(ride);
    await until(() => scans.length === 1);
    expect(scans[0]?.atMonoMs).toBeGreaterThanOrEqual(beforeMs);
    expect(scans[0]?.atMonoMs).toBeLessThanOrEqual(rig.clock.monoMs());
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

  it('hands on a double read: holding it off is the work of the scan loop', async () => {
    const { simulated, scans } = await plugIn();
    const double = simulated.faults.add({ kind: 'double-read', gapMs: 10 }, 1);
    await simulated.show(ride);
    await until(() => scans.length === 2);
    expect(texts(scans)).toEqual([ride, ride]);
    expect(double.fired).toBe(1);
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

  it('a reader that hangs wedges nothing: another reader scans and stop returns', async () => {
    const hung = await plugIn();
    const other = await plugIn();
    const wedge = hung.line.faults.add({ kind: 'hang' });
    await hung.simulated.show(ride);
    await other.simulated.show(ride);
    await until(() => other.scans.length === 1);
    expect(hung.scans).toEqual([]);
    await hung.scanner.stop();
    expect(hung.scanner.health().state).toBe('stopped');
    expect(wedge.fired).toBeGreaterThan(0);
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

  it('stays silent after stop and leaves no timer behind', async () => {
    const { simulated, scanner, scans } = await plugIn({ idleEndMs: 50 });
    await scanner.stop();
    await simulated.show(ride);
    await pause(80);
    expect(scans).toEqual([]);
    expect(rig.clock.pending().filter((name) => !name.startsWith('pty'))).toEqual([]);
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

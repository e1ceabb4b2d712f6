// What the simulated reader puts on its line, fault by fault.
import { beforeEach, describe, expect, it } from 'vitest';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { DeviceEnd } from '../../../simulators/line/device-end.ts';
import type { ScannerFault } from '../../../simulators/scanner/scanner-faults.ts';
import { SimulatedScanner } from '../../../simulators/scanner/simulated-scanner.ts';

const seed = 'reader 1';
let clock: VirtualClock;
let typed: string;
let line: DeviceEnd;

beforeEach(async () => {
  clock = new VirtualClock();
  typed = '';
  const send = (bytes: Uint8Array): void => {
    typed += Buffer.from(bytes).toString('latin1');
  };
  const wire = { kind: 'socket', path: 'test', lostBytes: 0, plug: async () => {}, unplug: async () => {} } as const;
  line = new DeviceEnd({
    wire: { ...wire, send, deafen: () => {} },
    clock,
    entropy: new SeededEntropy(seed),
    baudRate: null,
  });
  await line.replug();
});

async function show(code: string, ...faults: ScannerFault[]) {
  const reader = new SimulatedScanner({
    line,
    clock,
    prefix: '<',
    aimIdentifier: ']Q1',
    entropy: new SeededEntropy(seed),
  });
  const armed = faults.map((fault) => reader.faults.add(fault));
  const shown = reader.show(code);
  await clock.advance(10_000);
  await shown;
  return { reader, fired: armed.map((each) => each.fired) };
}

describe(`the simulated reader (seed ${seed})`, () => {
  it('types prefix, identifier, code and ending', async () => {
    await show('CODE');
    expect(typed).toBe('<]Q1CODE\r');
  });

  it.each<[ScannerFault, string]>([
    [{ kind: 'jitter', maxMs: 5 }, '<]Q1CODE\r'],
    [{ kind: 'split-frame', pauseMs: 50 }, '<]Q1CODE\r'],
    [{ kind: 'double-read', gapMs: 30 }, '<]Q1CODE\r<]Q1CODE\r'],
    [{ kind: 'no-suffix' }, '<]Q1CODE'],
    [{ kind: 'stuck-trigger', everyMs: 100, reads: 3 }, '<]Q1CODE\r'.repeat(4)],
    [{ kind: 'lower-case' }, '<]Q1code\r'],
    [{ kind: 'reconfigured', ending: '\n', prefix: '#' }, '#]Q1CODE\n'],
    [{ kind: 'unplug', afterBytes: 5 }, '<]Q1C'],
    [{ kind: 'hang' }, ''],
  ])('%j', async (fault, expected) => {
    const { fired } = await show('CODE', fault);
    expect(typed).toBe(expected);
    expect(fired[0]).toBeGreaterThan(0);
  });

  it('puts noise in front', async () => {
    const { fired } = await show('CODE', { kind: 'noise', bytes: 12 });
    expect(typed).toHaveLength(12 + '<]Q1CODE\r'.length);
    expect(typed.endsWith('<]Q1CODE\r')).toBe(true);
    expect(fired).toEqual([1]);
  });

  it('transcodes what lies above 7F into two bytes', async () => {
    const reader = new SimulatedScanner({ line, clock });
    const transcoding = reader.faults.add({ kind: 'transcoding' });
    await reader.show(Uint8Array.of(0x41, 0xe9));
    expect(Buffer.from(typed, 'latin1')).toEqual(Buffer.from([0x41, 0xc3, 0xa9, 0x0d]));
    expect(transcoding.fired).toBe(1);
  });

  it('combines faults', async () => {
    const { reader, fired } = await show('CODE', { kind: 'lower-case' }, { kind: 'double-read', gapMs: 1 });
    expect(typed).toBe('<]Q1code\r<]Q1code\r');
    expect(fired).toEqual([2, 1]);
    expect(reader.typed).toBe(2);
  });
});

// The simulated line itself: its pace, its faults, and that a fault which did nothing is not counted.
import { beforeEach, describe, expect, it } from 'vitest';
import { concat } from '../../../runtime/core/bytes.ts';
import { SeededEntropy } from '../../../runtime/core/entropy.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';
import { DeviceEnd, maxQueuedBytes, type Wire } from '../../../simulators/line/device-end.ts';
import type { LineFault } from '../../../simulators/line/line-faults.ts';

const seed = 'line faults 1';

class TestWire implements Wire {
  readonly kind = 'socket';
  readonly path = 'test';
  readonly lostBytes = 0;
  readonly sent: { readonly atMs: number; readonly bytes: Uint8Array }[] = [];
  deaf = false;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }
  async plug(): Promise<void> {}
  async unplug(): Promise<void> {}
  send(bytes: Uint8Array): void {
    this.sent.push({ atMs: this.#clock.monoMs(), bytes });
  }
  deafen(deaf: boolean): void {
    this.deaf = deaf;
  }
  get all(): Uint8Array {
    return concat(...this.sent.map((part) => part.bytes));
  }
}

let clock: VirtualClock;
let wire: TestWire;

async function lineAt(baudRate: number | null): Promise<DeviceEnd> {
  const end = new DeviceEnd({ wire, clock, entropy: new SeededEntropy(seed), baudRate });
  await end.replug();
  return end;
}

beforeEach(() => {
  clock = new VirtualClock();
  wire = new TestWire(clock);
});

const code = new Uint8Array(210).fill(0x41);

describe('the pace', () => {
  it.each([
    [9_600, 219],
    [57_600, 37],
    [115_200, 19],
  ])('of %i baud carries 210 bytes in about %i ms', async (baudRate, expectedMs) => {
    const end = await lineAt(baudRate);
    const startMs = clock.monoMs();
    end.write(code);
    await clock.advance(1_000);
    expect(wire.all).toEqual(code);
    const lastMs = (wire.sent.at(-1)?.atMs ?? 0) - startMs;
    expect(Math.abs(lastMs - expectedMs)).toBeLessThanOrEqual(1);
  });

  it('keeps the order of two writes and starts anew after a pause', async () => {
    const end = await lineAt(9_600);
    end.write(Uint8Array.of(1));
    end.write(Uint8Array.of(2));
    await clock.advance(10_000);
    const laterMs = clock.monoMs();
    end.write(Uint8Array.of(3));
    await clock.advance(100);
    expect([...wire.all]).toEqual([1, 2, 3]);
    expect(wire.sent.at(-1)?.atMs).toBeGreaterThan(laterMs);
  });

  it('without a rate is none', async () => {
    (await lineAt(null)).write(code);
    expect(wire.all).toEqual(code);
    expect(clock.pending()).toEqual([]);
  });
});

describe(`faults (seed ${seed})`, () => {
  async function through(fault: LineFault, bytes = code) {
    const end = await lineAt(null);
    const armed = end.faults.add(fault);
    end.write(bytes);
    await clock.advance(60_000);
    return { armed, end };
  }

  it.each<LineFault>([
    { kind: 'jitter', maxMs: 5 },
    { kind: 'split', atBytes: 7, gapMs: 2 },
    { kind: 'merge', holdMs: 10 },
  ])('$kind changes when, not what', async (fault) => {
    const { armed } = await through(fault);
    expect(wire.all).toEqual(code);
    expect(armed.fired).toBe(1);
    if (fault.kind !== 'merge') expect(wire.sent.length).toBeGreaterThan(1);
  });

  it('noise comes before the bytes', async () => {
    const { armed } = await through({ kind: 'noise', bytes: 16 });
    expect(wire.all).toHaveLength(16 + code.length);
    expect(wire.all.subarray(16)).toEqual(code);
    expect(armed.fired).toBe(1);
  });

  it.each([
    ['lose', (length: number) => length < code.length],
    ['flip', (length: number) => length === code.length],
    ['double', (length: number) => length > code.length],
  ] as const)('%s changes the bytes', async (kind, plausible) => {
    const { armed } = await through({ kind, oneIn: 10 });
    expect(plausible(wire.all.length)).toBe(true);
    expect(wire.all).not.toEqual(code);
    expect(armed.fired).toBe(1);
  });

  it.each([{ kind: 'mute' }, { kind: 'hang' }] as const)('$kind lets nothing through', async (fault) => {
    const { armed, end } = await through(fault);
    expect(wire.sent).toEqual([]);
    expect(armed.fired).toBeGreaterThan(0);
    expect(wire.deaf).toBe(fault.kind === 'hang');
    end.faults.remove(armed);
    expect(wire.deaf).toBe(false);
  });

  it('is not counted where it changed nothing, and ends with its turns', async () => {
    const { armed } = await through({ kind: 'split', atBytes: 1_000, gapMs: 2 });
    expect(armed.fired).toBe(0);
    const end = await lineAt(null);
    const once = end.faults.add({ kind: 'mute' }, 1);
    end.write(Uint8Array.of(1));
    end.write(Uint8Array.of(2));
    expect([...wire.all.subarray(code.length)]).toEqual([2]);
    expect(once.fired).toBe(1);
  });
});

describe('bounds', () => {
  it('what does not fit the transmit queue is lost and counted', async () => {
    const end = await lineAt(9_600);
    end.write(new Uint8Array(maxQueuedBytes));
    end.write(new Uint8Array(100));
    expect(end.lostBytes).toBe(100);
    await end.unplug();
    expect(clock.pending()).toEqual([]);
  });

  it('an unplugged device speaks to nobody', async () => {
    const end = await lineAt(9_600);
    end.write(code);
    await end.unplug();
    end.write(code);
    await clock.advance(1_000);
    expect(wire.sent).toEqual([]);
  });
});

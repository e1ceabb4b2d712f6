// The supervisor against time: back-off, fresh objects, and a stop that cannot be outrun. The line is the test's own, so
// that time can be virtual.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Line, LineListener } from '../../../devices/serial/line.ts';
import { LineSupervisor } from '../../../devices/serial/supervisor.ts';
import { StileError } from '../../../runtime/core/errors.ts';
import { type Logger, silentLogger } from '../../../runtime/core/log.ts';
import { VirtualClock } from '../../../runtime/core/virtual-clock.ts';

const fault = (code: 'DEVICE_ABSENT' | 'DEVICE_LOST'): StileError =>
  new StileError(code, code, { remedy: 'plug it in' });

class TestLine implements Line {
  readonly path = 'test';
  listener: LineListener | null = null;
  closed = 0;

  listen(listener: LineListener): void {
    this.listener = listener;
  }
  write(): boolean {
    return true;
  }
  async drain(): Promise<void> {}
  async close(): Promise<void> {
    this.closed++;
  }
}

let clock: VirtualClock;
let present: boolean;
let attemptsMs: number[];
let lines: TestLine[];
let connections: number;
let failures: string[];
let heard: string[];
let logged: string[];

function supervisor(open?: () => Promise<Line>): LineSupervisor {
  const startMs = clock.monoMs();
  return new LineSupervisor({
    id: 'device',
    line: { path: 'test', baudRate: 9_600 },
    backOffMs: [100, 200, 400],
    clock,
    log: { ...silentLogger, ...recorded() },
    open: async () => {
      attemptsMs.push(clock.monoMs() - startMs);
      if (open) return open();
      if (!present) throw fault('DEVICE_ABSENT');
      const line = new TestLine();
      lines.push(line);
      return line;
    },
    connect: () => {
      const connection = ++connections;
      return {
        data: (bytes) => heard.push(`${connection}:${bytes.length}`),
        lost: () => heard.push(`${connection}:lost`),
        farewell: () => heard.push(`${connection}:farewell`),
      };
    },
    failed: (reason) => failures.push(reason.code),
  });
}

function recorded(): Pick<Logger, 'warn' | 'info'> {
  return {
    warn: (event, fields) => logged.push(`${event} ${fields?.code}`),
    info: (event) => logged.push(event),
  };
}

beforeEach(() => {
  clock = new VirtualClock();
  present = true;
  attemptsMs = [];
  lines = [];
  connections = 0;
  failures = [];
  heard = [];
  logged = [];
});

describe('a supervised line', () => {
  it('tries an absent device with growing pauses, the last one repeating', async () => {
    present = false;
    const line = supervisor();
    line.start();
    await clock.advance(1_500);
    expect(attemptsMs).toEqual([0, 100, 300, 700, 1_100, 1_500]);
    expect(failures).toHaveLength(6);
    await line.stop();
    // A device that stays away is one line in the log.
    expect(logged).toEqual(['device-failed DEVICE_ABSENT']);
    expect(clock.pending()).toEqual([]);
  });

  it('starts with the shortest pause again only after the driver called the connection good', async () => {
    const line = supervisor();
    line.start();
    for (const proven of [false, false, true]) {
      await clock.advance(1_000);
      if (proven) line.proven();
      lines.at(-1)?.listener?.lost(fault('DEVICE_LOST'));
    }
    await clock.advance(1_000);
    expect(attemptsMs).toEqual([0, 1_100, 2_200, 3_100]);
    await line.stop();
  });

  it('makes fresh objects for each connection and lets the old line speak no more', async () => {
    const line = supervisor();
    line.start();
    await clock.advance(0);
    const [first] = lines;
    first?.listener?.data(new Uint8Array(1));
    first?.listener?.lost(fault('DEVICE_LOST'));
    await clock.advance(100);
    first?.listener?.data(new Uint8Array(9));
    first?.listener?.lost(fault('DEVICE_LOST'));
    lines[1]?.listener?.data(new Uint8Array(2));
    expect(heard).toEqual(['1:1', '1:lost', '2:2']);
    await line.stop();
    expect(heard.at(-1)).toBe('2:farewell');
  });

  it('closes a line the driver dropped and opens anew', async () => {
    const line = supervisor();
    line.start();
    await clock.advance(0);
    line.drop(fault('DEVICE_LOST'));
    line.drop(fault('DEVICE_LOST'));
    expect(lines[0]?.closed).toBe(1);
    await clock.advance(100);
    expect(lines).toHaveLength(2);
    expect(failures).toEqual(['DEVICE_LOST']);
    await line.stop();
  });

  it('closes a line that opens after stop', async () => {
    let deliver: (line: Line) => void = () => {};
    const late = new TestLine();
    const line = supervisor(() => new Promise<Line>((resolve) => (deliver = resolve)));
    line.start();
    const stopped = line.stop();
    deliver(late);
    await stopped;
    expect(late.closed).toBe(1);
    expect(connections).toBe(0);
  });

  it('does nothing more after stop', async () => {
    present = false;
    const line = supervisor();
    line.start();
    await line.stop();
    await clock.advance(60_000);
    expect(attemptsMs).toEqual([0]);
  });
});

// A line recorded in the field and met again at the desk: a lock board's questions and answers are kept by a recorder that
// stands between, then played back to a terminal that asks the same, something else, or nothing.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Line, openLine } from '../../../devices/serial/line.ts';
import { type Bytes, hex, utf8 } from '../../../runtime/core/bytes.ts';
import { SystemClock, sleep } from '../../../runtime/core/clock.ts';
import { Signal } from '../../../runtime/core/event.ts';
import { TracePlayer } from '../../../runtime/main/line/player.ts';
import { LineRecorder } from '../../../runtime/main/line/recorder.ts';
import { readTrace, type TracePiece, traceLimits } from '../../../runtime/main/line/trace-file.ts';
import type { DeviceEnd } from '../../../simulators/line/device-end.ts';
import { createLine } from '../../../simulators/line/line.ts';
import { jsonLines, stile } from '../../fixtures/stile-command.ts';

const clock = new SystemClock();
const nowUs = (): number => clock.monoUs();
const text = (bytes: Bytes): string => Buffer.from(bytes).toString('latin1');
let folder: string;
let open: { close(): Promise<unknown> | unknown }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stile-trace-'));
  open = [];
});
afterEach(async () => {
  for (const each of open.reverse()) await each.close();
  rmSync(folder, { recursive: true, force: true });
});

async function plugged(name: string): Promise<DeviceEnd> {
  const end = await createLine({ kind: 'socket', folder, name, clock });
  open.push(end);
  return end;
}

/** A host at the other end of a simulated line, and what it hears. */
async function hostAt(end: DeviceEnd): Promise<{ line: Line; heard(): string; until(part: string): Promise<void> }> {
  const line = await openLine({ path: end.path, baudRate: 9_600 }, clock);
  open.push(line);
  let heard = '';
  const changed = new Signal<void>();
  line.listen({
    data: (bytes) => {
      heard += text(bytes);
      changed.emit();
    },
    lost: () => {},
  });
  return {
    line,
    heard: () => heard,
    until: async (part) => {
      while (!heard.includes(part)) await changed.next();
    },
  };
}

async function recordExchange(file: string): Promise<void> {
  const device = await plugged('device');
  device.data.on((bytes) => device.write(utf8(`re:${text(bytes)}`)));
  const deviceLine = await openLine({ path: device.path, baudRate: 9_600 }, clock);
  open.push(deviceLine);
  const host = await plugged('host');
  const recorder = new LineRecorder({ device: deviceLine, host, file, baudRate: 9_600, clock, nowUs });
  open.push(recorder);
  const terminal = await hostAt(host);
  for (const question of ['one.', 'two.']) {
    terminal.line.write(utf8(question));
    await terminal.until(`re:${question}`);
  }
  expect(recorder.close()).toMatchObject({ fromDeviceBytes: 14, toDeviceBytes: 8, lostBytes: 0 });
}

const joined = (pieces: readonly TracePiece[], direction: TracePiece['direction']): string =>
  pieces
    .filter((piece) => piece.direction === direction)
    .map(({ bytes }) => text(bytes))
    .join('');

describe('a recorded line', () => {
  it('holds every byte of both directions in order, readable by its owner alone', async () => {
    const file = join(folder, 'trace.ndjson');
    await recordExchange(file);
    const { header, pieces } = await readTrace(file);
    expect(header).toMatchObject({ format: 'stile-line-trace', version: 1, baudRate: 9_600 });
    expect(joined(pieces, 'toDevice')).toBe('one.two.');
    expect(joined(pieces, 'fromDevice')).toBe('re:one.re:two.');
    expect(pieces.map(({ direction }) => direction).indexOf('toDevice')).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is never written over another file', async () => {
    const file = join(folder, 'trace.ndjson');
    writeFileSync(file, 'precious');
    await expect(recordExchange(file)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  it('ends with the device, and keeps what came before', async () => {
    const device = await plugged('device');
    const deviceLine = await openLine({ path: device.path, baudRate: 9_600 }, clock);
    const file = join(folder, 'trace.ndjson');
    const recorder = new LineRecorder({ device: deviceLine, host: null, file, baudRate: 9_600, clock, nowUs });
    device.write(utf8('last words'));
    await device.sent();
    while (!readFileSync(file, 'utf8').includes('fromDevice')) await sleep(clock, 'trace', 5);
    await device.unplug();
    expect(await recorder.ended).toMatchObject({ code: 'DEVICE_LOST' });
    recorder.close();
    expect(joined((await readTrace(file)).pieces, 'fromDevice')).toBe('last words');
  });
});

describe('a trace played back', () => {
  const piece = (direction: TracePiece['direction'], words: string, atUs: number): TracePiece => ({
    atUs,
    direction,
    bytes: utf8(words),
  });
  const exchange = [
    piece('toDevice', 'ask', 0),
    piece('fromDevice', 'answer', 20_000),
    piece('toDevice', 'bye', 40_000),
  ];

  async function playTo(
    act: (host: Awaited<ReturnType<typeof hostAt>>) => Promise<void>,
    patienceMs = 20_000,
  ): Promise<{ played: Awaited<ReturnType<TracePlayer['play']>>; heard: string }> {
    const line = await plugged('replay');
    const player = new TracePlayer({ line, pieces: exchange, clock, speed: 1, patienceMs });
    const host = await hostAt(line);
    const [played] = await Promise.all([player.play(), act(host)]);
    return { played, heard: host.heard() };
  }

  it('answers a host that asks as the recorded one did', async () => {
    const { played, heard } = await playTo(async (host) => {
      expect(host.heard()).toBe('');
      host.line.write(utf8('ask'));
      await host.until('answer');
      host.line.write(utf8('bye'));
    });
    expect(played).toEqual({
      ok: true,
      whole: true,
      fromDeviceBytes: 6,
      toDeviceBytes: 6,
      surplusBytes: 0,
      differences: [],
    });
    expect(heard).toBe('answer');
  });

  it('names the piece where a host says something else, and plays on', async () => {
    const { played } = await playTo(async (host) => {
      host.line.write(utf8('axk'));
      await host.until('answer');
      host.line.write(utf8('bye'));
    });
    expect(played).toMatchObject({
      ok: false,
      whole: true,
      differences: [{ line: 2, expected: hex(utf8('ask')), got: hex(utf8('axk')) }],
    });
  });

  it('keeps the answer back from a host that never asks', async () => {
    const { played, heard } = await playTo(async () => {}, 200);
    expect(played).toMatchObject({ ok: false, whole: false, fromDeviceBytes: 0 });
    expect(heard).toBe('');
  });
});

describe('stile line', () => {
  it('records a device and replays it', async () => {
    const device = await plugged('device');
    const file = join(folder, 'trace.ndjson');
    const speaking = setInterval(() => device.write(utf8('beat')), 50);
    const recorded = await stile(['line', 'record', device.path, '--out', file, '--listen', '--seconds', '2']);
    clearInterval(speaking);
    expect(recorded.err).toContain('hearing');
    expect(recorded.code).toBe(0);
    const [counts] = jsonLines(recorded.out) as [{ fromDeviceBytes: number }];
    expect(counts.fromDeviceBytes).toBeGreaterThanOrEqual(8);
    const replayed = await stile(
      ['line', 'replay', file, '--line', 'socket', '--speed', '100', '--delay-seconds', '0'],
      '',
    );
    expect(replayed).toMatchObject({ code: 0 });
    expect(jsonLines(replayed.out)).toMatchObject([{ ok: true, fromDeviceBytes: counts.fromDeviceBytes }]);
  });

  it.each([
    ['an empty file', '', 'is empty'],
    ['another kind of file', 'hello\n', 'line 1: not JSON'],
    [
      'a newer version',
      '{"format":"stile-line-trace","version":2,"baudRate":9600,"startedAt":"2026-03-01T08:00:00Z"}\n',
      'version',
    ],
  ])('refuses %s by name', async (_name, content, says) => {
    const file = join(folder, 'bad.ndjson');
    writeFileSync(file, content);
    const refused = await stile(['line', 'replay', file]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(says);
    expect(refused.err).toContain('remedy');
  });

  it('does not read a file that is larger than any recording', async () => {
    const file = join(folder, 'huge.ndjson');
    writeFileSync(file, '');
    truncateSync(file, traceLimits.traceBytes + 1);
    await expect(readTrace(file)).rejects.toThrow('larger than 67108864 bytes');
  });

  it.each([
    ['{"atUs":-1,"direction":"toDevice","hex":"00"}', 'atUs'],
    ['{"atUs":1,"direction":"sideways","hex":"00"}', 'direction'],
    ['{"atUs":1,"direction":"toDevice","hex":"0"}', 'hex'],
    ['{"atUs":5,"direction":"toDevice","hex":"00"}\n{"atUs":4,"direction":"toDevice","hex":"00"}', 'back in time'],
  ])('names the key of a damaged piece: %s', async (line, says) => {
    const file = join(folder, 'bad.ndjson');
    writeFileSync(
      file,
      '{"format":"stile-line-trace","version":1,"baudRate":9600,"startedAt":"2026-03-01T08:00:00Z"}\n',
    );
    appendFileSync(file, `${line}\n`);
    await expect(readTrace(file)).rejects.toThrow(says);
  });
});

// `stile line record` and `stile line replay`: a line's bytes with their times, so that a fault met in the field can be
// sent to a desk and met there again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { openLine } from '../../../devices/serial/line.ts';
import type { DeviceEnd } from '../../../simulators/line/device-end.ts';
import { createLine, type LineKind } from '../../../simulators/line/line.ts';
import { type Clock, SystemClock, sleep } from '../../core/clock.ts';
import { StileError } from '../../core/errors.ts';
import { TracePlayer } from '../line/player.ts';
import { LineRecorder } from '../line/recorder.ts';
import { readTrace } from '../line/trace-file.ts';
import { wholeNumber } from './number.ts';
import { exitCodes } from './report.ts';

export interface LineOptions {
  readonly link?: string;
  readonly line: LineKind | 'auto';
  readonly json: boolean;
}

export interface RecordOptions extends LineOptions {
  readonly out: string;
  readonly baudRate: string;
  readonly listen: boolean;
  readonly seconds?: string;
}

/** @throws StileError of the device's line, or FILE_UNREADABLE of the trace. */
export async function recordLine(devicePath: string, options: RecordOptions): Promise<number> {
  const clock = new SystemClock();
  const baudRate = wholeNumber('--baud-rate', options.baudRate, 50, 4_000_000);
  const seconds = options.seconds === undefined ? null : wholeNumber('--seconds', options.seconds, 1, 86_400);
  if (options.listen && options.link) {
    throw new StileError('USAGE', '--listen and --link exclude each other', {
      remedy: 'Leave --listen out to stand between the terminal and the device.',
    });
  }
  const device = await openLine({ path: devicePath, baudRate }, clock);
  const host = options.listen ? null : await hostLine(clock, options);
  try {
    const recorder = new LineRecorder({
      device,
      host: host?.end ?? null,
      file: options.out,
      baudRate,
      clock,
      nowUs: () => clock.monoUs(),
    });
    tell(options, host ? `recording ${devicePath}; the terminal's line is ${host.end.path}` : `hearing ${devicePath}`);
    const why = await Promise.race([recorder.ended, signalled(), after(clock, seconds)]);
    const recorded = recorder.close();
    if (why instanceof StileError) throw why;
    process.stdout.write(`${JSON.stringify({ file: options.out, ...recorded })}\n`);
    return exitCodes.done;
  } finally {
    await device.close();
    await host?.close();
  }
}

export interface ReplayOptions extends LineOptions {
  readonly speed: string;
  readonly delaySeconds: string;
  readonly patienceSeconds: string;
}

/** Exit code 1 when the host said something else than it had. @throws StileError FILE_UNREADABLE. */
export async function replayLine(file: string, options: ReplayOptions): Promise<number> {
  const clock = new SystemClock();
  const speed = wholeNumber('--speed', options.speed, 1, 1_000);
  const delaySeconds = wholeNumber('--delay-seconds', options.delaySeconds, 0, 3_600);
  const patienceMs = wholeNumber('--patience-seconds', options.patienceSeconds, 1, 3_600) * 1_000;
  const { header, pieces } = await readTrace(file);
  const host = await hostLine(clock, options, header.baudRate);
  try {
    const player = new TracePlayer({ line: host.end, pieces, clock, speed, patienceMs });
    tell(options, `${pieces.length} pieces of ${header.startedAt} at ${host.end.path}, in ${delaySeconds} s`);
    const start = await Promise.race([signalled(), sleep(clock, 'trace delay', delaySeconds * 1_000)]);
    if (start === 'signal') return exitCodes.fault;
    const played = await Promise.race([player.play(), signalled()]);
    if (played === 'signal') return exitCodes.fault;
    process.stdout.write(`${JSON.stringify({ file, ...played })}\n`);
    return played.ok ? exitCodes.done : exitCodes.fault;
  } finally {
    await host.close();
  }
}

/** The end that a terminal opens: at `--link`, or in a folder of its own that goes with it. */
async function hostLine(
  clock: Clock,
  { link, line }: LineOptions,
  baudRate?: number,
): Promise<{ end: DeviceEnd; close(): Promise<void> }> {
  const folder = link ? dirname(resolve(link)) : mkdtempSync(join(tmpdir(), 'stile-line-'));
  const end = await createLine({
    kind: link ? 'pty' : line,
    folder,
    name: link ? basename(link) : 'ttyTRACE',
    clock,
    ...(baudRate === undefined ? {} : { baudRate }),
  });
  return {
    end,
    close: async () => {
      await end.close();
      if (!link) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function tell(options: LineOptions, text: string): void {
  if (options.json) process.stdout.write(`${JSON.stringify({ note: text })}\n`);
  else process.stderr.write(`${text}\n`);
}

function signalled(): Promise<'signal'> {
  return new Promise((resolve) => {
    const heard = (): void => resolve('signal');
    process.once('SIGINT', heard);
    process.once('SIGTERM', heard);
  });
}

/** Never, without a number of seconds. */
const after = (clock: Clock, seconds: number | null): Promise<unknown> =>
  seconds === null ? new Promise(() => {}) : sleep(clock, 'trace length', seconds * 1_000);

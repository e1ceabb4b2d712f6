// Stands in a line between a device and its terminal and notes every byte with its time, in both directions. With no
// terminal it only listens. What passes is handed on unchanged and at once: a recording must not cure the fault that
// it is made for.
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Line } from '../../../devices/serial/line.ts';
import type { DeviceEnd } from '../../../simulators/line/device-end.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { messageOf, StileError } from '../../core/errors.ts';
import { headerLine, type LineDirection, pieceLine, traceLimits } from './trace-file.ts';

export interface RecorderOptions {
  readonly device: Line;
  /** Where the terminal is plugged in instead of the device; null to listen only. */
  readonly host: DeviceEnd | null;
  readonly file: string;
  readonly baudRate: number;
  readonly clock: Clock;
  /** Microseconds on a monotonic axis. */
  readonly nowUs: () => number;
}

export interface Recorded {
  readonly fromDeviceBytes: number;
  readonly toDeviceBytes: number;
  readonly pieces: number;
  /** Bytes that the other end did not take; they are in the trace all the same. */
  readonly lostBytes: number;
}

export class LineRecorder {
  /** Settles when the device is lost, the file is full or cannot be written. */
  readonly ended: Promise<StileError>;
  readonly #options: RecorderOptions;
  readonly #file: number;
  readonly #startedUs: number;
  readonly #stopHost: (() => void) | null;
  #end: (why: StileError) => void = () => {};
  #writtenBytes = 0;
  #open = true;
  #fromDeviceBytes = 0;
  #toDeviceBytes = 0;
  #pieces = 0;
  #lostBytes = 0;

  /** @throws StileError FILE_UNREADABLE where the file exists already or cannot be made. */
  constructor(options: RecorderOptions) {
    const { device, host, clock, baudRate } = options;
    this.#options = options;
    this.#file = create(options.file);
    this.#startedUs = options.nowUs();
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#write(
      headerLine({
        format: 'stile-line-trace',
        version: 1,
        baudRate,
        startedAt: new Date(clock.wallMs()).toISOString(),
      }),
    );
    this.#stopHost = host?.data.on((bytes) => this.#fromHost(bytes)) ?? null;
    device.listen({ data: (bytes) => this.#fromDevice(bytes), lost: (fault) => this.#end(fault) });
  }

  /** Ends the recording; the file is whole at any moment. Safe to call twice. */
  close(): Recorded {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
    this.#stopHost?.();
    return {
      fromDeviceBytes: this.#fromDeviceBytes,
      toDeviceBytes: this.#toDeviceBytes,
      pieces: this.#pieces,
      lostBytes: this.#lostBytes + (this.#options.host?.lostBytes ?? 0),
    };
  }

  #fromDevice(bytes: Bytes): void {
    this.#options.host?.write(bytes);
    this.#fromDeviceBytes += bytes.length;
    this.#note('fromDevice', bytes);
  }

  #fromHost(bytes: Bytes): void {
    if (!this.#options.device.write(bytes)) this.#lostBytes += bytes.length;
    this.#toDeviceBytes += bytes.length;
    this.#note('toDevice', bytes);
  }

  #note(direction: LineDirection, bytes: Bytes): void {
    if (!this.#open) return;
    const atUs = this.#options.nowUs() - this.#startedUs;
    for (let start = 0; start < bytes.length; start += traceLimits.pieceBytes) {
      this.#pieces++;
      this.#write(pieceLine({ atUs, direction, bytes: bytes.subarray(start, start + traceLimits.pieceBytes) }));
    }
  }

  #write(line: string): void {
    if (!this.#open) return;
    if (this.#writtenBytes + line.length > traceLimits.traceBytes) {
      this.#end(
        new StileError('FILE_UNREADABLE', `${this.#options.file}: a trace ends at ${traceLimits.traceBytes} bytes`, {
          remedy: 'Record a shorter time; what was written is whole.',
        }),
      );
      this.close();
      return;
    }
    try {
      writeSync(this.#file, line);
      this.#writtenBytes += line.length;
    } catch (cause) {
      this.#end(unwritable(this.#options.file, cause));
      this.close();
    }
  }
}

/** A trace of a reader holds the codes that were shown to it: only its owner may read the file. */
function create(file: string): number {
  try {
    return openSync(file, 'wx', 0o600);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

function unwritable(file: string, cause: unknown): StileError {
  return new StileError('FILE_UNREADABLE', `${file}: ${messageOf(cause)}`, {
    remedy: 'Give a new file name in a folder that can be written and has space.',
    cause,
  });
}

// Plays the device's side of a recorded line to whatever opens it, and compares what the other side says with what was
// said when it was recorded. A device speaks when its time has come and after it was asked as often as it had been:
// an answer never overtakes its question.
import type { DeviceEnd } from '../../../simulators/line/device-end.ts';
import { type Bytes, concat, hex } from '../../core/bytes.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import type { TracePiece } from './trace-file.ts';

export interface PlayerOptions {
  readonly line: DeviceEnd;
  readonly pieces: readonly TracePiece[];
  readonly clock: Clock;
  /** 2 plays twice as fast; pauses only, the bytes keep the line's pace. */
  readonly speed: number;
  /** How long a host may take to say what it had said. */
  readonly patienceMs: number;
}

/** Where the host said something else, or nothing. `line` counts in the trace file. */
export interface TraceDifference {
  readonly line: number;
  readonly expected: string;
  readonly got: string;
}

export interface Played {
  readonly ok: boolean;
  readonly fromDeviceBytes: number;
  readonly toDeviceBytes: number;
  /** False when the host fell silent and the rest was not played. */
  readonly whole: boolean;
  readonly differences: readonly TraceDifference[];
  /** Bytes that the host said beyond what the trace has. */
  readonly surplusBytes: number;
}

export const playerLimits = { differences: 100, heardBytes: 1_048_576, pollMs: 2 } as const;

/** The trace file's first line is its header. */
const headerLines = 1;

export class TracePlayer {
  readonly #options: PlayerOptions;
  readonly #stop: () => void;
  #heard: Bytes = new Uint8Array(0);
  #differences: TraceDifference[] = [];
  #toDeviceBytes = 0;
  #fromDeviceBytes = 0;
  #surplusBytes = 0;

  /** Hears the host from now on. */
  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#stop = options.line.data.on((bytes) => this.#hear(bytes));
  }

  async play(): Promise<Played> {
    const { pieces, line, clock, speed } = this.#options;
    let whole = true;
    let lastUs = pieces[0]?.atUs ?? 0;
    for (const [index, piece] of pieces.entries()) {
      const pauseMs = (piece.atUs - lastUs) / 1_000 / speed;
      lastUs = piece.atUs;
      if (piece.direction === 'toDevice') {
        whole = await this.#compare(piece.bytes, index + 1 + headerLines, pauseMs);
        if (!whole) break;
      } else {
        if (pauseMs >= 1) await sleep(clock, 'trace pause', pauseMs);
        line.write(piece.bytes);
        this.#fromDeviceBytes += piece.bytes.length;
      }
    }
    await line.sent();
    this.#stop();
    const surplusBytes = this.#surplusBytes + this.#heard.length;
    return {
      ok: whole && this.#differences.length === 0 && surplusBytes === 0,
      fromDeviceBytes: this.#fromDeviceBytes,
      toDeviceBytes: this.#toDeviceBytes,
      whole,
      differences: this.#differences,
      surplusBytes,
    };
  }

  /** Waits for as many bytes as the host had said. False when it does not say them in time. */
  async #compare(expected: Bytes, line: number, pauseMs: number): Promise<boolean> {
    const { clock, patienceMs } = this.#options;
    const deadlineMs = clock.monoMs() + pauseMs + patienceMs;
    while (this.#heard.length < expected.length && clock.monoMs() < deadlineMs) {
      await sleep(clock, 'trace host', playerLimits.pollMs);
    }
    const got = this.#heard.subarray(0, expected.length);
    this.#heard = this.#heard.subarray(got.length);
    this.#toDeviceBytes += got.length;
    if (hex(got) !== hex(expected) && this.#differences.length < playerLimits.differences) {
      this.#differences.push({ line, expected: hex(expected), got: hex(got) });
    }
    return got.length === expected.length;
  }

  #hear(bytes: Bytes): void {
    if (this.#heard.length + bytes.length > playerLimits.heardBytes) this.#surplusBytes += bytes.length;
    else this.#heard = concat(this.#heard, bytes);
  }
}

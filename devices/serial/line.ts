// One opened serial line: a flowing reader from the first byte, writes with their own time limit, and one
// report when the line is lost. A device that hangs makes its line end here; it never blocks anything else.

import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { messageOf, StileError } from '../../runtime/core/errors.ts';
import { openFault } from './open-fault.ts';
import { openStream, type SerialStream } from './streams.ts';

export interface LineSettings {
  /** A device path, `tcp://host:port` or `unix:/path`. */
  readonly path: string;
  /** Bits per second, 8N1. Ignored by sockets. */
  readonly baudRate: number;
  /** An open that takes longer has failed. Default 5000. */
  readonly openTimeoutMs?: number;
  /** A line that takes none of the waiting bytes for so long is lost. Default 1000. */
  readonly writeTimeoutMs?: number;
}

export const lineLimits = {
  openTimeoutMs: 5_000,
  writeTimeoutMs: 1_000,
  /** The kernel may hold a close back until its output has drained; nobody waits longer than this. */
  closeTimeoutMs: 1_000,
  pendingWriteBytes: 65_536,
  earlyBytes: 65_536,
} as const;

export interface LineListener {
  data(bytes: Bytes): void;
  /** Once, when the line ended without `close` having been called. */
  lost(fault: StileError): void;
}

export interface Line {
  readonly path: string;
  /** Who hears the line. Bytes that came between the opening and this call are handed over at once. */
  listen(listener: LineListener): void;
  /** Takes the bytes in order and without waiting; false, and nothing taken, when the line cannot. */
  write(bytes: Bytes): boolean;
  /** Resolves when every byte taken was handed to the system, or the line ended. */
  drain(): Promise<void>;
  /** Resolves when the path is free again, or after `closeTimeoutMs`. */
  close(): Promise<void>;
}

export type OpenLine = (settings: LineSettings, clock: Clock) => Promise<Line>;

/**
 * Opens a line exclusively.
 * @throws StileError DEVICE_ABSENT, DEVICE_BUSY, DEVICE_FORBIDDEN, DEVICE_UNSUPPORTED, DEVICE_LOST (no answer to
 * the open in time), NATIVE_PACKAGE_MISSING.
 */
export const openLine: OpenLine = async (settings, clock) => {
  const stream = await openStream(settings.path, settings.baudRate);
  const line = new SerialLine(stream, settings, clock);
  await line.opened;
  return line;
};

class SerialLine implements Line {
  readonly path: string;
  readonly opened: Promise<void>;
  readonly #stream: SerialStream;
  readonly #clock: Clock;
  readonly #writeTimeoutMs: number;
  #listener: LineListener | null = null;
  #early: Bytes[] = [];
  #earlyBytes = 0;
  #pendingBytes = 0;
  #writeTimer: TimerHandle | null = null;
  #drained: (() => void)[] = [];
  #ended = false;
  #lostBeforeListening: StileError | null = null;

  constructor(stream: SerialStream, settings: LineSettings, clock: Clock) {
    this.path = settings.path;
    this.#stream = stream;
    this.#clock = clock;
    this.#writeTimeoutMs = settings.writeTimeoutMs ?? lineLimits.writeTimeoutMs;
    // The reader comes before anything else: a line that does not flow never reports its own hang-up.
    stream.on('data', (bytes) => this.#received(bytes));
    stream.on('error', (error) => this.#end(this.#lost(messageOf(error), error)));
    stream.on('close', (error) => this.#end(this.#lost(error ? messageOf(error) : 'closed by the system', error)));
    this.opened = this.#open(settings.openTimeoutMs ?? lineLimits.openTimeoutMs);
  }

  listen(listener: LineListener): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    for (const bytes of early) listener.data(bytes);
    if (this.#lostBeforeListening) listener.lost(this.#lostBeforeListening);
  }

  write(bytes: Bytes): boolean {
    if (this.#ended || this.#pendingBytes + bytes.length > lineLimits.pendingWriteBytes) return false;
    this.#pendingBytes += bytes.length;
    this.#writeTimer ??= this.#armWriteTimer();
    this.#stream.write(Buffer.from(bytes), (error) => this.#written(bytes.length, error));
    return true;
  }

  drain(): Promise<void> {
    if (this.#ended || this.#pendingBytes === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  close(): Promise<void> {
    this.#listener = null;
    this.#finish();
    return this.#closeStream();
  }

  #open(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.timer(`open ${this.path}`, timeoutMs, () => {
        this.#finish();
        reject(this.#lost(`the open did not return within ${timeoutMs} ms`));
      });
      this.#stream.open((error) => {
        timer.cancel();
        if (this.#ended && !error) void this.#closeStream();
        if (error) this.#finish();
        if (error) reject(openFault(this.path, error));
        else resolve();
      });
    });
  }

  #received(bytes: Bytes): void {
    if (this.#listener) {
      this.#listener.data(bytes);
    } else if (!this.#ended && this.#earlyBytes + bytes.length <= lineLimits.earlyBytes) {
      this.#early.push(bytes);
      this.#earlyBytes += bytes.length;
    }
  }

  #written(length: number, error: Error | null | undefined): void {
    this.#pendingBytes -= length;
    this.#writeTimer?.cancel();
    this.#writeTimer = null;
    if (error) this.#end(this.#lost(messageOf(error), error));
    if (this.#pendingBytes > 0 && !this.#ended) this.#writeTimer = this.#armWriteTimer();
    if (this.#pendingBytes === 0) this.#releaseDrained();
  }

  #armWriteTimer(): TimerHandle {
    return this.#clock.timer(`write ${this.path}`, this.#writeTimeoutMs, () =>
      this.#end(this.#lost(`${this.#pendingBytes} bytes were not taken within ${this.#writeTimeoutMs} ms`)),
    );
  }

  #end(fault: StileError): void {
    if (this.#ended) return;
    const listener = this.#listener;
    this.#finish();
    void this.#closeStream();
    if (listener) listener.lost(fault);
    else this.#lostBeforeListening = fault;
  }

  #finish(): void {
    this.#ended = true;
    this.#writeTimer?.cancel();
    this.#writeTimer = null;
    this.#releaseDrained();
  }

  #releaseDrained(): void {
    const waiting = this.#drained;
    this.#drained = [];
    for (const resolve of waiting) resolve();
  }

  #closeStream(): Promise<void> {
    if (!this.#stream.isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.timer(`close ${this.path}`, lineLimits.closeTimeoutMs, resolve);
      this.#stream.close(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #lost(what: string, cause?: unknown): StileError {
    return new StileError('DEVICE_LOST', `line ${this.path}: ${what}`, {
      remedy: 'Check the cable and the power of the device; the line is opened again by itself.',
      cause,
    });
  }
}

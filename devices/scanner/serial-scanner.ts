// A reader that types what it reads on a serial line. Plain text has no answer that would prove the reader alive, so
// an open line is `unproven`, and a reader that hangs is only ever silent: nothing waits for it.
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { Signal } from '../../runtime/core/event.ts';
import type { Logger } from '../../runtime/core/log.ts';
import type { DeviceHealth } from '../ports/device.ts';
import type { Scan, Scanner, ScannerCounters } from '../ports/scanner.ts';
import type { LineSettings, OpenLine } from '../serial/line.ts';
import { DeviceStatus } from '../serial/status.ts';
import { type Connection, LineSupervisor } from '../serial/supervisor.ts';
import { type Drift, Framing, type FramingProfile } from './framing.ts';

export interface SerialScannerOptions {
  readonly id: string;
  readonly line: LineSettings;
  readonly profile: FramingProfile;
  /**
   * Only for a reader that cannot send an ending: silence that ends a frame, 50-100 ms. It adds itself to every
   * scan.
   */
  readonly idleEndMs?: number;
  /** Default 0.25, 0.5, 1, 2, 4, 5 s. */
  readonly backOffMs?: readonly number[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly open?: OpenLine;
}

const defaultBackOffMs = [250, 500, 1_000, 2_000, 4_000, 5_000] as const;
/** Slower lines add more than 40 ms to a code of 400 characters. */
const advisedBaudRate = 115_200;

export class SerialScanner implements Scanner {
  readonly id: string;
  readonly scans = new Signal<Scan>();
  readonly changed: Signal<DeviceHealth>;
  readonly #options: SerialScannerOptions;
  readonly #status: DeviceStatus;
  readonly #supervisor: LineSupervisor;
  #counted: ScannerCounters = { frames: 0, oversize: 0, discardedBytes: 0 };
  #reading: Reading | null = null;

  constructor(options: SerialScannerOptions) {
    this.id = options.id;
    this.#options = options;
    this.#status = new DeviceStatus(options.id);
    this.changed = this.#status.changed;
    const { id, line, clock, log, open } = options;
    this.#supervisor = new LineSupervisor({
      id,
      line,
      clock,
      log,
      ...(open && { open }),
      backOffMs: options.backOffMs ?? defaultBackOffMs,
      connect: () => this.#connect(),
      failed: (fault) => this.#status.failed(fault),
    });
  }

  start(): void {
    const { line, log } = this.#options;
    this.#status.set('opening', `opening ${line.path}`);
    if (line.baudRate < advisedBaudRate) {
      log.warn('scanner-slow-line', {
        device: this.id,
        detail: `${line.baudRate} baud adds ${Math.round(4_000_000 / line.baudRate)} ms to a code of 400 characters`,
        remedy: `Set the reader and baudRate to ${advisedBaudRate}.`,
      });
    }
    this.#supervisor.start();
  }

  async stop(): Promise<void> {
    this.#finishReading();
    await this.#supervisor.stop();
    this.#finishReading();
    this.#status.set('stopped', 'stopped');
  }

  health(): DeviceHealth {
    return this.#status.health;
  }

  counters(): ScannerCounters {
    return this.#reading ? sum(this.#counted, this.#reading.counters()) : this.#counted;
  }

  #connect(): Connection {
    const { profile, idleEndMs, clock, line } = this.#options;
    const reading = new Reading({
      profile,
      idleEndMs: idleEndMs ?? null,
      clock,
      code: (bytes) => this.scans.emit({ bytes, atMonoMs: clock.monoMs(), scanner: this.id }),
      drift: (drift) => this.#warnOfDrift(drift),
    });
    this.#reading = reading;
    this.#status.reached('unproven', `${line.path} is open; plain text has no answer that would prove the reader`);
    this.#supervisor.proven();
    return { data: (bytes) => reading.data(bytes), lost: () => this.#finishReading() };
  }

  #finishReading(): void {
    const reading = this.#reading;
    if (!reading) return;
    reading.end();
    this.#counted = sum(this.#counted, reading.counters());
    this.#reading = null;
  }

  #warnOfDrift(drift: Drift): void {
    this.#options.log.warn('scanner-drift', {
      device: this.id,
      kind: drift,
      remedy: 'Compare the reader with its profile: someone may have shown it a setup code.',
    });
  }
}

interface ReadingOptions {
  readonly profile: FramingProfile;
  readonly idleEndMs: number | null;
  readonly clock: Clock;
  readonly code: (bytes: Bytes) => void;
  /** Once for each kind. */
  readonly drift: (drift: Drift) => void;
}

/** The framing of one connection and its idle timer. */
class Reading {
  readonly #options: ReadingOptions;
  readonly #framing: Framing;
  readonly #warned = new Set<Drift>();
  #idle: TimerHandle | null = null;
  #lostBytes = 0;

  constructor(options: ReadingOptions) {
    this.#options = options;
    this.#framing = new Framing(options.profile);
  }

  data(bytes: Bytes): void {
    this.#idle?.cancel();
    this.#deliver(this.#framing.push(bytes, this.#options.clock.monoMs()));
    const { idleEndMs, clock } = this.#options;
    if (idleEndMs === null || this.#framing.waiting === 0) return;
    this.#idle = clock.timer('end of frame', idleEndMs, () => this.#deliver(this.#framing.flush()));
  }

  end(): void {
    this.#idle?.cancel();
    this.#lostBytes = this.#framing.waiting;
  }

  counters(): ScannerCounters {
    const counted = this.#framing.counters();
    return { ...counted, discardedBytes: counted.discardedBytes + this.#lostBytes };
  }

  #deliver(codes: readonly Bytes[]): void {
    for (const code of codes) this.#options.code(code);
    for (const drift of this.#framing.drifted) {
      if (this.#warned.has(drift)) continue;
      this.#warned.add(drift);
      this.#options.drift(drift);
    }
  }
}

function sum(a: ScannerCounters, b: ScannerCounters): ScannerCounters {
  return {
    frames: a.frames + b.frames,
    oversize: a.oversize + b.oversize,
    discardedBytes: a.discardedBytes + b.discardedBytes,
  };
}

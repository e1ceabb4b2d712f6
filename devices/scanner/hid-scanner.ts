// A reader that sends HID-POS reports. HID has no answer that would prove the reader alive, so an open device is
// `unproven`; unplug is told by the system, and the device is looked for again by what it is, not by where it was.
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { Signal } from '../../runtime/core/event.ts';
import type { Logger } from '../../runtime/core/log.ts';
import type { DeviceHealth } from '../ports/device.ts';
import type { HidBus, HidDevice } from '../ports/hid.ts';
import type { Scan, Scanner } from '../ports/scanner.ts';
import type { Line } from '../serial/line.ts';
import { DeviceStatus } from '../serial/status.ts';
import { type Connection, LineSupervisor } from '../serial/supervisor.ts';
import { type ChosenReader, chooseReader, describeAddress, type HidAddress, profileOf } from './hid-address.ts';
import { HidPosAssembler, type HidPosCounters, type HidProfile, hidPosLimits, layoutOf } from './protocol/hid-pos.ts';

export interface HidScannerOptions {
  readonly id: string;
  readonly address: HidAddress;
  /** `auto`: by the vendor. */
  readonly profile: HidProfile | 'auto';
  readonly bus: HidBus;
  /** Default 0.25, 0.5, 1, 2, 4, 5 s. */
  readonly backOffMs?: readonly number[];
  readonly clock: Clock;
  readonly log: Logger;
}

const defaultBackOffMs = [250, 500, 1_000, 2_000, 4_000, 5_000] as const;
const nothingCounted: HidPosCounters = { frames: 0, oversize: 0, discardedBytes: 0, droppedReports: 0 };

export class HidScanner implements Scanner {
  readonly id: string;
  readonly scans = new Signal<Scan>();
  readonly changed: Signal<DeviceHealth>;
  readonly #options: HidScannerOptions;
  readonly #status: DeviceStatus;
  readonly #supervisor: LineSupervisor;
  #chosen: ChosenReader | null = null;
  #counted: HidPosCounters = nothingCounted;
  #reading: Reading | null = null;

  constructor(options: HidScannerOptions) {
    this.id = options.id;
    this.#options = options;
    this.#status = new DeviceStatus(options.id);
    this.changed = this.#status.changed;
    const { id, address, clock, log } = options;
    this.#supervisor = new LineSupervisor({
      id,
      // A HID device has no speed; the supervisor only names it.
      line: { path: describeAddress(address), baudRate: 0 },
      clock,
      log,
      open: () => this.#open(),
      backOffMs: options.backOffMs ?? defaultBackOffMs,
      connect: () => this.#connect(),
      failed: (fault) => this.#status.failed(fault),
    });
  }

  start(): void {
    this.#status.set('opening', `looking for ${describeAddress(this.#options.address)}`);
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

  counters(): HidPosCounters {
    return this.#reading ? sum(this.#counted, this.#reading.counters()) : this.#counted;
  }

  async #open(): Promise<Line> {
    const { bus, address } = this.#options;
    this.#chosen = chooseReader(await bus.devices(), address);
    return asLine(await bus.open(this.#chosen.path));
  }

  #connect(): Connection {
    const { clock, log, profile: configured, id } = this.#options;
    const info = this.#chosen?.info ?? null;
    const profile = configured === 'auto' ? profileOf(info) : configured;
    const reading = new Reading(profile, clock, (bytes) =>
      this.scans.emit({ bytes, atMonoMs: clock.monoMs(), scanner: this.id }),
    );
    this.#reading = reading;
    const path = this.#chosen?.path ?? '';
    if (!info?.usagePage) {
      log.warn('hid-usage-unknown', {
        device: id,
        path,
        remedy: 'Check by hand that the reader is set to HID-POS and is no keyboard: the system does not say.',
      });
    }
    this.#status.reached(
      'unproven',
      `${path} is open, ${profile} reports; HID has no answer that would prove the reader`,
    );
    this.#supervisor.proven();
    return { data: (report) => reading.report(report), lost: () => this.#finishReading() };
  }

  #finishReading(): void {
    const reading = this.#reading;
    if (!reading) return;
    reading.end();
    this.#counted = sum(this.#counted, reading.counters());
    this.#reading = null;
  }
}

/** The reports of one connection and the silence that may end a code. */
class Reading {
  readonly #assembler: HidPosAssembler;
  readonly #clock: Clock;
  readonly #code: (bytes: Bytes) => void;
  readonly #marksEnd: boolean;
  #silence: TimerHandle | null = null;

  constructor(profile: HidProfile, clock: Clock, code: (bytes: Bytes) => void) {
    this.#assembler = new HidPosAssembler(profile);
    this.#marksEnd = layoutOf(profile).continuedAt !== null;
    this.#clock = clock;
    this.#code = code;
  }

  report(report: Bytes): void {
    this.#silence?.cancel();
    this.#deliver(this.#assembler.push(report, this.#clock.monoMs()));
    if (this.#marksEnd || !this.#assembler.waiting) return;
    this.#silence = this.#clock.timer('end of code', hidPosLimits.silenceMs, () =>
      this.#deliver(this.#assembler.flush()),
    );
  }

  end(): void {
    this.#silence?.cancel();
    this.#assembler.abandon();
  }

  counters(): HidPosCounters {
    return this.#assembler.counters();
  }

  #deliver(code: Bytes | null): void {
    if (code) this.#code(code);
  }
}

/** A report is one chunk of a line that keeps their bounds. */
function asLine(device: HidDevice): Line {
  return {
    path: device.path,
    listen: (listener) =>
      device.listen({ report: (bytes) => listener.data(bytes), lost: (fault) => listener.lost(fault) }),
    write: (bytes) => device.write(bytes),
    drain: async () => {},
    close: () => device.close(),
  };
}

function sum(a: HidPosCounters, b: HidPosCounters): HidPosCounters {
  return {
    frames: a.frames + b.frames,
    oversize: a.oversize + b.oversize,
    discardedBytes: a.discardedBytes + b.discardedBytes,
    droppedReports: a.droppedReports + b.droppedReports,
  };
}

// A reader that speaks HID-POS, with real reports of 64 bytes in the layout of its vendor. Where the reports go is its
// plug's business: to a HID bus inside this process, or to whatever plays the kernel.
import { encodeReports, type HidProfile, hidPosLimits, layoutOf } from '../../devices/scanner/protocol/hid-pos.ts';
import { type Bytes, utf8 } from '../../runtime/core/bytes.ts';
import { type Clock, sleep } from '../../runtime/core/clock.ts';
import { FaultList } from '../line/faults.ts';
import type { HidFault } from './hid-faults.ts';

export interface HidPlug {
  report(report: Bytes): void;
  unplug(): void;
}

export interface SimulatedHidScannerOptions {
  readonly profile: HidProfile;
  readonly plug: HidPlug;
  readonly clock: Clock;
  /** Symbology identifier, in the layouts that have one. Default `]Q1`. */
  readonly aim?: string;
  readonly faults?: FaultList<HidFault>;
}

export class SimulatedHidScanner {
  readonly faults: FaultList<HidFault>;
  readonly #options: SimulatedHidScannerOptions;

  constructor(options: SimulatedHidScannerOptions) {
    this.#options = options;
    this.faults = options.faults ?? new FaultList<HidFault>();
  }

  /** Holds a code before the window. Resolves when the reader has handed over its last report. */
  async show(code: string | Bytes): Promise<void> {
    if (this.faults.fire('hang')) return;
    const bytes = typeof code === 'string' ? utf8(code) : code;
    this.#send(bytes);
    const double = this.faults.fire('double-read');
    if (!double) return;
    await sleep(this.#options.clock, 'reader repeats', double.gapMs);
    this.#send(bytes);
  }

  #send(code: Bytes): void {
    const { profile, plug, aim } = this.#options;
    const reports = [...this.#strays(), ...encodeReports(profile, code, aim)];
    if (this.faults.fire('lose-last')) reports.pop();
    const cut = this.faults.fire('unplug');
    for (const report of cut ? reports.slice(0, cut.afterReports) : reports) plug.report(report);
    if (cut) plug.unplug();
  }

  /** What does not belong to the layout, before the code. */
  #strays(): Bytes[] {
    const { reportId } = layoutOf(this.#options.profile);
    const strays: Bytes[] = [];
    const wrongId = this.faults.fire('wrong-id');
    if (wrongId) strays.push(reportOf(wrongId.reportId, 3, hidPosLimits.reportBytes));
    const wrongLength = this.faults.fire('wrong-length');
    if (wrongLength) strays.push(reportOf(reportId, wrongLength.length, hidPosLimits.reportBytes));
    const wrongSize = this.faults.fire('wrong-size');
    if (wrongSize) strays.push(reportOf(reportId, 3, wrongSize.bytes));
    return strays;
  }
}

function reportOf(id: number, length: number, size: number): Bytes {
  const report = new Uint8Array(size).fill(0x58);
  report.set([id, length].slice(0, size));
  return report;
}

// HID-POS input reports of 64 bytes, in the layouts that vendors give them, both ways: driver and simulator share them,
// and byte tables in the tests pin them. Pure.
// Source: USB HID point of sale usage tables (page 8C, usage 02); layouts from the vendors' manuals and public drivers,
// see devices/scanner/README.md.
import { assert } from '../../../runtime/core/assert.ts';
import type { Bytes } from '../../../runtime/core/bytes.ts';

export const hidProfiles = ['standard', 'newland', 'microscan'] as const;
export type HidProfile = (typeof hidProfiles)[number];

interface Layout {
  readonly reportId: number;
  /** Three characters of the symbology identifier, in front of the data. */
  readonly aimAt: number | null;
  readonly dataAt: number;
  readonly dataBytes: number;
  /**
   * Where bit 0 says that the code goes on. Null where the vendor does not tell: there a full report goes on, and
   * silence ends a code that fills its last report.
   */
  readonly continuedAt: number | null;
}

const layouts = {
  standard: { reportId: 2, aimAt: 2, dataAt: 5, dataBytes: 56, continuedAt: 63 },
  newland: { reportId: 2, aimAt: null, dataAt: 2, dataBytes: 56, continuedAt: null },
  microscan: { reportId: 1, aimAt: null, dataAt: 2, dataBytes: 62, continuedAt: null },
} as const satisfies Record<HidProfile, Layout>;

export const hidPosLimits = {
  reportBytes: 64,
  /** Largest code; a longer one is discarded up to its end. */
  codeBytes: 4_096,
  /** Reports of one code follow each other within milliseconds; what waited longer must not spoil the next code. */
  staleAfterMs: 1_000,
  /** Silence that ends a code whose vendor does not mark its last report. */
  silenceMs: 50,
} as const;

export const layoutOf = (profile: HidProfile): Layout => layouts[profile];

/** The reports of one code. `aim` repeats in each where the layout has it. */
export function encodeReports(profile: HidProfile, code: Bytes, aim = ']Q1'): readonly Bytes[] {
  const layout: Layout = layouts[profile];
  assert(code.length > 0, 'a reader reports no empty code');
  const reports: Bytes[] = [];
  for (let start = 0; start < code.length; start += layout.dataBytes) {
    const part = code.subarray(start, start + layout.dataBytes);
    const report = new Uint8Array(hidPosLimits.reportBytes);
    report[0] = layout.reportId;
    report[1] = part.length;
    if (layout.aimAt !== null) report.set(Buffer.from(aim, 'latin1').subarray(0, 3), layout.aimAt);
    report.set(part, layout.dataAt);
    if (layout.continuedAt !== null && start + part.length < code.length) report[layout.continuedAt] = 1;
    reports.push(report);
  }
  return reports;
}

export interface HidPosCounters {
  readonly frames: number;
  readonly oversize: number;
  readonly discardedBytes: number;
  /** Reports of another id, size or length than the profile's. */
  readonly droppedReports: number;
}

/** Joins reports into codes. */
export class HidPosAssembler {
  readonly #layout: Layout;
  readonly #buffer = new Uint8Array(hidPosLimits.codeBytes);
  #length = 0;
  #discarding = false;
  #lastReportMs = 0;
  #frames = 0;
  #oversize = 0;
  #discardedBytes = 0;
  #droppedReports = 0;

  constructor(profile: HidProfile) {
    this.#layout = layouts[profile];
  }

  /** The code that this report completes, 1..4096 bytes. `atMs` is monotonic. */
  push(report: Bytes, atMs: number): Bytes | null {
    if (!this.#fits(report)) {
      this.#droppedReports++;
      return null;
    }
    this.#dropStale(atMs);
    const { dataAt } = this.#layout;
    const length = report[1] ?? 0;
    this.#take(report.subarray(dataAt, dataAt + length));
    return this.#continues(report) ? null : this.#finish();
  }

  /** Ends the code that waits, for a vendor that does not mark the last report. */
  flush(): Bytes | null {
    return this.#finish();
  }

  /** A code has begun and its end is not known yet. */
  get waiting(): boolean {
    return this.#length > 0 || this.#discarding;
  }

  counters(): HidPosCounters {
    return {
      frames: this.#frames,
      oversize: this.#oversize,
      discardedBytes: this.#discardedBytes,
      droppedReports: this.#droppedReports,
    };
  }

  /** What waits will never be completed. */
  abandon(): void {
    this.#discardedBytes += this.#length;
    this.#length = 0;
    this.#discarding = false;
  }

  #fits(report: Bytes): boolean {
    const { reportId, dataBytes } = this.#layout;
    const [id, length = 0] = report;
    return report.length === hidPosLimits.reportBytes && id === reportId && length <= dataBytes;
  }

  #continues(report: Bytes): boolean {
    const { continuedAt, dataBytes } = this.#layout;
    if (continuedAt === null) return report[1] === dataBytes;
    return ((report[continuedAt] ?? 0) & 1) === 1;
  }

  #dropStale(atMs: number): void {
    if (atMs - this.#lastReportMs > hidPosLimits.staleAfterMs) this.abandon();
    this.#lastReportMs = atMs;
  }

  #take(part: Bytes): void {
    if (!this.#discarding && this.#length + part.length <= this.#buffer.length) {
      this.#buffer.set(part, this.#length);
      this.#length += part.length;
      return;
    }
    if (!this.#discarding) this.#oversize++;
    this.#discarding = true;
    this.#discardedBytes += this.#length + part.length;
    this.#length = 0;
  }

  #finish(): Bytes | null {
    const code = this.#buffer.slice(0, this.#length);
    this.#length = 0;
    this.#discarding = false;
    if (code.length === 0) return null;
    this.#frames++;
    return code;
  }
}

// What a scanner is: it hands on the exact bytes of every code it reads, with the time it read them.
import type { MonoMs } from '../../runtime/core/brand.ts';
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Signal } from '../../runtime/core/event.ts';
import type { Device } from './device.ts';

export interface Scan {
  /** Content of one code without the reader's prefix and suffix; 1..4096 bytes, never trimmed further. */
  readonly bytes: Bytes;
  /** When the end of the frame was read. */
  readonly atMonoMs: MonoMs;
  readonly scanner: string;
}

/** Counts of what was dropped; none of them reaches the machine. */
export interface ScannerCounters {
  readonly frames: number;
  readonly oversize: number;
  readonly discardedBytes: number;
}

export interface Scanner extends Device {
  readonly scans: Signal<Scan>;
  counters(): ScannerCounters;
}

// What the contract tests of devices share: a folder and lines of their own, a clock, a log that can be read, and an end
// that leaves nothing behind.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../../runtime/core/clock.ts';
import type { Signal } from '../../runtime/core/event.ts';
import type { LogFields, Logger } from '../../runtime/core/log.ts';
import type { DeviceEnd } from '../../simulators/line/device-end.ts';
import { createLine, type LineKind } from '../../simulators/line/line.ts';

export interface LogEntry extends LogFields {
  readonly event: string;
}

export class Rig {
  readonly clock = new SystemClock();
  readonly folder = mkdtempSync(join(tmpdir(), 'stile-device-'));
  readonly logged: LogEntry[] = [];
  readonly log = recorder(this.logged);
  readonly kind: LineKind;
  readonly #endings: (() => Promise<unknown>)[] = [];
  #lines = 0;

  constructor(kind: LineKind) {
    this.kind = kind;
  }

  async line(baudRate?: number): Promise<DeviceEnd> {
    const name = `tty${this.#lines++}`;
    const { clock, folder, kind } = this;
    const line = await createLine({ kind, folder, name, clock, ...(baudRate && { baudRate }) });
    this.ending(() => line.close());
    return line;
  }

  /** Runs when the test is over, last given first. */
  ending(step: () => Promise<unknown>): void {
    this.#endings.unshift(step);
  }

  async end(): Promise<void> {
    for (const step of this.#endings) await step();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Everything a signal says from now on. */
export function record<T>(signal: Signal<T>): readonly T[] {
  const values: T[] = [];
  signal.on((value) => values.push(value));
  return values;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for a condition; the test's own time limit is the only one. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(2);
}

function recorder(entries: LogEntry[]): Logger {
  const write = (event: string, fields: LogFields = {}): void => {
    entries.push({ event, ...fields });
  };
  const log: Logger = { debug: write, info: write, warn: write, error: write, with: () => log };
  return log;
}

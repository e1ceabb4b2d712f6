// Makes a simulated line: a pseudo terminal where the system has them, else a socket. Whatever opens the path uses the
// real serial stack.
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../runtime/core/clock.ts';
import { type Entropy, SeededEntropy } from '../../runtime/core/entropy.ts';
import { StileError } from '../../runtime/core/errors.ts';
import { DeviceEnd } from './device-end.ts';
import { PtyWire } from './pty-wire.ts';
import { SocketWire } from './socket-wire.ts';

export type LineKind = 'pty' | 'socket';

export interface CreateLineOptions {
  /** `auto`: a pseudo terminal if one can be made, else a socket. */
  readonly kind: LineKind | 'auto';
  /** The run's own state folder; a pseudo terminal's link is put there. */
  readonly folder: string;
  /** Name of the link, e.g. `ttySCANNER`. */
  readonly name: string;
  readonly clock: Clock;
  /** Paces what the device sends, 8N1. Without it bytes pass at memory speed. */
  readonly baudRate?: number;
  /** Chance of the faults. Default: seeded with the name. */
  readonly entropy?: Entropy;
}

/** A plugged-in line. @throws StileError LINE_UNAVAILABLE. */
export async function createLine(options: CreateLineOptions): Promise<DeviceEnd> {
  if (options.kind !== 'auto') return plug(options, options.kind);
  if (!ptyPossible()) return plug(options, 'socket');
  try {
    return await plug(options, 'pty');
  } catch (error) {
    if (error instanceof StileError && error.code === 'LINE_UNAVAILABLE') return plug(options, 'socket');
    throw error;
  }
}

/** Whether this system has pseudo terminals at all. */
export function ptyPossible(): boolean {
  if (process.platform !== 'linux' || !existsSync('/dev/pts')) return false;
  try {
    accessSync('/dev/ptmx', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function plug(options: CreateLineOptions, kind: LineKind): Promise<DeviceEnd> {
  const { clock, folder, name, baudRate, entropy } = options;
  const wire = kind === 'pty' ? new PtyWire(join(folder, name), clock) : new SocketWire();
  const line = new DeviceEnd({
    wire,
    clock,
    entropy: entropy ?? new SeededEntropy(`line ${name}`),
    baudRate: baudRate ?? null,
  });
  await line.replug();
  return line;
}

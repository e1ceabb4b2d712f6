// Eight mebibytes that are written so that they can be given up: when the disk is full, removing them
// lets the rows through that must not be lost, and the alarm that says so.
import { closeSync, fsyncSync, openSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { syncFolder } from './folder.ts';
import { sizeOf } from './journal-file.ts';

export const ballastBytes = 8 * 1_048_576;
/** Rebuilt only where as much again stays free: it must not take the room that rows need now. */
export const ballastRoomBytes = 2 * ballastBytes;
const pieceBytes = 1_048_576;

export class Ballast {
  readonly #folder: string;
  readonly #file: string;
  #whole: boolean;

  constructor(directory: string) {
    this.#folder = directory;
    this.#file = join(directory, 'ballast');
    this.#whole = sizeOf(this.#file) === ballastBytes;
  }

  get whole(): boolean {
    return this.#whole;
  }

  /** The disk has less room than a single piece of it. */
  get starved(): boolean {
    return this.#freeBytes() < pieceBytes;
  }

  /** Writes it where it is missing and there is room. False when not: then nothing of it is left. */
  rebuild(): boolean {
    if (this.#whole) return true;
    try {
      if (this.#freeBytes() < ballastRoomBytes) return false;
      this.#write();
      this.#whole = true;
    } catch {
      this.release();
    }
    return this.#whole;
  }

  /** True when there was something to give up. */
  release(): boolean {
    this.#whole = false;
    try {
      unlinkSync(this.#file);
      syncFolder(this.#folder);
      return true;
    } catch {
      return false;
    }
  }

  #write(): void {
    const file = openSync(this.#file, 'w', 0o600);
    try {
      const piece = Buffer.alloc(pieceBytes, 0x55);
      for (let at = 0; at < ballastBytes; at += pieceBytes) {
        const written = writeSync(file, piece, 0, pieceBytes, at);
        if (written !== pieceBytes) throw new RangeError(`only ${written} of ${pieceBytes} bytes were written`);
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  #freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#folder);
    return bavail * bsize;
  }
}

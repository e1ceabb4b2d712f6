// Eight mebibytes that are written so that they can be given up: when the disk is full, removing them
// lets the rows through that must not be lost, and the alarm that says so.
import { closeSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sizeOf } from './journal-file.ts';

export const ballastBytes = 8 * 1_048_576;
const pieceBytes = 1_048_576;

export class Ballast {
  readonly #file: string;

  constructor(directory: string) {
    this.#file = join(directory, 'ballast');
  }

  get whole(): boolean {
    return sizeOf(this.#file) === ballastBytes;
  }

  /** Writes it where it is missing. False when the disk has no room: then what was written is removed again. */
  rebuild(): boolean {
    if (this.whole) return true;
    try {
      const file = openSync(this.#file, 'w', 0o600);
      try {
        const piece = Buffer.alloc(pieceBytes, 0x55);
        for (let at = 0; at < ballastBytes; at += pieceBytes) writeSync(file, piece, 0, pieceBytes, at);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      return true;
    } catch {
      this.release();
      return false;
    }
  }

  /** True when there was something to give up. */
  release(): boolean {
    try {
      unlinkSync(this.#file);
      const folder = openSync(dirname(this.#file), 'r');
      fsyncSync(folder);
      closeSync(folder);
      return true;
    } catch {
      return false;
    }
  }
}

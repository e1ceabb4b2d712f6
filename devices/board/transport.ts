// Our supervised line, dressed as the serial port firmata-io expects. Its parser is guarded here: it throws on some
// noise and keeps an unfinished message without bound.
import { EventEmitter } from 'node:events';
import type { Firmata, Transport } from 'firmata-io';
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { Line } from '../serial/line.ts';

/** Longest message of a board with 128 pins is its capability reply, below this. */
const maxMessageBytes = 4_096;

export class LineTransport extends EventEmitter implements Transport {
  readonly #line: Line;
  readonly #refused: () => void;
  #open = true;
  /** Messages that firmata-io could not digest. */
  malformed = 0;

  /** `refused` is called when the line does not take bytes any more. */
  constructor(line: Line, refused: () => void) {
    super();
    this.#line = line;
    this.#refused = refused;
  }

  write(bytes: Buffer, done: () => void): void {
    const taken = this.#open && this.#line.write(bytes);
    done();
    if (this.#open && !taken) this.#refused();
  }

  receive(bytes: Bytes, io: Firmata): void {
    try {
      this.emit('data', bytes);
    } catch {
      this.#discard(io);
    }
    if (io.buffer.length > maxMessageBytes) this.#discard(io);
  }

  /** Nothing is written or heard from now on, whatever still holds this object. */
  shut(): void {
    this.#open = false;
    this.removeAllListeners();
  }

  #discard(io: Firmata): void {
    this.malformed++;
    io.buffer.length = 0;
  }
}

// Cuts a Tx1500 line into messages: bounded, and back in step after noise by trying every later byte as a start.
import { type Bytes, concat } from '../../../../runtime/core/bytes.ts';
import { checkByte, commandBytesOf, type DigiconMessage, headBytes, messageOfCommand } from './messages.ts';

/** Silence inside a frame after which its beginning was noise: many times the 87 us of a byte. */
export const frameGapMs = 50;

export class DigiconDecoder {
  #waiting: Bytes = new Uint8Array(0);
  #skipped = 0;
  #unknown = 0;

  push(bytes: Bytes): readonly DigiconMessage[] {
    this.#waiting = concat(this.#waiting, bytes);
    return this.#read(false);
  }

  /** After {@link frameGapMs} of silence: what waits is no frame, but one may be inside. */
  flush(): readonly DigiconMessage[] {
    return this.#read(true);
  }

  /** Bytes of an unfinished frame. */
  get waitingBytes(): number {
    return this.#waiting.length;
  }

  /** Bytes that belonged to no frame. */
  get skippedBytes(): number {
    return this.#skipped;
  }

  /** Sound frames whose command is not documented. */
  get unknownCommands(): number {
    return this.#unknown;
  }

  #read(ended: boolean): readonly DigiconMessage[] {
    const messages: DigiconMessage[] = [];
    let at = 0;
    while (at < this.#waiting.length) {
      const found = frameAt(this.#waiting.subarray(at));
      if (found === 'unfinished' && !ended) break;
      if (found === 'unfinished' || found === 'none') {
        this.#skipped++;
        at++;
        continue;
      }
      at += headBytes + found.length + 1;
      const message = messageOfCommand(found);
      if (message) messages.push(message);
      else this.#unknown++;
    }
    this.#waiting = this.#waiting.slice(at);
    return messages;
  }
}

/** The command of the frame that begins here. */
function frameAt(bytes: Bytes): Bytes | 'none' | 'unfinished' {
  if (bytes.length < headBytes) return bytes[0] === 0x02 ? 'unfinished' : 'none';
  const count = commandBytesOf(bytes);
  if (count === null) return 'none';
  const end = headBytes + count;
  if (bytes.length <= end) return 'unfinished';
  return checkByte(bytes.subarray(0, end)) === bytes[end] ? bytes.subarray(headBytes, end) : 'none';
}

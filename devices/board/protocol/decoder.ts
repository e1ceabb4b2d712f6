// Reads Firmata messages from a stream of bytes. The protocol has no checksum: what is not a message is skipped
// byte by byte and counted, and a status byte always starts anew.
import type { Bytes } from '../../../runtime/core/bytes.ts';
import { endSysex, type FirmataMessage, startSysex } from './messages.ts';

/** Bound on one sysex message: a command and its data. StandardFirmata itself keeps 64 bytes. */
export const maxSysexBytes = 1_024;

/** Whose bytes are read: `F9` alone is a host's question, with two bytes it is a device's answer. */
export type Sender = 'host' | 'device';

export class FirmataDecoder {
  readonly #sender: Sender;
  readonly #pending: number[] = [];
  #skipped = 0;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  push(bytes: Bytes): readonly FirmataMessage[] {
    const messages: FirmataMessage[] = [];
    for (const byte of bytes) {
      const message = this.#byte(byte);
      if (message) messages.push(message);
    }
    return messages;
  }

  /** Bytes that belonged to no message. */
  get skippedBytes(): number {
    return this.#skipped;
  }

  #byte(byte: number): FirmataMessage | null {
    const endsSysex = byte === endSysex && this.#pending[0] === startSysex;
    if (byte >= 0x80 && !endsSysex) this.#skip();
    this.#pending.push(byte);
    const message = this.#complete();
    if (message) this.#pending.length = 0;
    else if (this.#hopeless()) this.#skip();
    return message;
  }

  #skip(): void {
    this.#skipped += this.#pending.length;
    this.#pending.length = 0;
  }

  #hopeless(): boolean {
    const [status = 0] = this.#pending;
    if (status === startSysex) return this.#pending.length > maxSysexBytes + 1;
    return status < 0x80 || this.#pending.length >= 3;
  }

  #complete(): FirmataMessage | null {
    const [status = 0, first = 0, second = 0] = this.#pending;
    const length = this.#pending.length;
    if (status === startSysex) return length > 2 && this.#pending[length - 1] === endSysex ? this.#sysex() : null;
    if (status === 0xff) return { kind: 'reset' };
    if (status === 0xf9 && this.#sender === 'host') return { kind: 'versionQuery' };
    const low = status & 0x0f;
    if (length === 2 && status >> 4 === 0xc) return { kind: 'reportAnalog', channel: low, on: first !== 0 };
    if (length === 2 && status >> 4 === 0xd) return { kind: 'reportDigital', port: low, on: first !== 0 };
    return length === 3 ? threeBytes(status, first, second) : null;
  }

  #sysex(): FirmataMessage {
    return { kind: 'sysex', command: this.#pending[1] ?? 0, data: Uint8Array.from(this.#pending.slice(2, -1)) };
  }
}

function threeBytes(status: number, first: number, second: number): FirmataMessage | null {
  const value = first | (second << 7);
  if (status >> 4 === 0x9) return { kind: 'digital', port: status & 0x0f, levels: value };
  if (status >> 4 === 0xe) return { kind: 'analog', pin: status & 0x0f, value };
  if (status === 0xf4) return { kind: 'pinMode', pin: first, mode: second };
  if (status === 0xf5) return { kind: 'pinValue', pin: first, on: second !== 0 };
  if (status === 0xf9) return { kind: 'version', major: first, minor: second };
  return null;
}

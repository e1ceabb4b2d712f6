// The frames of a Kerong CU16 lock board, both ways: driver and simulator share them, and a byte table in the tests
// pins them. A frame is `02 ADDR CMD … 03 SUM`, SUM the low byte of the sum of all before it.
// Source: the CU16 protocol sheet and public drivers; what is unverified stands in devices/cabinet/README.md.
import { assert } from '../../../runtime/core/assert.ts';
import { type Bytes, concat } from '../../../runtime/core/bytes.ts';

export const cu16 = {
  /** Locks of one board. */
  locks: 16,
  /** Board numbers 0..15, in the high nibble of ADDR. */
  boards: 16,
  baudRate: 19_200,
} as const;

export type LockRequest =
  | { readonly kind: 'status'; readonly board: number }
  /** `lock` 1..16. */
  | { readonly kind: 'unlock'; readonly board: number; readonly lock: number };

/** Bit 0 of each word is lock 1. */
export interface LockStatus {
  readonly board: number;
  /** 1 = locked. */
  readonly locked: number;
  /** The sixteen inputs; 1 = active. */
  readonly inputs: number;
}

const start = 0x02;
const end = 0x03;
const command = { status: 0x30, unlock: 0x31, statusReply: 0x35 } as const;
const requestBytes = 5;
const statusBytes = 9;

export function encodeRequest(request: LockRequest): Bytes {
  assert(inRange(request.board, 0, cu16.boards - 1), 'a board number is 0 to 15');
  const { board } = request;
  if (request.kind === 'status') return summed(start, board << 4, command.status, end);
  assert(inRange(request.lock, 1, cu16.locks), 'a lock number is 1 to 16');
  return summed(start, (board << 4) | (request.lock - 1), command.unlock, end);
}

export function encodeStatus({ board, locked, inputs }: LockStatus): Bytes {
  const words = [locked & 0xff, (locked >> 8) & 0xff, inputs & 0xff, (inputs >> 8) & 0xff];
  return summed(start, board << 4, command.statusReply, ...words, end);
}

/** What a board says. */
export const statusDecoder = (): FrameDecoder<LockStatus> => new FrameDecoder(statusBytes, parseStatus);

/** What a host says. */
export const requestDecoder = (): FrameDecoder<LockRequest> => new FrameDecoder(requestBytes, parseRequest);

/** Finds frames of one length in a stream. Holds less than one frame; what fits no frame is skipped and counted. */
export class FrameDecoder<T> {
  readonly #length: number;
  readonly #parse: (frame: Bytes) => T | null;
  #waiting: Bytes = new Uint8Array(0);
  #skippedBytes = 0;

  constructor(length: number, parse: (frame: Bytes) => T | null) {
    this.#length = length;
    this.#parse = parse;
  }

  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  push(chunk: Bytes): readonly T[] {
    const bytes = concat(this.#waiting, chunk);
    const found: T[] = [];
    let at = 0;
    while (bytes.length - at >= this.#length) {
      const message = this.#parse(bytes.subarray(at, at + this.#length));
      if (message !== null) found.push(message);
      else this.#skippedBytes++;
      at += message === null ? 1 : this.#length;
    }
    this.#waiting = bytes.slice(at);
    return found;
  }

  /** Forgets what waits for its end; returns how many bytes that were. */
  flush(): number {
    const { length } = this.#waiting;
    this.#waiting = new Uint8Array(0);
    return length;
  }
}

function parseStatus(frame: Bytes): LockStatus | null {
  const [, address = 0, kind, lockedLow = 0, lockedHigh = 0, inputsLow = 0, inputsHigh = 0] = frame;
  if (!isFrame(frame) || kind !== command.statusReply || (address & 0x0f) !== 0) return null;
  return {
    board: address >> 4,
    locked: lockedLow | (lockedHigh << 8),
    inputs: inputsLow | (inputsHigh << 8),
  };
}

function parseRequest(frame: Bytes): LockRequest | null {
  const [, address = 0, kind] = frame;
  if (!isFrame(frame)) return null;
  const board = address >> 4;
  if (kind === command.unlock) return { kind: 'unlock', board, lock: (address & 0x0f) + 1 };
  return kind === command.status && (address & 0x0f) === 0 ? { kind: 'status', board } : null;
}

function isFrame(frame: Bytes): boolean {
  return frame[0] === start && frame.at(-2) === end && frame.at(-1) === sum(frame.subarray(0, -1));
}

function summed(...bytes: readonly number[]): Bytes {
  return Uint8Array.from([...bytes, sum(bytes)]);
}

function sum(bytes: Iterable<number>): number {
  let total = 0;
  for (const byte of bytes) total = (total + byte) & 0xff;
  return total;
}

const inRange = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

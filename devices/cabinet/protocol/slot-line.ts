// Stile's own line protocol for what a lock board cannot say: the tag and the charge in each slot. No public protocol of
// an audio-guide cabinet is known, so this one is the least that serves: one request, one answer, both ASCII.
//
//   request  `? Q SS N * CCCC CR`          e.g. `?T073*894A` CR
//   answer   `= Q SS N VALUE * CCCC CR`    e.g. `=T073AG-0042*B2D3` CR
//
// Q is T (tags) or C (charge), SS the slot 01..99, N a hexadecimal digit that the answer repeats, so that a late answer is
// never taken for the one awaited; CCCC is CRC-16/XMODEM over all before `*`, upper case. VALUE is empty where nothing
// is read, `!` where the reader cannot read this slot, up to four tags joined by `+`, or a charge of 0..100.
import { assert } from '../../../runtime/core/assert.ts';
import { type Bytes, utf8 } from '../../../runtime/core/bytes.ts';

export type Quantity = 'tags' | 'charge';

export interface ReadingRequest {
  readonly quantity: Quantity;
  /** 1..99. */
  readonly slot: number;
  /** 0..15. */
  readonly number: number;
}

export type Reading =
  | { readonly kind: 'tags'; readonly tags: readonly string[] }
  | { readonly kind: 'charge'; readonly percent: number | null }
  /** The reader cannot read this slot. */
  | { readonly kind: 'failed' };

export interface ReadingAnswer extends ReadingRequest {
  readonly reading: Reading;
}

export const slotLineLimits = {
  slots: 99,
  numbers: 16,
  tagCharacters: 24,
  tagsPerSlot: 4,
  /** Longer than the longest answer; what is longer is discarded up to its end. */
  frameBytes: 128,
} as const;

const letters = { tags: 'T', charge: 'C' } as const satisfies Record<Quantity, string>;
const tagPattern = /^[0-9A-Z.-]{1,24}$/;
const carriageReturn = 0x0d;

export const isTag = (text: string): boolean => tagPattern.test(text);

export function encodeReadingRequest(request: ReadingRequest): Bytes {
  return sealed(`?${head(request)}`);
}

export function encodeReadingAnswer(answer: ReadingAnswer): Bytes {
  return sealed(`=${head(answer)}${readingText(answer.reading)}`);
}

export const readingRequestDecoder = (): LineDecoder<ReadingRequest> => new LineDecoder(parseRequest);
export const readingAnswerDecoder = (): LineDecoder<ReadingAnswer> => new LineDecoder(parseAnswer);

/** Cuts a stream at CR and parses each piece; a piece that means nothing is counted, never kept. */
export class LineDecoder<T> {
  readonly #parse: (text: string) => T | null;
  readonly #buffer = new Uint8Array(slotLineLimits.frameBytes);
  #length = 0;
  #malformed = 0;

  constructor(parse: (text: string) => T | null) {
    this.#parse = parse;
  }

  get malformed(): number {
    return this.#malformed;
  }

  push(chunk: Bytes): readonly T[] {
    const found: T[] = [];
    for (const byte of chunk) {
      if (byte !== carriageReturn) {
        // One more than fits marks the piece as too long without keeping it.
        if (this.#length < this.#buffer.length) this.#buffer[this.#length] = byte;
        this.#length = Math.min(this.#length + 1, this.#buffer.length + 1);
        continue;
      }
      const parsed = this.#length <= this.#buffer.length ? this.#parsed() : null;
      if (parsed === null) this.#malformed++;
      else found.push(parsed);
      this.#length = 0;
    }
    return found;
  }

  flush(): void {
    this.#length = 0;
  }

  #parsed(): T | null {
    const content = unsealed(Buffer.from(this.#buffer.subarray(0, this.#length)).toString('latin1'));
    return content === null ? null : this.#parse(content);
  }
}

function parseRequest(text: string): ReadingRequest | null {
  return text.length === 5 && text[0] === '?' ? parseHead(text) : null;
}

function parseAnswer(text: string): ReadingAnswer | null {
  const request = text[0] === '=' ? parseHead(text) : null;
  const reading = request && parseValue(request.quantity, text.slice(5));
  return request && reading ? { ...request, reading } : null;
}

function parseHead(text: string): ReadingRequest | null {
  const match = /^.([TC])(\d\d)([0-9A-F])/.exec(text);
  const slot = Number(match?.[2]);
  if (!match || slot < 1) return null;
  return { quantity: match[1] === 'T' ? 'tags' : 'charge', slot, number: Number.parseInt(match[3] ?? '', 16) };
}

function parseValue(quantity: Quantity, value: string): Reading | null {
  if (value === '!') return { kind: 'failed' };
  if (quantity === 'charge') return parseCharge(value);
  const tags = value === '' ? [] : value.split('+', slotLineLimits.tagsPerSlot + 1);
  return tags.length <= slotLineLimits.tagsPerSlot && tags.every(isTag) ? { kind: 'tags', tags } : null;
}

function parseCharge(value: string): Reading | null {
  if (value === '') return { kind: 'charge', percent: null };
  return /^(0|[1-9]\d?|100)$/.test(value) ? { kind: 'charge', percent: Number(value) } : null;
}

function readingText(reading: Reading): string {
  if (reading.kind === 'failed') return '!';
  if (reading.kind === 'charge') return reading.percent === null ? '' : String(reading.percent);
  assert(reading.tags.length <= slotLineLimits.tagsPerSlot && reading.tags.every(isTag), 'tags fit the protocol');
  return reading.tags.join('+');
}

function head({ quantity, slot, number }: ReadingRequest): string {
  assert(Number.isInteger(slot) && slot >= 1 && slot <= slotLineLimits.slots, 'a slot is 1 to 99');
  assert(Number.isInteger(number) && number >= 0 && number < slotLineLimits.numbers, 'a number is 0 to 15');
  return `${letters[quantity]}${String(slot).padStart(2, '0')}${number.toString(16).toUpperCase()}`;
}

const sealed = (content: string): Bytes => utf8(`${content}*${checkOf(content)}\r`);

function unsealed(text: string): string | null {
  const content = text.slice(0, -5);
  return text.slice(-5) === `*${checkOf(content)}` ? content : null;
}

const checkOf = (content: string): string => crc16(content).toString(16).toUpperCase().padStart(4, '0');

/** CRC-16/XMODEM: polynomial 1021, initial value 0. */
function crc16(content: string): number {
  let crc = 0;
  for (let index = 0; index < content.length; index++) {
    crc ^= content.charCodeAt(index) << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}

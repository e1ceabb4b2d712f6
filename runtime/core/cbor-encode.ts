// The canonical encoder (RFC 8949 section 4.2.1). Every row, account memory and signed structure passes
// through it before a cue is given, so it writes straight into one buffer, without intermediate tokens.
import type { Bytes } from './bytes.ts';

export type CborKey = number | string;
/** What may be encoded: maps as `Map`, or as plain objects with text keys. */
export type CborInput =
  | number
  | string
  | boolean
  | null
  | Bytes
  | readonly CborInput[]
  | ReadonlyMap<CborKey, CborInput>
  | { readonly [key: string]: CborInput };

/** Thrown for a value that has no encoding here; names why. */
export class NotEncodable extends Error {
  override readonly name = 'NotEncodable';
}

/** Shortest heads, keys in bytewise order. The answer is a copy of its own. @throws NotEncodable. */
export function encodeCanonical(value: CborInput): Bytes {
  writer.length = 0;
  writer.item(value);
  const encoded = writer.bytes.slice(0, writer.length);
  writer.shrink();
  return encoded;
}

const startBytes = 4_096;
/** Above this the buffer of a large document is given back. */
const keptBytes = 65_536;
const uint32 = 0x1_0000_0000;

class Writer {
  bytes = new Uint8Array(startBytes);
  length = 0;

  item(value: CborInput): void {
    if (typeof value === 'number') return this.#number(value);
    if (typeof value === 'string') return this.#text(value);
    if (value instanceof Uint8Array) return this.#byteString(value);
    if (value === null) return this.#byte(0xf6);
    if (value === true) return this.#byte(0xf5);
    if (value === false) return this.#byte(0xf4);
    if (Array.isArray(value)) return this.#array(value as readonly CborInput[]);
    if (value instanceof Map) return this.#map([...(value as ReadonlyMap<CborKey, CborInput>)]);
    if (typeof value === 'object') return this.#map(Object.entries(value));
    throw new NotEncodable(`${typeof value} has no encoding`);
  }

  shrink(): void {
    if (this.bytes.length > keptBytes) this.bytes = new Uint8Array(startBytes);
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value)) throw new NotEncodable(`number ${value} is not a safe integer`);
    if (value >= 0) this.#head(0x00, value);
    else this.#head(0x20, -1 - value);
  }

  #text(value: string): void {
    if (value.startsWith('\ufeff') || !value.isWellFormed()) {
      // Decoders would take the mark away, and a lone surrogate is not UTF-8.
      throw new NotEncodable('text with a lone surrogate, or that begins with a byte order mark');
    }
    const length = Buffer.byteLength(value);
    this.#head(0x60, length);
    this.#room(length);
    if (length === value.length) {
      for (let at = 0; at < length; at++) this.bytes[this.length + at] = value.charCodeAt(at);
    } else encoder.encodeInto(value, this.bytes.subarray(this.length));
    this.length += length;
  }

  #byteString(value: Bytes): void {
    this.#head(0x40, value.length);
    this.#room(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  #array(items: readonly CborInput[]): void {
    this.#head(0x80, items.length);
    for (let at = 0; at < items.length; at++) this.item(items[at] as CborInput);
  }

  #map(entries: (readonly [CborKey, CborInput])[]): void {
    this.#head(0xa0, entries.length);
    for (const [key, value] of entries.sort(byEncodedKey)) {
      this.item(key);
      this.item(value);
    }
  }

  #head(major: number, argument: number): void {
    this.#room(9);
    if (argument < 24) this.bytes[this.length++] = major | argument;
    else if (argument < 0x100) {
      this.bytes[this.length++] = major | 24;
      this.bytes[this.length++] = argument;
    } else if (argument < 0x1_0000) {
      this.bytes[this.length++] = major | 25;
      this.#bigEndian(argument, 2);
    } else if (argument < uint32) {
      this.bytes[this.length++] = major | 26;
      this.#bigEndian(argument, 4);
    } else {
      this.bytes[this.length++] = major | 27;
      this.#bigEndian(Math.floor(argument / uint32), 4);
      this.#bigEndian(argument % uint32, 4);
    }
  }

  #bigEndian(value: number, width: number): void {
    for (let shift = (width - 1) * 8; shift >= 0; shift -= 8) this.bytes[this.length++] = (value >>> shift) & 0xff;
  }

  #byte(value: number): void {
    this.#room(1);
    this.bytes[this.length++] = value;
  }

  #room(wanted: number): void {
    if (this.length + wanted <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + wanted));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

const encoder = new TextEncoder();
/** One for all: encoding is synchronous and calls nothing of anybody else. */
const writer = new Writer();

/** Integers come before text; each by the bytes of its encoding. */
function byEncodedKey([a]: readonly [CborKey, CborInput], [b]: readonly [CborKey, CborInput]): number {
  if (typeof a === 'number' && typeof b === 'number')
    return a >= 0 === b >= 0 ? Math.abs(a) - Math.abs(b) : a < 0 ? 1 : -1;
  if (typeof a === 'string' && typeof b === 'string') return byEncodedText(a, b);
  return typeof a === 'number' ? -1 : 1;
}

function byEncodedText(a: string, b: string): number {
  const [bytesA, bytesB] = [encoder.encode(a), encoder.encode(b)];
  return bytesA.length - bytesB.length || Buffer.compare(bytesA, bytesB);
}

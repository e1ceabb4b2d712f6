// Reads canonical CBOR into values, behind the pre-scan that has bounded it and found it canonical: it checks
// nothing by itself, and a value that does not encode to the same bytes again is refused after it. A general
// decoder, made for streams of tokens and every option, cost a decision more than its hashes.
import type { Bytes } from './bytes.ts';
import type { CborKey } from './cbor-encode.ts';

export type CborMap = ReadonlyMap<CborKey, CborValue>;
export type CborValue = number | string | boolean | null | Bytes | readonly CborValue[] | CborMap;

/** The one item in `bytes`, which the pre-scan has let through. Shares no memory with them. */
export const readCanonical = (bytes: Bytes): CborValue => new Reader(bytes).item();

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Names and short words, nearly all of them ASCII, are put together faster than a decoder is called. */
const shortTextBytes = 24;

class Reader {
  readonly #bytes: Bytes;
  #at = 0;

  constructor(bytes: Bytes) {
    // A Buffer's own slice would share the memory.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  item(): CborValue {
    const initial = this.#bytes[this.#at++] ?? 0;
    if (initial >= 0xe0) return initial === 0xf6 ? null : initial === 0xf5;
    const argument = this.#argument(initial & 31);
    switch (initial >> 5) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return this.#bytes.slice(this.#at, this.#skip(argument));
      case 3:
        return this.#text(this.#at, this.#skip(argument));
      case 4:
        return this.#array(argument);
      default:
        return this.#map(argument);
    }
  }

  #argument(info: number): number {
    if (info < 24) return info;
    let value = 0;
    for (let left = 1 << (info - 24); left > 0; left--) value = value * 256 + (this.#bytes[this.#at++] ?? 0);
    return value;
  }

  /** The offset behind `length` bytes, where reading goes on. */
  #skip(length: number): number {
    this.#at += length;
    return this.#at;
  }

  #text(start: number, end: number): string {
    if (end - start > shortTextBytes) return decoder.decode(this.#bytes.subarray(start, end));
    let text = '';
    for (let at = start; at < end; at++) {
      const byte = this.#bytes[at] ?? 0;
      if (byte >= 0x80) return decoder.decode(this.#bytes.subarray(start, end));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #array(length: number): readonly CborValue[] {
    const items: CborValue[] = [];
    for (let left = length; left > 0; left--) items.push(this.item());
    return items;
  }

  #map(length: number): CborMap {
    const map = new Map<CborKey, CborValue>();
    for (let left = length; left > 0; left--) {
      const key = this.item() as CborKey;
      map.set(key, this.item());
    }
    return map;
  }
}

// The pre-scan: walks encoded CBOR without allocating and says whether it is within bounds and in its
// one canonical form. Recursion is bounded by the profile's depth.

import type { Bytes } from './bytes.ts';
import type { CborProfile } from './cbor-profile.ts';

export interface ScanFault {
  readonly problem: string;
  readonly offset: number;
}

const maxSafeHigh = 0x1fffff;

/** `null` when `bytes` is exactly one item that fits the profile, else the first fault met. */
export function scanCbor(bytes: Bytes, profile: CborProfile): ScanFault | null {
  if (bytes.length > profile.maxBytes) {
    return { problem: `${bytes.length} bytes, at most ${profile.maxBytes} allowed`, offset: profile.maxBytes };
  }
  const scanner = new Scanner(bytes, profile);
  if (!scanner.item(1)) return { problem: scanner.problem, offset: scanner.offset };
  if (scanner.offset !== bytes.length) return { problem: 'trailing bytes', offset: scanner.offset };
  return null;
}

class Scanner {
  readonly bytes: Bytes;
  readonly profile: CborProfile;
  offset = 0;
  problem = '';
  #items = 0;
  #argument = 0;

  constructor(bytes: Bytes, profile: CborProfile) {
    this.bytes = bytes;
    this.profile = profile;
  }

  item(depth: number): boolean {
    if (depth > this.profile.maxDepth) return this.#fail(`deeper than ${this.profile.maxDepth} levels`);
    if (++this.#items > this.profile.maxItems) return this.#fail(`more than ${this.profile.maxItems} items`);
    const initial = this.bytes[this.offset];
    if (initial === undefined) return this.#fail('unexpected end');
    const major = initial >> 5;
    if (major === 7) return this.#simple(initial);
    if (!this.#head(initial & 31)) return false;
    switch (major) {
      case 0:
        return true;
      case 1:
        // The argument n stands for -1 - n, so the largest one allowed is 2^53 - 2.
        return this.#argument < Number.MAX_SAFE_INTEGER || this.#fail('integer beyond -(2^53 - 1)');
      case 2:
        return this.#skip(this.#argument);
      case 3:
        return this.#text(this.#argument);
      case 4:
        return this.#array(this.#argument, depth);
      case 5:
        return this.#map(this.#argument, depth);
      default:
        return this.#fail('tag');
    }
  }

  #simple(initial: number): boolean {
    const allowed = initial === 0xf4 || initial === 0xf5 || (initial === 0xf6 && this.profile.nullAllowed);
    if (!allowed) return this.#fail('float, undefined, null or simple value that is not allowed here');
    this.offset++;
    return true;
  }

  /** Reads the argument of the head at `offset` in its shortest form, at most 2^53 - 1. */
  #head(info: number): boolean {
    if (info < 24) {
      this.#argument = info;
      this.offset++;
      return true;
    }
    if (info > 27) return this.#fail('indefinite length or reserved head');
    const width = 1 << (info - 24);
    const start = this.offset + 1;
    if (start + width > this.bytes.length) return this.#fail('unexpected end');
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + (this.bytes[start + i] ?? 0);
    const shortest = width === 1 ? value >= 24 : value >= 2 ** (width * 4);
    if (!shortest) return this.#fail('head is not the shortest');
    if (width === 8 && this.#high(start) > maxSafeHigh) return this.#fail('integer beyond 2^53 - 1');
    this.#argument = value;
    this.offset = start + width;
    return true;
  }

  #high(start: number): number {
    let high = 0;
    for (let i = 0; i < 4; i++) high = high * 256 + (this.bytes[start + i] ?? 0);
    return high;
  }

  #skip(length: number): boolean {
    if (length > this.bytes.length - this.offset) return this.#fail('length beyond the end');
    this.offset += length;
    return true;
  }

  #text(length: number): boolean {
    const start = this.offset;
    if (!this.#skip(length)) return false;
    const marked =
      length >= 3 && this.bytes[start] === 0xef && this.bytes[start + 1] === 0xbb && this.bytes[start + 2] === 0xbf;
    if (!marked && isUtf8(this.bytes, start, this.offset)) return true;
    this.offset = start;
    return this.#fail(marked ? 'text begins with a byte order mark' : 'invalid UTF-8');
  }

  #array(length: number, depth: number): boolean {
    if (length > this.bytes.length - this.offset) return this.#fail('length beyond the end');
    for (let i = 0; i < length; i++) if (!this.item(depth + 1)) return false;
    return true;
  }

  #map(length: number, depth: number): boolean {
    if (length * 2 > this.bytes.length - this.offset) return this.#fail('length beyond the end');
    let previousStart = -1;
    let previousEnd = -1;
    for (let i = 0; i < length; i++) {
      const start = this.offset;
      if (!this.#key(depth)) return false;
      if (previousStart >= 0 && !this.#ascends(previousStart, previousEnd, start)) {
        this.offset = start;
        return this.#fail('map keys not in strictly ascending order');
      }
      previousStart = start;
      previousEnd = this.offset;
      if (!this.item(depth + 1)) return false;
    }
    return true;
  }

  #key(depth: number): boolean {
    const major = (this.bytes[this.offset] ?? 0xff) >> 5;
    const allowed = major <= 1 ? this.profile.integerKeys : major === 3 && this.profile.textKeys;
    return allowed ? this.item(depth + 1) : this.#fail('map key of a type that is not allowed here');
  }

  #ascends(previousStart: number, previousEnd: number, start: number): boolean {
    const shared = Math.min(previousEnd - previousStart, this.offset - start);
    for (let i = 0; i < shared; i++) {
      const difference = (this.bytes[start + i] ?? 0) - (this.bytes[previousStart + i] ?? 0);
      if (difference !== 0) return difference > 0;
    }
    return this.offset - start > previousEnd - previousStart;
  }

  #fail(problem: string): false {
    if (this.problem === '') this.problem = problem;
    return false;
  }
}

/** RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
function isUtf8(bytes: Bytes, start: number, end: number): boolean {
  for (let i = start; i < end; ) {
    const lead = bytes[i++] ?? 0;
    if (lead < 0x80) continue;
    const length =
      lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
    if (length === 0 || i + length > end) return false;
    const first = bytes[i] ?? 0;
    if (lead === 0xe0 && first < 0xa0) return false;
    if (lead === 0xed && first > 0x9f) return false;
    if (lead === 0xf0 && first < 0x90) return false;
    if (lead === 0xf4 && first > 0x8f) return false;
    for (let n = 0; n < length; n++) if (((bytes[i + n] ?? 0) & 0xc0) !== 0x80) return false;
    i += length;
  }
  return true;
}

// Cuts what a reader types into frames, one per code, and strips exactly what its profile says the reader adds.
// Pure: the same bytes give the same frames however the line split or merged them.
import { type Bytes, equal, utf8 } from '../../runtime/core/bytes.ts';

export type Ending = 'CR' | 'LF' | 'CRLF';

/** What the reader is configured to add to each code. */
export interface FramingProfile {
  readonly prefix: Bytes;
  /** Before the ending. */
  readonly suffix: Bytes;
  /** Any of the three ends a frame; another one than this is reported as drift. */
  readonly ending: Ending;
  /** ISO/IEC 15424 symbology identifier, `]` and two characters, in front of each code. */
  readonly aimIdentifier: boolean;
  /**
   * Codes of raw bytes that give their own length are read too: a first byte from 80, then the number of bytes
   * that follow it as u16, big-endian (JT/T 1179 field 2). Inside one, CR and LF are content.
   */
  readonly binaryCodes: boolean;
}

export const plainProfile: FramingProfile = {
  prefix: utf8(''),
  suffix: utf8(''),
  ending: 'CR',
  aimIdentifier: false,
  binaryCodes: false,
};

export const framingLimits = {
  /** Largest frame, with all the reader adds. A longer one is discarded up to its end. */
  frameBytes: 4_096,
  /** A binary code that claims more is text with a strange first letter. */
  binaryCodeBytes: 512,
  /** A code arrives without pauses; what waited longer for its end is noise and must not spoil the next code. */
  staleAfterMs: 1_000,
} as const;

/** Ways in which a frame differs from the profile: someone may have shown the reader a setup code. */
export const drifts = ['ending', 'prefix', 'suffix', 'aim', 'case'] as const;
export type Drift = (typeof drifts)[number];

export interface FramingCounters {
  readonly frames: number;
  readonly oversize: number;
  readonly discardedBytes: number;
}

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

export class Framing {
  readonly #profile: FramingProfile;
  readonly #buffer = new Uint8Array(framingLimits.frameBytes);
  readonly #drifted = new Set<Drift>();
  #length = 0;
  #discarding = false;
  #lastByteMs = 0;
  #seenEnding: Ending | null = null;
  #afterReturn = false;
  #frames = 0;
  #oversize = 0;
  #discardedBytes = 0;

  constructor(profile: FramingProfile) {
    this.#profile = profile;
  }

  /** The codes whose end lies in `chunk`, 1..4096 bytes each. `atMs` is monotonic. */
  push(chunk: Bytes, atMs: number): readonly Bytes[] {
    this.#dropStale(atMs);
    const codes: Bytes[] = [];
    let start = 0;
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index];
      if (byte !== carriageReturn && byte !== lineFeed) continue;
      if (this.#isInsideBinaryCode(chunk.subarray(start, index))) continue;
      this.#take(chunk.subarray(start, index));
      this.#noteEnding(byte);
      this.#finish(codes);
      start = index + 1;
    }
    this.#take(chunk.subarray(start));
    return codes;
  }

  /** Ends the frame that waits, for a reader that cannot send an ending. */
  flush(): readonly Bytes[] {
    const codes: Bytes[] = [];
    this.#finish(codes);
    return codes;
  }

  /** Bytes that wait for their end. */
  get waiting(): number {
    return this.#length;
  }

  get drifted(): ReadonlySet<Drift> {
    return this.#drifted;
  }

  counters(): FramingCounters {
    return { frames: this.#frames, oversize: this.#oversize, discardedBytes: this.#discardedBytes };
  }

  #dropStale(atMs: number): void {
    const stale = atMs - this.#lastByteMs > framingLimits.staleAfterMs;
    this.#lastByteMs = atMs;
    if (!stale) return;
    this.#discardedBytes += this.#length;
    this.#length = 0;
    this.#discarding = false;
  }

  #take(bytes: Bytes): void {
    if (bytes.length === 0) return;
    this.#checkEnding();
    this.#afterReturn = false;
    if (!this.#discarding && this.#length + bytes.length <= this.#buffer.length) {
      this.#buffer.set(bytes, this.#length);
      this.#length += bytes.length;
      return;
    }
    if (!this.#discarding) this.#oversize++;
    this.#discarding = true;
    this.#discardedBytes += this.#length + bytes.length;
    this.#length = 0;
  }

  /** Whether an ending behind what waits and `more` would still be content of a code that gives its length. */
  #isInsideBinaryCode(more: Bytes): boolean {
    const { binaryCodes, prefix, aimIdentifier } = this.#profile;
    if (!binaryCodes || this.#discarding) return false;
    const at = (index: number): number =>
      (index < this.#length ? this.#buffer[index] : more[index - this.#length]) ?? 0;
    const start = prefix.length + (aimIdentifier ? aimLength : 0);
    const have = this.#length + more.length - start;
    if (have < 1 || at(start) < binaryFirstByte || prefix.some((byte, index) => at(index) !== byte)) return false;
    const identifier = Uint8Array.from({ length: aimLength }, (_, index) => at(prefix.length + index));
    if (aimIdentifier && !isAimIdentifier(identifier)) return false;
    if (have < binaryHeadLength) return true;
    const length = binaryHeadLength + at(start + 1) * 256 + at(start + 2);
    return length <= framingLimits.binaryCodeBytes && have < length;
  }

  #finish(codes: Bytes[]): void {
    const frame = this.#buffer.slice(0, this.#length);
    this.#length = 0;
    this.#discarding = false;
    if (frame.length === 0) return;
    const code = this.#content(frame);
    if (code.length === 0) return;
    this.#frames++;
    codes.push(code);
  }

  #noteEnding(byte: number): void {
    const ended = this.#length > 0 || this.#discarding;
    if (byte === lineFeed && this.#afterReturn && !ended) this.#seenEnding = 'CRLF';
    else if (ended) this.#seenEnding = byte === lineFeed ? 'LF' : 'CR';
    this.#afterReturn = byte === carriageReturn;
  }

  /** Judged when the next frame begins: only then is it certain that no LF follows the CR. */
  #checkEnding(): void {
    if (this.#seenEnding !== null && this.#seenEnding !== this.#profile.ending) this.#drifted.add('ending');
    this.#seenEnding = null;
  }

  #content(frame: Bytes): Bytes {
    const { prefix, suffix, aimIdentifier } = this.#profile;
    let start = 0;
    let end = frame.length;
    if (startsWith(frame, prefix)) start += prefix.length;
    else this.#drifted.add('prefix');
    if (endsWith(frame.subarray(start), suffix)) end -= suffix.length;
    else this.#drifted.add('suffix');
    if (aimIdentifier) start += this.#symbologyLength(frame.subarray(start, end));
    const code = frame.slice(start, end);
    if (allLowerCase(code)) this.#drifted.add('case');
    return code;
  }

  #symbologyLength(frame: Bytes): number {
    if (!isAimIdentifier(frame)) {
      this.#drifted.add('aim');
      return 0;
    }
    return aimLength + (isEci(frame.subarray(aimLength)) ? eciLength : 0);
  }
}

const binaryFirstByte = 0x80;
const binaryHeadLength = 3;
const aimLength = 3;
const eciLength = 7;

/** `]`, a letter for the symbology, a modifier of one letter or digit. */
function isAimIdentifier(frame: Bytes): boolean {
  const [flag, symbology = 0, modifier = 0] = frame;
  return flag === 0x5d && isLetter(symbology) && (isLetter(modifier) || isDigit(modifier));
}

/** Extended channel interpretation as readers transmit it: a backslash and six digits. */
function isEci(frame: Bytes): boolean {
  return frame.length >= eciLength && frame[0] === 0x5c && frame.subarray(1, eciLength).every(isDigit);
}

/** Below this a code may have few letters by chance. */
const caseLetters = 32;

function allLowerCase(code: Bytes): boolean {
  let lower = 0;
  for (const byte of code) {
    if (byte >= 0x41 && byte <= 0x5a) return false;
    if (byte >= 0x61 && byte <= 0x7a) lower++;
  }
  return lower >= caseLetters;
}

const startsWith = (bytes: Bytes, part: Bytes): boolean => equal(bytes.subarray(0, part.length), part);
const endsWith = (bytes: Bytes, part: Bytes): boolean =>
  bytes.length >= part.length && equal(bytes.subarray(bytes.length - part.length), part);
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isLetter = (byte: number): boolean => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);

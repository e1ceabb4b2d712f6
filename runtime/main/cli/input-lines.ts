// Lines of standard input as the bytes they are: a native code may begin or end with a space, so nothing
// is trimmed but the line's own end.
import type { Bytes } from '../../core/bytes.ts';

/** Longer lines are cut to this: one byte more than any code may have, so that they are refused as too long. */
const lineBytesMax = 4_097;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Every line, LF or CRLF removed; empty lines are left out. */
export async function* inputLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<Bytes> {
  let kept: number[] = [];
  for await (const chunk of input) {
    for (const byte of chunk) {
      if (byte !== lineFeed) {
        if (kept.length < lineBytesMax) kept.push(byte);
        continue;
      }
      const line = withoutReturn(kept);
      kept = [];
      if (line.length > 0) yield line;
    }
  }
  const last = withoutReturn(kept);
  if (last.length > 0) yield last;
}

const withoutReturn = (line: readonly number[]): Bytes =>
  Uint8Array.from(line.at(-1) === carriageReturn ? line.slice(0, -1) : line);

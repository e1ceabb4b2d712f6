// What can go wrong between a device and a host, as small values, and what each does to the bytes of one write. Pure:
// chance is passed in.

import { unreachable } from '../../runtime/core/assert.ts';
import { type Bytes, concat } from '../../runtime/core/bytes.ts';
import { type Entropy, pick } from '../../runtime/core/entropy.ts';
import type { FaultList } from './faults.ts';

export type LineFault =
  /** Up to `maxMs` before each byte. */
  | { readonly kind: 'jitter'; readonly maxMs: number }
  /** Writes arrive in parts of `atBytes`, `gapMs` apart. */
  | { readonly kind: 'split'; readonly atBytes: number; readonly gapMs: number }
  /** Writes are held for `holdMs` and arrive as one. */
  | { readonly kind: 'merge'; readonly holdMs: number }
  /** `bytes` random bytes come before each write. */
  | { readonly kind: 'noise'; readonly bytes: number }
  /** One byte in `oneIn` is lost, has a bit flipped, or comes twice. */
  | { readonly kind: 'lose' | 'flip' | 'double'; readonly oneIn: number }
  /** What the device says does not arrive. */
  | { readonly kind: 'mute' }
  /** The device neither reads nor writes: a wedged firmware. */
  | { readonly kind: 'hang' };

export interface Piece {
  readonly bytes: Bytes;
  /** Pause before it, milliseconds. */
  readonly delayMs: number;
}

/** What arrives of one write. `merge` is the line's own: it needs to know the next write. */
export function distort(bytes: Bytes, faults: FaultList<LineFault>, entropy: Entropy): readonly Piece[] {
  let pieces: readonly Piece[] = [{ bytes, delayMs: 0 }];
  for (const armed of faults.active()) {
    const after = apply(pieces, armed.fault, entropy);
    if (after === pieces) continue;
    armed.fire();
    pieces = after;
  }
  return pieces;
}

function apply(pieces: readonly Piece[], fault: LineFault, entropy: Entropy): readonly Piece[] {
  switch (fault.kind) {
    case 'jitter':
      return cut(pieces, 1, () => pick(entropy, fault.maxMs + 1));
    case 'split':
      return pieces.every((piece) => piece.bytes.length <= fault.atBytes)
        ? pieces
        : cut(pieces, fault.atBytes, () => fault.gapMs);
    case 'merge':
      return pieces;
    case 'noise':
      return [{ bytes: entropy.bytes(fault.bytes), delayMs: 0 }, ...pieces];
    case 'lose':
      return perByte(pieces, fault.oneIn, entropy, () => []);
    case 'flip':
      return perByte(pieces, fault.oneIn, entropy, (byte) => [byte ^ (1 << pick(entropy, 8))]);
    case 'double':
      return perByte(pieces, fault.oneIn, entropy, (byte) => [byte, byte]);
    case 'mute':
    case 'hang':
      return [];
    default:
      return unreachable(fault);
  }
}

function cut(pieces: readonly Piece[], size: number, delayMs: () => number): readonly Piece[] {
  const parts: Piece[] = [];
  for (const piece of pieces) {
    for (let start = 0; start < piece.bytes.length; start += size) {
      const pause = delayMs() + (start === 0 ? piece.delayMs : 0);
      parts.push({ bytes: piece.bytes.subarray(start, start + size), delayMs: pause });
    }
  }
  return parts;
}

function perByte(
  pieces: readonly Piece[],
  oneIn: number,
  entropy: Entropy,
  change: (byte: number) => readonly number[],
): readonly Piece[] {
  let hit = false;
  const changed = pieces.map(({ bytes, delayMs }) => {
    const parts = [...bytes].map((byte) => {
      const chosen = pick(entropy, oneIn) === 0;
      hit ||= chosen;
      return Uint8Array.from(chosen ? change(byte) : [byte]);
    });
    return { bytes: concat(...parts), delayMs };
  });
  return hit ? changed : pieces;
}

// What the phone draws must be what a reader reads: the picture is painted and read back by a decoder.
import fc from 'fast-check';
import decodeQR from 'qr/decode.js';
import { describe, expect, it } from 'vitest';
import {
  drawQr,
  MAX_READABLE_VERSION,
  type QrPicture,
  QUIET_MODULES,
} from '../../../simulators/street/web/qr-picture.ts';
import { sampleCode } from '../../fixtures/street-world.ts';

const base45 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const PIXELS = 3;

/** Paints the SVG path of the picture as grey pixels, as a screen would. */
function paint({ side, path }: QrPicture): { width: number; height: number; data: Uint8Array } {
  const width = side * PIXELS;
  const data = new Uint8Array(width * width * 4).fill(255);
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let row = Number(y) * PIXELS; row < (Number(y) + 1) * PIXELS; row += 1) {
      for (let column = Number(x) * PIXELS; column < (Number(x) + Number(length)) * PIXELS; column += 1) {
        data.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3);
      }
    }
  }
  return { width, height: width, data };
}

function drawn(code: string): QrPicture {
  const picture = drawQr(code);
  if (!picture) throw new Error('no picture');
  return picture;
}

describe('the picture of a code', () => {
  it('reads back as the code', () => {
    expect(decodeQR(paint(drawn(sampleCode())))).toBe(sampleCode());
  });

  it('reads back for any Base45 text of a presentation (seed 20260504)', () => {
    const text = fc.array(fc.constantFrom(...base45), { minLength: 1, maxLength: 410 });
    fc.assert(
      fc.property(text, (letters) => {
        const code = `SP1:${letters.join('')}`;
        expect(decodeQR(paint(drawn(code)))).toBe(code);
      }),
      { seed: 20_260_504, numRuns: 40 },
    );
  });

  it('of the longest two-signature presentation is a version a moving bus can read', () => {
    const longest = `SP1:${sampleCode(5).slice(4).padEnd(410, 'A')}`;
    expect(longest).toHaveLength(414);
    expect(drawn(longest).version).toBe(MAX_READABLE_VERSION);
    expect(drawn(sampleCode()).version).toBeLessThanOrEqual(MAX_READABLE_VERSION);
  });

  it('keeps the quiet zone free on every side', () => {
    const { side, path } = drawn(sampleCode());
    const runs = [...path.matchAll(/M(\d+) (\d+)h(\d+)/g)].map(([, x, y, length]) => [
      Number(x),
      Number(y),
      Number(length),
    ]);
    expect(runs.length).toBeGreaterThan(100);
    for (const [x = 0, y = 0, length = 0] of runs) {
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(QUIET_MODULES);
      expect(Math.max(x + length, y + 1)).toBeLessThanOrEqual(side - QUIET_MODULES);
    }
  });

  it('is none where a text fits no QR code', () => {
    expect(drawQr('A'.repeat(5000))).toBeNull();
  });
});

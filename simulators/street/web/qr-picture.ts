// A code as QR modules, drawn as one SVG path. Alphanumeric mode and level M, as the native formats are
// sized for; version 12 is the most a reader on a moving bus should be asked to read.
import { encodeQR } from 'qr';

export interface QrPicture {
  /** ISO/IEC 18004 version, 1 to 40. */
  readonly version: number;
  /** Modules on a side, quiet zone included. */
  readonly side: number;
  /** One unit square per dark module, in SVG path syntax. */
  readonly path: string;
}

/** ISO/IEC 18004 asks for four light modules on every side. */
export const QUIET_MODULES = 4;
export const MAX_READABLE_VERSION = 12;

/** Null where the text does not fit any QR code. */
export function drawQr(code: string): QrPicture | null {
  const modules = modulesOf(code);
  if (!modules) return null;
  const runs = modules.flatMap((row, y) => runsOf(row).map(([x, length]) => runPath(x, y, length)));
  return {
    version: (modules.length - 17) / 4,
    side: modules.length + 2 * QUIET_MODULES,
    path: runs.join(''),
  };
}

function modulesOf(code: string): readonly (readonly boolean[])[] | null {
  try {
    return withoutBorder(encodeQR(code, 'raw', { ecc: 'medium', border: 1 }));
  } catch {
    return null;
  }
}

/** The encoder draws at least one light module around; the quiet zone here is our own. */
const withoutBorder = (rows: readonly (readonly boolean[])[]): readonly (readonly boolean[])[] =>
  rows.slice(1, -1).map((row) => row.slice(1, -1));

/** Dark modules that touch are one rectangle: seams between them would blur when scaled. */
function runsOf(row: readonly boolean[]): readonly (readonly [x: number, length: number])[] {
  const runs: [number, number][] = [];
  for (const [x, dark] of row.entries()) {
    const last = runs.at(-1);
    if (!dark) continue;
    if (last && last[0] + last[1] === x) last[1] += 1;
    else runs.push([x, 1]);
  }
  return runs;
}

const runPath = (x: number, y: number, length: number): string =>
  `M${x + QUIET_MODULES} ${y + QUIET_MODULES}h${length}v1h-${length}z`;

// The street as text: what stands in the window, as a pure function of the snapshot and the window's
// size. The lamp is named as well as coloured, because a pipe and a colour-blind reader see none.
import type { MuseumSnapshot } from '../../../simulators/street/museum-world.ts';
import type { StreetRow } from '../../../simulators/street/street-row.ts';
import type { StreetSnapshot } from '../../../simulators/street/world.ts';
import type { Painter } from '../cli/paint.ts';

export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

export const textKeys = [
  ['r', 'ride'],
  ['h', 'hold'],
  ['f', 'forge'],
  ['s', 'stale'],
  ['d', 'deny'],
  ['p', 'pardon'],
  ['c', 'cut-network'],
  ['n', 'restore-network'],
  ['u', 'unplug-reader'],
  ['i', 'plug-reader'],
  ['k', 'kill-terminal'],
  ['t', 'restart-terminal'],
] as const;

const statusRows = 13;
/** A key and its word stay on one line. */
const unbroken = '\u00a0';

/** Lines for the window, none longer than its columns. `qr` is the drawn code, lines of equal width. */
export function renderTextScreen(
  snapshot: StreetSnapshot,
  qr: readonly string[],
  size: WindowSize,
  paint: Painter,
  said: string,
): readonly string[] {
  const lines = [...codeLines(qr, size, paint), ...statusLines(snapshot, size, paint, said)];
  return lines.slice(0, Math.max(1, size.rows - 1));
}

function codeLines(qr: readonly string[], size: WindowSize, paint: Painter): readonly string[] {
  const neededColumns = Math.max(...qr.map((line) => [...line].length));
  const neededRows = qr.length + statusRows;
  if (size.columns >= neededColumns && size.rows >= neededRows) return qr.map(paint.code);
  return [
    paint.amber('This window is too small for the code.'),
    `It has ${size.columns} x ${size.rows}; the code needs ${neededColumns} x ${neededRows}.`,
    'Make it larger, or present the code with the key r.',
    '',
  ];
}

function statusLines(snapshot: StreetSnapshot, size: WindowSize, paint: Painter, said: string): readonly string[] {
  const { counts } = snapshot;
  const lines = [
    `${paint.bold('lamp')} ${lamp(snapshot, paint)}   tones ${snapshot.board.beeps}`,
    `terminal ${snapshot.terminal.process} · network ${snapshot.network} · head end ${snapshot.headEnd} · reader ${snapshot.reader.plugged ? 'plugged' : 'unplugged'}`,
    ...(snapshot.museum ? [museumLine(snapshot.museum)] : []),
    `rides: ${counts.journalRides} in the journal, ${counts.ledgerRides} at the head end, ${counts.waiting} waiting`,
    '',
    ...snapshot.journal.slice(0, 3).map((row) => rowLine('journal ', row)),
    ...snapshot.ledger.slice(0, 1).map((row) => rowLine('head end', row)),
    said,
    [...textKeys, ['q', 'quit'] as const].map(([key, action]) => `${key}${unbroken}${action}`).join('  '),
  ];
  return lines.flatMap((line) => wrap(line, size.columns));
}

function lamp(snapshot: StreetSnapshot, paint: Painter): string {
  const { lamp: lit, connected } = snapshot.board;
  if (!connected) return paint.dim('board not connected');
  if (lit.green) return paint.green('● GREEN  accepted');
  if (lit.red) return paint.red('✖ RED    refused');
  if (lit.amber) return paint.amber('▲ AMBER  see staff');
  if (lit.white) return '◔ WHITE  wait';
  return paint.dim('○ off     ready');
}

/** What a passer-by sees: barriers and guides; where a process does not run, that. */
function museumLine({ lanes, cabinets }: MuseumSnapshot): string {
  const inOrder = (process: string, word: string): string => (process === 'running' ? word : process);
  const gates = lanes.map(({ id, process, barrier }) => `${id} ${inOrder(process, barrier.phase)}`);
  const guides = cabinets.map(({ id, process, slots }) => {
    const count = slots.filter(({ item }) => item !== null).length;
    return `${id} ${inOrder(process, `${count} guides`)}`;
  });
  return `museum: ${[...gates, ...guides].join(' · ')}`;
}

const rowLine = (where: string, row: StreetRow): string =>
  `${where} ${String(row.seq).padStart(4)} ${row.at} ${row.ref} ${[row.act, row.reason, row.fare, row.verdict ?? ''].filter(Boolean).join(' ')}`;

/** Breaks at spaces; escape sequences count for nothing. */
function wrap(line: string, columns: number): readonly string[] {
  if (visibleLength(line) <= columns) return [line];
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (current !== '' && visibleLength(longer) > columns) {
      lines.push(current);
      current = word;
    } else current = longer;
  }
  return [...lines, current];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the escape sequences of our own painter.
const escapes = /\u001b\[[0-9;]*m/g;
const visibleLength = (line: string): number => [...line.replace(escapes, '')].length;

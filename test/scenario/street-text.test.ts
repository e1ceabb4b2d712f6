// The street as text in a real terminal window: the code is redrawn in place, an independent decoder reads it off a
// picture of the window, and a window that is too small says so.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { drawCode } from '../../runtime/main/street/text-story.ts';
import { sampleCode } from '../fixtures/street-world.ts';
import { peer } from '../peers/available.ts';

// Real processes take their time on a loaded machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'stile-text-'));
const socket = `stile-text-${process.pid}`;
const escapeCharacter = String.fromCharCode(27);

afterEach(() => tmux('kill-server'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!peer('zbarimg'))('a code drawn as text', () => {
  it.each([21, 60, 154, 240])('of %i characters is read by an independent decoder', (characters) => {
    const code = sampleCode().slice(0, characters);
    expect(decode(drawCode(code))).toBe(code);
  });
});

describe.skipIf(!peer('tmux') || !peer('zbarimg'))('`npm start -- --text` in a window', () => {
  it.each([
    { colour: 'in colour', environment: [] },
    { colour: 'with NO_COLOR', environment: ['NO_COLOR=1'] },
  ])(
    'of 100 x 42 $colour shows a code that a decoder reads, and redraws it in place',
    async ({ environment }) => {
      open(100, 42, environment);
      await until('the code', () => codeIn(window()).length > 20);
      await until('an open trip', () => window().some((line) => line.includes(' trip')));
      const first = decode(codeIn(window()));
      expect(first).toMatch(/^ST1:[0-9A-Z $%*+\-./:]{40,}$/);
      tmux('send-keys', '-t', 'street', 'r');
      await until('green', () => window().some((line) => line.includes('GREEN')));
      await until('the ride', () => window().some((line) => line.startsWith('rides: 1 in the journal')));
      const scrolled = scrolledLines();

      await until('the next code', () => decode(codeIn(window())) !== first);
      expect(window().filter((line) => line.startsWith('lamp '))).toHaveLength(1);
      expect(scrolledLines()).toBe(scrolled);
      const escapes = tmux('capture-pane', '-e', '-p', '-t', 'street').includes(escapeCharacter);
      expect(escapes).toBe(environment.length === 0);
      await quit();
    },
    180_000,
  );

  it('of 80 x 24 says that it is too small for the code, and the ride goes on', async () => {
    open(80, 24, []);
    await until('an open trip', () => window().some((line) => line.includes(' trip')));
    const [first = '', second = ''] = window();
    expect(first).toBe('This window is too small for the code.');
    expect(second).toMatch(/^It has 80 x 24; the code needs \d+ x \d+\.$/);
    expect(codeIn(window())).toEqual([]);
    tmux('send-keys', '-t', 'street', 'r');
    await until('green', () => window().some((line) => line.includes('GREEN')));
    expect(window().some((line) => line.includes('q quit'.replace(' ', '\u00a0')))).toBe(true);
    await quit();
  });

  it('that grows shows the code as soon as it fits', async () => {
    open(80, 24, []);
    await until('the warning', () => window().some((line) => line.includes('too small')));
    tmux('resize-window', '-t', 'street', '-x', '100', '-y', '42');
    await until('the code', () => codeIn(window()).length > 20);
    expect(window().some((line) => line.includes('too small'))).toBe(false);
    await quit();
  });
});

function open(columns: number, rows: number, environment: readonly string[]): void {
  const run = ['env', '-u', 'NO_COLOR', ...environment, process.execPath, '--import', 'tsx', 'runtime/main/stile.ts'];
  const size = ['-x', String(columns), '-y', String(rows)];
  tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'street', ...size, '-c', root, ...run, 'street', '--text');
}

/** Pressing q ends the street, and with it the window and tmux. */
async function quit(): Promise<void> {
  tmux('send-keys', '-t', 'street', 'q');
  await until('the end', () => spawnSync('tmux', ['-L', socket, 'has-session', '-t', 'street']).status !== 0);
}

function tmux(...args: readonly string[]): string {
  return spawnSync('tmux', ['-L', socket, ...args], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8', TERM: 'xterm-256color' },
  }).stdout;
}

/** Lines that left the window at its top: none may, while it is redrawn in place. */
const scrolledLines = (): string => tmux('display-message', '-p', '-t', 'street', '#{history_size}');

const window = (): readonly string[] => tmux('capture-pane', '-p', '-t', 'street').split('\n');

const codeIn = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => /^[█▀▄ ]{21,}$/.test(line) && /[█▀▄]/.test(line));

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what} never came\n${window().join('\n')}`);
    await delay(100);
  }
}

/** What zbarimg reads off a picture of these lines, light on dark; empty for nothing. */
function decode(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const file = join(folder, 'window.pgm');
  writeFileSync(file, picture(lines));
  const { stdout } = spawnSync('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', file], {
    encoding: 'utf8',
  });
  return stdout.replace(/\n$/, '');
}

const cellPixels = 4;
const marginCells = 4;

/** Portable graymap (PGM, P5): a character is one cell wide and two cells high. */
function picture(lines: readonly string[]): Buffer {
  const columns = Math.max(...lines.map((line) => line.length)) + 2 * marginCells;
  const rows = lines.length * 2 + 2 * marginCells;
  const [width, height] = [columns * cellPixels, rows * cellPixels];
  const pixels = Buffer.alloc(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column, row] = [Math.floor(x / cellPixels) - marginCells, Math.floor(y / cellPixels) - marginCells];
      const character = lines[Math.floor(row / 2)]?.[column] ?? ' ';
      const light = character === '█' || character === (row % 2 === 0 ? '▀' : '▄');
      pixels[y * width + x] = light ? 255 : 0;
    }
  }
  return Buffer.concat([Buffer.from(`P5 ${width} ${height} 255\n`), pixels]);
}

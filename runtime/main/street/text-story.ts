// The street in a terminal window: the phone's code as a QR, redrawn in place, with the lamp and the
// newest rows below. Without a terminal it prints a line per event instead.
import qrcode from 'qrcode-terminal';
import type { StreetAction, StreetSnapshot, StreetWorld } from '../../../simulators/street/world.ts';
import { type Clock, repeat, type TimerHandle } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { painter } from '../cli/paint.ts';
import { renderTextScreen, textKeys } from './text-screen.ts';

const redrawMs = 250;
const home = '\u001b[H';
const clearBelow = '\u001b[J';
const clearRight = '\u001b[K';

/** The code in half blocks, one string per line. */
export function drawCode(code: string): readonly string[] {
  let lines: readonly string[] = [];
  qrcode.generate(code, { small: true }, (drawn) => {
    lines = drawn.split('\n').filter((line) => line.length > 0);
  });
  return lines;
}

export class TextStory {
  /** Resolves when the person presses q. */
  readonly quit: Promise<void>;
  readonly #world: StreetWorld;
  readonly #clock: Clock;
  #leave: () => void = () => {};
  #timer: TimerHandle | null = null;
  #said = '';
  #lastPrinted = '';

  constructor(world: StreetWorld, clock: Clock) {
    this.#world = world;
    this.#clock = clock;
    this.quit = new Promise((resolve) => {
      this.#leave = resolve;
    });
  }

  start(): void {
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(true);
      process.stdin.on('data', (keys) => this.#pressed(keys.toString('utf8')));
    }
    if (process.stdout.isTTY) process.stdout.write(`\u001b[2J`);
    this.#timer = repeat(this.#clock, 'street-redraw', redrawMs, () => this.#draw());
  }

  stop(): void {
    this.#timer?.cancel();
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    if (process.stdout.isTTY) process.stdout.write('\r\n');
    process.stdin.pause();
  }

  #draw(): void {
    const snapshot = this.#world.snapshot();
    if (!process.stdout.isTTY) {
      this.#print(snapshot);
      return;
    }
    const { columns, rows } = process.stdout;
    const lines = renderTextScreen(
      snapshot,
      drawCode(snapshot.phone.code),
      { columns, rows },
      painter(process.stdout),
      this.#said,
    );
    process.stdout.write(home + lines.map((line) => line + clearRight).join('\r\n') + clearBelow);
  }

  /** A line for each row that is new. References are unique where seqs begin again with an epoch. */
  #print(snapshot: StreetSnapshot): void {
    const known = snapshot.journal.findIndex(({ ref }) => ref === this.#lastPrinted);
    const fresh = known < 0 ? snapshot.journal : snapshot.journal.slice(0, known);
    for (const { at, seq, ref, act, reason } of fresh.toReversed()) {
      process.stdout.write(`${`${at} row ${seq} ${ref} ${act} ${reason}`.trimEnd()}\n`);
    }
    this.#lastPrinted = snapshot.journal[0]?.ref ?? '';
  }

  #pressed(keys: string): void {
    for (const key of keys) {
      if (key === 'q' || key === '\u0003') return this.#leave();
      const action = textKeys.find(([known]) => known === key)?.[1];
      if (action) void this.#act(action);
    }
  }

  async #act(action: StreetAction): Promise<void> {
    this.#said = '…';
    this.#said = await this.#world.act(action).catch(messageOf);
  }
}

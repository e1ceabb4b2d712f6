// What the passenger saw and heard, read from the board's pins. An accept cue is the green lamp and the
// tone together; green without a tone is a repeat, a tone under red is a refusal.
import type { BoardLine } from './tour.ts';

export interface AcceptCue {
  readonly atUs: number;
  /** Index of the board line that completed the cue. */
  readonly line: number;
  /**
   * Where the rider could first take it for an answer: the rise of green that this tone was the first to follow,
   * else `line` itself.
   */
  readonly begunAt: { readonly line: number; readonly atUs: number };
}

const green = 'green';
const tone = 'buzzer';

/** Every moment at which green and tone came to be on together: a second tone under a standing green counts again. */
export function acceptCues(board: readonly BoardLine[]): readonly AcceptCue[] {
  const cues: AcceptCue[] = [];
  const high = new Set<string>();
  let silentGreen: AcceptCue['begunAt'] | null = null;
  for (const [line, { atUs, rising, falling }] of board.entries()) {
    const on = (pin: string) => rising.includes(pin) || (high.has(pin) && !falling.includes(pin));
    if (rising.includes(green)) silentGreen = { line, atUs };
    if (on(green) && on(tone) && (rising.includes(green) || rising.includes(tone))) {
      cues.push({ atUs, line, begunAt: silentGreen ?? { line, atUs } });
      silentGreen = null;
    }
    followLevels(high, rising, falling);
    if (!high.has(green)) silentGreen = null;
  }
  return cues;
}

export const greenRises = (line: BoardLine): boolean => line.rising.includes(green);

/** A pin that both rose and fell within one chunk ends where it began. */
function followLevels(high: Set<string>, rising: readonly string[], falling: readonly string[]): void {
  for (const pin of rising) if (!falling.includes(pin)) high.add(pin);
  for (const pin of falling) if (!rising.includes(pin)) high.delete(pin);
}

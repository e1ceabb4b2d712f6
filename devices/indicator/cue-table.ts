// What each cue looks and sounds like, as data. No cue depends on colour or hearing alone: accepted is one long tone,
// refused three short ones, staff two; the screen says the same in words. No tone tells a rider's category.
import type { Cue } from '../ports/indicator.ts';

export const lamps = ['green', 'red', 'amber', 'white'] as const;
export type Lamp = (typeof lamps)[number];

export interface CueShape {
  readonly lamps: readonly Lamp[];
  readonly beeps: number;
  readonly beepMs: number;
  readonly pauseMs: number;
  /** Until the terminal falls back to `ready`; null stands until the next cue. */
  readonly durationMs: number | null;
}

const silent = { beeps: 0, beepMs: 0, pauseMs: 0 } as const;

export const cueTable = {
  ready: { lamps: [], ...silent, durationMs: null },
  accepted: { lamps: ['green'], beeps: 1, beepMs: 100, pauseMs: 0, durationMs: 1_500 },
  repeat: { lamps: ['green'], ...silent, durationMs: 1_500 },
  refused: { lamps: ['red'], beeps: 3, beepMs: 80, pauseMs: 80, durationMs: 4_000 },
  staff: { lamps: ['amber'], beeps: 2, beepMs: 80, pauseMs: 160, durationMs: 4_000 },
  wait: { lamps: ['white'], ...silent, durationMs: null },
  emergency: { lamps: ['amber', 'white'], ...silent, durationMs: null },
  outOfOrder: { lamps: ['red'], ...silent, durationMs: null },
} as const satisfies Record<Cue, CueShape>;

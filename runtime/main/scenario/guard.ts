// One rule that scenarios guard, and what stands in its place when it is switched off.
import type { Switches } from './switches.ts';

/** Longer than any story, in the unit of whatever it stands for. */
export const always = 0x7fff_ffff;

export interface Guard {
  readonly rule: string;
  /** What stands in the rule's place. */
  readonly without: string;
  readonly off: Switches;
}

export type Guards = Readonly<Record<string, Guard>>;

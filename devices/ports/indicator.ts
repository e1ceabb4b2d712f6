// What an indicator is: it tells a person the result by lamp and sound, in cues that are data.
import type { Device } from './device.ts';

export const cues = ['ready', 'accepted', 'repeat', 'refused', 'staff', 'wait', 'emergency', 'outOfOrder'] as const;
export type Cue = (typeof cues)[number];

export interface Indicator extends Device {
  /**
   * Starts the cue and drops the running one. True when its first bytes were handed to a board that is
   * online; false when the board is not, and then nothing was shown.
   */
  show(cue: Cue): boolean;
}

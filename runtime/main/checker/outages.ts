// When the terminal was dead: from each kill that fired to the first row the next boot wrote.
import type { Findings } from './findings.ts';

export interface Outage {
  readonly fromUs: number;
  /** Infinity where no boot followed. */
  readonly toUs: number;
}

/** A code typed this long before a kill may still have been in the line, the reader or the decision. */
const inFlightUs = 1_000_000;
/** After its BOOT row the terminal still has to open its lines. */
const openingUs = 2_000_000;

export const outagesOf = ({ tour, rows }: Findings): readonly Outage[] =>
  tour.story.kills
    .filter((kill) => kill.fired)
    .map((kill) => {
      const boot = rows.find((row) => row.type === 'BOOT' && row.tMonoMs * 1000 > kill.atUs);
      return {
        fromUs: kill.atUs - inFlightUs,
        toUs: boot ? boot.tMonoMs * 1000 + openingUs : Number.POSITIVE_INFINITY,
      };
    });

// When a machine of the museum was dead: from each kill that fired to the first row of its next boot.

import type { MuseumMachine } from './museum.ts';
import type { MuseumStory } from './museum-story.ts';
import type { Outage } from './outages.ts';
import type { RowFacts } from './tour-row.ts';

/** A process that kills itself is found dead a moment later. */
const noticedUs = 1_000_000;
/** After its BOOT row the machine has still to reach its barrier and to look at it. */
const openingUs = 15_000_000;

export function outagesOfMachine(machine: MuseumMachine, story: MuseumStory): readonly Outage[] {
  return story.kills
    .filter(({ terminal, fired }) => fired && terminal === machine.terminal)
    .map(({ atUs }) => {
      const boot = bootAfter(machine, atUs);
      return {
        fromUs: atUs - noticedUs,
        toUs: boot ? boot.tMonoMs * 1000 + openingUs : Number.POSITIVE_INFINITY,
      };
    });
}

export const bootAfter = (machine: MuseumMachine, atUs: number): RowFacts | undefined =>
  machine.rows.find((row) => row.type === 'BOOT' && row.tMonoMs * 1000 > atUs);

/** A kill after this row, and a boot before any end of what it began. */
export function outageAround(machine: MuseumMachine, story: MuseumStory, intent: RowFacts): boolean {
  const ended = machine.rows.findIndex((row) => row.type === 'OUTCOME' && row.actId === intent.actId);
  const life = machine.rows.slice(machine.rows.indexOf(intent), ended < 0 ? machine.rows.length : ended);
  const boot = life.find(({ type }) => type === 'BOOT');
  return story.kills.some(
    ({ terminal, atUs, fired }) =>
      fired &&
      terminal === machine.terminal &&
      atUs + 1_000 >= intent.tMonoMs * 1000 &&
      boot !== undefined &&
      atUs <= boot.tMonoMs * 1000,
  );
}

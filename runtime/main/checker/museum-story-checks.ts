// Checks that the story of the museum happened as told: each step came to what it should at its machine, and who was to
// be killed was killed.
import { isReturned, isTaken } from './cabinet-rows.ts';
import { isRefusal, placeOf } from './findings.ts';
import { atUs, isRedemption } from './lane-rows.ts';
import type { Museum, MuseumMachine } from './museum.ts';
import { bootAfter } from './museum-outages.ts';
import { type MuseumStep, museumDeeds } from './museum-story.ts';
import type { RowFacts } from './tour-row.ts';
import { judgeSome, type TourCheck } from './verdict.ts';

/** In a step in which its machine was killed the figures are upper bounds: a code may have died with it. */
export function checkMuseumStory({ machines, story }: Museum): TourCheck {
  const faults = story.steps.flatMap((step) => {
    const machine = machines.find(({ terminal }) => terminal === step.terminal);
    if (!machine) return [`step "${step.name}" is told of ${step.terminal}, which left nothing`];
    const killed = story.kills.some(
      ({ terminal, atUs: at, fired }) => fired && terminal === step.terminal && at >= step.fromUs && at <= step.toUs,
    );
    return stepFaults(step, machine, killed);
  });
  return judgeSome('museum-story-as-told', story.steps.length, faults, `${story.steps.length} steps ended as expected`);
}

function stepFaults(step: MuseumStep, { rows }: MuseumMachine, killed: boolean): readonly string[] {
  const made = rows.filter((row) => atUs(row) + 999 >= step.fromUs && atUs(row) <= step.toUs);
  const found = {
    admitted: made.filter(isRedemption).length,
    refused: made.filter(isRefusal).reduce((sum, row) => sum + row.occurrences, 0),
    dispensed: made.filter(isTaken).length,
    returned: made.filter(isReturned).length,
  };
  return museumDeeds.flatMap((deed) => {
    const expected = step.expected[deed];
    if (expected === null || found[deed] === expected || (killed && found[deed] < expected)) return [];
    return [`step "${step.name}": ${found[deed]} ${deed}, expected ${killed ? 'at most ' : ''}${expected}`];
  });
}

/** A signal is sent a moment after its time was taken. */
const diesWithinUs = 2_000_000;

/** Dead means: nothing more was written, not even the last CHECKPOINT of one that is asked to end, until it booted. */
export function checkMuseumKills({ machines, story }: Museum): TourCheck {
  const faults = story.kills.flatMap(({ terminal, atUs: at, fired }) => {
    const machine = machines.find((candidate) => candidate.terminal === terminal);
    if (!machine) return [`a kill is told of ${terminal}, which left nothing`];
    if (!fired) return [`the kill of ${terminal} at ${at} us did not fire`];
    const boot = bootAfter(machine, at);
    if (!boot) return [`no BOOT row of ${terminal} follows its kill at ${at} us`];
    const last = lastBefore(machine, boot);
    const inGoodOrder = last?.type === 'CHECKPOINT' && last.trigger === 'shutdown';
    return inGoodOrder || (last && atUs(last) > at + diesWithinUs)
      ? [`${terminal} was not killed at ${at} us: it wrote ${placeOf(last)} ${last.type} before it booted`]
      : [];
  });
  const summary = `${story.kills.length} kill(s), each followed by a BOOT row and by nothing before it`;
  return judgeSome('museum-kill-then-boot', story.kills.length, faults, summary);
}

const lastBefore = ({ rows }: MuseumMachine, boot: RowFacts): RowFacts | undefined => rows[rows.indexOf(boot) - 1];

// Checks that the story really happened as told: a tour in which nothing was shown, killed or refused
// would pass every other check.
import type { Findings } from './findings.ts';
import { outagesOf } from './outages.ts';
import type { StoryStep } from './tour.ts';
import type { RowFacts } from './tour-row.ts';
import { judge, type TourCheck } from './verdict.ts';

export function checkKills(findings: Findings): TourCheck {
  const outages = outagesOf(findings);
  const faults = outages
    .filter(({ toUs }) => toUs === Number.POSITIVE_INFINITY)
    .map(() => 'no BOOT row follows a kill');
  return judge('kill-then-boot', outages.length, faults, `${outages.length} kill(s), each followed by a BOOT row`);
}

/**
 * Per step: `charges` accepted rows, `accepted` accept cues, `refused` presentations refused. In a step
 * where a kill fired the figures are upper bounds: a code may have died with the terminal.
 */
export function checkStory(findings: Findings): TourCheck {
  const { steps, kills } = findings.tour.story;
  const faults = steps.flatMap((step) => {
    const killed = kills.some(({ atUs, fired }) => fired && atUs >= step.fromUs && atUs <= step.toUs);
    return stepFaults(step, findings, killed);
  });
  return judge('story-as-told', steps.length, faults, `${steps.length} steps ended as expected`);
}

function stepFaults(step: StoryStep, findings: Findings, killed: boolean): readonly string[] {
  const found = {
    charges: findings.charges.filter((row) => madeIn(step, row)).length,
    accepted: findings.cues.filter(({ atUs }) => atUs >= step.fromUs && atUs <= step.toUs).length,
    refused: findings.refusals.filter((row) => madeIn(step, row)).reduce((sum, row) => sum + row.occurrences, 0),
  };
  return (['charges', 'accepted', 'refused'] as const).flatMap((what) => {
    const expected = step.expected[what];
    if (expected === null || found[what] === expected || (killed && found[what] < expected)) return [];
    return [`step "${step.name}": ${found[what]} ${what}, expected ${killed ? 'at most ' : ''}${expected}`];
  });
}

/** Row times are whole milliseconds, rounded down: the first one may seem older than the step. */
const madeIn = (step: StoryStep, row: RowFacts): boolean =>
  row.tMonoMs * 1000 + 999 >= step.fromUs && row.tMonoMs * 1000 <= step.toUs;

export function checkNothingEmpty({ tour, rows, charges, refusals, cues }: Findings): TourCheck {
  const needed: Readonly<Record<string, number>> = {
    'journal rows': rows.length,
    'head-end rows': tour.headEnd.length,
    'wallet lines': tour.wallet.length,
    'board lines': tour.board.length,
    'accept cues': cues.length,
    'accepted rows': charges.length,
    'refusal rows': refusals.length,
    'lingering codes': tour.wallet.filter((line) => line.story === 'linger').length,
    'story steps': tour.story.steps.length,
    'kills that fired': tour.story.kills.filter((kill) => kill.fired).length,
    'broker stops': tour.story.brokerStops.length,
  };
  const entries = Object.entries(needed);
  const faults = entries.filter(([, number]) => number === 0).map(([what]) => `no ${what}`);
  const summary = entries.map(([what, number]) => `${number} ${what}`).join(', ');
  return judge('nothing-empty', entries.length, faults, summary);
}

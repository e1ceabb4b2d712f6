// Every scenario file of the acceptance cases plays as it says, and falls with the rule that it guards.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { guards } from '../../runtime/main/scenario/guards.ts';
import { playScenario } from '../../runtime/main/scenario/play.ts';
import { readScenario } from '../../runtime/main/scenario/read-scenario.ts';

const folder = join(import.meta.dirname, 'cases');
const stories = readdirSync(folder)
  .sort()
  .map((file) => ({ file, scenario: readScenario(file, readFileSync(join(folder, file), 'utf8')) }));
const guarded = stories.flatMap(({ file, scenario }) => scenario.guards.map((guard) => ({ file, scenario, guard })));

/** The cases of the validator, the gate lane, the cabinet, and of all machines that a machine decides. */
const cases = [
  ...['B1', 'B2', 'B3', 'B4', 'B7', 'B8', 'B13', 'B14', 'B15', 'B20', 'B21', 'B23', 'B24'],
  ...Array.from({ length: 15 }, (_, at) => `G${at + 1}`),
  ...Array.from({ length: 17 }, (_, at) => `V${at + 1}`),
  'X1',
];

describe('the acceptance cases as scenarios', () => {
  test.each(stories)('$file', async ({ file, scenario }) => {
    const played = await playScenario(file, scenario);
    expect(played.steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(played.ok).toBe(true);
  });

  test('each of them has a file, named after it', () => {
    expect(new Set(stories.map(({ scenario }) => scenario.id))).toEqual(new Set(cases));
    for (const { file, scenario } of stories) expect(file).toMatch(new RegExp(`^${scenario.id}-[a-z0-9-]+\\.json$`));
  });
});

describe('a rule that is switched off', () => {
  test.each(guarded)('$guard: $file falls', async ({ file, scenario, guard }) => {
    const off = guards[guard]?.off;
    expect(off, `${guard} is not a guard`).toBeDefined();
    const played = await playScenario(file, scenario, off);
    // It falls by what it expects, not by a machine that breaks down without the rule.
    expect(played.steps.filter(({ ok, act }) => !ok && act !== 'laws')).not.toEqual([]);
    const problems = played.steps.flatMap(({ problems: found }) => found);
    expect(problems.filter((problem) => problem.includes('a step threw'))).toEqual([]);
  });

  test('no guard is without a story', () => {
    expect(new Set(guarded.map(({ guard }) => guard))).toEqual(new Set(Object.keys(guards)));
  });
});

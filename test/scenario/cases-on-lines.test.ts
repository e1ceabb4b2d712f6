// The physical cases once more, with real drivers and lines between the machine and what moves or shines: barriers behind
// contacts on a board (johnny-five) and behind a Digicon turnstile, lamps behind johnny-five, slots behind a lock board and
// readers. Cases that no real device can play are named, with the reason, and must not pass by accident.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { guardNamed } from '../../runtime/main/scenario/guards.ts';
import { type GateOnLines, gatesOnLines } from '../../runtime/main/scenario/line-barrier.ts';
import { playScenario } from '../../runtime/main/scenario/play.ts';
import { readScenario } from '../../runtime/main/scenario/read-scenario.ts';

const folder = join(import.meta.dirname, 'cases');
const stories = readdirSync(folder)
  .sort()
  .map((file) => ({ file, scenario: readScenario(file, readFileSync(join(folder, file), 'utf8')) }));
type Story = (typeof stories)[number];
const has =
  (kind: 'validator' | 'gateLane' | 'cabinet') =>
  ({ scenario }: Story): boolean =>
    Object.values(scenario.world.machines).some((machine) => machine.kind === kind);

const noLatch = 'neither gate keeps a passage for whoever asks later';
const gatesNotPhysical: Readonly<Record<string, string>> = {
  'G12-in-doubt.json': `${noLatch}: the latch is told before the barrier was looked at`,
  'G12-latch-not-passed.json': noLatch,
  'G12-latch-passed.json': noLatch,
  'G13-toddler.json': 'no driver measures how tall somebody is',
};
const slotsNotPhysical: Readonly<Record<string, string>> = {
  'V6-walks-off.json': 'no lock board has a command that locks again',
};

const play = ({ file, scenario }: Story, gate: GateOnLines) => playScenario(file, scenario, {}, gate);
const named = (file: string): Story => {
  const story = stories.find((known) => known.file === file);
  if (story === undefined) throw new Error(`there is no ${file}`);
  return story;
};
const ok = async (file: string, gate: GateOnLines): Promise<boolean> =>
  (await play(named(file), gate).catch(() => ({ ok: false }))).ok;

/** Rules whose absence the hardware itself makes good, a little later. */
const madeGood: Readonly<Record<string, string>> = {
  'V6-spring-latch.json': 'a latch that is told to close and does not is in doubt too',
};

describe.each(gatesOnLines)('gate lanes on %s', (gate) => {
  test.each(stories.filter(has('gateLane')).filter(({ file }) => !(file in gatesNotPhysical)))(
    '$file',
    async (story) => {
      expect((await play(story, gate)).steps.filter(({ ok }) => !ok)).toEqual([]);
    },
  );

  test.each(Object.entries(gatesNotPhysical))('%s is not physical: %s', async (file) => {
    expect(await ok(file, gate)).toBe(false);
  });
});

describe('buses with lamp and buzzer on a board', () => {
  test.each(stories.filter(has('validator')))('$file', async (story) => {
    expect((await play(story, 'relay')).steps.filter(({ ok }) => !ok)).toEqual([]);
  });
});

describe('cabinets on a lock board, with lines of tags and charge', () => {
  test.each(stories.filter(has('cabinet')).filter(({ file }) => !(file in slotsNotPhysical)))(
    '$file',
    async (story) => {
      expect((await play(story, 'relay')).steps.filter(({ ok }) => !ok)).toEqual([]);
    },
  );

  test.each(Object.entries(slotsNotPhysical))('%s is not physical: %s', async (file) => {
    expect(await ok(file, 'relay')).toBe(false);
  });

  const guarded = stories
    .filter(has('cabinet'))
    .filter(({ file }) => !(file in slotsNotPhysical) && !(file in madeGood))
    .flatMap((story) => story.scenario.guards.map((guard) => ({ ...story, guard })));
  test.each(guarded)('$file falls without $guard, though it has longer to be as expected', async (story) => {
    const { file, scenario, guard } = story;
    expect((await playScenario(file, scenario, guardNamed(guard).off, 'relay')).ok).toBe(false);
  });

  test.each(Object.entries(madeGood))('%s does not fall without its guard: %s', async (file) => {
    const { scenario } = named(file);
    for (const guard of scenario.guards)
      expect((await playScenario(file, scenario, guardNamed(guard).off, 'relay')).ok).toBe(true);
  });
});

test('a step may begin as late as drivers made it, and no earlier than the step before it', async () => {
  const { file, scenario } = named('V12-two-phones.json');
  const late = { ...scenario, steps: [...scenario.steps, { at: 150, wait: true as const }] };
  await expect(playScenario(file, late, {}, 'relay')).rejects.toThrow('before the step before it');
});

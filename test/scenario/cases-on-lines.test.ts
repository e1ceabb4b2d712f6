// The physical cases once more, with real drivers and lines between the machine and what moves or shines: barriers behind
// contacts on a board (johnny-five) and behind a Digicon turnstile, lamps behind johnny-five. Cases that no real device
// can play are named, with the reason, and must not pass by accident.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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
const notPhysical: Readonly<Record<string, string>> = {
  'G12-in-doubt.json': `${noLatch}: the latch is told before the barrier was looked at`,
  'G12-latch-not-passed.json': noLatch,
  'G12-latch-passed.json': noLatch,
  'G13-toddler.json': 'no driver measures how tall somebody is',
};

const play = ({ file, scenario }: Story, gate: GateOnLines) => playScenario(file, scenario, {}, gate);

describe.each(gatesOnLines)('gate lanes on %s', (gate) => {
  test.each(stories.filter(has('gateLane')).filter(({ file }) => !(file in notPhysical)))('$file', async (story) => {
    expect((await play(story, gate)).steps.filter(({ ok }) => !ok)).toEqual([]);
  });

  test.each(Object.entries(notPhysical))('%s is not physical: %s', async (file) => {
    const story = stories.find((known) => known.file === file);
    if (story === undefined) throw new Error(`there is no ${file}`);
    const ended = await play(story, gate).catch(() => ({ ok: false }));
    expect(ended.ok).toBe(false);
  });
});

describe('buses with lamp and buzzer on a board', () => {
  test.each(stories.filter(has('validator')))('$file', async (story) => {
    expect((await play(story, 'relay')).steps.filter(({ ok }) => !ok)).toEqual([]);
  });
});

describe('cabinets', () => {
  test('are refused, because their slots have no drivers in a story', async () => {
    const cabinets = stories.filter(has('cabinet'));
    expect(cabinets.length).toBeGreaterThan(0);
    for (const story of cabinets) await expect(play(story, 'relay')).rejects.toThrow('slots have no drivers');
  });
});

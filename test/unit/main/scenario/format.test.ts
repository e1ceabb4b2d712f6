// A scenario file that says something the format does not know is refused in one sentence: file, step, key, and
// what is allowed. The published schema says the same as the code.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { StileError } from '../../../../runtime/core/errors.ts';
import { scenarioJsonSchema } from '../../../../runtime/main/scenario/format.ts';
import { guards } from '../../../../runtime/main/scenario/guards.ts';
import { scenarioBounds } from '../../../../runtime/main/scenario/names.ts';
import { playScenario } from '../../../../runtime/main/scenario/play.ts';
import { readScenario } from '../../../../runtime/main/scenario/read-scenario.ts';

const docs = join(import.meta.dirname, '../../../../docs');
type Change = Readonly<Record<string, unknown>>;

const story = {
  scenario: 1,
  id: 'B1',
  title: 'a story',
  guards: ['presence'],
  world: { accounts: { alder: {} }, machines: { bus: { kind: 'validator' } } },
  steps: [{ at: 0, scan: { show: 'alder' }, expect: { reason: 'WRONG_PRODUCT' } }] as readonly Change[],
};
const step = (...steps: readonly Change[]): Change => ({ steps: [story.steps[0], ...steps] });
const world = (change: Change): Change => ({ world: { ...story.world, ...change } });
const names = (count: number): Change =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`name ${at}`, {}]));

function refusalOf(text: string): string {
  try {
    readScenario('story.json', text);
  } catch (error) {
    expect(error).toBeInstanceOf(StileError);
    expect((error as StileError).code).toBe('SCENARIO_INVALID');
    return (error as StileError).message;
  }
  return 'read';
}

describe('a scenario file', () => {
  test('reads', () => expect(refusalOf(JSON.stringify(story))).toBe('read'));

  test.each<{ what: string; change: Change; says: readonly string[] }>([
    { what: 'an unknown key', change: { colour: 'red' }, says: ['the file', '"colour"', 'steps', 'finally'] },
    { what: 'an unknown version', change: { scenario: 2 }, says: ['scenario', 'is 2', 'expected 1'] },
    {
      what: 'an unknown key of a step',
      change: step({ at: 1, scann: {} }),
      says: ['step 2', '"scann"', 'scan, sensor'],
    },
    {
      what: 'an unknown key of an act',
      change: step({ at: 1, scan: { shows: 'alder' } }),
      says: ['step 2, key scan', '"shows"', 'picture'],
    },
    {
      what: 'two acts in one step',
      change: step({ at: 1, wait: true, key: 'return' }),
      says: ['step 2', 'exactly one act'],
    },
    { what: 'a step without an act', change: step({ at: 1 }), says: ['step 2', 'exactly one act', 'phone'] },
    {
      what: 'an unknown reason',
      change: step({ wait: true, expect: { reason: 'FINE' } }),
      says: ['step 2', '"FINE"', 'REPLAYED'],
    },
    {
      what: 'an unknown field of a record',
      change: step({ wait: true, expect: { records: [{ rides: 1 }] } }),
      says: ['step 2, key expect.records.0', '"rides"', 'fareMinor'],
    },
    {
      what: 'an unknown check bit',
      change: step({ wait: true, expect: { records: [{ found: { has: ['wet'] } }] } }),
      says: ['step 2', '"wet"', 'clockUntrusted'],
    },
    {
      what: 'an unknown setting of a machine',
      change: world({ machines: { bus: { kind: 'validator', config: { repeatMillis: 1 } } } }),
      says: ['world.machines.bus.config', '"repeatMillis"', 'repeatMs'],
    },
    {
      what: 'an unknown machine',
      change: world({ machines: { bus: { kind: 'tram' } } }),
      says: ['world.machines.bus.kind', '"tram"'],
    },
    { what: 'a time that is none', change: step({ at: 'noon', wait: true }), says: ['step 2, key at', '"noon"'] },
    { what: 'a negative time', change: step({ at: -1, wait: true }), says: ['step 2, key at', '-1'] },
    { what: 'no guard', change: { guards: [] }, says: ['guards'] },
    { what: 'an unknown guard', change: { guards: ['gravity'] }, says: ['guards.0', '"gravity"', 'replay-ring'] },
    {
      what: 'two codes in one scan',
      change: step({ scan: { show: 'alder', text: 'x' } }),
      says: ['step 2, key scan', 'show, picture, text'],
    },
    { what: 'no machine', change: world({ machines: {} }), says: ['world.machines', 'at least one'] },
  ])('with $what is refused', ({ change, says }) => {
    const refusal = refusalOf(JSON.stringify({ ...story, ...change }));
    for (const words of ['story.json', ...says]) expect(refusal).toContain(words);
  });

  test('that is no JSON is refused', () => expect(refusalOf('{')).toContain('story.json: is not JSON'));

  test.each<{ bound: string; change: (more: number) => Change }>([
    { bound: 'steps', change: (more) => ({ steps: Array(scenarioBounds.steps + more).fill({ wait: true }) }) },
    {
      bound: 'repeats',
      change: (more) => step({ wait: true, repeat: { times: scenarioBounds.repeats + more, everyMs: 1 } }),
    },
    { bound: 'names', change: (more) => world({ accounts: names(scenarioBounds.names + more) }) },
    {
      bound: 'machines',
      change: (more) =>
        world({
          machines: Object.fromEntries(
            Array.from({ length: scenarioBounds.machines + more }, (_, at) => [`bus-${at}`, { kind: 'validator' }]),
          ),
        }),
    },
    {
      bound: 'textCharacters',
      change: (more) => step({ scan: { text: 'x'.repeat(scenarioBounds.textCharacters + more) } }),
    },
  ])('has at most so many $bound', ({ change }) => {
    expect(refusalOf(JSON.stringify({ ...story, ...change(0) }))).toBe('read');
    expect(refusalOf(JSON.stringify({ ...story, ...change(1) }))).not.toBe('read');
  });

  test.each<{ what: string; change: Change; says: readonly string[] }>([
    { what: 'somebody whom nobody knows', change: step({ scan: { show: 'birch' } }), says: ['step 2', 'birch'] },
    { what: 'a picture that was not kept', change: step({ scan: { picture: 'shot' } }), says: ['step 2', 'shot'] },
    { what: 'a machine that is not there', change: step({ machine: 'tram', wait: true }), says: ['step 2', 'tram'] },
    { what: 'an act of another machine', change: step({ key: 'return' }), says: ['step 2', 'bus is no cabinet'] },
    ...(
      [
        ['scan', { show: 'alder', reader: 'exit' }],
        ['sensor', { passed: 'entry' }],
        ['staff', { does: 'openTrip', why: 'late' }],
        ['power', { cut: 'now', latch: 'passed' }],
      ] as const
    ).map(([act, words]) => ({
      what: `a word of another machine in ${act}`,
      change: step({ [act]: words }),
      says: ['step 2', `key ${act}.`, 'bus does not know it'],
    })),
    {
      what: 'a time before the one before',
      change: step({ at: 9, wait: true }, { at: 8, wait: true }),
      says: ['step 3', '8'],
    },
    { what: 'a machine at the end that is not there', change: { finally: { tram: {} } }, says: ['finally', 'tram'] },
    { what: 'fares that no terminal takes', change: world({ fares: { version: 0 } }), says: ['world', 'version'] },
    {
      what: 'a local time that does not exist',
      change: world({ timeZone: 'Europe/Berlin', starts: '2026-03-29T02:30:00' }),
      says: ['world', '02:30:00', 'Europe/Berlin'],
    },
  ])('that names $what cannot be played', async ({ change, says }) => {
    const scenario = readScenario('story.json', JSON.stringify({ ...story, ...change }));
    const failed = await playScenario('story.json', scenario).then(
      () => 'played',
      (error: unknown) => (error instanceof StileError && error.code === 'SCENARIO_INVALID' ? error.message : error),
    );
    for (const words of ['story.json', ...says]) expect(failed).toContain(words);
  });
});

describe('what is published', () => {
  test('docs/scenarios.schema.json is the schema in code: npm run schema', () => {
    expect(readFileSync(join(docs, 'scenarios.schema.json'), 'utf8')).toBe(scenarioJsonSchema());
  });

  test('docs/scenarios.md names every guard and what stands in its place', () => {
    const [, page = ''] = readFileSync(join(docs, 'scenarios.md'), 'utf8').split('## Guards');
    for (const [id, { rule, without }] of Object.entries(guards))
      expect(page).toContain(`| \`${id}\` | ${rule} | ${without} |`);
    expect(
      page
        .split('## Cases')[0]
        ?.split('\n')
        .filter((line) => /^\| `[a-z0-9-]+` \| .* \| .* \|$/.test(line)).length,
    ).toBe(Object.keys(guards).length);
  });
});

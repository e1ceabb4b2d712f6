// Every kind of expectation fails when it is not met: a story that cannot fail checks nothing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { painter } from '../../../../runtime/main/cli/paint.ts';
import { playScenario } from '../../../../runtime/main/scenario/play.ts';
import { readScenario } from '../../../../runtime/main/scenario/read-scenario.ts';
import { renderPlayed, scenarioColumns } from '../../../../runtime/main/scenario/render.ts';
import type { Switches } from '../../../../runtime/main/scenario/switches.ts';

const escapeCharacter = String.fromCharCode(27);
type Expected = Readonly<Record<string, unknown>>;

const fares = {
  version: 1,
  effectiveFrom: 0,
  effectiveUntil: null,
  notice: '',
  currency: 'EUR',
  serviceDayStart: 270,
  maxFare: 600,
  unknownFare: { policy: 'reject' },
  products: [{ id: 1, companions: true, groupMax: null }],
  lines: [{ id: '7', tapModel: 'flat', groupMax: null, prices: [{ product: 1, amount: 200, rule: 'F1' }] }],
};

/** One ride, and what is expected of it; then whatever else. */
const scenario = (wanted: Expected, steps: readonly unknown[] = []) =>
  readScenario(
    'story.json',
    JSON.stringify({
      scenario: 1,
      id: 'B1',
      title: 'one ride',
      guards: ['presence'],
      world: { fares, accounts: { alder: {} }, machines: { bus: { kind: 'validator' } } },
      steps: [
        {
          at: 0,
          scan: { show: 'alder' },
          expect: { includes: [{ as: 'ride', act: 'ride' }], ...wanted },
        },
        ...steps,
      ],
    }),
  );
const play = (wanted: Expected, steps?: readonly unknown[]) => playScenario('story.json', scenario(wanted, steps));

describe('an expectation', () => {
  test.each<{ met: Expected; missed: Expected; says: string }>([
    { met: { reason: 'OK' }, missed: { reason: null }, says: 'reason' },
    { met: { cue: 'accepted' }, missed: { cue: 'repeat' }, says: 'cue' },
    { met: { told: ['accepted OK'] }, missed: { told: [] }, says: 'told' },
    { met: { reference: true }, missed: { reference: false }, says: 'reference' },
    { met: { reference: { of: 'ride' } }, missed: { reference: { of: 'another' } }, says: 'reference' },
    { met: { moved: [] }, missed: { moved: [1] }, says: 'moved' },
    { met: { prompts: [] }, missed: { prompts: ['wait'] }, says: 'prompts' },
    { met: { effects: [{ kind: 'signal' }] }, missed: { effects: [{ kind: 'alarm' }] }, says: 'effects' },
    {
      met: { effects: [{ kind: 'signal' }] },
      missed: { effects: [{ kind: 'signal' }, { kind: 'signal' }] },
      says: 'effects',
    },
    { met: { records: [{}] }, missed: { records: [] }, says: 'records' },
    { met: { records: [{ fareMinor: 200 }] }, missed: { records: [{ fareMinor: 201 }] }, says: 'fareMinor' },
    { met: { records: [{ item: null }] }, missed: { records: [{ act: null }] }, says: 'act' },
    { met: { records: [{ tx: { present: true } }] }, missed: { records: [{ tx: { present: false } }] }, says: 'tx' },
    {
      met: { records: [{ fareMinor: { atLeast: 200 } }] },
      missed: { records: [{ fareMinor: { atLeast: 201 } }] },
      says: 'atLeast',
    },
    {
      met: { records: [{ fareMinor: { atMost: 200 } }] },
      missed: { records: [{ fareMinor: { atMost: 199 } }] },
      says: 'atMost',
    },
    {
      met: { records: [{ found: { has: ['accountFirstSeen'] } }] },
      missed: { records: [{ found: { has: ['clockUntrusted'] } }] },
      says: 'found',
    },
    {
      met: { records: [{ found: { lacks: ['clockUntrusted'] } }] },
      missed: { records: [{ found: { lacks: ['accountFirstSeen'] } }] },
      says: 'found',
    },
    { met: { counters: { rides: 1 } }, missed: { counters: { rides: 2 } }, says: 'counter rides' },
    { met: { counters: {} }, missed: { counters: { misspelt: 0 } }, says: 'counter misspelt' },
    { met: { state: { service: 'open' } }, missed: { state: { service: 'closed' } }, says: 'state.service' },
    { met: { state: {} }, missed: { state: { misspelt: 1 } }, says: 'state.misspelt' },
    { met: { includes: [{ ending: 'done' }] }, missed: { includes: [{ ending: 'voided' }] }, says: 'includes' },
  ])('$missed is not met', async ({ met, missed, says }) => {
    expect((await play(met)).ok).toBe(true);
    const failed = await play(missed);
    expect(failed.ok).toBe(false);
    expect(failed.steps[0]?.problems.join()).toContain(says);
  });

  test.each<{ trip: Expected; ok: boolean }>([
    { trip: { sameAs: 'ride' }, ok: true },
    { trip: { sameAs: 'another' }, ok: false },
    { trip: { notSameAs: 'ride' }, ok: false },
    { trip: { notSameAs: 'another' }, ok: false },
    { trip: { seqOf: 'ride' }, ok: false },
  ])('of a later record that $trip', async ({ trip, ok }) => {
    const refused = { at: 9_000, scan: { show: 'alder' }, expect: { includes: [{ act: 'decline', trip }] } };
    expect((await play({}, [refused])).ok).toBe(ok);
  });

  test('is judged at each repetition', async () => {
    const again = {
      at: 1_000,
      scan: { show: 'alder' },
      repeat: { times: 3, everyMs: 3_000 },
      expect: { reason: 'REPEAT' },
    };
    const played = await play({}, [again]);
    expect(played.steps.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(played.steps[1]?.problems[0]).toMatch(/^time 2: reason/);
  });
});

describe('a story', () => {
  test('fails when the power cut that it waits for never comes', async () => {
    const played = await play({}, [{ at: 5_000, power: { cut: 'beforeCommit', record: { act: 'refund' } } }]);
    expect(played.steps.at(-1)).toMatchObject({ act: 'laws', ok: false });
    expect(played.steps.at(-1)?.problems[0]).toContain('never came');
  });

  test('fails when a machine breaks a law, whatever the file expects', async () => {
    const early = await playScenario('story.json', readScenario('story.json', JSON.stringify(laneStory)), {
      answersEarly: true,
    });
    const problems = early.steps.at(-1)?.problems;
    expect(problems).toContain('a pulse with 0 INTENTs in the journal');
    expect(problems).toContain('a person was told of a record that is not in the journal');
  });

  test.each<{ file: string; off: Switches; says: string }>([
    {
      file: 'B1-same-code-twice.json',
      off: { validator: { payload: ({ presentedAt: _, ...payload }) => payload } },
      says: 'the memories of accounts are not what the rows alone give',
    },
    {
      file: 'G2-nobody-passes.json',
      off: { gateLane: { payload: ({ occupancy: _, ...payload }) => payload } },
      says: 'the count of persons is not what the rows alone give',
    },
    {
      file: 'G2-nobody-passes.json',
      off: { gateLane: { payload: ({ cti: _, ...payload }) => payload } },
      says: 'the use of a ticket is not what the rows alone give',
    },
    {
      file: 'V1-three-times.json',
      off: { cabinet: { payload: ({ commandId: _, ...payload }) => payload } },
      says: 'the ledger is not what the rows alone give',
    },
    {
      file: 'B1-same-code-twice.json',
      off: {
        validator: {
          facts: () => {
            throw new Error('no facts');
          },
        },
      },
      says: 'a step threw: no facts',
    },
  ])('fails by a law: $says', async ({ file, off, says }) => {
    const text = readFileSync(join(import.meta.dirname, '../../../scenario/cases', file), 'utf8');
    const played = await playScenario(file, readScenario(file, text), off);
    expect(played.steps.filter(({ act }) => act === 'laws').flatMap(({ problems }) => problems)).toContain(says);
  });

  test.each([true, false])('is told within 80 columns (colour: %s), and cannot steer the screen', async (isTTY) => {
    const wanted = { told: [`${'long '.repeat(40)}${escapeCharacter}[2J`, 'x'.repeat(200)] };
    const paint = painter({ isTTY }, {});
    const text = renderPlayed('story.json', scenario(wanted), await play(wanted), paint, true);
    const bare = text.replaceAll(new RegExp(`${escapeCharacter}\\[\\d+m`, 'g'), '');
    expect(bare).not.toContain(escapeCharacter);
    expect(text !== bare).toBe(isTTY);
    expect(bare).toContain(' FAIL ');
    for (const line of bare.split('\n')) expect(line.length).toBeLessThanOrEqual(scenarioColumns);
  });
});

const laneStory = {
  scenario: 1,
  id: 'G1',
  title: 'one admission, the power gone before its commit',
  guards: ['durable-first'],
  world: {
    tickets: { alder: {} },
    rules: {
      version: 1,
      site: 1,
      timeZone: 'UTC',
      gates: [{ id: 'lane-1', group: 0 }],
      conditions: {},
      products: [
        {
          id: 1,
          people: 'one',
          entries: null,
          reentry: 'free',
          minimumGap: 0,
          graceBefore: 0,
          graceAfter: 0,
          endInclusive: false,
          proofRequired: false,
          identityRequired: false,
          highValue: false,
          gates: null,
          checks: [],
        },
      ],
    },
    machines: { 'lane-1': { kind: 'gateLane' } },
  },
  steps: [
    { at: 0, power: { cut: 'beforeCommit', record: { type: 'INTENT' } } },
    { at: 0, scan: { show: 'alder' } },
  ],
};

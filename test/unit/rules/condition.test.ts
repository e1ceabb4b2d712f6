// What a site's conditions answer: each kind as a table, over both changes of the clock and under doubt.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import { type CborInput, decodeCbor, documentProfile, encodeCbor, plain } from '../../../runtime/core/cbor.ts';
import { type Condition, holds, needsClock, type Question } from '../../../runtime/rules/condition.ts';
import {
  ConditionRefused,
  conditionBounds,
  parseConditions,
  writeCondition,
} from '../../../runtime/rules/condition-document.ts';
import { type EntryHistory, entriesBetween, noEntries } from '../../../runtime/rules/entry-history.ts';
import { LocalCalendar } from '../../../runtime/rules/local-calendar.ts';

const utc = (text: string): number => Date.parse(`${text}Z`) / 1000;
const berlin = new LocalCalendar('Europe/Berlin');
const shanghai = new LocalCalendar('Asia/Shanghai');

const enteredAt = (...times: readonly string[]): EntryHistory => {
  const seconds = times.map(utc);
  return {
    runs: seconds.map((time) => ({ minute: Math.floor(time / 60), count: 1 })),
    entries: seconds.length,
    exits: 0,
    firstEntryAt: unixSeconds(seconds[0] ?? 0),
    lastEntryAt: unixSeconds(seconds.at(-1) ?? 0),
  };
};

const ask = (at: string, more: Partial<Question> = {}): Question => ({
  now: unixSeconds(utc(at)),
  uncertaintySeconds: 0,
  calendar: berlin,
  product: 1,
  gate: 'lane-1',
  history: noEntries,
  ...more,
});

function conditionOf(document: CborInput, others: Readonly<Record<string, CborInput>> = {}): Condition {
  const bytes = encodeCbor({ asked: document, ...others });
  const read = parseConditions(plain(decodeCbor(bytes, documentProfile)) as Record<string, unknown>).get('asked');
  if (read === undefined) throw new Error('not read');
  return read;
}

interface Row {
  readonly title: string;
  readonly when: CborInput;
  readonly asked: Question;
  readonly is: boolean;
}
const twice = enteredAt('2026-07-01T08:00:00', '2026-07-01T09:30:00');
const night = { time: ['02:00', '03:00'] };

const rows: readonly Row[] = [
  { title: 'a window that has begun', when: { time: ['09:00', '18:00'] }, asked: ask('2026-07-01T07:00:00'), is: true },
  { title: 'its end, exclusive', when: { time: ['09:00', '18:00'] }, asked: ask('2026-07-01T16:00:00'), is: false },
  {
    title: 'its end with 10 minutes of tolerance',
    when: { time: ['09:00', '18:00'], tolerance: 10 },
    asked: ask('2026-07-01T16:09:59'),
    is: true,
  },
  {
    title: 'the end of the tolerance',
    when: { time: ['09:00', '18:00'], tolerance: 10 },
    asked: ask('2026-07-01T16:10:00'),
    is: false,
  },
  {
    title: 'over midnight, the evening',
    when: { time: ['22:00', '02:00'] },
    asked: ask('2026-07-01T21:00:00'),
    is: true,
  },
  {
    title: 'over midnight, the morning',
    when: { time: ['22:00', '02:00'] },
    asked: ask('2026-07-01T23:59:00'),
    is: true,
  },
  { title: 'over midnight, by day', when: { time: ['22:00', '02:00'] }, asked: ask('2026-07-01T10:00:00'), is: false },
  { title: 'a whole day', when: { time: ['00:00', '24:00'] }, asked: ask('2026-07-01T21:59:59'), is: true },
  { title: 'the skipped hour has no inside', when: night, asked: ask('2026-03-29T00:59:59'), is: false },
  { title: 'nor has the minute after it', when: night, asked: ask('2026-03-29T01:00:00'), is: false },
  { title: 'the doubled hour, first time', when: night, asked: ask('2026-10-25T00:30:00'), is: true },
  { title: 'the doubled hour, second time', when: night, asked: ask('2026-10-25T01:30:00'), is: true },
  { title: 'the end of the doubled hour', when: night, asked: ask('2026-10-25T02:00:00'), is: false },
  {
    title: 'a zone that never changes',
    when: night,
    asked: ask('2026-10-24T18:30:00', { calendar: shanghai }),
    is: true,
  },
  { title: 'a Sunday, late', when: { weekday: [7] }, asked: ask('2026-03-29T21:59:59'), is: true },
  { title: 'a Monday, early', when: { weekday: [7] }, asked: ask('2026-03-29T22:00:00'), is: false },
  {
    title: 'a span of instants',
    when: { span: [utc('2026-07-01T00:00:00'), utc('2026-07-02T00:00:00')] },
    asked: ask('2026-07-02T00:00:00'),
    is: false,
  },
  { title: 'no entry yet', when: { state: 'never' }, asked: ask('2026-07-01T10:00:00'), is: true },
  { title: 'inside', when: { state: 'inside' }, asked: ask('2026-07-01T10:00:00', { history: twice }), is: true },
  {
    title: 'outside again',
    when: { state: 'outside' },
    asked: ask('2026-07-01T10:00:00', { history: { ...twice, exits: 2 } }),
    is: true,
  },
  {
    title: 'entries in total',
    when: { entries: 'total', atMost: 1 },
    asked: ask('2026-07-01T10:00:00', { history: twice }),
    is: false,
  },
  {
    title: 'entries today, and yesterday was another day',
    when: { entries: 'today', atMost: 0 },
    asked: ask('2026-07-01T22:00:00', { history: twice }),
    is: true,
  },
  {
    title: 'an entry in the 25th hour is of today',
    when: { entries: 'today', atLeast: 1 },
    asked: ask('2026-10-25T22:59:00', { history: enteredAt('2026-10-24T22:00:00') }),
    is: true,
  },
  {
    title: 'an entry in the 24th hour before the spring change is of the day before',
    when: { entries: 'today', atLeast: 1 },
    asked: ask('2026-03-29T21:59:00', { history: enteredAt('2026-03-28T22:59:00') }),
    is: false,
  },
  {
    title: 'distinct days',
    when: { entries: 'days', atLeast: 2, atMost: 2 },
    asked: ask('2026-10-26T10:00:00', {
      history: enteredAt('2026-10-24T22:00:00', '2026-10-25T22:59:00', '2026-10-25T23:00:00'),
    }),
    is: true,
  },
  {
    title: 'entries since a clock time',
    when: { entries: 'since', at: '11:00', atMost: 1 },
    asked: ask('2026-07-01T10:00:00', { history: twice }),
    is: true,
  },
  {
    title: 'entries before a clock time, exclusive',
    when: { entries: 'before', at: '10:00', atMost: 0 },
    asked: ask('2026-07-01T10:00:00', { history: twice }),
    is: true,
  },
  {
    title: 'entries since an instant, inclusive',
    when: { entries: 'since', at: utc('2026-07-01T08:00:00'), atLeast: 2 },
    asked: ask('2026-07-01T10:00:00', { history: twice }),
    is: true,
  },
  {
    title: 'minutes since the first entry',
    when: { minutes: 'first', atLeast: 120 },
    asked: ask('2026-07-01T10:00:00', { history: twice }),
    is: true,
  },
  {
    title: 'minutes since the last entry, not yet full',
    when: { minutes: 'last', atLeast: 30 },
    asked: ask('2026-07-01T09:59:59', { history: twice }),
    is: false,
  },
  {
    title: 'minutes since no entry',
    when: { minutes: 'last', atLeast: 999 },
    asked: ask('2026-07-01T10:00:00'),
    is: true,
  },
  {
    title: 'minutes over the spring change are minutes',
    when: { minutes: 'last', atMost: 2 },
    asked: ask('2026-03-29T01:01:00', { history: enteredAt('2026-03-29T00:59:00') }),
    is: true,
  },
  { title: 'a product', when: { product: [1, 2] }, asked: ask('2026-07-01T10:00:00'), is: true },
  { title: 'another gate', when: { gate: ['lane-2'] }, asked: ask('2026-07-01T10:00:00'), is: false },
  {
    title: 'all, any and not',
    when: ['all', ['not', { weekday: [1] }], ['any', { gate: ['lane-2'] }, { product: [1] }]],
    asked: ask('2026-07-01T10:00:00'),
    is: true,
  },
];

describe('a condition', () => {
  test.each(rows)('$title: $is', ({ when, asked, is }) => {
    expect(holds(conditionOf(when), asked)).toBe(is);
  });

  test('may stand under a name, and deeper than a document may nest', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [
        `step${at}`,
        at === 0 ? { product: [1] } : ['not', { is: `step${at - 1}` }],
      ]),
    );
    expect(holds(conditionOf({ is: 'step10' }, chain), ask('2026-07-01T10:00:00'))).toBe(true);
    expect(holds(conditionOf({ is: 'step11' }, chain), ask('2026-07-01T10:00:00'))).toBe(false);
  });

  test('gives the doubt of the clock to the holder, beneath a "not" as well', () => {
    const late = ask('2026-07-01T16:00:20', { uncertaintySeconds: 30 });
    expect(holds(conditionOf({ time: ['09:00', '18:00'] }), late)).toBe(true);
    const barred = ask('2026-07-01T10:00:20', { uncertaintySeconds: 30 });
    expect(holds(conditionOf(['not', { time: ['12:00', '13:00'] }]), barred)).toBe(true);
    expect(holds(conditionOf(['not', { time: ['12:00', '13:00'] }]), ask('2026-07-01T10:00:31'))).toBe(false);
    const midnight = ask('2026-07-05T22:00:10', { uncertaintySeconds: 30 });
    expect(holds(conditionOf({ weekday: [7] }), midnight)).toBe(true);
    expect(holds(conditionOf(['not', { weekday: [7] }]), midnight)).toBe(true);
  });

  test('says whether it needs the clock', () => {
    const timeless: readonly CborInput[] = [
      { product: [1] },
      { state: 'inside' },
      { entries: 'total', atMost: 1 },
      { entries: 'since', at: 5, atMost: 1 },
    ];
    const timed: readonly CborInput[] = [
      { weekday: [1] },
      { entries: 'today', atMost: 1 },
      { entries: 'before', at: '10:00', atMost: 1 },
      ['not', { minutes: 'last', atLeast: 1 }],
      ['all', { product: [1] }, { time: ['00:00', '24:00'] }],
    ];
    expect(timeless.map((when) => needsClock(conditionOf(when)))).toEqual(timeless.map(() => false));
    expect(timed.map((when) => needsClock(conditionOf(when)))).toEqual(timed.map(() => true));
  });

  test('never counts fewer entries because old ones are no longer kept one by one', () => {
    const history: EntryHistory = { ...twice, entries: 7 };
    expect(entriesBetween(history, 0, Number.POSITIVE_INFINITY)).toBe(7);
    expect(entriesBetween(history, utc('2026-07-01T09:00:00'), Number.POSITIVE_INFINITY)).toBe(1);
  });
});

const written: fc.Arbitrary<CborInput> = fc.letrec<{ node: CborInput }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', maxDepth: 2 },
    fc.constantFrom<CborInput>(
      { time: ['22:00', '02:30'], tolerance: 5 },
      { span: [1_770_000_000, 1_780_000_000], tolerance: 0 },
      { weekday: [1, 7] },
      { entries: 'today', atMost: 2 },
      { entries: 'since', at: '02:30', atLeast: 1 },
      { entries: 'before', at: 1_775_000_000, atLeast: 1, atMost: 3 },
      { minutes: 'last', atLeast: 10 },
      { state: 'outside' },
      { product: [1, 2] },
      { gate: ['lane-1'] },
      { is: 'other' },
    ),
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((parts) => ['all', ...parts]),
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((parts) => ['any', ...parts]),
    tie('node').map((part) => ['not', part]),
  ),
})).node;
const others = { other: { product: [3] } };
const seed = 20_260_329;

describe(`conditions of any shape (seed ${seed})`, () => {
  test('survive the way to the terminal, and answer for every moment in every zone', () => {
    const zones = fc.constantFrom(
      'Europe/Berlin',
      'Asia/Shanghai',
      'America/New_York',
      'Australia/Lord_Howe',
      'Africa/Cairo',
    );
    const moments = fc.oneof(
      fc.integer({ min: utc('2026-03-28T00:00:00'), max: utc('2026-03-30T00:00:00') }),
      fc.integer({ min: utc('2026-10-24T00:00:00'), max: utc('2026-10-26T00:00:00') }),
      fc.integer({ min: 0, max: 0xffff_ffff }),
    );
    let yes = 0;
    fc.assert(
      fc.property(written, zones, moments, fc.nat(600), (document, zone, now, uncertaintySeconds) => {
        const condition = conditionOf(document, others);
        expect(writeCondition(conditionOf(writeCondition(condition), others))).toEqual(writeCondition(condition));
        const history = now < 90_000 ? noEntries : { ...twice, firstEntryAt: unixSeconds(now - 90_000) };
        const calendar = new LocalCalendar(zone);
        const asked: Question = {
          ...ask('2026-07-01T10:00:00'),
          now: unixSeconds(now),
          calendar,
          history,
          uncertaintySeconds,
        };
        const answer = holds(condition, asked);
        expect(holds(condition, asked)).toBe(answer);
        if (answer) yes++;
        const sure = { ...asked, uncertaintySeconds: 0 };
        if (holds(condition, sure)) expect(answer).toBe(true);
      }),
      { seed, numRuns: 400 },
    );
    expect(yes).toBeGreaterThan(50);
  });
});

describe('a condition is refused by name', () => {
  const wide = Object.fromEntries(
    Array.from({ length: 12 }, (_, at) => [
      `w${at}`,
      at === 0 ? { product: [1] } : ['all', { is: `w${at - 1}` }, { is: `w${at - 1}` }],
    ]),
  );
  const deep = Object.fromEntries(
    Array.from({ length: 40 }, (_, at) => [`d${at}`, at === 0 ? { product: [1] } : { is: `d${at - 1}` }]),
  );
  test.each<{ name: string; document: Readonly<Record<string, CborInput>>; key: RegExp; says: RegExp }>([
    { name: 'a word', document: { a: 'yes' }, key: /^conditions\.a$/, says: /map, or an array/ },
    {
      name: 'an unknown operator',
      document: { a: ['xor', { product: [1] }] },
      key: /a$/,
      says: /"xor" is not one of all, any, not/,
    },
    {
      name: 'not of two',
      document: { a: ['not', { product: [1] }, { product: [2] }] },
      key: /a$/,
      says: /takes 1 condition, not 2/,
    },
    { name: 'all of nothing', document: { a: ['all'] }, key: /a$/, says: /takes 1 to 64/ },
    { name: 'no leaf', document: { a: {} }, key: /a$/, says: /exactly one of is, entries/ },
    { name: 'two leaves in one', document: { a: { state: 'never', weekday: [1] } }, key: /a$/, says: /exactly one/ },
    {
      name: 'a foreign key',
      document: { a: { weekday: [1], colour: 1 } },
      key: /a\.colour$/,
      says: /not one of weekday/,
    },
    {
      name: 'a weekday 8',
      document: { a: { weekday: [8] } },
      key: /a\.weekday\.0$/,
      says: /8 is not an integer from 1 to 7/,
    },
    {
      name: 'a clock time 24:01',
      document: { a: { time: ['09:00', '24:01'] } },
      key: /time\.1$/,
      says: /"24:01" is not a clock time/,
    },
    {
      name: 'an empty window',
      document: { a: { time: ['09:00', '09:00'] } },
      key: /time$/,
      says: /begins when it ends/,
    },
    { name: 'a span backwards', document: { a: { span: [9, 9] } }, key: /span$/, says: /end after it begins/ },
    { name: 'no range', document: { a: { entries: 'total' } }, key: /a$/, says: /atLeast, atMost or both/ },
    {
      name: 'an empty range',
      document: { a: { minutes: 'last', atLeast: 5, atMost: 4 } },
      key: /a$/,
      says: /5 is above atMost 4/,
    },
    {
      name: 'a mark where none belongs',
      document: { a: { entries: 'today', at: '10:00', atMost: 1 } },
      key: /a\.at$/,
      says: /not one of/,
    },
    { name: 'an unknown name', document: { a: { is: 'b' } }, key: /a\.is$/, says: /"b", which is not in conditions/ },
    { name: 'a name of Object', document: { a: { is: 'constructor' } }, key: /a\.is$/, says: /not in conditions/ },
    {
      name: 'a circle',
      document: { a: { is: 'b' }, b: ['not', { is: 'a' }] },
      key: /is$/,
      says: /leads back to itself/,
    },
    { name: 'doubling without end', document: wide, key: /w\d+/, says: /parts written out, at most 512/ },
    { name: 'a long chain', document: deep, key: /d\d+/, says: /deep/ },
    { name: 'a strange name', document: { 'A b': { product: [1] } }, key: /conditions\.A b/, says: /name must match/ },
  ])('$name', ({ document, key, says }) => {
    try {
      parseConditions(plain(decodeCbor(encodeCbor(document), documentProfile)) as Record<string, unknown>);
    } catch (error) {
      if (!(error instanceof ConditionRefused)) throw error;
      expect(error.key).toMatch(key);
      expect(error.message).toMatch(says);
      return;
    }
    throw new Error('the condition was taken');
  });

  test('and so are too many', () => {
    const many = Object.fromEntries(
      Array.from({ length: conditionBounds.conditions + 1 }, (_, at) => [`c${at}`, { product: [1] }]),
    );
    expect(() => parseConditions(many)).toThrow(/257 of them, at most 256/);
    const list = Array.from({ length: conditionBounds.listItems + 1 }, () => 1);
    expect(() => parseConditions({ a: { product: list } })).toThrow(/list of 1 to 64/);
  });
});

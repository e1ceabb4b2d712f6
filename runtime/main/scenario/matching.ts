// Compares what a story expects with what was seen, and says each difference in one sentence.
import { isDeepStrictEqual } from 'node:util';
import { type CheckName, hasCheck } from '../../core/check-words.ts';
import type { Expectation, RecordWanted, Wanted } from './expect-format.ts';
import type { Moved, SeenEffect, Told } from './station-port.ts';

/** What one expectation looks at: what came since its step began, and how things stand now. */
export interface Seen {
  readonly told: readonly Told[];
  readonly effects: readonly SeenEffect[];
  readonly moved: readonly Moved[];
  readonly records: readonly SeenRecord[];
  readonly counters: Readonly<Record<string, number>>;
  readonly view: unknown;
}

/** A row as a story reads it. */
export interface SeenRecord {
  readonly seq: number;
  readonly ref: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Records that the story has named, over all its steps. */
export type NamedRecords = Map<string, SeenRecord>;

export function problemsOf(wanted: Expectation, seen: Seen, named: NamedRecords): readonly string[] {
  return [
    ...recordProblems(wanted, seen, named),
    ...toldProblems(wanted, seen, named),
    ...listProblem('moved', wanted.moved, seen.moved),
    ...orderedProblem('prompts', wanted.prompts, promptsOf(seen), (want, prompt) => want === prompt),
    ...orderedProblem('effects', wanted.effects, seen.effects, (want, effect) => matches(want, effect, named)),
    ...Object.entries(wanted.counters ?? {}).flatMap(([name, count]) =>
      valueProblem(`counter ${name}`, count, seen.counters[name]),
    ),
    ...stateProblems('state', wanted.state ?? {}, seen.view),
  ];
}

function toldProblems(wanted: Expectation, { told }: Seen, named: NamedRecords): readonly string[] {
  const last = told.at(-1);
  const words = told.map(({ cue, reason }) => `${cue} ${reason}`);
  const { reason, cue, reference } = wanted;
  return [
    ...(reason === undefined ? [] : valueProblem('reason', reason, last?.reason ?? null)),
    ...(cue === undefined ? [] : valueProblem('cue', cue, last?.cue ?? null)),
    ...listProblem('told', wanted.told, words),
    ...(typeof reference === 'boolean' ? valueProblem('reference', reference, last?.ref != null) : []),
    ...(typeof reference === 'object'
      ? valueProblem('reference', named.get(reference.of)?.ref ?? `of ${reference.of}`, last?.ref ?? null)
      : []),
  ];
}

function recordProblems(wanted: Expectation, { records }: Seen, named: NamedRecords): readonly string[] {
  const { records: all, includes } = wanted;
  const problems: string[] = [];
  if (all !== undefined) {
    if (all.length !== records.length)
      problems.push(
        `records: expected ${all.length}, got ${records.length}: ${records.map(inShort).join('; ') || 'none'}`,
      );
    for (const [at, want] of all.entries()) {
      const record = records[at];
      if (record === undefined) break;
      const difference = recordDifference(want, record, named);
      if (difference === null) remember(want, record, named);
      else problems.push(`record ${at + 1} (${inShort(record)}): ${difference}`);
    }
  }
  let from = 0;
  for (const want of includes ?? []) {
    const at = records.findIndex((record, index) => index >= from && recordDifference(want, record, named) === null);
    const found = records[at];
    if (found === undefined) {
      problems.push(`includes: no record ${JSON.stringify(want)} among ${records.map(inShort).join('; ') || 'none'}`);
      break;
    }
    remember(want, found, named);
    from = at + 1;
  }
  return problems;
}

function recordDifference(want: RecordWanted, record: SeenRecord, named: NamedRecords): string | null {
  for (const [field, value] of Object.entries(want)) {
    if (field === 'as') continue;
    const got = record.fields[field];
    if (!fits(value, got, field, named))
      return `${field} expected ${JSON.stringify(value)}, got ${JSON.stringify(got) ?? 'nothing'}`;
  }
  return null;
}

function remember(want: RecordWanted, record: SeenRecord, named: NamedRecords): void {
  if (want.as !== undefined) named.set(want.as, record);
}

function matches(
  want: Readonly<Record<string, Wanted>>,
  got: Readonly<Record<string, unknown>>,
  named: NamedRecords,
): boolean {
  return Object.entries(want).every(([field, value]) => fits(value, got[field], field, named));
}

function fits(want: Wanted, got: unknown, field: string, named: NamedRecords): boolean {
  if (typeof want !== 'object' || want === null) return want === null ? (got ?? null) === null : got === want;
  if (Array.isArray(want)) return isDeepStrictEqual(got, want);
  const matcher = want as Exclude<Wanted, null | string | number | boolean | readonly unknown[]>;
  if ('present' in matcher) return ((got ?? null) !== null) === matcher.present;
  if ('atLeast' in matcher) return typeof got === 'number' && got >= matcher.atLeast;
  if ('atMost' in matcher) return typeof got === 'number' && got <= matcher.atMost;
  if ('has' in matcher) return matcher.has.every((name) => hasBit(got, name));
  if ('lacks' in matcher) return matcher.lacks.every((name) => !hasBit(got, name));
  if ('seqOf' in matcher) return named.get(matcher.seqOf)?.seq === got;
  if ('notSameAs' in matcher) {
    const other = named.get(matcher.notSameAs);
    return other !== undefined && !isDeepStrictEqual(got, other.fields[field]);
  }
  const other = named.get(matcher.sameAs);
  return other !== undefined && got !== undefined && isDeepStrictEqual(got, other.fields[field]);
}

const hasBit = (word: unknown, name: CheckName): boolean => typeof word === 'number' && hasCheck(word, name);

function listProblem<T>(what: string, want: readonly T[] | undefined, got: readonly unknown[]): readonly string[] {
  if (want === undefined || isDeepStrictEqual([...want], [...got])) return [];
  return [`${what}: expected ${wordsOf(want)}, got ${wordsOf(got)}`];
}

function valueProblem(what: string, want: unknown, got: unknown): readonly string[] {
  return isDeepStrictEqual(want, got) ? [] : [`${what}: expected ${wordsOf(want)}, got ${wordsOf(got)}`];
}

/** `want` in order, with anything between. */
function orderedProblem<Want, Got>(
  what: string,
  want: readonly Want[] | undefined,
  got: readonly Got[],
  isMet: (want: Want, got: Got) => boolean,
): readonly string[] {
  let from = 0;
  for (const one of want ?? []) {
    const at = got.findIndex((other, index) => index >= from && isMet(one, other));
    if (at < 0) return [`${what}: no ${JSON.stringify(one)} among ${wordsOf(got)}`];
    from = at + 1;
  }
  return [];
}

function stateProblems(path: string, want: unknown, got: unknown): readonly string[] {
  if (typeof want !== 'object' || want === null || Array.isArray(want)) return valueProblem(path, want, got);
  const inner = (typeof got === 'object' && got !== null ? got : {}) as Readonly<Record<string, unknown>>;
  return Object.entries(want).flatMap(([key, value]) => stateProblems(`${path}.${key}`, value, inner[key]));
}

const promptsOf = ({ effects }: Seen): readonly unknown[] =>
  effects.filter(({ kind }) => kind === 'prompt').map((effect) => effect['prompt']);

const inShort = ({ fields }: SeenRecord): string =>
  [fields['type'], fields['act'], fields['outcome'] ?? fields['incident'] ?? fields['reason'], fields['ending']]
    .filter((word) => word !== undefined)
    .join(' ');

const wordsOf = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

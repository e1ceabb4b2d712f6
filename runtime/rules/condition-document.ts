// Conditions as they travel: operators are arrays, leaves are maps, and one condition may name another. Parsed
// by hand, so that a refusal can say which key of which condition is wrong and what is allowed there.
import { unixSeconds } from '../core/brand.ts';
import type { CborInput } from '../core/cbor.ts';
import type { Condition, Mark, Range } from './condition.ts';
import { minutesOf } from './local-calendar.ts';

export const conditionBounds = {
  conditions: 256,
  nameCharacters: 32,
  /** Nodes of one condition with everything it names written out: what one evaluation may cost. */
  nodes: 512,
  depth: 32,
  listItems: 64,
  count: 1_000_000,
  toleranceMinutes: 1_440,
} as const;

const u32Max = 0xffff_ffff;
const namePattern = /^[a-z][A-Za-z0-9-]{0,31}$/;
const gatePattern = /^[A-Za-z0-9_-]{1,32}$/;

/** What is wrong with a condition, where, and what is allowed there. */
export class ConditionRefused extends Error {
  readonly key: string;

  constructor(key: string, problem: string) {
    super(problem);
    this.key = key;
  }
}

/** `document` maps names to conditions in plain form. @throws ConditionRefused */
export function parseConditions(document: Readonly<Record<string, unknown>>): ReadonlyMap<string, Condition> {
  const names = Object.keys(document);
  if (names.length > conditionBounds.conditions)
    refuse('conditions', `${names.length} of them, at most ${conditionBounds.conditions}`);
  for (const name of names)
    if (!namePattern.test(name))
      refuse(`conditions.${name.slice(0, conditionBounds.nameCharacters)}`, `name must match ${namePattern.source}`);
  const reader = new Reader(document);
  return new Map(names.map((name) => [name, reader.named(name, `conditions.${name}`, 0).condition]));
}

interface Sized {
  readonly condition: Condition;
  readonly nodes: number;
  readonly depth: number;
}

class Reader {
  readonly #document: Readonly<Record<string, unknown>>;
  readonly #done = new Map<string, Sized>();
  readonly #open = new Set<string>();

  constructor(document: Readonly<Record<string, unknown>>) {
    this.#document = document;
  }

  named(name: string, key: string, depth: number): Sized {
    const known = this.#done.get(name);
    if (known !== undefined) return known;
    if (!Object.hasOwn(this.#document, name)) refuse(key, `names ${JSON.stringify(name)}, which is not in conditions`);
    if (this.#open.has(name)) refuse(key, `${name} leads back to itself`);
    this.#open.add(name);
    const sized = this.#read(this.#document[name], `conditions.${name}`, depth);
    this.#open.delete(name);
    this.#done.set(name, sized);
    return sized;
  }

  #read(value: unknown, key: string, depth: number): Sized {
    if (depth > conditionBounds.depth) refuse(key, `lies deeper than ${conditionBounds.depth}`);
    const sized = Array.isArray(value) ? this.#operator(value, key, depth) : this.#leaf(value, key, depth);
    if (sized.nodes > conditionBounds.nodes)
      refuse(key, `has ${sized.nodes} parts written out, at most ${conditionBounds.nodes}`);
    if (sized.depth > conditionBounds.depth) refuse(key, `is ${sized.depth} deep, at most ${conditionBounds.depth}`);
    return sized;
  }

  #operator([name, ...rest]: readonly unknown[], key: string, depth: number): Sized {
    const inner = (): readonly Sized[] => rest.map((part, at) => this.#read(part, `${key}.${at + 1}`, depth + 1));
    const grown = (condition: Condition, parts: readonly Sized[]): Sized => ({
      condition,
      nodes: parts.reduce((sum, part) => sum + part.nodes, 1),
      depth: 1 + Math.max(...parts.map((part) => part.depth)),
    });
    if (name === 'all' || name === 'any') {
      if (rest.length === 0 || rest.length > conditionBounds.listItems)
        refuse(key, `${name} takes 1 to ${conditionBounds.listItems} conditions, not ${rest.length}`);
      const parts = inner();
      return grown({ kind: name, of: parts.map((part) => part.condition) }, parts);
    }
    if (name !== 'not') refuse(key, `operator ${JSON.stringify(name) ?? 'nothing'} is not one of all, any, not`);
    if (rest.length !== 1) refuse(key, `not takes 1 condition, not ${rest.length}`);
    const parts = inner();
    return grown({ kind: 'not', of: (parts[0] as Sized).condition }, parts);
  }

  #leaf(value: unknown, key: string, depth: number): Sized {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array)
      refuse(key, 'must be a map, or an array that begins with all, any or not');
    const map = value as Readonly<Record<string, unknown>>;
    if (!Object.hasOwn(map, 'is')) return { condition: leafOf(map, key), nodes: 1, depth: 1 };
    onlyKeys(map, ['is'], key);
    const name = map['is'];
    if (typeof name !== 'string') refuse(`${key}.is`, 'must be the name of a condition');
    const target = this.named(name as string, `${key}.is`, depth + 1);
    const condition: Condition = { kind: 'is', name: name as string, of: target.condition };
    return { condition, nodes: target.nodes + 1, depth: target.depth + 1 };
  }
}

const leafReaders: Readonly<Record<string, (map: Readonly<Record<string, unknown>>, key: string) => Condition>> = {
  entries: readEntries,
  minutes: (map, key) => {
    onlyKeys(map, ['minutes', 'atLeast', 'atMost'], key);
    return {
      kind: 'minutes',
      since: oneOf(map['minutes'], ['first', 'last'], `${key}.minutes`),
      range: rangeOf(map, key),
    };
  },
  state: (map, key) => {
    onlyKeys(map, ['state'], key);
    return { kind: 'state', is: oneOf(map['state'], ['never', 'inside', 'outside'], `${key}.state`) };
  },
  time: (map, key) => {
    onlyKeys(map, ['time', 'tolerance'], key);
    const [from, to] = pairOf(map['time'], `${key}.time`);
    const fromMinutes = clockOf(from, `${key}.time.0`);
    const toMinutes = clockOf(to, `${key}.time.1`);
    if (fromMinutes === toMinutes) refuse(`${key}.time`, 'begins when it ends; write 00:00 and 24:00 for a whole day');
    if (fromMinutes === 1_440) refuse(`${key}.time.0`, 'must be 00:00 to 23:59');
    return { kind: 'time', fromMinutes, toMinutes, toleranceMinutes: toleranceOf(map, key) };
  },
  span: (map, key) => {
    onlyKeys(map, ['span', 'tolerance'], key);
    const [from, to] = pairOf(map['span'], `${key}.span`);
    const begin = integerOf(from, 0, u32Max, `${key}.span.0`);
    const end = integerOf(to, 0, u32Max, `${key}.span.1`);
    if (end <= begin) refuse(`${key}.span`, 'must end after it begins');
    return { kind: 'span', from: unixSeconds(begin), to: unixSeconds(end), toleranceMinutes: toleranceOf(map, key) };
  },
  weekday: (map, key) => {
    onlyKeys(map, ['weekday'], key);
    const days = listOf(map['weekday'], `${key}.weekday`).map((day, at) =>
      integerOf(day, 1, 7, `${key}.weekday.${at}`),
    );
    return { kind: 'weekday', days };
  },
  product: (map, key) => {
    onlyKeys(map, ['product'], key);
    const list = listOf(map['product'], `${key}.product`);
    return { kind: 'product', products: list.map((id, at) => integerOf(id, 0, 0xffff, `${key}.product.${at}`)) };
  },
  gate: (map, key) => {
    onlyKeys(map, ['gate'], key);
    const gates = listOf(map['gate'], `${key}.gate`).map((id, at) => {
      if (typeof id !== 'string' || !gatePattern.test(id))
        refuse(`${key}.gate.${at}`, `must match ${gatePattern.source}`);
      return id as string;
    });
    return { kind: 'gate', gates };
  },
};

function leafOf(map: Readonly<Record<string, unknown>>, key: string): Condition {
  const kinds = Object.keys(leafReaders).filter((kind) => Object.hasOwn(map, kind));
  const reader = kinds.length === 1 ? leafReaders[kinds[0] ?? ''] : undefined;
  if (reader === undefined) return refuse(key, `must have exactly one of is, ${Object.keys(leafReaders).join(', ')}`);
  return reader(map, key);
}

function readEntries(map: Readonly<Record<string, unknown>>, key: string): Condition {
  const count = oneOf(map['entries'], ['total', 'today', 'days', 'since', 'before'], `${key}.entries`);
  const marked = count === 'since' || count === 'before';
  onlyKeys(map, ['entries', 'atLeast', 'atMost', ...(marked ? ['at'] : [])], key);
  const range = rangeOf(map, key);
  if (count === 'since') return { kind: 'entriesSince', mark: markOf(map['at'], `${key}.at`), range };
  if (count === 'before') return { kind: 'entriesBefore', mark: markOf(map['at'], `${key}.at`), range };
  return { kind: 'entries', count, range };
}

/** The plain form again: what {@link parseConditions} reads. */
export function writeCondition(condition: Condition): CborInput {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return [condition.kind, ...condition.of.map(writeCondition)];
    case 'not':
      return ['not', writeCondition(condition.of)];
    case 'is':
      return { is: condition.name };
    case 'entries':
      return { entries: condition.count, ...writeRange(condition.range) };
    case 'entriesSince':
      return { entries: 'since', at: writeMark(condition.mark), ...writeRange(condition.range) };
    case 'entriesBefore':
      return { entries: 'before', at: writeMark(condition.mark), ...writeRange(condition.range) };
    case 'minutes':
      return { minutes: condition.since, ...writeRange(condition.range) };
    case 'state':
      return { state: condition.is };
    case 'time':
      return {
        time: [writeClock(condition.fromMinutes), writeClock(condition.toMinutes)],
        tolerance: condition.toleranceMinutes,
      };
    case 'span':
      return { span: [condition.from, condition.to], tolerance: condition.toleranceMinutes };
    case 'weekday':
      return { weekday: condition.days };
    case 'product':
      return { product: condition.products };
    case 'gate':
      return { gate: condition.gates };
    default:
      return condition satisfies never;
  }
}

const writeRange = ({ atLeast, atMost }: Range): Readonly<Record<string, number>> => ({
  ...(atLeast === null ? {} : { atLeast }),
  ...(atMost === null ? {} : { atMost }),
});
const writeMark = (mark: Mark): CborInput => ('instant' in mark ? mark.instant : writeClock(mark.clockMinutes));
const writeClock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

function rangeOf(map: Readonly<Record<string, unknown>>, key: string): Range {
  const end = (name: 'atLeast' | 'atMost'): number | null =>
    map[name] === undefined ? null : integerOf(map[name], 0, conditionBounds.count, `${key}.${name}`);
  const range = { atLeast: end('atLeast'), atMost: end('atMost') };
  if (range.atLeast === null && range.atMost === null) refuse(key, 'needs atLeast, atMost or both');
  if (range.atLeast !== null && range.atMost !== null && range.atLeast > range.atMost)
    refuse(key, `atLeast ${range.atLeast} is above atMost ${range.atMost}`);
  return range;
}

function markOf(value: unknown, key: string): Mark {
  if (typeof value === 'string') return { clockMinutes: clockOf(value, key) };
  return { instant: unixSeconds(integerOf(value, 0, u32Max, key)) };
}

const toleranceOf = (map: Readonly<Record<string, unknown>>, key: string): number =>
  map['tolerance'] === undefined
    ? 0
    : integerOf(map['tolerance'], 0, conditionBounds.toleranceMinutes, `${key}.tolerance`);

function clockOf(value: unknown, key: string): number {
  const minutes = typeof value === 'string' ? minutesOf(value) : null;
  return minutes ?? refuse(key, `${shown(value)} is not a clock time 00:00 to 24:00`);
}

function integerOf(value: unknown, least: number, most: number, key: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  return refuse(key, `${shown(value)} is not an integer from ${least} to ${most}`);
}

function oneOf<const Word extends string>(value: unknown, words: readonly Word[], key: string): Word {
  return words.find((word) => word === value) ?? refuse(key, `${shown(value)} is not one of ${words.join(', ')}`);
}

function listOf(value: unknown, key: string): readonly unknown[] {
  if (Array.isArray(value) && value.length >= 1 && value.length <= conditionBounds.listItems) return value;
  return refuse(key, `must be a list of 1 to ${conditionBounds.listItems}`);
}

function pairOf(value: unknown, key: string): readonly [unknown, unknown] {
  if (Array.isArray(value) && value.length === 2) return [value[0], value[1]];
  return refuse(key, 'must be a pair of begin and end');
}

function onlyKeys(map: Readonly<Record<string, unknown>>, allowed: readonly string[], key: string): void {
  const foreign = Object.keys(map).find((name) => !allowed.includes(name));
  if (foreign !== undefined) refuse(`${key}.${foreign}`, `is not one of ${allowed.join(', ')}`);
}

const shown = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value).slice(0, 40) : typeof value;

function refuse(key: string, problem: string): never {
  throw new ConditionRefused(key, problem);
}

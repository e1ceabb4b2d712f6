// A condition of a site's access rules and its evaluation: pure, total, and no longer than its size. Where the
// clock is uncertain the benefit goes to the holder, beneath a "not" as well.
import { type UnixSeconds, unixSeconds } from '../core/brand.ts';
import { type EntryHistory, type EntryState, entriesBetween, entryStateOf } from './entry-history.ts';
import { dateAfter, type LocalCalendar } from './local-calendar.ts';

/** Inclusive at both ends; at least one end is there. */
export interface Range {
  readonly atLeast: number | null;
  readonly atMost: number | null;
}

/** A clock time of the local day on which the question is asked, or an instant. */
export type Mark = { readonly clockMinutes: number } | { readonly instant: UnixSeconds };

export type Condition =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  /** Another condition by its name; the decoder has found it, and no circle. */
  | { readonly kind: 'is'; readonly name: string; readonly of: Condition }
  | { readonly kind: 'entries'; readonly count: 'total' | 'today' | 'days'; readonly range: Range }
  | { readonly kind: 'entriesSince' | 'entriesBefore'; readonly mark: Mark; readonly range: Range }
  /** Whole minutes; with no entry yet, endlessly many. */
  | { readonly kind: 'minutes'; readonly since: 'first' | 'last'; readonly range: Range }
  | { readonly kind: 'state'; readonly is: EntryState }
  /** Local clock times, end exclusive; over midnight where `toMinutes` is not after `fromMinutes`. */
  | {
      readonly kind: 'time';
      readonly fromMinutes: number;
      readonly toMinutes: number;
      readonly toleranceMinutes: number;
    }
  /** Instants, end exclusive. */
  | { readonly kind: 'span'; readonly from: UnixSeconds; readonly to: UnixSeconds; readonly toleranceMinutes: number }
  /** ISO 8601, 1 Monday .. 7 Sunday, of the local day. */
  | { readonly kind: 'weekday'; readonly days: readonly number[] }
  | { readonly kind: 'product'; readonly products: readonly number[] }
  | { readonly kind: 'gate'; readonly gates: readonly string[] };

export interface Question {
  readonly now: UnixSeconds;
  /** Half width of the interval that holds the true time, seconds. */
  readonly uncertaintySeconds: number;
  readonly calendar: LocalCalendar;
  readonly product: number | null;
  readonly gate: string;
  readonly history: EntryHistory;
}

export const holds = (condition: Condition, question: Question): boolean => evaluate(condition, question, true);

/** Whether the answer hangs on what time it is now. */
export function needsClock(condition: Condition): boolean {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.of.some(needsClock);
    case 'not':
    case 'is':
      return needsClock(condition.of);
    case 'entries':
      return condition.count === 'today';
    case 'entriesSince':
    case 'entriesBefore':
      return 'clockMinutes' in condition.mark;
    case 'minutes':
    case 'time':
    case 'span':
    case 'weekday':
      return true;
    case 'state':
    case 'product':
    case 'gate':
      return false;
    default:
      return condition satisfies never;
  }
}

/** `favour` says on which side of the clock's uncertainty the holder profits. */
function evaluate(condition: Condition, question: Question, favour: boolean): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.of.every((inner) => evaluate(inner, question, favour));
    case 'any':
      return condition.of.some((inner) => evaluate(inner, question, favour));
    case 'not':
      return !evaluate(condition.of, question, !favour);
    case 'is':
      return evaluate(condition.of, question, favour);
    case 'entries':
      return within(condition.range, entriesOf(condition.count, question));
    case 'entriesSince':
      return within(condition.range, entriesBetween(question.history, instantOf(condition.mark, question), forever));
    case 'entriesBefore':
      return within(condition.range, entriesBetween(question.history, 0, instantOf(condition.mark, question)));
    case 'minutes':
      return within(condition.range, minutesSince(condition.since, question));
    case 'state':
      return entryStateOf(question.history) === condition.is;
    case 'time':
      return inClockWindow(condition, question, favour);
    case 'span':
      return inSpan(condition.from, condition.to, condition.toleranceMinutes, question, favour);
    case 'weekday':
      return onWeekday(condition.days, question, favour);
    case 'product':
      return question.product !== null && condition.products.includes(question.product);
    case 'gate':
      return condition.gates.includes(question.gate);
    default:
      return condition satisfies never;
  }
}

const forever = Number.POSITIVE_INFINITY;

const within = ({ atLeast, atMost }: Range, value: number): boolean =>
  (atLeast === null || value >= atLeast) && (atMost === null || value <= atMost);

function entriesOf(count: 'total' | 'today' | 'days', { history, calendar, now }: Question): number {
  if (count === 'total') return history.entries;
  if (count === 'days') return daysOf(history, calendar);
  const { from, to } = calendar.dayAround(now);
  return entriesBetween(history, from, to);
}

function daysOf(history: EntryHistory, calendar: LocalCalendar): number {
  let days = 0;
  let dayEnd = Number.NEGATIVE_INFINITY;
  for (const run of history.runs) {
    const at = run.minute * 60;
    if (at < dayEnd) continue;
    days++;
    dayEnd = calendar.dayAround(unixSeconds(at)).to;
  }
  return days;
}

function instantOf(mark: Mark, { calendar, now }: Question): number {
  return 'instant' in mark ? mark.instant : calendar.instantOf(calendar.at(now).date, mark.clockMinutes);
}

function minutesSince(which: 'first' | 'last', { history, now }: Question): number {
  const at = which === 'first' ? history.firstEntryAt : history.lastEntryAt;
  return at === null ? forever : Math.max(0, Math.floor((now - at) / 60));
}

/** The window that began yesterday may still run, and with a tolerance tomorrow's may have begun. */
function inClockWindow(
  window: { readonly fromMinutes: number; readonly toMinutes: number; readonly toleranceMinutes: number },
  question: Question,
  favour: boolean,
): boolean {
  const { calendar, now } = question;
  const { date } = calendar.at(now);
  const nextDay = window.toMinutes <= window.fromMinutes ? 1 : 0;
  return [-1, 0, 1].some((days) => {
    const from = calendar.instantOf(dateAfter(date, days), window.fromMinutes);
    const to = calendar.instantOf(dateAfter(date, days + nextDay), window.toMinutes);
    return from < to && inSpan(from, to, window.toleranceMinutes, question, favour);
  });
}

function inSpan(from: number, to: number, toleranceMinutes: number, question: Question, favour: boolean): boolean {
  const slack = toleranceMinutes * 60 + (favour ? question.uncertaintySeconds : -question.uncertaintySeconds);
  return question.now >= from - slack && question.now < to + slack;
}

function onWeekday(days: readonly number[], { calendar, now, uncertaintySeconds }: Question, favour: boolean): boolean {
  const on = (time: number): boolean => days.includes(calendar.at(unixSeconds(Math.max(0, time))).weekday);
  const ends = [now - uncertaintySeconds, now + uncertaintySeconds];
  return favour ? ends.some(on) : ends.every(on);
}

// Local dates and clock times of one time zone. A window "09:00 to 17:00" means what the clock on the wall
// shows, so every comparison is made between instants that were found from local times, never by adding hours.
import { type UnixSeconds, unixSeconds } from '../core/brand.ts';

export interface LocalTime {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** Minutes the local clock shows since 00:00, 0..1439. */
  readonly minutes: number;
  /** ISO 8601: 1 Monday .. 7 Sunday. */
  readonly weekday: number;
}

const minuteSeconds = 60;
const daySeconds = 86_400;
/** No zone has moved its clock by more in one step; the day skipped in Samoa in 2011 is inside. */
const transitionSeconds = 26 * 3_600;
const utcDate = new Intl.DateTimeFormat('sv-SE', { timeZone: 'UTC' });

export const isTimeZone = (name: string): boolean => {
  try {
    return formatOf(name) !== null;
  } catch {
    return false;
  }
};

export class LocalCalendar {
  readonly timeZone: string;
  readonly #format: Intl.DateTimeFormat;

  /** `timeZone` is an IANA name. @throws RangeError for a name that the runtime's zone data lacks. */
  constructor(timeZone: string) {
    this.timeZone = timeZone;
    this.#format = formatOf(timeZone);
  }

  at(time: UnixSeconds): LocalTime {
    const [date = '', clock = ''] = this.#format.format(time * 1000).split(' ');
    const [hours = 0, minutes = 0] = clock.split(':').map(Number);
    return { date, minutes: hours * 60 + minutes, weekday: weekdayOf(date) };
  }

  /**
   * The first instant at which the local clock shows `minutes` (0..1440) of `date`. A time that occurs twice
   * is its first occurrence; one that is skipped is the instant of the change.
   */
  instantOf(date: string, minutes: number): UnixSeconds {
    const asUtc = epochOf(date) + minutes * minuteSeconds;
    const offsets = new Set([this.#offsetAt(asUtc - daySeconds), this.#offsetAt(asUtc + daySeconds)]);
    const shown = [...offsets].map((offset) => asUtc - offset).filter((instant) => this.#shownAt(instant) === asUtc);
    return unixSeconds(shown.length > 0 ? Math.min(...shown) : this.#changeBefore(asUtc));
  }

  /** First instant of the local day, and of the next one: 23, 24 or 25 hours apart, and rarely something else. */
  dayAround(time: UnixSeconds): { readonly from: UnixSeconds; readonly to: UnixSeconds } {
    const { date } = this.at(time);
    return { from: this.instantOf(date, 0), to: this.instantOf(dateAfter(date, 1), 0) };
  }

  /** What the local clock shows, as if it were UTC. */
  #shownAt(time: number): number {
    const { date, minutes } = this.at(unixSeconds(time));
    return epochOf(date) + minutes * minuteSeconds + (((time % minuteSeconds) + minuteSeconds) % minuteSeconds);
  }

  #offsetAt = (time: number): number => this.#shownAt(time) - time;

  /** Around a skipped time the shown clock only rises, so the change lies where it first passes `asUtc`. */
  #changeBefore(asUtc: number): number {
    let below = asUtc - transitionSeconds;
    let above = asUtc + transitionSeconds;
    while (above - below > 1) {
      const middle = Math.floor((below + above) / 2);
      if (this.#shownAt(middle) >= asUtc) above = middle;
      else below = middle;
    }
    return above;
  }
}

/** Calendar arithmetic on the date alone. */
export const dateAfter = (date: string, days: number): string =>
  utcDate.format((epochOf(date) + days * daySeconds) * 1000);

/** Minutes since 00:00 of `HH:MM`, `24:00` included; null for anything else. */
export function minutesOf(text: string): number | null {
  const match = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(text);
  const minutes = match === null ? Number.NaN : Number(match[1]) * 60 + Number(match[2]);
  return minutes <= 1_440 ? minutes : null;
}

const epochOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 1000;

/** 1970-01-01 was a Thursday. */
const weekdayOf = (date: string): number => ((((epochOf(date) / daySeconds + 3) % 7) + 7) % 7) + 1;

const formatOf = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });

// The business day a row belongs to: the local date at which service started, so that a ride at
// half past one at night belongs to yesterday. Fixed when the row is made.
import { type BusinessDay, businessDay, type WallMs } from '../core/brand.ts';

export class BusinessCalendar {
  readonly #format: Intl.DateTimeFormat;
  readonly #startMinutes: number;
  #cachedMinute = Number.NaN;
  #cachedDay = businessDay('1970-01-01');

  /** `timeZone` is an IANA name; `startMinutes` after local midnight (default 04:30). */
  constructor(timeZone: string, startMinutes = 270) {
    this.#format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    this.#startMinutes = startMinutes;
  }

  dayOf(time: WallMs): BusinessDay {
    const minute = Math.floor(time / 60_000);
    if (minute !== this.#cachedMinute) {
      this.#cachedDay = businessDay(this.#format.format((minute - this.#startMinutes) * 60_000));
      this.#cachedMinute = minute;
    }
    return this.#cachedDay;
  }
}

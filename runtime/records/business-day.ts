// The business day a row belongs to: the local date at which service started, so that a ride at
// half past one at night belongs to yesterday. Fixed when the row is made.
import { type BusinessDay, businessDay, type WallMs } from '../core/brand.ts';

const dayMs = 86_400_000;
const utcDate = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'UTC',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

export class BusinessCalendar {
  readonly #format: Intl.DateTimeFormat;
  readonly #startMinutes: number;
  #cachedMinute = Number.NaN;
  #cachedDay = businessDay('1970-01-01');

  /** `timeZone` is an IANA name; `startMinutes` after local midnight (default 04:30). */
  constructor(timeZone: string, startMinutes = 270) {
    this.#format = new Intl.DateTimeFormat('sv-SE', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    this.#startMinutes = startMinutes;
  }

  dayOf(time: WallMs): BusinessDay {
    const minute = Math.floor(time / 60_000);
    if (minute !== this.#cachedMinute) {
      this.#cachedDay = this.#dayOfMinute(minute);
      this.#cachedMinute = minute;
    }
    return this.#cachedDay;
  }

  /** Compares on the local clock: in the night of a time change 04:30 is not 270 minutes after midnight. */
  #dayOfMinute(minute: number): BusinessDay {
    const [date = '', clock = ''] = this.#format.format(minute * 60_000).split(' ');
    const [hours = 0, minutes = 0] = clock.split(':').map(Number);
    const started = hours * 60 + minutes >= this.#startMinutes;
    return businessDay(started ? date : utcDate.format(Date.parse(`${date}T00:00:00Z`) - dayMs));
  }
}

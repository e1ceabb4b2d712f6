// When the site closes on the business day under way: a clock time on the wall, also past midnight and over a change
// of the clocks.
import type { UnixSeconds, WallMs } from '../../core/brand.ts';
import type { BusinessCalendar } from '../../records/business-day.ts';
import { dateAfter, LocalCalendar } from '../../rules/local-calendar.ts';

export interface ClosingTimeOptions {
  readonly timeZone: string;
  readonly calendar: BusinessCalendar;
  /** Minutes after local midnight: when the site closes, and when a business day begins. */
  readonly closesMinutes: number;
  readonly dayStartMinutes: number;
}

export class ClosingTime {
  readonly #options: ClosingTimeOptions;
  readonly #local: LocalCalendar;
  #cached: { readonly day: string; readonly closesAt: UnixSeconds } | null = null;

  constructor(options: ClosingTimeOptions) {
    this.#options = options;
    this.#local = new LocalCalendar(options.timeZone);
  }

  /** A time before the business day's begin is the early morning after it. */
  on(now: WallMs): UnixSeconds {
    const { calendar, closesMinutes, dayStartMinutes } = this.#options;
    const day = calendar.dayOf(now);
    if (this.#cached?.day !== day) {
      const date = closesMinutes < dayStartMinutes ? dateAfter(day, 1) : day;
      this.#cached = { day, closesAt: this.#local.instantOf(date, closesMinutes) };
    }
    return this.#cached.closesAt;
  }
}

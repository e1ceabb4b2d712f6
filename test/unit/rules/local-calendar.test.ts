// Local dates and times where the clock jumps: what "02:30" means on a day that has none of it, or two.
import { describe, expect, test } from 'vitest';
import { unixSeconds } from '../../../runtime/core/brand.ts';
import { dateAfter, isTimeZone, LocalCalendar, minutesOf } from '../../../runtime/rules/local-calendar.ts';

const utc = (text: string): number => Date.parse(`${text}Z`) / 1000;
const berlin = new LocalCalendar('Europe/Berlin');

describe('the local calendar', () => {
  test.each([
    {
      zone: 'Europe/Berlin',
      date: '2026-03-29',
      clock: '01:59',
      is: '2026-03-29T00:59:00',
      why: 'before the spring change',
    },
    {
      zone: 'Europe/Berlin',
      date: '2026-03-29',
      clock: '02:30',
      is: '2026-03-29T01:00:00',
      why: 'skipped: the change itself',
    },
    {
      zone: 'Europe/Berlin',
      date: '2026-03-29',
      clock: '03:00',
      is: '2026-03-29T01:00:00',
      why: 'the first minute after it',
    },
    { zone: 'Europe/Berlin', date: '2026-10-25', clock: '02:30', is: '2026-10-25T00:30:00', why: 'the first of two' },
    { zone: 'Europe/Berlin', date: '2026-10-25', clock: '03:00', is: '2026-10-25T02:00:00', why: 'after both' },
    {
      zone: 'America/New_York',
      date: '2026-03-08',
      clock: '02:00',
      is: '2026-03-08T07:00:00',
      why: 'skipped in the west',
    },
    {
      zone: 'Africa/Cairo',
      date: '2026-04-24',
      clock: '00:00',
      is: '2026-04-23T22:00:00',
      why: 'a day without its midnight',
    },
    {
      zone: 'Asia/Shanghai',
      date: '2026-03-29',
      clock: '02:30',
      is: '2026-03-28T18:30:00',
      why: 'a zone that never changes',
    },
    { zone: 'Pacific/Apia', date: '2011-12-30', clock: '12:00', is: '2011-12-30T10:00:00', why: 'a whole day skipped' },
    { zone: 'Asia/Shanghai', date: '2026-03-29', clock: '24:00', is: '2026-03-29T16:00:00', why: 'the end of a day' },
  ])('$zone $date $clock is $is UTC: $why', ({ zone, date, clock, is }) => {
    expect(new LocalCalendar(zone).instantOf(date, minutesOf(clock) ?? -1)).toBe(utc(is));
  });

  test.each([
    { zone: 'Europe/Berlin', noon: '2026-03-29T10:00:00', hours: 23 },
    { zone: 'Europe/Berlin', noon: '2026-10-25T11:00:00', hours: 25 },
    { zone: 'Europe/Berlin', noon: '2026-10-26T11:00:00', hours: 24 },
    { zone: 'Australia/Lord_Howe', noon: '2026-04-05T02:00:00', hours: 24.5 },
    { zone: 'Asia/Shanghai', noon: '2026-03-29T04:00:00', hours: 24 },
  ])('the day around $noon in $zone has $hours hours', ({ zone, noon, hours }) => {
    const { from, to } = new LocalCalendar(zone).dayAround(unixSeconds(utc(noon)));
    expect((to - from) / 3_600).toBe(hours);
    expect(from <= utc(noon) && utc(noon) < to).toBe(true);
  });

  test('names the weekday of the local date', () => {
    expect(berlin.at(unixSeconds(utc('2026-03-28T22:59:59'))).weekday).toBe(6);
    expect(berlin.at(unixSeconds(utc('2026-03-28T23:00:00')))).toEqual({ date: '2026-03-29', minutes: 0, weekday: 7 });
    expect(new LocalCalendar('Asia/Shanghai').at(unixSeconds(utc('1969-12-31T16:00:00'))).weekday).toBe(4);
  });

  test('steps over months and leap days', () => {
    expect(dateAfter('2028-02-28', 1)).toBe('2028-02-29');
    expect(dateAfter('2026-01-01', -1)).toBe('2025-12-31');
  });

  test('reads clock times and zones, and nothing else', () => {
    expect(['00:00', '23:59', '24:00'].map(minutesOf)).toEqual([0, 1_439, 1_440]);
    expect(['24:01', '9:00', '10:60', '25:00', ''].map(minutesOf)).toEqual([null, null, null, null, null]);
    expect([isTimeZone('Europe/Berlin'), isTimeZone('Mars/Olympus'), isTimeZone('')]).toEqual([true, false, false]);
  });
});

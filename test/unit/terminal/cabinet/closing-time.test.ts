// A site that closes at a clock time: on the business day under way, past midnight, and when the clocks change.
import { describe, expect, it } from 'vitest';
import { wallMs } from '../../../../runtime/core/brand.ts';
import { BusinessCalendar } from '../../../../runtime/records/business-day.ts';
import { ClosingTime } from '../../../../runtime/terminal/cabinet/closing-time.ts';

const closing = (closesMinutes: number) =>
  new ClosingTime({
    timeZone: 'Europe/Berlin',
    calendar: new BusinessCalendar('Europe/Berlin', 270),
    closesMinutes,
    dayStartMinutes: 270,
  });
const at = (text: string) => wallMs(Date.parse(text));
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

describe('closing time', () => {
  it.each([
    ['in the evening, asked at noon', 18 * 60, '2026-07-10T10:00:00Z', '2026-07-10T16:00:00.000Z'],
    ['in the evening, asked after it', 18 * 60, '2026-07-10T21:00:00Z', '2026-07-10T16:00:00.000Z'],
    ['in the evening, asked before the business day ends', 18 * 60, '2026-07-11T02:00:00Z', '2026-07-10T16:00:00.000Z'],
    ['past midnight, asked at noon', 60, '2026-07-10T10:00:00Z', '2026-07-10T23:00:00.000Z'],
    ['past midnight, asked before it', 60, '2026-07-10T22:30:00Z', '2026-07-10T23:00:00.000Z'],
    ['on the day the clocks go back', 18 * 60, '2026-10-25T10:00:00Z', '2026-10-25T17:00:00.000Z'],
  ])('%s', (_when, closesMinutes, now, expected) => {
    const time = closing(closesMinutes);
    expect(iso(time.on(at(now)))).toBe(expected);
  });

  it('moves on with the business day', () => {
    const time = closing(18 * 60);
    expect(iso(time.on(at('2026-07-10T10:00:00Z')))).toBe('2026-07-10T16:00:00.000Z');
    expect(iso(time.on(at('2026-07-11T10:00:00Z')))).toBe('2026-07-11T16:00:00.000Z');
  });
});

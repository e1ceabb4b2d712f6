// Local times of a scenario file as moments: what the clock on the wall of the world's time zone says.
import { type UnixSeconds, unixSeconds } from '../../core/brand.ts';

/** @throws RangeError for a time that the zone's clocks skip. `local` is YYYY-MM-DDTHH:MM:SS. */
export function localSeconds(local: string, timeZone: string): UnixSeconds {
  const asIfUtc = Date.parse(`${local}Z`);
  if (!Number.isFinite(asIfUtc)) throw new RangeError(`${local} is not a time`);
  // A zone is at most a day off; the offset around a change of clocks is found in two looks. Of an hour that
  // comes twice this takes the first.
  for (const guess of [asIfUtc - 86_400_000, asIfUtc + 86_400_000]) {
    const at = asIfUtc - offsetMs(guess, timeZone);
    if (localOf(at, timeZone) === local) return unixSeconds(at / 1_000);
  }
  throw new RangeError(`${local} does not exist in ${timeZone}: its clocks are put forward over it`);
}

/** YYYY-MM-DDTHH:MM:SS on the clocks of the zone. */
export function localOf(utcMs: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
    hourCycle: 'h23',
  });
  return format.format(utcMs).replace(' ', 'T');
}

const offsetMs = (utcMs: number, timeZone: string): number => Date.parse(`${localOf(utcMs, timeZone)}Z`) - utcMs;

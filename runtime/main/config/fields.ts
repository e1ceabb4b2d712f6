// Small parts of a configuration: a field's form together with the words that tell a technician what may stand there.
import { z } from 'zod';

/** Whole numbers from `least` to `most`; whatever is wrong, the message names the whole range. */
export const wholeNumber = (least: number, most: number) => {
  const allowed = `must be a whole number from ${least} to ${most}`;
  return z.int(allowed).min(least, allowed).max(most, allowed);
};

export const text = (least: number, most: number) => {
  const allowed = `must be a text of ${least} to ${most} characters`;
  return z.string(allowed).min(least, allowed).max(most, allowed);
};

export const path = text(1, 4_096);
export const pattern = (form: RegExp, allowed: string) => z.string(allowed).regex(form, allowed);
export const flag = z.boolean('must be true or false');
export const aGroup = 'must be an object with the keys of this group';
export const clockTime = pattern(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');
/** A line of a timetable, a place or a cabinet, as people of the house write it. */
export const name = pattern(/^[A-Za-z0-9._-]{1,16}$/, 'must be 1 to 16 of A-Z a-z 0-9 . _ -');

export const listOf = <Item extends z.ZodType>(item: Item, least: number, most: number, what: string) => {
  const allowed = `must be a list of ${least} to ${most} ${what}`;
  return z.array(item, allowed).min(least, allowed).max(most, allowed);
};

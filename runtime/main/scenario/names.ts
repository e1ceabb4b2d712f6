// The small words of the scenario format: what may name a thing, a time or a place in a file.
import { z } from 'zod';

/** Steps of one scenario, repetitions counted: more would not end in a time anybody waits for. */
export const scenarioBounds = {
  steps: 2_000,
  machines: 16,
  names: 256,
  repeats: 1_000,
  textCharacters: 4_000,
} as const;

export const localName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$/, 'must be a name: 1 to 40 of A-Z a-z 0-9 space . _ -');
/** A machine is a terminal, and bears a terminal's id. */
export const machineName = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be 1 to 32 of A-Z a-z 0-9 _ -');
export const localDateTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/, 'must be a local time such as 2026-07-01T10:59:00');
export const localClock = z.string().regex(/^\d\d:\d\d:\d\d$/, 'must be a local time such as 10:59:00');
export const milliseconds = z
  .int()
  .min(0)
  .max(31 * 86_400_000);
export const secondsCount = z.int().min(0).max(0xffff_ffff);
export const direction = z.enum(['entry', 'exit']);
export const upOrDown = z.enum(['up', 'down']);
export const slotNumber = z.int().min(1).max(64);
export const productNumber = z.int().min(0).max(0xffff);
export const minorUnits = z.int().min(0).max(0xffff_ffff);

// The fields that messages share, as schemas: one definition of what an epoch, a seq or a hash may be.
import { z } from 'zod';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { isBytesOf } from './parsed.ts';

export const count = z.int().min(0);
export const idText = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/);
export const bytesOf = (min: number, max = min): z.ZodType<Bytes> =>
  z.custom<Bytes>(isBytesOf(min, max), min === max ? `must be ${min} bytes` : `must be ${min} to ${max} bytes`);
export const hash = bytesOf(32);
export const signature = bytesOf(64);
/** [first, last], both included. */
export const range = z.tuple([count, count]).refine(([first, last]) => first <= last, 'first must not be above last');

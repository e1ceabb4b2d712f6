// What a bus validator is told beside what every terminal is: the line whose trip opens by itself.
import { z } from 'zod';
import { aGroup, name, wholeNumber } from './fields.ts';
import { sharedKeys } from './shared.ts';

export const validatorSchema = z.strictObject({
  machine: z.literal('validator'),
  ...sharedKeys,
  trip: z.strictObject(
    {
      line: name,
      groupMax: wholeNumber(1, 9).default(1),
      /** By itself when fares are there, or by a driver's badge. */
      opens: z.enum(['itself', 'driver']).default('itself'),
      /** The site that drivers' badges name; without, a badge has to name this terminal. */
      depot: wholeNumber(0, 0xffff_ffff).optional(),
    },
    aGroup,
  ),
});
export type ValidatorTerminalConfig = Readonly<z.infer<typeof validatorSchema>>;

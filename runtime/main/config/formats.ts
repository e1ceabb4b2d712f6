// Codes of other systems that a terminal takes beside the native ones: off until they are named. Their keys
// come from the signed trust list, never from here.
import { z } from 'zod';
import { aGroup, flag, listOf, wholeNumber } from './fields.ts';

const anyOrNumber = wholeNumber(0, 2_147_483_647).nullable().default(null);

export const formatsSchema = z
  .strictObject(
    {
      jtt1179: flag.default(false),
      pretix: z
        .strictObject(
          {
            items: listOf(
              z.strictObject(
                {
                  item: wholeNumber(0, 2_147_483_647),
                  variation: anyOrNumber,
                  subevent: anyOrNumber,
                  product: wholeNumber(0, 65_535),
                  site: wholeNumber(0, 65_535),
                },
                aGroup,
              ),
              1,
              1_000,
              'items of the shop',
            ),
          },
          aGroup,
        )
        .optional(),
    },
    aGroup,
  )
  .default({ jtt1179: false });

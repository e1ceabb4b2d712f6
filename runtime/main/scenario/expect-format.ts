// What a scenario may expect: what people were told, what moved, what stands in the journal, and counts.
// Records, effects and states are matched in part: what a file does not name may be anything.
import { z } from 'zod';
import { type CheckName, checkBit } from '../../core/check-words.ts';
import { payloadFields } from '../../records/payload.ts';
import { reasonCodes } from '../../records/reasons.ts';
import { rowTypes } from '../../records/row-types.ts';
import { localName, machineName, slotNumber } from './names.ts';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const checkName = z.enum(Object.keys(checkBit) as [CheckName, ...CheckName[]]);
/** A matcher in place of a value. */
const matcher = z.union([
  z.strictObject({ present: z.boolean() }),
  z.strictObject({ atLeast: z.number() }),
  z.strictObject({ atMost: z.number() }),
  z.strictObject({ has: z.array(checkName).describe('Names of check bits that are set in done or found.') }),
  z.strictObject({ lacks: z.array(checkName) }),
  z.strictObject({ sameAs: localName.describe('The same field of the record that was given this name.') }),
  z.strictObject({ notSameAs: localName }),
  z.strictObject({ seqOf: localName.describe('The position of the record that was given this name.') }),
]);
const value = z
  .union([scalar, matcher, z.array(z.union([scalar, z.array(scalar)]))])
  .meta({ id: 'wanted', description: 'A value, or a matcher in its place. null: absent.' });
export type Wanted = z.infer<typeof value>;

const recordSchema = z
  .strictObject({
    as: localName.optional().describe('A name for the record that matched, for later records to refer to.'),
    type: z.enum(rowTypes).optional(),
    ending: z.string().max(20).optional().describe("The ending of the record's Ended event."),
    clockState: z.enum(['SYNCED', 'HOLDOVER', 'UNTRUSTED']).optional(),
    bootId: value.optional(),
    ...Object.fromEntries(payloadFields.map((field) => [field, value.optional()])),
  })
  .meta({ id: 'record' }) as unknown as z.ZodType<RecordWanted>;
export type RecordWanted = { readonly as?: string } & Readonly<Record<string, Wanted>>;

const effectSchema = z
  .record(z.string(), value)
  .refine((effect) => typeof effect['kind'] === 'string', { message: 'must name the kind of the effect' });

export const expectationSchema = z
  .strictObject({
    reason: z.enum(reasonCodes).nullable().optional().describe('What was told last; null: nothing was told.'),
    cue: z
      .enum(['accepted', 'repeat', 'refused', 'staff', 'emergency', 'outOfOrder'])
      .optional()
      .describe('accepted alone has the success tone.'),
    told: z
      .array(z.string())
      .optional()
      .describe('All that was told, in order: cue and reason, for instance "accepted OK".'),
    reference: z
      .union([z.boolean(), z.strictObject({ of: localName })])
      .optional()
      .describe('Whether a reference was shown that leads to a record; of: to the record of this name.'),
    moved: z
      .array(z.union([slotNumber, z.enum(['entry', 'exit'])]))
      .optional()
      .describe('All pulses in order: slots of a cabinet, directions of a gate.'),
    prompts: z.array(z.string()).optional().describe('What the screen said, in order; others may stand between.'),
    effects: z.array(effectSchema).optional().describe('In order; others may stand between.'),
    records: z.array(recordSchema).optional().describe('All new records of the journal in order, each in part.'),
    includes: z.array(recordSchema).optional().describe('Records in order; others may stand between.'),
    counters: z.record(z.string(), z.number()).optional(),
    state: z.record(z.string(), z.unknown()).optional().describe('The state as the machine shows it, in part.'),
  })
  .meta({ id: 'expectation' });
export type Expectation = z.infer<typeof expectationSchema>;

export const expectationsByMachine = z.record(machineName, expectationSchema);

// A scenario file: one story at one or more machines, and the rule that it guards. Language-neutral JSON; the
// same schema is published as docs/scenarios.schema.json.
import { z } from 'zod';
import { expectationsByMachine } from './expect-format.ts';
import { guards } from './guards.ts';
import { scenarioBounds } from './names.ts';
import { stepSchema } from './step-format.ts';
import { worldSchema } from './world-format.ts';

export const scenarioSchema = z
  .strictObject({
    $schema: z.string().optional(),
    scenario: z.literal(1).describe('Version of the format.'),
    id: z.string().regex(/^[A-Z][0-9]{1,3}$/, 'must be the id of an acceptance case, such as B1'),
    title: z.string().min(1).max(200),
    guards: z
      .array(z.enum(Object.keys(guards) as [string, ...string[]]))
      .min(1)
      .max(8)
      .describe('Rules that this story guards: with any one of them switched off it must fail.'),
    world: worldSchema,
    steps: z.array(stepSchema).min(1).max(scenarioBounds.steps),
    finally: expectationsByMachine.optional().describe('What holds at the end, over the whole story, by machine.'),
  })
  .meta({ title: 'Stile scenario' });
export type Scenario = z.infer<typeof scenarioSchema>;

/** The published JSON Schema (2020-12), as text. */
export const scenarioJsonSchema = (): string =>
  `${JSON.stringify(z.toJSONSchema(scenarioSchema, { target: 'draft-2020-12' }), null, 2)}\n`;

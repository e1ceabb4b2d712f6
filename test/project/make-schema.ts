// Writes docs/scenarios.schema.json from the schema in code: `npm run schema`. A test keeps the two the same.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scenarioJsonSchema } from '../../runtime/main/scenario/format.ts';

writeFileSync(join(import.meta.dirname, '../../docs/scenarios.schema.json'), scenarioJsonSchema());

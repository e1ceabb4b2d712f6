// Applies the clock rule to the product's sources; a part of `npm run check`. Pages are left out: a
// browser has no Clock to be handed, and a page decides nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clockViolations, exemptFiles } from './clock-rule.ts';

const root = process.argv[2] ?? join(import.meta.dirname, '../..');
const rooms = ['runtime', 'devices', 'sync', 'simulators'];

const paths = rooms
  .flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((path) => join(room, path)),
  )
  .filter((path) => /\.tsx?$/.test(path) && !/(^|\/)web\//.test(path) && !exemptFiles.includes(path));
const problems = paths.flatMap((path) =>
  clockViolations(path, readFileSync(join(root, path), 'utf8')).map(({ line, what }) => `${path}:${line} ${what}`),
);

for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(
    'Time and chance come in by the door: take a Clock or an Entropy (runtime/core) as an argument instead.',
  );
  process.exitCode = 1;
}

// `npm run bench -- NAME [--json] [--rounds N]`: runs one benchmark, or all in turn. The last line printed
// is one JSON object; with --json it is the only line.
import { parseArgs } from 'node:util';
import { benches } from './benches.ts';

const roundsMin = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string' } },
});
const name = positionals[0] ?? '';
const rounds = values.rounds === undefined ? null : Number(values.rounds);
const known = name === 'all' || Object.hasOwn(benches, name);
if (!known || positionals.length > 1 || (rounds !== null && !(Number.isSafeInteger(rounds) && rounds >= roundsMin))) {
  const names = [...Object.keys(benches), 'all'].join('|');
  process.stderr.write(`usage: npm run bench -- ${names} [--json] [--rounds N (${roundsMin} or more)]\n`);
  process.exit(2);
}
const say = (line: string): void => {
  if (!values.json) process.stdout.write(`${line}\n`);
};
process.stdout.write(`${JSON.stringify({ bench: name, ...(name === 'all' ? await runAll() : await run(name)) })}\n`);
process.exit(0);

async function run(one: string): Promise<Record<string, unknown>> {
  const load = benches[one];
  if (!load) throw new Error(`no benchmark ${one}`);
  const { bench } = await load();
  return bench({ rounds, say });
}

/** The settings of one benchmark never apply to all: each takes its own. */
async function runAll(): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {};
  for (const one of Object.keys(benches)) {
    say(`\n== ${one}`);
    results[one] = await run(one);
  }
  return results;
}

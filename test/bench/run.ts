// `npm run bench -- NAME [--json] [--rounds N]`: runs one benchmark. The last line printed is one JSON
// object; with --json it is the only line.
import { parseArgs } from 'node:util';

const benches: Readonly<
  Record<string, () => Promise<{ bench: (options: BenchOptions) => Promise<Record<string, unknown>> }>>
> = {
  scan: () => import('./scan.ts'),
  process: () => import('./process.ts'),
};

export interface BenchOptions {
  readonly rounds: number;
  readonly say: (line: string) => void;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '600' } },
});
const name = positionals[0] ?? '';
const load = benches[name];
const rounds = Number(values.rounds);
if (!load || !Number.isSafeInteger(rounds) || rounds < 20) {
  process.stderr.write(
    `usage: npm run bench -- ${Object.keys(benches).join('|')} [--json] [--rounds N (20 or more)]\n`,
  );
  process.exit(2);
}
const { bench } = await load();
const result = await bench({ rounds, say: (line) => values.json || process.stdout.write(`${line}\n`) });
process.stdout.write(`${JSON.stringify({ bench: name, ...result })}\n`);

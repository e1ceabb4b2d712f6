// `stile scenario`: plays scenario files against the real machines on a virtual clock, a verdict per step.
import { StileError } from '../../core/errors.ts';
import { guardNamed, guards } from '../scenario/guards.ts';
import { type GateOnLines, gatesOnLines } from '../scenario/line-barrier.ts';
import { type Played, playScenario } from '../scenario/play.ts';
import { readScenario } from '../scenario/read-scenario.ts';
import { renderPlayed } from '../scenario/render.ts';
import { readNamedFile } from './file.ts';
import { painter } from './paint.ts';
import { exitCodes } from './report.ts';

export interface ScenarioOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly without?: string;
  readonly devices?: string;
}

/** A file that is no scenario ends the call before anything is played. */
export async function runScenarios(files: readonly string[], options: ScenarioOptions): Promise<number> {
  const switches = options.without === undefined ? {} : guardNamed(options.without).off;
  const lines = options.devices === undefined ? null : gateOnLines(options.devices);
  const scenarios = files.map((file) => {
    const text = Buffer.from(readNamedFile('FILE', file)).toString('utf8');
    return { file, scenario: readScenario(file, text) };
  });
  const paint = painter(process.stdout);
  let failed = 0;
  for (const { file, scenario } of scenarios) {
    const played = await playScenario(file, scenario, switches, lines);
    if (!played.ok) failed++;
    const { id, title } = scenario;
    if (options.json) print({ file, id, title, guards: scenario.guards, ...played });
    else process.stdout.write(renderPlayed(file, scenario, played, paint, options.verbose));
  }
  if (options.json) print({ ok: failed === 0, files: files.length, failed, without: options.without ?? null });
  else process.stdout.write(`\n${summary(files.length, failed, paint)}\n`);
  return failed === 0 ? exitCodes.done : exitCodes.fault;
}

/** @throws StileError USAGE. */
function gateOnLines(text: string): GateOnLines {
  const found = gatesOnLines.find((known) => known === text);
  if (found) return found;
  throw new StileError('USAGE', `--devices ${JSON.stringify(text)} is not known`, {
    remedy: `Allowed: ${gatesOnLines.join(', ')}.`,
  });
}

export function listGuards(json: boolean): number {
  for (const [id, { rule, without }] of Object.entries(guards)) {
    if (json) print({ id, rule, without });
    else process.stdout.write(`${id}\n  ${rule}\n  without: ${without}\n`);
  }
  return exitCodes.done;
}

function summary(files: number, failed: number, paint: ReturnType<typeof painter>): string {
  const stories = files === 1 ? '1 scenario' : `${files} scenarios`;
  return failed === 0 ? paint.green(`${stories} as expected.`) : paint.red(`${failed} of ${stories} NOT as expected.`);
}

const print = (answer: Record<string, unknown> | (Played & Record<string, unknown>)): void =>
  void process.stdout.write(`${JSON.stringify(answer)}\n`);

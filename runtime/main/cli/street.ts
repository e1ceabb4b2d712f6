// `stile street`: the running bus, to look at and to play with; or the tour, judged by the checker.
import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { StileError } from '../../core/errors.ts';
import { Stage } from '../street/stage.ts';
import { painter } from './paint.ts';
import { exitCodes } from './report.ts';

export interface StreetCommandOptions {
  readonly tour: boolean;
  readonly json: boolean;
  readonly text: boolean;
  readonly out?: string;
  readonly port: string;
  readonly line: 'auto' | 'pty' | 'socket';
  readonly sabotage?: string;
}

export async function streetCommand(raw: Record<string, unknown>): Promise<number> {
  const options = raw as unknown as StreetCommandOptions;
  if (!options.tour && (options.out || options.sabotage)) {
    throw new StileError('USAGE', '--out and --sabotage belong to --tour', {
      remedy: 'Add --tour, or leave them out.',
    });
  }
  if (options.tour) return tourCommand(options);
  const { showStreet } = await import('../street/show.ts');
  return showStreet(options, emptyFolder(undefined));
}

async function tourCommand(options: StreetCommandOptions): Promise<number> {
  const folder = emptyFolder(options.out);
  const paint = painter(process.stdout);
  const say = (line: string): void => {
    if (!options.json) process.stdout.write(`${paint.dim('·')} ${line}\n`);
  };
  const [{ TourStory }, { checkTour }, { renderVerdict }] = await Promise.all([
    import('../street/tour.ts'),
    import('../checker/check-tour.ts'),
    import('../checker/render-verdict.ts'),
  ]);
  const stage = await Stage.open({
    folder,
    line: options.line,
    ...(options.sabotage ? { sabotage: options.sabotage } : {}),
  });
  const interrupted = endOnSignal(stage);
  try {
    say(`the street is set up in ${folder}`);
    await stage.start();
    await new TourStory(stage, say).play();
  } finally {
    interrupted();
    await stage.close();
  }
  const verdict = checkTour(folder);
  if (!options.json) process.stdout.write(`${renderVerdict(verdict, { colour: paint.coloured })}\n`);
  process.stdout.write(`${JSON.stringify({ ok: verdict.ok, out: folder, checks: verdict.checks })}\n`);
  return verdict.ok ? exitCodes.done : exitCodes.fault;
}

/** SIGINT and SIGTERM end every process of the street before this one. Returns what takes the handlers away. */
function endOnSignal(stage: Stage): () => void {
  const end = (): void => {
    void stage.close().finally(() => process.exit(130));
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  return () => {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  };
}

/** @throws StileError USAGE for a folder that holds something: evidence must not mix. */
function emptyFolder(out: string | undefined): string {
  if (out === undefined) return mkdtempSync(join(tmpdir(), 'stile-street-'));
  const folder = resolve(out);
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0) {
    throw new StileError('USAGE', `--out ${out} is not empty`, {
      remedy: 'Name a folder that is empty or does not exist.',
    });
  }
  return folder;
}

// The street for a person: as a page, or as text in the window it was started from. Runs until a signal,
// also where there is no terminal, and ends every process it started.
import { fileURLToPath } from 'node:url';
import { startStreetServer } from '../../../simulators/street/server.ts';
import { systemEntropy } from '../../core/entropy.ts';
import { createLogger } from '../../core/log.ts';
import { wholeNumber } from '../cli/number.ts';
import { painter } from '../cli/paint.ts';
import { exitCodes } from '../cli/report.ts';
import { LiveWorld } from './live-world.ts';
import { Stage } from './stage.ts';
import { TextStory } from './text-story.ts';

export interface ShowOptions {
  readonly text: boolean;
  readonly port: string;
  readonly line: 'auto' | 'pty' | 'socket';
}

export async function showStreet(options: ShowOptions, folder: string): Promise<number> {
  const port = wholeNumber('--port', options.port, 1, 65_535);
  const paint = painter(process.stdout);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  // Before anything is started, and for every further signal too: an impatient second Ctrl-C must not cut the ending short.
  let over = false;
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      over = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
  });
  say('Starting a head end, a bus, two gate lanes and two guide cabinets with simulated devices …');
  const stage = await Stage.open({ folder, line: options.line });
  const world = new LiveWorld(stage, options.text ? 'bearer' : 'presentation');
  try {
    await Promise.race([stage.start(), ended]);
    if (over) return exitCodes.done;
    world.start();
    if (options.text) {
      const story = new TextStory(world, stage.clock);
      story.start();
      await Promise.race([ended, story.quit]);
      story.stop();
    } else {
      const server = await startStreetServer({
        world,
        port,
        webFolder: webFolder(),
        clock: stage.clock,
        entropy: systemEntropy,
        logger: createLogger('warn'),
      });
      say('');
      say(`${paint.bold('The street runs.')} Open ${paint.green(server.url)}`);
      say('');
      say('  Drag the phone onto any reader: ride, enter the museum, borrow a guide.');
      say('  Walk, take and return, cut a network, kill a terminal; watch journals and ledger.');
      say(`  ${paint.dim(`Files and logs: ${folder}`)}`);
      say(`  ${paint.dim('Ctrl-C ends every process.')}`);
      await ended;
      await server.close();
    }
  } finally {
    world.stop();
    await stage.close();
  }
  say('Ended.');
  return exitCodes.done;
}

/** The built page: beside the built sources, also when the sources themselves run. */
function webFolder(): string {
  const built = import.meta.url.endsWith('.ts')
    ? '../../../dist/simulators/street/web'
    : '../../../simulators/street/web';
  return fileURLToPath(new URL(built, import.meta.url));
}

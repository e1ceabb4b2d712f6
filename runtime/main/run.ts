// `stile run`: one terminal in one process. Ready means: journal recovered, lines supervised. A device
// that is absent is waited for; a head end that is absent is not even noticed by a passenger.
import { parseArgs } from 'node:util';
import { sinceStartMs } from '../core/clock.ts';
import { messageOf, StileError } from '../core/errors.ts';
import { onEnd, tellParent } from './child-channel.ts';
import { readTerminalConfig } from './config.ts';
import { composeTerminal } from './terminal/compose.ts';
import { parseFault } from './terminal/faulty-journal.ts';

/** @throws StileError for options, configuration, identity or journal that do not allow a start. */
export async function runTerminalCommand(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  const config = readTerminalConfig(options.config);
  const running = await composeTerminal(config, options.fault ? parseFault(options.fault) : null);
  onEnd(() => void running.stop().finally(() => process.exit(0)));
  tellParent({ kind: 'ready', afterMs: sinceStartMs() });
  running.terminal.shown.on(({ cue, reason, ref }) => tellParent({ kind: 'shown', cue, reason, ref }));
  await running.connect();
}

function parseOptions(args: readonly string[]): { config: string; fault: string | undefined } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string' },
        fault: { type: 'string' },
        sabotage: { type: 'string' },
        json: { type: 'boolean' },
      },
    });
    if (values.config) return { config: values.config, fault: values.fault ?? values.sabotage };
  } catch (cause) {
    throw usage(messageOf(cause));
  }
  throw usage('--config FILE is missing');
}

const usage = (problem: string): StileError =>
  new StileError('USAGE', `stile run: ${problem}`, { remedy: 'See `stile run --help`.' });

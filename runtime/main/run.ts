// `stile run`: one terminal in one process. Ready means: journal recovered, lines supervised. A device
// that is absent is waited for; a head end that is absent is not even noticed by a passenger.
import { parseArgs } from 'node:util';
import { sinceStartMs } from '../core/clock.ts';
import { messageOf, StileError } from '../core/errors.ts';
import { onEnd, onParentOrder, tellParent } from './child-channel.ts';
import { reportError } from './cli/report.ts';
import { readTerminalConfig } from './config.ts';
import { composeTerminal, type RunningTerminal } from './terminal/compose.ts';
import { parseFault } from './terminal/faulty-journal.ts';
import { whenStorageAllows } from './terminal/stand-by.ts';

/** @throws StileError for options, configuration or identity that do not allow a start; storage is waited for. */
export async function runTerminalCommand(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  const config = readTerminalConfig(options.config);
  const fault = options.fault ? parseFault(options.fault) : null;
  let running: RunningTerminal | null = null;
  onEnd(() => void Promise.resolve(running?.stop()).finally(() => process.exit(0)));
  running = await whenStorageAllows(config, () => composeTerminal(config, fault), tellFault);
  tellParent({ kind: 'ready', afterMs: sinceStartMs() });
  running.shown.on(({ cue, reason, ref, time }) => tellParent({ kind: 'shown', cue, reason, ref, time }));
  running.notices.on(tellParent);
  onParentOrder(running.order);
  await running.connect();
}

/** The terminal stays up, red and out of service, so the fault must reach whoever reads its log. */
function tellFault(fault: StileError): void {
  reportError(fault, false);
  tellParent({ kind: 'out-of-service', code: fault.code });
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

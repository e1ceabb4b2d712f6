#!/usr/bin/env node
// The `stile` command. The terminal process takes a short way in, so that neither the command-line
// parser nor anything of the head end is ever loaded beside the scan path.
import { setFlagsFromString } from 'node:v8';
import { reportError } from './cli/report.ts';

// A terminal makes little garbage: a small young generation keeps the process small.
setFlagsFromString('--max-semi-space-size=1');

const [command, ...rest] = process.argv.slice(2);
try {
  if (command === 'run' && !rest.includes('--help') && !rest.includes('-h')) {
    const { runTerminalCommand } = await import('./run.ts');
    await runTerminalCommand(rest);
  } else {
    const { runCommandLine } = await import('./cli/program.ts');
    await runCommandLine(process.argv);
  }
} catch (error) {
  process.exitCode = reportError(error, process.argv.includes('--json'));
}

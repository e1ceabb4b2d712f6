// How a fault reaches a person at the command line: what happened, its code, what to do. Never a stack
// trace for something a person can meet.
import { AssertionFailed } from '../../core/assert.ts';
import { StileError } from '../../core/errors.ts';
import { painter } from './paint.ts';

/** 0 done; 1 the answer is no, or a fault; 2 the call or the configuration is wrong. */
export const exitCodes = { done: 0, fault: 1, usage: 2 } as const;

const usageCodes = new Set(['USAGE', 'CONFIG_INVALID', 'CONFIG_UNREADABLE', 'IDENTITY_INVALID', 'SCENARIO_INVALID']);

/** Prints the fault on standard error (as one JSON line on standard output with `json`) and returns the exit code. */
export function reportError(error: unknown, json: boolean): number {
  const fault = asFault(error);
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, error: fault })}\n`);
  else {
    const paint = painter(process.stderr);
    process.stderr.write(
      `${paint.red('error')} ${fault.code}: ${fault.message}\n${paint.bold('remedy')}: ${fault.remedy}\n`,
    );
  }
  return usageCodes.has(fault.code) ? exitCodes.usage : exitCodes.fault;
}

function asFault(error: unknown): { code: string; message: string; remedy: string } {
  if (error instanceof StileError) return { code: error.code, message: error.message, remedy: error.remedy };
  const detail = error instanceof Error ? error.message : String(error);
  const where = error instanceof AssertionFailed || !(error instanceof Error) ? '' : firstFrame(error);
  return {
    code: 'INTERNAL',
    message: `${detail}${where}`,
    remedy: 'This is a defect in Stile: please report it with this message.',
  };
}

function firstFrame(error: Error): string {
  const frame = error.stack?.split('\n').find((line) => line.includes('/runtime/') || line.includes('/sync/'));
  return frame
    ? ` (${frame
        .trim()
        .replace(/^at /, '')
        .replace(/.*\/(runtime|sync|devices|simulators)\//, '$1/')})`
    : '';
}

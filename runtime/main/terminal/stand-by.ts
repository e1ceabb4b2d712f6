// A terminal whose journal cannot be opened must not serve, and must not leave people before a dark machine
// either: it shows out of order and tries again until the storage can be used.
import { type Clock, SystemClock, sleep } from '../../core/clock.ts';
import { type ErrorCode, StileError } from '../../core/errors.ts';
import { createLogger } from '../../core/log.ts';
import type { TerminalConfig } from '../config.ts';
import { indicatorOf } from './devices.ts';

export const standBy = { retryMs: 10_000 } as const;

/** Faults of the storage, which may pass. Any other fault ends the process: somebody has to correct something. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'JOURNAL_UNAVAILABLE',
  'JOURNAL_FULL',
  'JOURNAL_OUTCOME_UNKNOWN',
]);

/**
 * What `compose` answers, as soon as it can; `waiting` hears of each attempt that failed.
 * @throws what `compose` throws for anything but storage that cannot be used now.
 */
export async function whenStorageAllows<T>(
  config: TerminalConfig,
  compose: () => Promise<T>,
  waiting: (fault: StileError) => void,
  clock: Clock = new SystemClock(),
): Promise<T> {
  try {
    return await compose();
  } catch (error) {
    if (!isPassing(error)) throw error;
    waiting(error);
  }
  const logger = createLogger(config.log.level);
  const indicator = indicatorOf(config, clock, logger);
  indicator.changed.on(({ state }) => void (state === 'online' && indicator.show('outOfOrder')));
  indicator.start();
  try {
    for (;;) {
      await sleep(clock, 'stand-by', standBy.retryMs);
      // Red stays on meanwhile: a terminal that comes up finds the line busy for a moment and tries again.
      try {
        return await compose();
      } catch (error) {
        if (!isPassing(error)) throw error;
        waiting(error);
      }
    }
  } finally {
    await indicator.stop();
  }
}

const isPassing = (error: unknown): error is StileError => error instanceof StileError && passing.has(error.code);

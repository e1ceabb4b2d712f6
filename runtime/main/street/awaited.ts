// Waiting for what real processes do: polled, bounded, and named when it never comes.
import { type Clock, SystemClock, sleep } from '../../core/clock.ts';
import { StileError } from '../../core/errors.ts';

export const stageLimits = { waitMs: 60_000, pollMs: 15 } as const;

export type Until = (what: string, holds: () => boolean | Promise<boolean>, withinMs?: number) => Promise<void>;

export interface Waiting {
  readonly clock: Clock;
  readonly logs: string;
  /** Nobody waits for anything any more. */
  readonly ended: AbortSignal;
}

/** Polls until it holds. @throws StileError naming what never came, or at once when the street is being ended. */
export async function within(
  { clock, logs, ended }: Waiting,
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs: number = stageLimits.waitMs,
): Promise<void> {
  const deadline = clock.monoMs() + withinMs;
  while (!(await holds())) {
    if (clock.monoMs() > deadline) {
      throw new StileError('INTERNAL', `waited ${withinMs / 1000} s in vain for ${what}`, {
        remedy: `Read the logs in ${logs}.`,
      });
    }
    await sleep(clock, 'street-poll', stageLimits.pollMs, ended);
    mayGoOn(ended);
  }
}

/** @throws StileError when the street is being ended: nothing is started any more. */
export function mayGoOn(ended: AbortSignal): void {
  if (ended.aborted) throw new StileError('INTERNAL', 'the street is being ended', { remedy: 'Start it again.' });
}

/** CLOCK_MONOTONIC in microseconds: the axis of the terminals' rows too. */
export const monotonicUs = (): number => new SystemClock().monoUs();

// How long a terminal is away when it starts again: from the start of the process until it says that its
// journal is recovered and its lines are supervised. Each start follows a kill, as after a pulled plug.
import { performance } from 'node:perf_hooks';
import { openBusProcess } from './bus-process.ts';
import { quantile } from './interleave.ts';
import { machineFacts } from './machine.ts';
import type { BenchOptions } from './options.ts';
import { judged, type Target } from './targets.ts';

const defaultStarts = 15;
/** Rides in the journal that each start recovers from. */
const ridesBefore = 500;

const targets = { p50: { limit: 600, aim: 300 } } as const satisfies Record<string, Target>;

export async function bench({ rounds, say }: BenchOptions): Promise<Record<string, unknown>> {
  const starts = rounds ?? defaultStarts;
  const bus = await openBusProcess();
  try {
    for (const fact of machineFacts(bus.folder)) say(fact);
    await bus.terminal.start();
    await bus.serving();
    for (let ride = 0; ride < ridesBefore; ride++) await bus.show(bus.wallet());
    const tookMs: number[] = [];
    for (let start = 0; start < starts; start++) {
      await bus.terminal.end('SIGKILL');
      const startedMs = performance.now();
      await bus.terminal.start();
      tookMs.push(performance.now() - startedMs);
    }
    const p50 = Math.round(quantile(tookMs, 0.5));
    const max = Math.round(Math.max(...tookMs));
    say(
      `${starts} starts, each after a kill, with ${ridesBefore} rides in the journal: p50 ${p50} ms, longest ${max} ms`,
    );
    for (const line of judged({ p50 }, targets, 'ms')) say(line);
    return { starts, ms: { p50, max } };
  } finally {
    await bus.close();
  }
}

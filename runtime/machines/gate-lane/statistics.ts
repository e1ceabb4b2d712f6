// Counts per quarter of an hour, as one row: what a lane did, for whoever looks at queues and not at persons.
import { type MonoMs, monoMs } from '../../core/brand.ts';
import { countsOf } from './capacity.ts';
import type { GateLaneDraft } from './draft.ts';
import type { GateLaneFacts } from './facts.ts';
import type { GateLaneState } from './state.ts';

/** Writes the quarter that has ended. One in which nothing happened has no row. */
export function closeQuarter(draft: GateLaneDraft, facts: GateLaneFacts): void {
  const { quarter, counters } = draft.state.statistics;
  const now = quarterOf(facts);
  if (quarter === now) return;
  if (quarter !== null && hasCounts(draft.state)) {
    if (facts.storage === 'full' || facts.storage === 'unavailable') return;
    const { statisticsMs } = facts.config;
    const names = Object.keys(counters).sort();
    draft.record({
      type: 'SERVICE',
      payload: {
        act: 'statistics',
        trigger: 'timer',
        place: facts.config.gate,
        fromMs: quarter * statisticsMs,
        toMs: (quarter + 1) * statisticsMs,
        counters: names.map((name) => [name, counters[name] ?? 0] as const),
        ...countsOf(draft.state),
      },
      evidence: null,
    });
  }
  draft.set({ statistics: { quarter: now, counters: {} } });
}

/** When the running quarter ends; null while there is nothing to write. */
export function quarterDue(state: GateLaneState, facts: GateLaneFacts): MonoMs | null {
  if (!hasCounts(state)) return null;
  const { wallMs, monoMs: now } = facts.moment;
  return monoMs(now + (quarterOf(facts) + 1) * facts.config.statisticsMs - wallMs);
}

const hasCounts = ({ statistics }: GateLaneState): boolean => Object.keys(statistics.counters).length > 0;
const quarterOf = ({ moment, config }: GateLaneFacts): number => Math.floor(moment.wallMs / config.statisticsMs);

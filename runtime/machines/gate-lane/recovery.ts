// After a power cut: what the journal holds open is ended by what the sensors say, and the lane serves again. A
// barrier is free without power, and nothing here closes it: its controller does, when the lane is clear.
import { monoMs } from '../../core/brand.ts';
import { isBooted, resumeLease } from './capacity.ts';
import type { GateLaneDraft } from './draft.ts';
import { startNext } from './exit.ts';
import type { GateLaneFacts } from './facts.ts';
import { openForFire } from './fire.ts';
import type { InputOf } from './input.ts';
import { resolveExit, resolveOpen } from './open-act.ts';

export function resume(draft: GateLaneDraft, input: InputOf<'Boot'>, facts: GateLaneFacts): void {
  if (isBooted(draft.state)) return draft.ignore();
  const { journal, sensors, atMonoMs } = input;
  draft.set({
    bootMonoMs: atMonoMs,
    occupancy: journal.occupancy,
    lease: resumeLease(journal.lease, atMonoMs, facts),
    stopped: journal.stopped,
    settled: journal.settled,
    commands: journal.commands,
    entry: {
      kind: 'recovering',
      booted: true,
      open: journal.entry,
      untilMonoMs: monoMs(atMonoMs + facts.config.recoverMs),
    },
  });
  if (journal.exit !== null) resolveExit(draft, journal.exit, sensors.exit ?? 'unknown', atMonoMs, facts);
  if (sensors.fire === true && !journal.emergency) {
    if (sensors.entry !== null) resolveOpen(draft, sensors.entry, atMonoMs, facts);
    return openForFire(draft, atMonoMs, facts);
  }
  if (journal.entry === null) resolveOpen(draft, 'unknown', atMonoMs, facts);
  else if (journal.emergency || sensors.entry !== null) resolveOpen(draft, sensors.entry ?? 'unknown', atMonoMs, facts);
  // A fire that no staff have cleared outlives the cut; whether it still burns the contact says, or nobody.
  if (journal.emergency) return draft.set({ entry: { kind: 'emergencyOpen', fireActive: sensors.fire ?? true } });
  startNext(draft, atMonoMs, facts);
}

export function latched(draft: GateLaneDraft, { sensors, atMonoMs }: InputOf<'Latches'>, facts: GateLaneFacts): void {
  const { entry } = draft.state;
  if (!isBooted(draft.state)) return draft.ignore();
  if (entry.kind === 'recovering' && sensors.entry !== null) resolveOpen(draft, sensors.entry, atMonoMs, facts);
  else if (entry.kind !== 'recovering') draft.ignore();
  if (sensors.fire === true && draft.state.entry.kind !== 'emergencyOpen') openForFire(draft, atMonoMs, facts);
}

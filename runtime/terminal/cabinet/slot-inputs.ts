// Slot facts on their way from the driver to the machine. A reader that has not answered yet says as little as one
// that is broken: a slot is empty only where presence and tag were both read.

import type { SlotFacts as DeviceFacts } from '../../../devices/ports/cabinet.ts';
import { type MonoMs, monoMs } from '../../core/brand.ts';
import type { InputOf } from '../../machines/cabinet/input.ts';

/** The input carries the driver's newest time, its facts that of lock and presence: there a return begins. */
export function slotInput(facts: DeviceFacts): InputOf<'SlotChanged'> {
  const { slot, locked, doorClosed, tagId, chargePercent, fault, atMonoMs } = facts;
  const present = facts.present === false && facts.tagAtMonoMs === null ? null : facts.present;
  return {
    kind: 'SlotChanged',
    atMonoMs: newest(atMonoMs, facts.tagAtMonoMs, facts.chargeAtMonoMs),
    facts: { slot, locked, doorClosed, present, tagId, chargePercent, fault, atMonoMs },
  };
}

const newest = (...times: readonly (MonoMs | null)[]): MonoMs => monoMs(Math.max(...times.map((time) => time ?? 0)));

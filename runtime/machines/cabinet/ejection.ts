// Giving back an item that is none of the fleet: how often its slot has been told to open, and when it may be told
// again. The tag is often read before the latch is seen shut, and a latch may jam: one chance would keep the item in.
// It dies with the process, because after a restart its owner may have left: then a slot opens for staff alone.
import type { MonoMs } from '../../core/brand.ts';
import { cabinetBounds } from './config.ts';
import type { CabinetDraft } from './draft.ts';
import { isClear } from './slot.ts';
import { type Ejection, motionAt } from './state.ts';

export function beginEjection(draft: CabinetDraft, slot: number): void {
  if (draft.facts.config.ejectForeign) setEjection(draft, slot, { tries: 0, againMonoMs: null });
}

/** The latch holds what is to be given back, and nothing has told it to open. */
export function mayEject(draft: CabinetDraft, slot: number): boolean {
  const ejection = draft.state.ejections.get(slot);
  const sensed = draft.state.sensed.get(slot)?.facts;
  if (ejection === undefined || ejection.againMonoMs !== null || ejection.tries >= cabinetBounds.ejectTries)
    return false;
  if (sensed === undefined || sensed.locked !== true || isClear(sensed)) return false;
  return motionAt(draft.state, slot) === null && !draft.state.openRequests.some((request) => request.slot === slot);
}

/** An INTENT is written. */
export function countEjection(draft: CabinetDraft, slot: number): void {
  const ejection = draft.state.ejections.get(slot);
  if (ejection !== undefined) setEjection(draft, slot, { ...ejection, tries: ejection.tries + 1 });
}

/** Its OUTCOME says that nothing moved. True when it will be tried again. */
export function waitToEject(draft: CabinetDraft, slot: number): boolean {
  const ejection = draft.state.ejections.get(slot);
  if (ejection === undefined || ejection.tries >= cabinetBounds.ejectTries) return false;
  const againMonoMs = (draft.atMonoMs + draft.facts.config.ejectPauseMs) as MonoMs;
  setEjection(draft, slot, { ...ejection, againMonoMs });
  return true;
}

/** The pause is over: true once. */
export function passEjectionTime(draft: CabinetDraft, slot: number): boolean {
  const ejection = draft.state.ejections.get(slot);
  if (ejection === undefined || ejection.againMonoMs === null || draft.atMonoMs < ejection.againMonoMs) return false;
  setEjection(draft, slot, { ...ejection, againMonoMs: null });
  return true;
}

export const ejectionDueMonoMs = (draft: CabinetDraft, slot: number): MonoMs | null =>
  draft.state.ejections.get(slot)?.againMonoMs ?? null;

export function endEjection(draft: CabinetDraft, slot: number): void {
  if (!draft.state.ejections.has(slot)) return;
  const ejections = new Map(draft.state.ejections);
  ejections.delete(slot);
  draft.set({ ejections });
}

function setEjection(draft: CabinetDraft, slot: number, ejection: Ejection): void {
  draft.set({ ejections: new Map(draft.state.ejections).set(slot, ejection) });
}

// Which guide goes next: available, charged, with the visitor's language, in a slot whose sensors agree.
// The fullest battery first, of equal ones the longest idle.
import type { CabinetFacts } from './facts.ts';
import { holds, type Slot } from './slot.ts';
import { type CabinetState, motionAt } from './state.ts';

/** Slots that may be reserved now, best first. */
export function eligibleSlots(state: CabinetState, facts: CabinetFacts, language: string | null): readonly Slot[] {
  return [...state.ledger.slots.values()]
    .filter((slot) => slot.kind === 'AVAILABLE' && isLendable(state, facts, slot, language))
    .sort(
      (a, b) => chargeOf(state, b.slot) - chargeOf(state, a.slot) || a.sinceWallMs - b.sinceWallMs || a.slot - b.slot,
    );
}

/** Items that could go if their slot were asked now, also one that is already reserved. */
export function isLendable(state: CabinetState, facts: CabinetFacts, slot: Slot, language: string | null): boolean {
  const sensed = state.sensed.get(slot.slot)?.facts;
  if (sensed === undefined || slot.item === null || !holds(sensed, slot.item)) return false;
  if (sensed.fault !== null || motionAt(state, slot.slot) !== null) return false;
  if (chargeOf(state, slot.slot) < facts.config.minLendBatteryPercent) return false;
  const languages = facts.items.get(slot.item)?.languages;
  return languages !== undefined && (language === null || languages.includes(language));
}

/** Empty slots, those whose door stands open first. */
export const freeSlots = (state: CabinetState, slots: number): readonly number[] => {
  const free = [...Array(slots).keys()]
    .map((index) => index + 1)
    .filter((slot) => (state.ledger.slots.get(slot)?.kind ?? 'EMPTY') === 'EMPTY' && state.sensed.has(slot));
  const isOpen = (slot: number): boolean => state.sensed.get(slot)?.facts.locked !== true;
  return [...free.filter(isOpen), ...free.filter((slot) => !isOpen(slot))];
};

const chargeOf = (state: CabinetState, slot: number): number => state.sensed.get(slot)?.facts.chargePercent ?? -1;

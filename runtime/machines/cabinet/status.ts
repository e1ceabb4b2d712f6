// What a cabinet tells the public about itself, in the words of GBFS (General Bikeshare Feed Specification
// 3.0, station_status): low stock is a status, not a reason.
import { eligibleSlots, freeSlots } from './choice.ts';
import { cabinetBounds } from './config.ts';
import { isLendingStopped, storageReason } from './decide.ts';
import type { CabinetFacts } from './facts.ts';
import type { CabinetState } from './state.ts';

export interface StationStatus {
  readonly is_renting: boolean;
  readonly is_returning: boolean;
  readonly num_vehicles_available: number;
  readonly num_docks_available: number;
  readonly num_docks_disabled: number;
}

const disabled = ['FAULT', 'LOCKED'];

export function stationStatus(state: CabinetState, facts: CabinetFacts): StationStatus {
  const serving = state.service === 'serving' && facts.device.online && facts.storage !== 'unavailable';
  const free = freeSlots(state, cabinetBounds.slots).length;
  return {
    is_renting: serving && !isLendingStopped(facts) && storageReason(facts) === null,
    is_returning: serving && free > 0,
    num_vehicles_available: serving ? eligibleSlots(state, facts, null).length : 0,
    num_docks_available: serving ? free : 0,
    num_docks_disabled: [...state.ledger.slots.values()].filter((slot) => disabled.includes(slot.kind)).length,
  };
}

// The checks of gate lanes and cabinets, in the order in which they are told.
import { checkCharges, checkLoansAreTaken, checkReturns, checkTakenAtSlot } from './loan-checks.ts';
import {
  checkIntentsEnded,
  checkMotionsAreIntents,
  checkNoMotionBeforeCommit,
  checkNoSecondMotion,
} from './motion-checks.ts';
import { ledgerOf } from './motion-ledger.ts';
import type { Museum } from './museum.ts';
import { checkMuseumKills, checkMuseumStory } from './museum-story-checks.ts';
import { checkCapacity, checkFires, checkPassages, checkTicketsUsedOnce } from './passage-checks.ts';
import type { TourCheck } from './verdict.ts';

export function museumChecks(museum: Museum): readonly TourCheck[] {
  const ledgers = museum.machines.map(ledgerOf);
  return [
    checkMotionsAreIntents(ledgers, museum.story),
    checkNoMotionBeforeCommit(ledgers),
    checkNoSecondMotion(ledgers),
    checkIntentsEnded(ledgers),
    checkPassages(museum),
    checkTicketsUsedOnce(museum),
    checkCapacity(museum),
    checkFires(museum),
    checkTakenAtSlot(museum),
    checkLoansAreTaken(museum),
    checkCharges(museum),
    checkReturns(museum),
    checkMuseumKills(museum),
    checkMuseumStory(museum),
  ];
}

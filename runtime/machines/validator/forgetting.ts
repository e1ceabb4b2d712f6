// When the memory of an account may go: once nothing it says can change a decision any more.
import { equal } from '../../core/bytes.ts';
import type { AccountMemory } from './account-memory.ts';
import type { ValidatorFacts } from './facts.ts';
import type { ValidatorState } from './state.ts';

/** Memories are kept this long after the last ride whatever else they hold. */
export const memoryKeepMs = 7_200_000;

/** For the terminal's idle sweep over the `account` projections; `facts` of the moment of the sweep. */
export function mayForget(memory: AccountMemory, state: ValidatorState, facts: ValidatorFacts): boolean {
  if (facts.moment.state === 'UNTRUSTED' || facts.moment.wallMs - memory.wallMs < memoryKeepMs) return false;
  const onOpenTrip = state.service.kind === 'open' && equal(state.service.trip.tx, memory.trip);
  const unsettled = memory.offline.taps > 0 && memory.offline.ackedSeq === (facts.ackedSeq ?? -1);
  const stale = memory.stale.taps > 0 && memory.stale.listIssuedAt === facts.lists.denyIssuedAt;
  const riddenThisBoot = memory.untrustedBootId !== null && equal(memory.untrustedBootId, facts.bootId);
  return !onOpenTrip && !unsettled && !stale && !riddenThisBoot;
}

// When the use of a code may be forgotten: once no code that it speaks of can be accepted any more.
import { secondsOf } from '../../core/brand.ts';
import type { CabinetFacts } from './facts.ts';
import type { GuideUse } from './use.ts';

/** Kept this long after the entitlement ends, for a clock that was stepped. */
export const useKeepSeconds = 86_400;

/** For the terminal's idle sweep over the uses of codes. A code that is held is never forgotten. */
export function mayForgetUse(use: GuideUse, { moment }: Pick<CabinetFacts, 'moment'>): boolean {
  if (moment.state === 'UNTRUSTED' || use.hold !== null) return false;
  return secondsOf(moment.wallMs) > use.validUntil + useKeepSeconds;
}

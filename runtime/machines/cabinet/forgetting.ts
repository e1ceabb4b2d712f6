// When the use of a code may be forgotten: once no code that it speaks of can be accepted any more.
import { secondsOf } from '../../core/brand.ts';
import { mayForgetUse as isOver, type TicketUse } from '../shared/use-ledger.ts';
import type { CabinetFacts } from './facts.ts';

/** Kept this long after the entitlement ends, for a clock that was stepped. */
export const useKeepSeconds = 86_400;

/** For the terminal's idle sweep over the uses of codes. A code that is held is never forgotten. */
export const mayForgetUse = (use: TicketUse, { moment }: Pick<CabinetFacts, 'moment'>): boolean =>
  moment.state !== 'UNTRUSTED' && isOver(use, secondsOf(moment.wallMs), useKeepSeconds);

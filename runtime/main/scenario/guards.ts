// The rules that scenarios guard, and how each is switched off at a seam of the real parts. A story that still
// passes without its rule guards nothing.
import { StileError } from '../../core/errors.ts';
import type { Guard, Guards } from './guard.ts';
import { guardsOfAll } from './guards-of-all.ts';
import { guardsOfCabinets } from './guards-of-cabinets.ts';
import { guardsOfGates } from './guards-of-gates.ts';
import { guardsOfValidators } from './guards-of-validators.ts';

export const guards: Guards = { ...guardsOfAll, ...guardsOfValidators, ...guardsOfGates, ...guardsOfCabinets };

/** @throws StileError USAGE naming the guards there are. */
export function guardNamed(id: string): Guard {
  const guard = Object.hasOwn(guards, id) ? guards[id] : undefined;
  if (guard !== undefined) return guard;
  throw new StileError('USAGE', `--without ${id}: no such guard; there are: ${Object.keys(guards).join(', ')}`, {
    remedy: 'Name one of them; docs/scenarios.md says what each is.',
  });
}

// What the act codes after a badge mean at a cabinet. The badge by itself does nothing here.
import type { StaffAct } from '../../machines/cabinet/input.ts';
import type { CabinetState } from '../../machines/cabinet/state.ts';
import { type ActCode, numberOf } from '../staff/act-code.ts';

/** Null for an act that a cabinet does not know, or whose arguments are not its own. */
export function cabinetAct({ word, arguments: [first, second] }: ActCode, state: CabinetState): StaffAct | null {
  const slot = numberOf(first);
  const alone = second === undefined;
  switch (word) {
    case 'OPEN':
      return slot !== null && alone ? { kind: 'open', slot } : null;
    case 'RELEASE':
      return slot !== null && alone ? { kind: 'release', slot } : null;
    case 'QUARANTINE':
      return slot !== null && alone ? { kind: 'quarantine', slot } : null;
    case 'IDENTIFY':
      return slot !== null && second !== undefined ? { kind: 'identify', slot, item: second } : null;
    case 'RETURN':
      return first !== undefined && alone ? { kind: 'returnItem', item: first } : null;
    case 'END-ORDERS':
      return first === undefined ? { kind: 'endOrder' } : null;
    case 'TAKEN':
    case 'NOT-TAKEN':
      return slot !== null && alone ? resolve(state, slot, word === 'TAKEN') : null;
    case 'RECOUNT':
      return first === undefined ? { kind: 'recount' } : null;
    default:
      return null;
  }
}

/** People see slots, not transactions: the doubt is named by the slot it hangs on. */
function resolve({ ledger }: CabinetState, slot: number, taken: boolean): StaffAct | null {
  const order = [...ledger.orders.values()].find((open) => open.slot === slot && open.phase === 'IN_DOUBT');
  return order === undefined ? null : { kind: 'resolve', tx: order.tx, taken };
}

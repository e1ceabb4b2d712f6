// What a badge may do at a cabinet: end orders, open slots, take items back, count. Never borrow.
import { hex } from '../../core/bytes.ts';
import type { CabinetDraft } from './draft.ts';
import type { InputOf, StaffAct } from './input.ts';
import { slotOf } from './ledger.ts';
import { requestOpening } from './opening.ts';
import { endOrder, setSlot, waitingOrders } from './orders.ts';
import { finishReturn } from './returns.ts';
import type { Slot } from './slot.ts';
import { quarantine, rederive } from './slots.ts';
import { motionAt, orderMotion, orderOf } from './state.ts';

type Staff = InputOf<'Staff'>;

export function staffActs(draft: CabinetDraft, { act, staff }: Staff): void {
  if (draft.state.service === 'recovering') return draft.ignore();
  switch (act.kind) {
    case 'open':
      return open(draft, act.slot, staff);
    case 'release':
      return release(draft, act.slot, staff);
    case 'quarantine':
      return quarantine(draft, act.slot, staff);
    case 'identify':
      return identify(draft, act, staff);
    case 'returnItem':
      return returnItem(draft, act.item, staff);
    case 'endOrder':
      return endOrders(draft);
    case 'resolve':
      return settleDoubt(draft, act, staff);
    case 'recount':
      return recount(draft, staff);
    default:
      act satisfies never;
  }
}

/** Staff hold the slot out of service while it is open; an order's slot stays the order's. */
function open(draft: CabinetDraft, number: number, staff: Uint8Array): void {
  const slot =
    draft.state.ledger.slots.get(number) ??
    (draft.state.sensed.has(number) ? slotOf(draft.state.ledger, number) : undefined);
  if (slot === undefined || slot.kind === 'RESERVED' || motionAt(draft.state, number) !== null) return draft.ignore();
  if (slot.kind !== 'RETURN_UNSEEN' && slot.kind !== 'LOCKED')
    setSlot(draft, number, 'LOCKED', { cause: 'staff', item: slot.item ?? undefined, staff, trigger: 'staff' });
  requestOpening(draft, { slot: number, for: 'staff', staff });
}

/** Back into service, as what its sensors say it is. */
function release(draft: CabinetDraft, number: number, staff: Uint8Array): void {
  const slot = outOfService(draft, number);
  const sensed = draft.state.sensed.get(number)?.facts;
  if (slot === undefined || sensed === undefined) return draft.ignore();
  if (!rederive(draft, slot, sensed, 'staff', staff)) draft.callStaff('not readable', number);
}

/** Staff name an item whose tag nobody can read: its return ends, and it is not lent before it is mended. */
function identify(draft: CabinetDraft, act: Extract<StaffAct, { kind: 'identify' }>, staff: Uint8Array): void {
  const slot = draft.state.ledger.slots.get(act.slot);
  if (slot === undefined || slot.returned === null || !draft.facts.items.has(act.item)) return draft.ignore();
  finishReturn(draft, slot, act.item, 'staff');
  setSlot(draft, act.slot, 'QUARANTINE', { item: act.item, staff, trigger: 'staff' });
}

function returnItem(draft: CabinetDraft, item: string, staff: Uint8Array): void {
  if (!draft.facts.items.has(item)) return draft.ignore();
  const index = draft.write('DECISION', {
    act: 'return',
    reason: 'OK',
    tx: draft.freshTx(),
    item,
    staff,
    contactMonoMs: draft.atMonoMs,
    events: [
      ['return', 'Started', 0],
      ['return', 'Ended', 1, 'done'],
    ],
    incident: 'found_item',
    trigger: 'staff',
    offline: !draft.facts.online,
  });
  draft.prompt('returned', null, { from: 'record', index });
}

/** What no latch moves for ends at once; a guide within reach has to be locked in again first. */
function endOrders(draft: CabinetDraft): void {
  const motion = orderMotion(draft.state);
  if (motion !== null && motion.goneMonoMs === null && !motion.over)
    draft.setMotion({ ...motion, takeByMonoMs: motion.takeByMonoMs === null ? null : draft.atMonoMs });
  for (const order of waitingOrders(draft))
    if (order.phase === 'RESERVED' || order.phase === 'RETRYING')
      endOrder(draft, order, 'staff', 'OUT_OF_SERVICE', 'staff');
}

/** A person looked, and says what the sensors could not. */
function settleDoubt(draft: CabinetDraft, act: Extract<StaffAct, { kind: 'resolve' }>, staff: Uint8Array): void {
  const order = orderOf(draft.state, act.tx);
  if (order?.phase !== 'IN_DOUBT') return draft.ignore();
  endOrder(draft, order, act.taken ? 'done' : 'not_taken', 'OK', 'staff');
  const slot = slotOf(draft.state.ledger, order.slot);
  if (slot.cause === 'in_doubt')
    setSlot(draft, order.slot, 'LOCKED', {
      cause: 'staff',
      item: act.taken ? undefined : order.item,
      staff,
      trigger: 'staff',
    });
}

/** Tags against the ledger, slot by slot; what differs is written down and put right. */
function recount(draft: CabinetDraft, staff: Uint8Array): void {
  let differences = 0;
  for (const { facts: sensed } of draft.state.sensed.values()) {
    const slot = slotOf(draft.state.ledger, sensed.slot);
    const { tagId } = sensed;
    const isQuiet = motionAt(draft.state, slot.slot) === null && !isDoubtful(draft, slot);
    if (!isQuiet || tagId === slot.item || tagId === null || !draft.facts.items.has(tagId)) continue;
    differences++;
    if (slot.returned !== null) finishReturn(draft, slot, tagId, 'staff');
    else
      setSlot(draft, slot.slot, 'OCCUPIED_CHARGING', { item: tagId, incident: 'found_item', staff, trigger: 'staff' });
  }
  draft.record({
    type: 'SERVICE',
    payload: { act: 'recount', count: differences, staff, trigger: 'staff' },
    evidence: null,
  });
}

const outOfService = (draft: CabinetDraft, number: number): Slot | undefined => {
  const slot = draft.state.ledger.slots.get(number);
  const kinds = ['LOCKED', 'FAULT', 'QUARANTINE'];
  if (slot === undefined || !kinds.includes(slot.kind) || motionAt(draft.state, number) !== null) return undefined;
  return isDoubtful(draft, slot) ? undefined : slot;
};

/** An order in doubt is settled first: what the slot holds is its only evidence. */
const isDoubtful = (draft: CabinetDraft, slot: Slot): boolean =>
  [...draft.state.ledger.orders].some(
    ([tx, order]) => order.slot === slot.slot && order.phase === 'IN_DOUBT' && tx === hex(order.tx),
  );

// An order from its first row to its end: a guide reserved, one latch told to open, at most three slots
// tried. Nothing moves without an INTENT in the same commit, and no INTENT moves twice.
import type { Bytes } from '../../core/bytes.ts';
import type { Ending, TransactionEvent } from '../../records/payload.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import { eligibleSlots, isLendable } from './choice.ts';
import { cabinetBounds } from './config.ts';
import type { CabinetDraft } from './draft.ts';
import type { ClaimOutcome } from './effects.ts';
import { countEjection } from './ejection.ts';
import { homeToAsk } from './home-machine.ts';
import { ownerOf, slotOf } from './ledger.ts';
import type { Motion, Order, OrderUse } from './order.ts';
import type { Slot, slotKinds } from './slot.ts';

import { movingLatch, orderMotion, orderOf, unresolved } from './state.ts';

/** Orders that still want a guide. */
export const waitingOrders = (draft: CabinetDraft): readonly Order[] =>
  [...draft.state.ledger.orders.values()].filter((order) => order.phase !== 'IN_DOUBT');

/** Accepts an order for the best guide: reserved at once, so that nobody is promised it twice. */
export function beginOrder(
  draft: CabinetDraft,
  slot: Slot,
  fields: Omit<Parameters<CabinetDraft['write']>[1], 'act' | 'slot' | 'item'> & { readonly tx: Bytes },
  evidence: Bytes | null,
): void {
  const isNext = waitingOrders(draft).length === 0;
  const index = draft.write(
    'DECISION',
    {
      ...fields,
      act: 'order',
      reason: 'OK',
      slot: slot.slot,
      item: slot.item ?? undefined,
      chargePercent: draft.state.sensed.get(slot.slot)?.facts.chargePercent ?? undefined,
      events: [['order', 'Started', 0]],
      offline: !draft.facts.online,
    },
    evidence,
  );
  const reference = { from: 'record', index } as const;
  draft.signal({ cue: 'accepted', reason: 'OK', reference });
  if (!isNext) draft.prompt('wait', null, reference);
}

/** Starts what waits for the latches, one at a time; what a person waits to put in or take out goes first. */
export function startMotion(draft: CabinetDraft): void {
  for (let round = 0; round < cabinetBounds.slots; round++) {
    const { state, facts } = draft;
    if (state.service === 'recovering' || draft.acted || movingLatch(state) !== null) return;
    if (unresolved(state).length > 0 && state.resolveByMonoMs !== null) return;
    if (startOpening(draft)) continue;
    const active = orderMotion(state);
    if (active !== null) return openAgain(draft, active);
    const order = nextOrder(draft);
    if (order === null) return;
    const slot = facts.device.online ? slotFor(draft, order) : null;
    if (slot === null) giveUp(draft, order);
    else moveFor(draft, order, slot);
  }
}

/** Ends an order in a row of its own. Its slot and its code are free again by the fold. */
export function endOrder(
  draft: CabinetDraft,
  order: Order,
  ending: Ending,
  reason: ReasonCode,
  trigger: string,
): number {
  const index = draft.write('OUTCOME', {
    act: 'order',
    reason,
    ...namesOf(order),
    events: [endedEvent(order, ending)],
    trigger,
  });
  announceEnd(draft, order, ending, reason);
  return index;
}

/** What everybody is told when an order has ended, whichever row says so. */
export function announceEnd(draft: CabinetDraft, order: Order, ending: Ending, reason: ReasonCode): void {
  if (order.order !== null && order.commandId !== null) {
    const { commandId, order: id } = order;
    draft.effects.push({ kind: 'answerCommand', commandId, order: id, reason, ending, repeated: false });
  }
  if (order.use !== null) settleClaim(draft, order.tx, order.use, ending === 'done' ? 'used' : 'released');
}

/** The code's home learns what became of it. */
export function settleClaim(draft: CabinetDraft, claimId: Bytes, use: OrderUse, outcome: ClaimOutcome): void {
  const { issuer, cti, uses, validUntil } = use;
  const to = homeToAsk(issuer, cti, draft.facts);
  if (to === null) return;
  const actId = claimId.subarray(0, 8);
  draft.effects.push({ kind: 'settleClaim', to, actId, outcome, claimId, issuer, cti, uses, validUntil });
}

export const endedEvent = (order: Order, ending: Ending): TransactionEvent => [
  'order',
  'Ended',
  order.nextTxSeq,
  ending,
];
export const updatedEvent = (order: Order): TransactionEvent => ['order', 'Updated', order.nextTxSeq];

/** What every row of an order repeats. */
export const namesOf = (order: Order) => ({
  tx: order.tx,
  order: order.order ?? undefined,
  commandId: order.commandId ?? undefined,
  slot: order.slot,
  item: order.item,
});

function nextOrder(draft: CabinetDraft): Order | null {
  const orders = waitingOrders(draft);
  return (
    orders.find((order) => order.phase === 'RETRYING') ?? orders.find((order) => order.phase === 'RESERVED') ?? null
  );
}

/** Its own slot while that may still be asked; else the next best, up to the number of slots one order may try. */
function slotFor(draft: CabinetDraft, order: Order): Slot | null {
  const { state, facts } = draft;
  const own = slotOf(state.ledger, order.slot);
  const again = order.phase === 'RETRYING' && order.tries < cabinetBounds.triesPerSlot;
  if (own.kind === 'RESERVED' && own.item === order.item && ownerOf(state.ledger, order.slot) === order) {
    if (again || (order.phase === 'RESERVED' && isLendable(state, facts, own, order.language))) return own;
  }
  if (order.tried.length >= facts.config.slotsPerOrder) return null;
  const others = eligibleSlots(state, facts, order.language);
  return others.find((slot) => !order.tried.includes(slot.slot)) ?? null;
}

/** Nobody asks the visitor: what was held is let go, and the row says that the machine failed. */
function giveUp(draft: CabinetDraft, order: Order): void {
  const jammed = order.tried.length > 0 || !draft.facts.device.online;
  const reason = jammed ? 'DEVICE_FAULT' : 'NO_STOCK';
  const index = endOrder(draft, order, jammed ? 'compensated' : 'voided', reason, 'sensor');
  const reference = { from: 'record', index } as const;
  draft.signal({ cue: jammed ? 'staff' : 'refused', reason, reference });
  draft.prompt('compensated', null, reference);
}

function moveFor(draft: CabinetDraft, order: Order, slot: Slot): void {
  const first = order.tried.length === 0;
  const item = slot.item ?? order.item;
  const actId = intend(draft, 'dispense', slot.slot, {
    ...namesOf(order),
    slot: slot.slot,
    item,
    chargePercent: draft.state.sensed.get(slot.slot)?.facts.chargePercent ?? undefined,
    events: [updatedEvent(order)],
  });
  draft.setMotion({ ...motionOf(draft, slot.slot, actId), for: 'order', tx: order.tx, item });
  if (!first)
    draft.prompt(slot.slot === order.slot ? 'retrying' : 'tryingNext', slot.slot, draft.referenceOf(order.tx));
}

/** A new INTENT for the slot whose latch closed on the guide again, inside the time to take it. */
function openAgain(draft: CabinetDraft, motion: Motion): void {
  const order = orderOf(draft.state, motion.tx);
  if (!motion.again || motion.over || order?.phase !== 'PRESENTED' || !draft.facts.device.online) return;
  const actId = intend(draft, 'dispense', motion.slot, { ...namesOf(order), events: [updatedEvent(order)] });
  draft.setMotion({
    ...motion,
    actId,
    startedMonoMs: draft.atMonoMs,
    presentedMonoMs: null,
    goneMonoMs: null,
    relatchMonoMs: null,
    again: false,
  });
}

/** Opens a slot for a return, a foreign item or staff. True when the first request is dealt with. */
function startOpening(draft: CabinetDraft): boolean {
  const [request, ...rest] = draft.state.openRequests;
  if (request === undefined) return false;
  draft.set({ openRequests: rest });
  const busy = draft.state.motions.some((motion) => motion.slot === request.slot);
  const { kind } = slotOf(draft.state.ledger, request.slot);
  const wanted = request.for === 'return' ? kind === 'EMPTY' : kind === 'LOCKED' || kind === 'RETURN_UNSEEN';
  if (busy || !wanted || !draft.facts.device.online) return true;
  const actId = intend(draft, 'open', request.slot, {
    slot: request.slot,
    staff: request.staff ?? undefined,
    detail: request.for,
  });
  draft.setMotion({ ...motionOf(draft, request.slot, actId), for: request.for, tx: null, item: null });
  if (request.for === 'foreign') countEjection(draft, request.slot);
  return true;
}

function intend(
  draft: CabinetDraft,
  act: 'dispense' | 'open',
  slot: number,
  fields: Omit<Parameters<CabinetDraft['write']>[1], 'act' | 'actId'>,
): Bytes {
  const actId = draft.facts.freshActId;
  draft.write('INTENT', { ...fields, act, actId });
  draft.effects.push({ kind: 'actuate', actId, slot });
  draft.acted = true;
  return actId;
}

const motionOf = (draft: CabinetDraft, slot: number, actId: Bytes): Omit<Motion, 'for' | 'tx' | 'item'> => ({
  slot,
  actId,
  startedMonoMs: draft.atMonoMs,
  presentedMonoMs: null,
  goneMonoMs: null,
  takeByMonoMs: null,
  relatchMonoMs: null,
  beeped: false,
  warned: false,
  over: false,
  again: false,
});

/** Changes what a slot is, in a row of its own; the item is named unless it has left. */
export function setSlot(
  draft: CabinetDraft,
  slot: number,
  kind: (typeof slotKinds)[number],
  fields: Pick<Parameters<CabinetDraft['write']>[1], 'item' | 'cause' | 'incident' | 'trigger' | 'staff'>,
): number {
  const type = fields.incident === undefined ? 'SERVICE' : 'SECURITY';
  return draft.write(type, { ...fields, act: 'slot', slot, detail: kind });
}

// A return: from the first contact with a slot, whoever brings the guide and whatever this machine knows
// of its loan, to the tag that names it. First contact is where the fee stops.
import type { MonoMs } from '../../core/brand.ts';
import { equal } from '../../core/bytes.ts';
import type { Ending, TransactionEvent } from '../../records/payload.ts';
import type { ReasonCode } from '../../records/reasons.ts';
import { recordDecline } from '../shared/declines.ts';
import { messages } from '../shared/messages.ts';
import { freeSlots } from './choice.ts';
import { cabinetBounds } from './config.ts';
import type { CabinetDraft } from './draft.ts';
import { beginEjection, mayEject } from './ejection.ts';
import { slotOf } from './ledger.ts';
import { requestOpening } from './opening.ts';
import { setSlot } from './orders.ts';
import { isClear, isShut, type OpenReturn, type Slot, type SlotFacts } from './slot.ts';

/** Something touched an empty slot. */
export function startReturn(draft: CabinetDraft, slot: number, sensed: SlotFacts): void {
  const index = draft.write('DECISION', {
    act: 'return',
    tx: draft.freshTx(),
    slot,
    contactMonoMs: contactTime(draft, sensed),
    events: [['return', 'Started', 0]],
    trigger: 'sensor',
    offline: !draft.facts.online,
  });
  draft.prompt('returnStarted', slot, { from: 'record', index });
  judgeReturn(draft, slotOf(draft.state.ledger, slot), null, sensed);
}

/** New facts of a slot in which a return is open. */
export function judgeReturn(draft: CabinetDraft, slot: Slot, before: SlotFacts | null, sensed: SlotFacts): void {
  const { tagId } = sensed;
  if (tagId !== null && !draft.facts.items.has(tagId)) return takeForeign(draft, slot, tagId);
  if (tagId !== null && isShut(sensed)) return finishReturn(draft, slot, tagId, 'sensor');
  const takenOut = before !== null && (before.present === true || before.tagId !== null);
  const shutEmpty = before?.doorClosed === false && sensed.doorClosed === true;
  if (isClear(sensed) && (takenOut || shutEmpty)) endUnfinished(draft, slot, 'taken out again');
}

/** What time alone brings about for an open return: ask for another try, then keep what nobody can name. */
export function passReturnTime(draft: CabinetDraft, slot: Slot): void {
  const { config } = draft.facts;
  const { returned } = slot;
  const sensed = draft.state.sensed.get(slot.slot)?.facts;
  if (slot.kind !== 'RETURN_UNSEEN' || returned === null || (sensed !== undefined && sensed.tagId !== null)) return;
  const elapsedMs = draft.atMonoMs - contactHere(draft, returned);
  if (elapsedMs >= config.unseenMs && !returned.unseen) {
    const index = draft.write('DECISION', {
      act: 'return',
      ...namesOf(draft, slot, returned),
      events: [['return', 'Updated', returned.nextTxSeq]],
      incident: 'return_unseen',
      trigger: 'timer',
    });
    draft.prompt('turnRound', slot.slot, { from: 'record', index });
  } else if (elapsedMs >= config.custodyMs) {
    if (sensed !== undefined && isClear(sensed)) return endUnfinished(draft, slot, 'nothing came');
    setSlot(draft, slot.slot, 'LOCKED', { cause: 'custody', trigger: 'timer' });
    draft.callStaff('custody', slot.slot);
  }
}

export function returnDueMonoMs(draft: CabinetDraft, slot: Slot): MonoMs | null {
  const { returned } = slot;
  if (slot.kind !== 'RETURN_UNSEEN' || returned === null) return null;
  if (draft.state.sensed.get(slot.slot)?.facts.tagId != null) return null;
  const { unseenMs, custodyMs } = draft.facts.config;
  return (contactHere(draft, returned) + (returned.unseen ? custodyMs : unseenMs)) as MonoMs;
}

/** The guide is back: that item's loan ends at its first contact, whoever brought it. */
export function finishReturn(draft: CabinetDraft, slot: Slot, item: string, trigger: string): void {
  const { returned } = slot;
  if (returned === null) return;
  const index = draft.write('DECISION', {
    act: 'return',
    ...namesOf(draft, slot, returned),
    reason: 'OK',
    item,
    chargePercent: draft.state.sensed.get(slot.slot)?.facts.chargePercent ?? undefined,
    events: [ended(returned, 'done')],
    trigger,
    offline: !draft.facts.online,
  });
  draft.prompt('returned', slot.slot, { from: 'record', index });
}

export function endUnfinished(draft: CabinetDraft, slot: Slot, detail: string, incident?: string, item?: string): void {
  const { returned } = slot;
  if (returned === null) return;
  draft.write('DECISION', {
    act: 'return',
    ...namesOf(draft, slot, returned),
    events: [ended(returned, 'unfinished')],
    trigger: 'sensor',
    detail,
    incident,
    item,
  });
}

/** The visitor can prove when the guide was to be given back, though no slot could take it. */
export function recordAttempt(
  draft: CabinetDraft,
  fields: Omit<Parameters<CabinetDraft['write']>[1], 'act'>,
  proven: boolean,
): void {
  const reason: ReasonCode = 'SITE_FULL';
  const payload = {
    ...fields,
    act: 'return-attempt',
    reason,
    contactMonoMs: draft.atMonoMs,
    trigger: 'presentation',
    offline: !draft.facts.online,
  } as const;
  const reference = proven
    ? ({ from: 'record', index: draft.write('DECISION', payload) } as const)
    : recordDecline(draft, payload as Parameters<typeof recordDecline>[1], draft.atMonoMs, draft.facts);
  draft.prompt('cabinetFull', null, reference);
}

export const isFull = (draft: CabinetDraft): boolean => freeSlots(draft.state, cabinetBounds.slots).length === 0;

/** Not of this fleet: no loan is closed by it, and it blocks no slot longer than it must. */
function takeForeign(draft: CabinetDraft, slot: Slot, item: string): void {
  endUnfinished(draft, slot, 'not of the fleet', 'foreign_item', item);
  setSlot(draft, slot.slot, 'LOCKED', { cause: 'foreign', item });
  const reference = { from: 'record', index: draft.records.length - 2 } as const;
  draft.signal({ cue: messages.WRONG_PRODUCT.cue, reason: 'WRONG_PRODUCT', reference });
  draft.callStaff('foreign_item', slot.slot);
  beginEjection(draft, slot.slot);
  giveBack(draft, slot.slot);
}

/** Opens the slot of a foreign item once its latch is seen to hold it: tags are read before doors are shut. */
export function giveBack(draft: CabinetDraft, slot: number): void {
  if (mayEject(draft, slot)) requestOpening(draft, { slot, for: 'foreign', staff: null });
}

/** The moment of first contact; where it was in an earlier boot its Started row has it. */
const namesOf = (draft: CabinetDraft, slot: Slot, returned: OpenReturn) => ({
  tx: returned.tx,
  slot: slot.slot,
  contactMonoMs: equal(returned.bootId, draft.facts.bootId) ? returned.contactMonoMs : undefined,
});

const ended = (returned: OpenReturn, ending: Ending): TransactionEvent => [
  'return',
  'Ended',
  returned.nextTxSeq,
  ending,
];

/** A power cut has no length on this boot's clock: the waits begin anew. */
const contactHere = (draft: CabinetDraft, returned: OpenReturn): MonoMs =>
  equal(returned.bootId, draft.facts.bootId)
    ? (Math.max(returned.contactMonoMs, draft.state.bootMonoMs) as MonoMs)
    : draft.state.bootMonoMs;

const contactTime = (draft: CabinetDraft, sensed: SlotFacts): MonoMs => {
  const { atMonoMs } = sensed;
  return Number.isSafeInteger(atMonoMs) && atMonoMs >= 0 && atMonoMs <= draft.atMonoMs ? atMonoMs : draft.atMonoMs;
};

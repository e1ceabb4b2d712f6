// Slots: what new facts of one slot mean, state by state. An item goes from return through charging and
// cleaning to available; an item that leaves without an order is an incident, never a loan.
import type { MonoMs } from '../../core/brand.ts';
import { cabinetBounds } from './config.ts';
import type { CabinetDraft } from './draft.ts';
import { ejectionDueMonoMs, endEjection, passEjectionTime } from './ejection.ts';
import type { InputOf } from './input.ts';
import { slotOf } from './ledger.ts';
import { doubt, senseMotion, take } from './motion.ts';
import { endOrder, setSlot } from './orders.ts';
import { resolve } from './recovery.ts';
import {
  endUnfinished,
  finishReturn,
  giveBack,
  judgeReturn,
  passReturnTime,
  returnDueMonoMs,
  startReturn,
} from './returns.ts';
import { holds, isClear, isShut, type Slot, type SlotFacts } from './slot.ts';
import { motionAt, orderOf } from './state.ts';

export function slotChanged(draft: CabinetDraft, { facts: sensed }: InputOf<'SlotChanged'>): void {
  const { slot } = sensed;
  const known = Number.isSafeInteger(slot) && slot >= 1 && slot <= cabinetBounds.slots;
  if (!known || draft.state.service === 'recovering') return draft.ignore();
  const before = draft.state.sensed.get(slot)?.facts ?? null;
  remember(draft, sensed);
  leftElsewhere(draft, sensed);
  const motion = motionAt(draft.state, slot);
  const wasResolved = resolve(draft, slot, sensed);
  if (motion !== null) senseMotion(draft, motion, before, sensed);
  if (lockClashes(draft).has(slot) || wasResolved || motionAt(draft.state, slot)?.for === 'order') return;
  judgeSlot(draft, slot, motion?.for === 'order' ? null : before, sensed, motion !== null);
}

export function passSlotTime(draft: CabinetDraft, slot: Slot): void {
  passReturnTime(draft, slot);
  if (passEjectionTime(draft, slot.slot)) giveBack(draft, slot.slot);
  const due = chargeDueMonoMs(draft, slot);
  if (due === null || draft.atMonoMs < due) return;
  setSlot(draft, slot.slot, 'FAULT', { item: slot.item ?? undefined, cause: 'not charging', trigger: 'timer' });
  draft.callStaff('not charging', slot.slot);
}

export function slotDueMonoMs(draft: CabinetDraft, slot: Slot): MonoMs | null {
  return returnDueMonoMs(draft, slot) ?? chargeDueMonoMs(draft, slot) ?? ejectionDueMonoMs(draft, slot.slot);
}

/** Cleaned and tested: it may go; damaged: it may not. */
export function hygieneDone(draft: CabinetDraft, { slot: number, ok }: InputOf<'HygieneDone'>): void {
  const slot = draft.state.ledger.slots.get(number);
  if (slot?.kind !== 'HYGIENE') return draft.ignore();
  setSlot(draft, number, ok ? 'AVAILABLE' : 'QUARANTINE', { item: slot.item ?? undefined });
}

/** Kept back until staff have looked at it. */
export function quarantine(draft: CabinetDraft, number: number, staff?: Uint8Array): void {
  const slot = draft.state.ledger.slots.get(number);
  const kinds = ['OCCUPIED_CHARGING', 'HYGIENE', 'AVAILABLE', 'FAULT'];
  if (slot === undefined || slot.item === null || !kinds.includes(slot.kind)) return draft.ignore();
  setSlot(draft, number, 'QUARANTINE', {
    item: slot.item,
    staff,
    trigger: staff === undefined ? 'presentation' : 'staff',
  });
}

/** What the slot is by its sensors alone, after it was out. False where they do not say. */
export function rederive(
  draft: CabinetDraft,
  slot: Slot,
  sensed: SlotFacts,
  trigger: string,
  staff?: Uint8Array,
): boolean {
  const { tagId } = sensed;
  if (tagId !== null && draft.facts.items.has(tagId) && isShut(sensed)) {
    if (slot.returned !== null) finishReturn(draft, slot, tagId, trigger);
    else setSlot(draft, slot.slot, 'OCCUPIED_CHARGING', { item: tagId, trigger, staff });
    judgeCharging(draft, slotOf(draft.state.ledger, slot.slot), sensed);
    return true;
  }
  if (!isClear(sensed)) return false;
  if (slot.returned !== null) endUnfinished(draft, slot, 'taken out again');
  else setSlot(draft, slot.slot, 'EMPTY', { trigger, staff });
  return true;
}

function judgeSlot(
  draft: CabinetDraft,
  number: number,
  before: SlotFacts | null,
  sensed: SlotFacts,
  openedByUs: boolean,
): void {
  const slot = slotOf(draft.state.ledger, number);
  switch (slot.kind) {
    case 'EMPTY': {
      const doorMoved = before?.doorClosed === true && sensed.doorClosed === false && !openedByUs;
      if (sensed.present === true || sensed.tagId !== null || doorMoved) startReturn(draft, number, sensed);
      break;
    }
    case 'RETURN_UNSEEN':
      judgeReturn(draft, slot, before, sensed);
      break;
    case 'OCCUPIED_CHARGING':
    case 'HYGIENE':
    case 'AVAILABLE':
    case 'QUARANTINE':
    case 'RESERVED':
      if (hasVanished(slot, sensed)) return itemForced(draft, slot, sensed);
      if (slot.kind === 'HYGIENE' && before === null) startHygiene(draft, slot);
      break;
    case 'FAULT':
      break;
    case 'LOCKED':
      judgeLocked(draft, slot, sensed);
      break;
    default:
      slot.kind satisfies never;
  }
  const after = slotOf(draft.state.ledger, number);
  judgeCharging(draft, after, sensed);
  const jamReported = sensed.fault === 'lockJam' && before?.fault !== 'lockJam' && !openedByUs;
  const inUse = after.kind === 'RETURN_UNSEEN' || after.kind === 'LOCKED' || after.kind === 'FAULT';
  if (jamReported && !inUse) lockFault(draft, after);
}

/** Charged and held: to be cleaned; cleaned: to be lent. */
function judgeCharging(draft: CabinetDraft, slot: Slot, sensed: SlotFacts): void {
  if (slot.kind !== 'OCCUPIED_CHARGING' || slot.item === null || !holds(sensed, slot.item)) return;
  const { config } = draft.facts;
  if ((sensed.chargePercent ?? -1) < config.minLendBatteryPercent) return;
  const fields = { item: slot.item, trigger: 'sensor' };
  if (config.hygiene === 'none') return void setSlot(draft, slot.slot, 'AVAILABLE', fields);
  setSlot(draft, slot.slot, 'HYGIENE', fields);
  startHygiene(draft, slot);
}

function startHygiene(draft: CabinetDraft, slot: Slot): void {
  if (slot.item !== null && draft.facts.config.hygiene === 'device')
    draft.effects.push({ kind: 'startHygiene', slot: slot.slot, item: slot.item });
}

const hasVanished = (slot: Slot, sensed: SlotFacts): boolean =>
  isClear(sensed) || (sensed.tagId !== null && sensed.tagId !== slot.item);

/** Gone, or another in its place, without an order. */
function itemForced(draft: CabinetDraft, slot: Slot, sensed: SlotFacts): void {
  draft.write('SECURITY', {
    act: 'slot',
    slot: slot.slot,
    detail: 'EMPTY',
    incident: 'forced',
    item: slot.item ?? undefined,
    trigger: 'sensor',
  });
  draft.callStaff('forced', slot.slot);
  if (!isClear(sensed)) startReturn(draft, slot.slot, sensed);
}

function lockFault(draft: CabinetDraft, slot: Slot): void {
  setSlot(draft, slot.slot, 'FAULT', { item: slot.item ?? undefined, cause: 'lockJam', trigger: 'sensor' });
  draft.callStaff('lockJam', slot.slot);
}

function judgeLocked(draft: CabinetDraft, slot: Slot, sensed: SlotFacts): void {
  switch (slot.cause) {
    case 'in_doubt':
      return resolveDoubt(draft, slot, sensed);
    case 'custody':
      if (slot.returned !== null) rederive(draft, slot, sensed, 'sensor');
      return;
    case 'foreign':
      return judgeForeign(draft, slot, sensed);
    case 'door':
      if (isClear(sensed) && isShut(sensed)) setSlot(draft, slot.slot, 'EMPTY', { trigger: 'sensor' });
      else if (sensed.present === true || sensed.tagId !== null) startReturn(draft, slot.slot, sensed);
      return;
    case 'two_slots':
    case 'staff':
    case null:
      return;
    default:
      slot.cause satisfies never;
  }
}

/** Shut on the foreign item: it is given back. A guide of the fleet in its place is a return like any other. */
function judgeForeign(draft: CabinetDraft, slot: Slot, sensed: SlotFacts): void {
  if (isClear(sensed)) {
    if (sensed.doorClosed === false) return;
    setSlot(draft, slot.slot, 'EMPTY', { trigger: 'sensor' });
    return endEjection(draft, slot.slot);
  }
  if (sensed.tagId === null || !draft.facts.items.has(sensed.tagId)) return giveBack(draft, slot.slot);
  endEjection(draft, slot.slot);
  startReturn(draft, slot.slot, sensed);
}

/** Only a guide that is sensed behind its latch ends a doubt by itself: it favours the visitor. */
function resolveDoubt(draft: CabinetDraft, slot: Slot, sensed: SlotFacts): void {
  const order = [...draft.state.ledger.orders.values()].find(
    (open) => open.phase === 'IN_DOUBT' && open.slot === slot.slot,
  );
  if (order === undefined || !holds(sensed, order.item)) return;
  endOrder(draft, order, 'not_taken', 'OK', 'sensor');
  setSlot(draft, slot.slot, 'AVAILABLE', { item: order.item, trigger: 'sensor' });
}

/** A guide whose tag is read in another slot has left its own, whatever door stands open there. */
function leftElsewhere(draft: CabinetDraft, sensed: SlotFacts): void {
  const motion = draft.state.motions.find(
    (running) => running.for === 'order' && running.item === sensed.tagId && running.slot !== sensed.slot,
  );
  const order = motion === undefined ? null : orderOf(draft.state, motion.tx);
  if (motion === undefined || order === null || motion.goneMonoMs === null) return;
  take(draft, motion, order, motion.goneMonoMs);
}

/** One tag in two slots: one reading is wrong, and nobody can say which. Out until the readings differ again. */
function lockClashes(draft: CabinetDraft): ReadonlySet<number> {
  const clashing = clashes(draft);
  for (const number of clashing) {
    const slot = slotOf(draft.state.ledger, number);
    if (slot.kind === 'LOCKED') continue;
    const motion = motionAt(draft.state, number);
    const order = motion?.for === 'order' ? orderOf(draft.state, motion.tx) : null;
    if (motion !== null && order !== null) doubt(draft, motion, order, 'tag in two slots');
    else setSlot(draft, number, 'LOCKED', { cause: 'two_slots', incident: 'tamper', item: slot.item ?? undefined });
    draft.callStaff('two_slots', number);
  }
  for (const slot of draft.state.ledger.slots.values()) {
    const sensed = draft.state.sensed.get(slot.slot)?.facts;
    if (slot.cause === 'two_slots' && !clashing.has(slot.slot) && sensed !== undefined)
      rederive(draft, slot, sensed, 'sensor');
  }
  return clashing;
}

function clashes(draft: CabinetDraft): ReadonlySet<number> {
  const firstBy = new Map<string, number>();
  const clashing = new Set<number>();
  for (const { facts } of draft.state.sensed.values()) {
    if (facts.tagId === null) continue;
    const first = firstBy.get(facts.tagId);
    if (first === undefined) firstBy.set(facts.tagId, facts.slot);
    else clashing.add(first).add(facts.slot);
  }
  return clashing;
}

function remember(draft: CabinetDraft, sensed: SlotFacts): void {
  const known = draft.state.sensed.get(sensed.slot);
  const percent = sensed.chargePercent ?? -1;
  const same = known !== undefined && known.facts.tagId === sensed.tagId;
  const charge =
    same && known.charge !== null && percent <= known.charge.percent
      ? known.charge
      : { percent, sinceMonoMs: draft.atMonoMs };
  draft.set({ sensed: new Map(draft.state.sensed).set(sensed.slot, { facts: sensed, charge }) });
}

/** Charge that does not rise below what may be lent: contacts or battery are bad. */
function chargeDueMonoMs(draft: CabinetDraft, slot: Slot): MonoMs | null {
  const { config } = draft.facts;
  const charge = draft.state.sensed.get(slot.slot)?.charge ?? null;
  if (slot.kind !== 'OCCUPIED_CHARGING' || charge === null || charge.percent >= config.minLendBatteryPercent)
    return null;
  return (charge.sinceMonoMs + config.chargeFlatMs) as MonoMs;
}

// A latch that was told to open, judged by sensors alone: opened, jammed, taken, left, or in doubt. What
// the sensors do not say is never found out by opening again.
import type { MonoMs } from '../../core/brand.ts';
import { cabinetBounds } from './config.ts';
import type { CabinetDraft } from './draft.ts';
import { waitToEject } from './ejection.ts';
import { judgeOpening } from './opening.ts';
import type { Motion, Order } from './order.ts';
import { announceEnd, endedEvent, endOrder, namesOf, setSlot, updatedEvent } from './orders.ts';
import { hasOpened, holds, isClear, type SlotFacts } from './slot.ts';
import { orderOf } from './state.ts';

/** New facts of a slot with a latch on its way. */
export function senseMotion(draft: CabinetDraft, motion: Motion, before: SlotFacts | null, sensed: SlotFacts): void {
  const jamReported = sensed.fault === 'lockJam' && before?.fault !== 'lockJam';
  if (motion.for !== 'order') return judgeOpening(draft, motion, sensed, jamReported);
  const order = orderOf(draft.state, motion.tx);
  if (order === null) return draft.dropMotion(motion.slot);
  const moves = motion.actId !== null && motion.presentedMonoMs === null;
  if (!moves) return judgePresented(draft, motion, order, sensed);
  if (hasOpened(sensed)) return judgePresented(draft, present(draft, motion), order, sensed);
  if (jamReported) judgeUnmoved(draft, motion, order);
}

/** What time alone brings about for a latch. */
export function passMotionTime(draft: CabinetDraft, motion: Motion): void {
  const { config } = draft.facts;
  const isDue = (from: MonoMs | null, afterMs: number): boolean => from !== null && draft.atMonoMs >= from + afterMs;
  const moves = motion.actId !== null && motion.presentedMonoMs === null;
  if (moves && !isDue(motion.startedMonoMs, config.motionTimeoutMs)) return;
  if (motion.for !== 'order') return judgeOpening(draft, motion, sensedAt(draft, motion), true);
  const order = orderOf(draft.state, motion.tx);
  if (order === null) return draft.dropMotion(motion.slot);
  if (moves) return judgeUnmoved(draft, motion, order);
  if (motion.goneMonoMs !== null) return remindOfDoor(draft, motion, order, isDue);
  const sensed = sensedAt(draft, motion);
  if (motion.over) {
    if (isDue(motion.relatchMonoMs, config.relatchMs)) doubt(draft, motion, order, 'latch did not close');
  } else if (isDue(motion.takeByMonoMs, 0)) {
    timeIsOver(draft, motion, order, sensed);
  } else if (!motion.beeped && isDue(motion.takeByMonoMs, config.presentBeepMs - config.presentTimeoutMs)) {
    draft.setMotion({ ...motion, beeped: true });
    draft.prompt('takeGuide', motion.slot, draft.referenceOf(order.tx));
  } else if (wantsRelatch(draft, motion, sensed) && isDue(motion.presentedMonoMs, config.doorOpenMs)) {
    draft.setMotion({ ...motion, relatchMonoMs: draft.atMonoMs });
    draft.effects.push({ kind: 'relatch', slot: motion.slot });
  }
}

/** When time next brings something about for this latch; null where only sensors can. */
export function motionDueMonoMs(draft: CabinetDraft, motion: Motion): MonoMs | null {
  const { config } = draft.facts;
  const due: number[] = [];
  const moves = motion.actId !== null && motion.presentedMonoMs === null;
  if (moves) due.push(motion.startedMonoMs + config.motionTimeoutMs);
  else if (motion.goneMonoMs !== null) {
    due.push(motion.goneMonoMs + (motion.warned ? config.doorAlarmMs : config.doorWarnMs));
  } else if (motion.over) {
    if (motion.relatchMonoMs !== null) due.push(motion.relatchMonoMs + config.relatchMs);
  } else if (motion.takeByMonoMs !== null) {
    due.push(motion.takeByMonoMs);
    if (!motion.beeped) due.push(motion.takeByMonoMs + config.presentBeepMs - config.presentTimeoutMs);
    const doorWait = wantsRelatch(draft, motion, sensedAt(draft, motion)) ? motion.presentedMonoMs : null;
    if (doorWait !== null) due.push(doorWait + config.doorOpenMs);
  }
  return due.length === 0 ? null : (Math.min(...due) as MonoMs);
}

/** The driver sent nothing: no latch can have moved, and the slot is not to blame. */
export function notSent(draft: CabinetDraft, motion: Motion): void {
  const order = orderOf(draft.state, motion.tx);
  if (motion.for !== 'order' || order === null) {
    draft.write('OUTCOME', {
      act: 'open',
      actId: motion.actId ?? undefined,
      slot: motion.slot,
      outcome: 'failed',
      detail: 'not sent',
    });
    draft.dropMotion(motion.slot);
    if (motion.for === 'foreign') waitToEject(draft, motion.slot);
    return;
  }
  fail(draft, motion, order, 'not sent');
  const left = orderOf(draft.state, order.tx);
  if (left === null) return;
  const index = endOrder(draft, left, 'compensated', 'DEVICE_FAULT', 'sensor');
  const reference = { from: 'record', index } as const;
  draft.signal({ cue: 'staff', reason: 'DEVICE_FAULT', reference });
  draft.prompt('compensated', null, reference);
}

/** The guide has left this slot: the loan starts when its tag vanished. */
export function take(draft: CabinetDraft, motion: Motion, order: Order, sinceMonoMs: MonoMs, detail?: string): void {
  const index = draft.write('OUTCOME', {
    act: 'dispense',
    reason: 'OK',
    outcome: 'taken',
    ...namesOf(order),
    actId: motion.actId ?? undefined,
    contactMonoMs: sinceMonoMs,
    events: [endedEvent(order, 'done')],
    trigger: 'sensor',
    detail,
  });
  draft.dropMotion(motion.slot);
  announceEnd(draft, order, 'done', 'OK');
  draft.prompt('taken', motion.slot, { from: 'record', index });
}

/** Sensors contradict each other, or say nothing: the slot is out, the visitor pays nothing, staff decide. */
export function doubt(draft: CabinetDraft, motion: Pick<Motion, 'slot' | 'actId'>, order: Order, why: string): void {
  const index = draft.write('OUTCOME', {
    act: 'dispense',
    outcome: 'in_doubt',
    incident: 'in_doubt',
    ...namesOf(order),
    actId: motion.actId ?? order.actId ?? undefined,
    events: [updatedEvent(order)],
    detail: why,
  });
  setSlot(draft, motion.slot, 'LOCKED', { cause: 'in_doubt', item: order.item });
  draft.dropMotion(motion.slot);
  draft.signal({ cue: 'staff', reason: 'DEVICE_FAULT', reference: { from: 'record', index } });
  draft.callStaff('in_doubt', motion.slot);
}

const sensedAt = (draft: CabinetDraft, motion: Motion): SlotFacts | null =>
  draft.facts.device.online ? (draft.state.sensed.get(motion.slot)?.facts ?? null) : null;

function present(draft: CabinetDraft, motion: Motion): Motion {
  const { atMonoMs, facts } = draft;
  const takeByMonoMs = motion.takeByMonoMs ?? ((atMonoMs + facts.config.presentTimeoutMs) as MonoMs);
  const presented: Motion = { ...motion, presentedMonoMs: atMonoMs, takeByMonoMs };
  draft.setMotion(presented);
  draft.prompt('takeGuide', motion.slot, motion.tx === null ? null : draft.referenceOf(motion.tx));
  return presented;
}

function judgePresented(draft: CabinetDraft, motion: Motion, order: Order, sensed: SlotFacts): void {
  // Another tag in the slot proves as well as none that the ordered guide has left.
  const hasLeft = isClear(sensed) || (sensed.tagId !== null && sensed.tagId !== order.item);
  if (hasLeft && motion.actId === null) return doubt(draft, motion, order, 'gone behind a closed latch');
  if (hasLeft) {
    const goneMonoMs = motion.goneMonoMs ?? draft.atMonoMs;
    draft.setMotion({ ...motion, goneMonoMs });
    if (sensed.doorClosed !== false) take(draft, motion, order, goneMonoMs);
    return;
  }
  // Something is back in the slot; sensors that do not answer take nothing back.
  const isBack = sensed.present === true || sensed.tagId !== null;
  if (isBack && motion.goneMonoMs !== null) draft.setMotion({ ...motion, goneMonoMs: null, warned: false });
  if (!holds(sensed, order.item)) return;
  if (motion.over) return leave(draft, motion, order);
  if (motion.actId !== null) closedAgain(draft, motion, order);
}

/** The latch holds the guide again while the visitor still has time: one more INTENT is for the visitor to ask. */
function closedAgain(draft: CabinetDraft, motion: Motion, order: Order): void {
  draft.write('OUTCOME', {
    act: 'dispense',
    outcome: 'not_taken',
    ...namesOf(order),
    actId: motion.actId ?? undefined,
    events: [updatedEvent(order)],
    detail: 'closed again',
  });
  draft.setMotion({ ...motion, actId: null, goneMonoMs: null, relatchMonoMs: null });
  draft.prompt('openAgain', motion.slot, draft.referenceOf(order.tx));
}

function timeIsOver(draft: CabinetDraft, motion: Motion, order: Order, sensed: SlotFacts | null): void {
  if (sensed !== null && holds(sensed, order.item)) return leave(draft, motion, order);
  const canClose = sensed !== null && sensed.locked === false && draft.facts.device.canRelatch;
  if (!canClose) return doubt(draft, motion, order, 'time over, latch not closed');
  draft.setMotion({ ...motion, over: true, relatchMonoMs: draft.atMonoMs });
  draft.effects.push({ kind: 'relatch', slot: motion.slot });
}

/** Not taken: the guide is held again, nothing is charged, the code is free. */
function leave(draft: CabinetDraft, motion: Motion, order: Order): void {
  draft.write('OUTCOME', {
    act: 'dispense',
    outcome: 'not_taken',
    reason: 'OK',
    ...namesOf(order),
    actId: motion.actId ?? undefined,
    events: [endedEvent(order, 'not_taken')],
    trigger: 'timer',
  });
  draft.dropMotion(motion.slot);
  announceEnd(draft, order, 'not_taken', 'OK');
  draft.prompt('notTaken', motion.slot, draft.referenceOf(order.tx));
}

function remindOfDoor(
  draft: CabinetDraft,
  motion: Motion,
  order: Order,
  isDue: (from: MonoMs | null, afterMs: number) => boolean,
): void {
  const { config } = draft.facts;
  if (isDue(motion.goneMonoMs, config.doorAlarmMs)) {
    take(draft, motion, order, motion.goneMonoMs ?? draft.atMonoMs, 'door left open');
    setSlot(draft, motion.slot, 'LOCKED', { cause: 'door' });
    draft.callStaff('door', motion.slot);
  } else if (!motion.warned && isDue(motion.goneMonoMs, config.doorWarnMs)) {
    draft.setMotion({ ...motion, warned: true });
    draft.prompt('closeDoor', motion.slot);
  }
}

/** The latch said nothing in time. Only a guide that is sensed behind a closed latch is a failure; all else is doubt. */
function judgeUnmoved(draft: CabinetDraft, motion: Motion, order: Order): void {
  const sensed = sensedAt(draft, motion);
  if (sensed === null || !holds(sensed, order.item))
    return doubt(draft, motion, order, sensed === null ? 'sensors do not answer' : 'sensors contradict');
  fail(draft, motion, order, 'lockJam');
  if (order.tries < cabinetBounds.triesPerSlot) return;
  setSlot(draft, motion.slot, 'FAULT', { item: order.item, cause: 'lockJam' });
  draft.callStaff('lockJam', motion.slot);
}

function fail(draft: CabinetDraft, motion: Motion, order: Order, why: string): void {
  draft.write('OUTCOME', {
    act: 'dispense',
    outcome: 'failed',
    ...namesOf(order),
    actId: motion.actId ?? undefined,
    events: [updatedEvent(order)],
    detail: why,
  });
  draft.dropMotion(motion.slot);
}

/** An open latch behind a shut door, which this hardware can close by itself. */
const wantsRelatch = (draft: CabinetDraft, motion: Motion, sensed: SlotFacts | null): boolean =>
  motion.relatchMonoMs === null &&
  draft.facts.device.canRelatch &&
  sensed !== null &&
  sensed.doorClosed === true &&
  sensed.locked === false;

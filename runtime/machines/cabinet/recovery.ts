// After a start: what became of motions of an earlier life is read from lock, presence and tag, once, and
// is never found out by opening again.

import type { MonoMs } from '../../core/brand.ts';
import { equal } from '../../core/bytes.ts';
import type { CabinetDraft } from './draft.ts';
import type { InputOf } from './input.ts';
import { slotOf } from './ledger.ts';
import { doubt } from './motion.ts';
import type { Order } from './order.ts';
import { announceEnd, endedEvent, endOrder, namesOf } from './orders.ts';
import { hasOpened, holds, isClear, type SlotFacts } from './slot.ts';
import { unresolved } from './state.ts';

/** Adopts what the journal says. Orders for which nothing was told to move end here: their visitors have left. */
export function boot(draft: CabinetDraft, input: InputOf<'Boot'>): void {
  if (draft.state.service !== 'recovering') return draft.ignore();
  draft.adopt(input.ledger);
  draft.set({ service: 'serving', bootMonoMs: draft.atMonoMs });
  for (const order of input.ledger.orders.values())
    if (order.phase === 'RESERVED' || order.phase === 'RETRYING')
      endOrder(draft, order, 'voided', 'OUT_OF_SERVICE', 'boot');
  const waits = unresolved(draft.state).length > 0 || openings(draft).length > 0;
  if (waits) draft.set({ resolveByMonoMs: (draft.atMonoMs + draft.facts.config.resolveMs) as MonoMs });
}

/** New facts of a slot. True when an order of an earlier life hung on them, so that nothing else is made of them. */
export function resolve(draft: CabinetDraft, slot: number, sensed: SlotFacts): boolean {
  resolveOpening(draft, slot, sensed);
  const order = unresolved(draft.state).find((open) => open.slot === slot);
  if (order !== undefined) resolveOrder(draft, order, sensed);
  if (unresolved(draft.state).length === 0 && openings(draft).length === 0) draft.set({ resolveByMonoMs: null });
  return order !== undefined;
}

/** Sensors that are still silent: nobody knows. */
export function passResolveTime(draft: CabinetDraft): void {
  const { resolveByMonoMs } = draft.state;
  if (resolveByMonoMs === null || draft.atMonoMs < resolveByMonoMs) return;
  draft.set({ resolveByMonoMs: null });
  for (const order of unresolved(draft.state)) doubt(draft, order, order, 'sensors do not answer after a start');
  for (const slot of openings(draft)) endOpening(draft, slot, 'in_doubt');
}

function resolveOrder(draft: CabinetDraft, order: Order, sensed: SlotFacts): void {
  if (holds(sensed, order.item)) {
    draft.write('OUTCOME', {
      act: 'dispense',
      outcome: 'not_taken',
      reason: 'OK',
      ...namesOf(order),
      actId: order.actId ?? undefined,
      events: [endedEvent(order, 'not_taken')],
      trigger: 'boot',
    });
    announceEnd(draft, order, 'not_taken', 'OK');
    return;
  }
  if (isClear(sensed)) {
    // The latch held it when power went, and no INTENT was open: that it is gone cannot be the visitor's doing.
    if (order.actId === null) return doubt(draft, order, order, 'gone behind a closed latch');
    return presume(draft, order);
  }
  const inMouth = hasOpened(sensed) && (sensed.present === true || sensed.tagId === order.item);
  if (inMouth && order.actId !== null) presentAgain(draft, order, order.actId);
}

/** Gone while nobody looked: the loan starts at the INTENT, is flagged, and is free for a while. */
function presume(draft: CabinetDraft, order: Order): void {
  const index = draft.write('OUTCOME', {
    act: 'dispense',
    outcome: 'taken',
    reason: 'OK',
    ...namesOf(order),
    actId: order.actId ?? undefined,
    events: [endedEvent(order, 'done')],
    trigger: 'boot',
    detail: 'presumed',
    review: true,
  });
  announceEnd(draft, order, 'done', 'OK');
  draft.prompt('taken', order.slot, { from: 'record', index });
}

/** Within reach behind an open latch: the visitor gets the whole time again, and the latch no pulse. */
function presentAgain(draft: CabinetDraft, order: Order, actId: Uint8Array): void {
  const { atMonoMs, facts } = draft;
  draft.setMotion({
    slot: order.slot,
    for: 'order',
    actId,
    tx: order.tx,
    item: order.item,
    startedMonoMs: atMonoMs,
    presentedMonoMs: atMonoMs,
    goneMonoMs: null,
    takeByMonoMs: (atMonoMs + facts.config.presentTimeoutMs) as MonoMs,
    relatchMonoMs: null,
    beeped: false,
    warned: false,
    over: false,
    again: false,
  });
  draft.prompt('takeGuide', order.slot, draft.referenceOf(order.tx));
}

const openings = (draft: CabinetDraft): readonly number[] =>
  [...draft.state.ledger.slots.values()]
    .filter((slot) => slot.opening !== null && !runs(draft, slot.opening))
    .map((slot) => slot.slot);

const runs = (draft: CabinetDraft, actId: Uint8Array): boolean =>
  draft.state.motions.some((motion) => motion.actId !== null && equal(motion.actId, actId));

function resolveOpening(draft: CabinetDraft, slot: number, sensed: SlotFacts): void {
  if (!openings(draft).includes(slot) || sensed.locked === null) return;
  endOpening(draft, slot, sensed.locked ? 'failed' : 'opened');
}

const endOpening = (draft: CabinetDraft, slot: number, outcome: string): void =>
  void draft.write('OUTCOME', {
    act: 'open',
    actId: slotOf(draft.state.ledger, slot).opening ?? undefined,
    slot,
    outcome,
    trigger: 'boot',
  });

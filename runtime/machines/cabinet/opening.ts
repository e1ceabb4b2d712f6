// A slot opened for a person without an order: for a return, to give back a foreign item, or for staff.
// The act ends when the latch is seen open; what happens in the slot afterwards is the slot's matter.
import { freeSlots } from './choice.ts';
import { cabinetBounds } from './config.ts';
import type { CabinetDraft } from './draft.ts';
import { waitToEject } from './ejection.ts';
import type { Motion } from './order.ts';
import { setSlot } from './orders.ts';
import { hasOpened, type SlotFacts } from './slot.ts';
import type { OpenRequest } from './state.ts';

/** `giveUp`: the time is over, or the lock reported a jam. */
export function judgeOpening(draft: CabinetDraft, motion: Motion, sensed: SlotFacts | null, giveUp: boolean): void {
  if (sensed !== null && hasOpened(sensed)) {
    endOpening(draft, motion, 'opened');
    if (motion.for === 'return') draft.prompt('returnHere', motion.slot);
    return;
  }
  if (!giveUp) return;
  endOpening(draft, motion, sensed?.locked === true ? 'failed' : 'in_doubt');
  if (motion.for === 'foreign' && waitToEject(draft, motion.slot)) return;
  draft.callStaff('lockJam', motion.slot);
  if (motion.for !== 'return') return;
  setSlot(draft, motion.slot, 'FAULT', { cause: 'lockJam' });
  offerReturn(draft);
}

/** Shows where a guide may be put, and opens a slot where none stands open. */
export function offerReturn(draft: CabinetDraft): boolean {
  const [slot] = freeSlots(draft.state, cabinetBounds.slots);
  if (slot === undefined) return false;
  if (draft.state.sensed.get(slot)?.facts.locked === true) requestOpening(draft, { slot, for: 'return', staff: null });
  else draft.prompt('returnHere', slot);
  return true;
}

/** One request per slot; beyond the bound a person has to press again. */
export function requestOpening(draft: CabinetDraft, request: OpenRequest): void {
  const { openRequests, motions } = draft.state;
  const known = openRequests.some(
    (open) => open.slot === request.slot || (open.for === 'return' && request.for === 'return'),
  );
  const running = motions.some((motion) => motion.for !== 'order' && motion.slot === request.slot);
  const returning = request.for === 'return' && motions.some((motion) => motion.for === 'return');
  if (known || running || returning || openRequests.length >= cabinetBounds.openRequests) return draft.ignore();
  draft.set({ openRequests: [...openRequests, request] });
}

function endOpening(draft: CabinetDraft, motion: Motion, outcome: 'opened' | 'failed' | 'in_doubt'): void {
  draft.write('OUTCOME', {
    act: 'open',
    actId: motion.actId ?? undefined,
    slot: motion.slot,
    outcome,
    detail: motion.for,
  });
  draft.dropMotion(motion.slot);
}

// The audio-guide cabinet: one pure function from state, input and facts to the next state, what to write
// and what to do. It reads no clock, draws no chance, does no I/O and does not throw.
import type { MonoMs } from '../../core/brand.ts';
import { equal, hex } from '../../core/bytes.ts';
import { recordDecline, writeCounted } from '../shared/declines.ts';
import { messages } from '../shared/messages.ts';
import type { StepResult } from '../shared/step-draft.ts';
import { raiseStorageAlarm, type StorageLevel } from '../shared/storage.ts';
import { armTimers, disarmTimer } from '../shared/timers.ts';
import { codeDueMonoMs, updateCode } from './codes.ts';
import { cabinetBounds } from './config.ts';
import { dispense } from './dispense.ts';
import { CabinetDraft } from './draft.ts';
import type { CabinetEffect } from './effects.ts';
import type { CabinetFacts } from './facts.ts';
import { claimRequested, claimSettled } from './home-machine.ts';
import type { CabinetInput, InputOf } from './input.ts';
import { motionDueMonoMs, notSent, passMotionTime } from './motion.ts';
import { offerReturn } from './opening.ts';
import { startMotion } from './orders.ts';
import { claimAnswered, passClaimTime, present } from './presentation.ts';
import { boot, passResolveTime } from './recovery.ts';
import { isFull, recordAttempt } from './returns.ts';
import { hygieneDone, passSlotTime, quarantine, slotChanged, slotDueMonoMs } from './slots.ts';
import { staffActs } from './staff.ts';
import { type CabinetState, orderMotion } from './state.ts';

/**
 * The terminal commits `records` and `projections` in one transaction, then adopts `state`, then runs
 * `effects`. A commit that wrote nothing leaves the old state in force.
 */
export function step(
  state: CabinetState,
  input: CabinetInput,
  facts: CabinetFacts,
): StepResult<CabinetState, CabinetEffect> {
  const draft = new CabinetDraft(state, input.atMonoMs, facts);
  if (input.kind === 'Committed') {
    placeRow(draft, input);
    return draft.result();
  }
  passTime(draft);
  handle(draft, input);
  startMotion(draft);
  updateCode(draft);
  armTimers(draft, {
    motion: earliest(draft.state.motions.map((motion) => motionDueMonoMs(draft, motion))),
    slots: earliest([...draft.state.ledger.slots.values()].map((slot) => slotDueMonoMs(draft, slot))),
    code: codeDueMonoMs(draft),
    claim: earliest(draft.state.claims.map((claim) => claim.dueMonoMs)),
    resolve: draft.state.resolveByMonoMs,
    declines: draft.state.declines.dueMonoMs,
  });
  return draft.result();
}

/** Whether codes are decoded at all; otherwise present them with verdict null. */
export const serves = (state: CabinetState, storage: StorageLevel): boolean =>
  state.service === 'serving' && storage !== 'unavailable';

function handle(draft: CabinetDraft, input: Exclude<CabinetInput, { kind: 'Committed' }>): void {
  switch (input.kind) {
    case 'Boot':
      return boot(draft, input);
    case 'Presentation':
      return present(draft, input);
    case 'Dispense':
      return dispense(draft, input);
    case 'SlotChanged':
      return slotChanged(draft, input);
    case 'Actuated':
      return actuated(draft, input);
    case 'ClaimRequest':
      return claimRequested(draft, input);
    case 'ClaimSettled':
      return claimSettled(draft, input);
    case 'ClaimAnswer':
      return claimAnswered(draft, input);
    case 'HygieneDone':
      return hygieneDone(draft, input);
    case 'Key':
      return keyPressed(draft, input);
    case 'DamageReported':
      return quarantine(draft, input.slot);
    case 'ItemShown':
      return itemShown(draft, input);
    case 'Staff':
      return staffActs(draft, input);
    case 'Network':
      return;
    case 'Timer':
      return disarmTimer(draft, input.name);
    case 'ClockStepped':
      return clockStepped(draft, input);
    default:
      return input satisfies never;
  }
}

/** What time alone brings about, whichever input comes next; timers only make sure that one does. */
function passTime(draft: CabinetDraft): void {
  writeCounted(draft, draft.atMonoMs, draft.facts);
  raiseStorageAlarm(draft, draft.facts.storage);
  if (draft.state.service === 'recovering') return;
  // One event may make the next one due; each makes itself undue, so the bound is never met.
  for (let round = 0; round < cabinetBounds.slots; round++) {
    const before = draft.state;
    passResolveTime(draft);
    passClaimTime(draft);
    for (const motion of draft.state.motions) passMotionTime(draft, motion);
    for (const slot of draft.state.ledger.slots.values()) passSlotTime(draft, slot);
    if (draft.state === before) return;
  }
}

/** Sent says nothing new: whether it moved is for the sensors to say. */
function actuated(draft: CabinetDraft, { actId, sent }: InputOf<'Actuated'>): void {
  const motion = draft.state.motions.find((running) => running.actId !== null && equal(running.actId, actId));
  if (motion === undefined || motion.presentedMonoMs !== null) return draft.ignore();
  if (!sent) notSent(draft, motion);
}

function keyPressed(draft: CabinetDraft, { key }: InputOf<'Key'>): void {
  if (draft.state.service === 'recovering') return draft.ignore();
  if (key === 'return') {
    if (!offerReturn(draft)) draft.prompt('allFull', null);
    return;
  }
  const motion = orderMotion(draft.state);
  if (motion === null || motion.actId !== null || motion.over) return draft.ignore();
  draft.setMotion({ ...motion, again: true });
}

/** A tag in a visitor's hand: shows where to put it, or proves that it could not be put. */
function itemShown(draft: CabinetDraft, { item }: InputOf<'ItemShown'>): void {
  const { state, facts } = draft;
  if (state.service === 'recovering' || facts.storage === 'unavailable') return draft.ignore();
  if (!facts.items.has(item)) {
    const reason = 'WRONG_PRODUCT';
    const payload = { act: 'decline', reason, trigger: 'presentation' } as const;
    const reference = recordDecline(draft, payload, draft.atMonoMs, facts);
    return draft.signal({ cue: messages[reason].cue, reason, reference });
  }
  if (isFull(draft)) recordAttempt(draft, { item }, true);
  else offerReturn(draft);
}

function clockStepped(draft: CabinetDraft, { fromMs, toMs }: InputOf<'ClockStepped'>): void {
  if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs)) return draft.ignore();
  draft.record({
    type: 'CLOCK',
    payload: { act: 'step', fromMs, toMs, trigger: 'sensor', incident: 'clock_step' },
    evidence: null,
  });
}

function placeRow(draft: CabinetDraft, { tx, ref }: InputOf<'Committed'>): void {
  const references = new Map(draft.state.references).set(hex(tx), ref);
  const [oldest] = references.keys();
  if (references.size > cabinetBounds.references && oldest !== undefined) references.delete(oldest);
  draft.set({ references });
}

function earliest(times: readonly (MonoMs | null)[]): MonoMs | null {
  const due = times.filter((time) => time !== null);
  return due.length === 0 ? null : (Math.min(...due) as MonoMs);
}

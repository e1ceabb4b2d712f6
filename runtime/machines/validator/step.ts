// The bus validator: one pure function from state, input and facts to the next state, what to write and
// what to do. It reads no clock, draws no chance, does no I/O and does not throw.
import type { MonoMs } from '../../core/brand.ts';
import { equal, hex } from '../../core/bytes.ts';
import { writeCounted } from '../shared/declines.ts';
import type { StepResult } from '../shared/step-draft.ts';
import { raiseStorageAlarm, type StorageLevel } from '../shared/storage.ts';
import { armTimers, disarmTimer } from '../shared/timers.ts';
import { type ValidatorConfig, validatorBounds } from './config.ts';
import { ValidatorDraft } from './draft.ts';
import type { ValidatorEffect } from './effects.ts';
import type { ValidatorFacts } from './facts.ts';
import { closeExpired, holdOffsDue } from './hold-off.ts';
import type { InputOf, ValidatorInput } from './input.ts';
import { present, presentSame } from './presentation.ts';
import type { RideMark, ValidatorState } from './state.ts';
import { closeTrip, forgetOwedCues, openTrip, resume } from './trip-steps.ts';

/**
 * The terminal commits `records` and `projections` in one transaction, then adopts `state`, then runs
 * `effects`. A commit that wrote nothing leaves the old state in force.
 */
export function step(
  state: ValidatorState,
  input: ValidatorInput,
  facts: ValidatorFacts,
): StepResult<ValidatorState, ValidatorEffect> {
  const draft = new ValidatorDraft(state);
  if (!isNote(input)) passTime(draft, input.atMonoMs, facts);
  handle(draft, input, facts);
  draft.writeSignalledMark();
  armTimers(draft, {
    'hold-off': holdOffsDue(draft.state, facts.config),
    declines: draft.state.declines.dueMonoMs,
  });
  return draft.result();
}

/**
 * Notes come back from the terminal in the middle of an input's handling, with reads still waiting that
 * are older than they: they move no time, and answer with neither records nor effects.
 */
const isNote = (input: ValidatorInput): boolean => input.kind === 'Committed' || input.kind === 'Signalled';

/** Whether codes are decoded at all; otherwise present them with verdict null. */
export const serves = (state: ValidatorState, storage: StorageLevel): boolean =>
  state.service.kind === 'open' && storage !== 'unavailable';

/** Whether the scan loop may answer these bytes with SameCode instead of decoding them again. */
export function knowsCode(
  state: ValidatorState,
  rawDigest: Uint8Array,
  atMonoMs: MonoMs,
  config: ValidatorConfig,
): boolean {
  const raw = hex(rawDigest);
  const code = state.shown.find((shown) => shown.raw === raw);
  const since =
    code === undefined
      ? state.refused.find((refused) => refused.raw === raw)?.atMonoMs
      : state.holdOffs.find((holdOff) => holdOff.account === code.account)?.lastReadMonoMs;
  return since !== undefined && atMonoMs - since < config.repeatMs;
}

function handle(draft: ValidatorDraft, input: ValidatorInput, facts: ValidatorFacts): void {
  switch (input.kind) {
    case 'Boot':
      return resume(draft, input, facts);
    case 'TripOpen':
      return openTrip(draft, input, facts);
    case 'TripClose':
      return closeTrip(draft);
    case 'RidersSet':
      return setRiders(draft, input, facts);
    case 'Presentation':
      return present(draft, input, facts);
    case 'SameCode':
      return presentSame(draft, input);
    case 'Timer':
      return disarmTimer(draft, input.name);
    case 'ClockStepped':
      return clockStepped(draft, input);
    case 'Committed':
      return placeRide(draft, input);
    case 'Signalled':
      return markSignalled(draft, input);
    default:
      return input satisfies never;
  }
}

/** What time alone brings about, whichever input comes next; timers only make sure that one does. */
function passTime(draft: ValidatorDraft, atMonoMs: MonoMs, facts: ValidatorFacts): void {
  const { config } = facts;
  closeExpired(draft, atMonoMs, facts);
  writeCounted(draft, atMonoMs, facts);
  forgetOwedCues(draft, atMonoMs, facts);
  const { riders, refused } = draft.state;
  if (riders !== null && atMonoMs >= riders.untilMonoMs) draft.set({ riders: null });
  const standing = refused.filter((code) => atMonoMs - code.atMonoMs < config.repeatMs);
  if (standing.length !== refused.length) draft.set({ refused: standing });
  raiseStorageAlarm(draft, facts.storage);
}

function setRiders(draft: ValidatorDraft, input: InputOf<'RidersSet'>, facts: ValidatorFacts): void {
  const { riders, atMonoMs } = input;
  const countable = Number.isSafeInteger(riders) && riders >= 1 && riders <= validatorBounds.ridersMax;
  if (draft.state.service.kind !== 'open' || !countable) return draft.ignore();
  const untilMonoMs = (atMonoMs + facts.config.ridersKeepMs) as MonoMs;
  draft.set({ riders: { count: riders, untilMonoMs }, refused: [] });
}

function clockStepped(draft: ValidatorDraft, input: InputOf<'ClockStepped'>): void {
  const { fromMs, toMs } = input;
  if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs)) return draft.ignore();
  draft.record({ type: 'CLOCK', payload: { act: 'step', fromMs, toMs, trigger: 'sensor' }, evidence: null });
}

function placeRide(draft: ValidatorDraft, { tx, seq, ref }: InputOf<'Committed'>): void {
  const placed = (mark: RideMark): RideMark => ({ ...mark, seq, ref });
  draft.set({
    unsignalled: draft.state.unsignalled.map((mark) => (equal(mark.tx, tx) ? placed(mark) : mark)),
    holdOffs: draft.state.holdOffs.map((holdOff) =>
      equal(holdOff.ride.tx, tx) ? { ...holdOff, ride: placed(holdOff.ride) } : holdOff,
    ),
  });
}

function markSignalled(draft: ValidatorDraft, { tx }: InputOf<'Signalled'>): void {
  const mark = draft.state.unsignalled.find((owed) => equal(owed.tx, tx));
  if (mark === undefined) return draft.ignore();
  draft.set({
    unsignalled: draft.state.unsignalled.filter((owed) => owed.account !== mark.account),
    unwrittenMark: mark.seq ?? draft.state.unwrittenMark,
  });
}

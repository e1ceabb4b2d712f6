// One presence of a phone on the reader is one ride. The hold-off slides with every verified read of any
// code of the account; when it closes, all that was repeated in it becomes one row.
import type { MonoMs } from '../../core/brand.ts';
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import { type ValidatorConfig, validatorBounds } from './config.ts';
import type { ValidatorDraft } from './draft.ts';
import type { ValidatorFacts } from './facts.ts';
import type { HoldOff, RideMark, ValidatorState } from './state.ts';

export const holdOffOf = (state: ValidatorState, account: string): HoldOff | null =>
  state.holdOffs.find((holdOff) => holdOff.account === account) ?? null;

/** The hold-off that a code with this digest was read in; says nothing of its signature. */
export function holdOffByDigest(state: ValidatorState, digest: Bytes): HoldOff | null {
  const shown = state.shown.find((code) => equal(code.digest, digest));
  return shown === undefined ? null : holdOffOf(state, shown.account);
}

/** Opens a hold-off for `ride`, or moves an open one on to it. The oldest makes room at the bound. */
export function openHoldOff(draft: ValidatorDraft, ride: RideMark, atMonoMs: MonoMs, facts: ValidatorFacts): void {
  closeWhere(draft, facts, (holdOff) => holdOff.account === ride.account);
  while (draft.state.holdOffs.length >= validatorBounds.holdOffs) {
    const oldest = draft.state.holdOffs.reduce((a, b) => (b.lastReadMonoMs < a.lastReadMonoMs ? b : a));
    closeWhere(draft, facts, (holdOff) => holdOff === oldest);
  }
  const holdOff: HoldOff = { account: ride.account, ride, lastReadMonoMs: atMonoMs, repeats: 0 };
  draft.set({ holdOffs: [...draft.state.holdOffs, holdOff] });
}

/** Counts a read that was answered REPEAT. Only a verified one may also slide the hold-off. */
export function countRepeat(draft: ValidatorDraft, account: string, slideTo: MonoMs | null): void {
  const holdOffs = draft.state.holdOffs.map((holdOff) =>
    holdOff.account === account
      ? { ...holdOff, repeats: holdOff.repeats + 1, lastReadMonoMs: later(holdOff, slideTo) }
      : holdOff,
  );
  draft.set({ holdOffs });
}

export function rememberShown(draft: ValidatorDraft, rawDigest: Bytes, digest: Bytes, account: string): void {
  const raw = hex(rawDigest);
  const others = draft.state.shown.filter((code) => code.raw !== raw);
  draft.set({ shown: [...others, { raw, digest, account }].slice(-validatorBounds.shownCodes) });
}

export const closeExpired = (draft: ValidatorDraft, atMonoMs: MonoMs, facts: ValidatorFacts): void =>
  closeWhere(draft, facts, (holdOff) => !isOpen(holdOff, atMonoMs, facts.config));

export const isOpen = (holdOff: HoldOff, atMonoMs: MonoMs, config: ValidatorConfig): boolean =>
  atMonoMs - holdOff.lastReadMonoMs < config.repeatMs;

/** When the first hold-off may close; null when none is open. */
export function holdOffsDue(state: ValidatorState, config: ValidatorConfig): MonoMs | null {
  if (state.holdOffs.length === 0) return null;
  return (Math.min(...state.holdOffs.map((holdOff) => holdOff.lastReadMonoMs)) + config.repeatMs) as MonoMs;
}

function closeWhere(draft: ValidatorDraft, facts: ValidatorFacts, closes: (holdOff: HoldOff) => boolean): void {
  const closing = draft.state.holdOffs.filter(closes);
  if (closing.length === 0) return;
  for (const holdOff of closing) recordRepeats(draft, holdOff, facts);
  const gone = new Set(closing.map((holdOff) => holdOff.account));
  draft.set({
    holdOffs: draft.state.holdOffs.filter((holdOff) => !closing.includes(holdOff)),
    shown: draft.state.shown.filter((code) => !gone.has(code.account)),
  });
}

/** At most one row per presence. When only the reserve is left, repeats are the first to go unwritten. */
function recordRepeats(draft: ValidatorDraft, holdOff: HoldOff, facts: ValidatorFacts): void {
  const reserveOnly = facts.storage === 'full' || facts.storage === 'unavailable';
  if (holdOff.repeats === 0 || reserveOnly) return;
  const { tx, seq } = holdOff.ride;
  draft.record({
    type: 'DECISION',
    payload: {
      act: 'repeat',
      reason: 'REPEAT',
      tx,
      trigger: 'timer',
      count: holdOff.repeats,
      ...(seq === null ? {} : { repeatOf: seq }),
    },
    evidence: null,
  });
}

const later = (holdOff: HoldOff, slideTo: MonoMs | null): MonoMs =>
  slideTo === null || slideTo < holdOff.lastReadMonoMs ? holdOff.lastReadMonoMs : slideTo;

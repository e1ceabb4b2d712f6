// How many may still go in: a lane cut off from everything spends its lease and nothing else, and stops before
// the head end may give the same places to another.
import { type MonoMs, monoMs, type UnixSeconds } from '../../core/brand.ts';
import { type Bytes, equal } from '../../core/bytes.ts';
import type { Payload } from '../../records/payload.ts';
import { gateLaneBounds } from './config.ts';
import type { GateLaneDraft } from './draft.ts';
import type { GateLaneFacts } from './facts.ts';
import type { InputOf } from './input.ts';
import type { GateLaneState, Lease } from './state.ts';

export function hasPlace(state: GateLaneState, atMonoMs: MonoMs, facts: GateLaneFacts): boolean {
  if (state.stopped) return false;
  if (facts.config.capacity === 'unlimited') return true;
  return state.lease !== null && state.lease.left > 0 && atMonoMs < state.lease.untilMonoMs;
}

/** Returns the lease that a place was taken from; null where none is kept. */
export function takePlace(draft: GateLaneDraft): Bytes | null {
  const { lease } = draft.state;
  if (lease === null || lease.left === 0) return null;
  draft.set({ lease: { ...lease, left: lease.left - 1 } });
  return lease.id;
}

/** A place goes back to the lease it came from; to another it never belonged. */
export function givePlaceBack(draft: GateLaneDraft, from: Bytes | null): void {
  const { lease } = draft.state;
  if (lease === null || from === null || !equal(lease.id, from)) return;
  draft.set({ lease: { ...lease, left: lease.left + 1 } });
  leaveHold(draft);
}

/** What a row says of the count and the lease after it. */
export const countsOf = (state: GateLaneState): Pick<Payload, 'occupancy' | 'lease' | 'leaseLeft'> => ({
  occupancy: state.occupancy,
  ...(state.lease === null ? {} : { lease: state.lease.id, leaseLeft: state.lease.left }),
});

export function addInside(draft: GateLaneDraft, persons: number): void {
  const inside = Math.min(gateLaneBounds.occupancy, Math.max(0, draft.state.occupancy + persons));
  draft.set({ occupancy: inside });
}

/** A new lease replaces the old one, whose rest the head end has taken back. */
export function grantLease(draft: GateLaneDraft, input: InputOf<'Lease'>, facts: GateLaneFacts): void {
  const { lease: id, admissions, expiresAt, waitMinutes, atMonoMs } = input;
  const countable = Number.isSafeInteger(admissions) && admissions >= 0 && admissions <= gateLaneBounds.leaseAdmissions;
  const timed = Number.isSafeInteger(expiresAt) && expiresAt >= 0 && expiresAt <= 0xffff_ffff;
  if (!isBooted(draft.state) || !countable || !timed || facts.moment.state === 'UNTRUSTED') return draft.ignore();
  // Told twice, a lease would give its spent places out again.
  if (draft.state.lease !== null && equal(draft.state.lease.id, id)) return draft.ignore();
  const lease: Lease = { id, left: admissions, untilMonoMs: spendableUntil(expiresAt, atMonoMs, facts) };
  draft.set({ lease, waitMinutes: wait(waitMinutes) });
  draft.record({
    type: 'SERVICE',
    payload: { act: 'lease', trigger: 'command', validUntil: expiresAt, ...countsOf(draft.state) },
    evidence: null,
  });
  leaveHold(draft);
}

/** After a power cut a lease is worth something only while the clock proves that it has not ended. */
export function resumeLease(
  lease: { readonly id: Bytes; readonly left: number; readonly expiresAt: UnixSeconds } | null,
  atMonoMs: MonoMs,
  facts: GateLaneFacts,
): Lease | null {
  if (lease === null || facts.moment.state !== 'SYNCED') return null;
  const untilMonoMs = spendableUntil(lease.expiresAt, atMonoMs, facts);
  return untilMonoMs > atMonoMs ? { id: lease.id, left: lease.left, untilMonoMs } : null;
}

/** Whoever waits may go on once there is a place. */
export function leaveHold(draft: GateLaneDraft): void {
  const { entry, lease, stopped } = draft.state;
  if (stopped || (lease !== null && lease.left === 0)) return;
  if (entry.kind === 'hold') draft.set({ entry: { kind: 'closedIdle' }, waitMinutes: null });
  else if (entry.kind === 'manual' && entry.back === 'hold') draft.set({ entry: { ...entry, back: 'closedIdle' } });
}

export const isBooted = (state: GateLaneState): boolean => state.entry.kind !== 'recovering' || state.entry.booted;

/** Whole minutes that a screen can show, or null. */
export const wait = (minutes: number | null): number | null =>
  minutes !== null && Number.isSafeInteger(minutes) && minutes >= 0 && minutes <= 999 ? minutes : null;

function spendableUntil(expiresAt: UnixSeconds, atMonoMs: MonoMs, { moment, config }: GateLaneFacts): MonoMs {
  const leftMs = expiresAt * 1000 - moment.wallMs - moment.uncertaintyMs;
  return monoMs(Math.floor(Math.max(atMonoMs, atMonoMs + leftMs - config.leaseGuardMs)));
}

// Opening, closing and resuming a trip.
import { type MonoMs, secondsOf } from '../../core/brand.ts';
import { tableInForce } from '../../fares/fare-table.ts';
import type { ValidatorDraft } from './draft.ts';
import type { ValidatorFacts } from './facts.ts';
import type { InputOf } from './input.ts';
import { tripPayload } from './payloads.ts';
import { type Trip, tripProjection } from './trip.ts';

const lineText = /^[A-Za-z0-9._-]{1,16}$/;
const directionText = /^[A-Za-z0-9._-]{0,16}$/;
const hourMs = 3_600_000;

/** Pins the fare table in force: a new one that arrives later waits for the next trip. */
export function openTrip(draft: ValidatorDraft, input: InputOf<'TripOpen'>, facts: ValidatorFacts): void {
  const wellFormed = lineText.test(input.line) && directionText.test(input.direction);
  if (draft.state.service.kind !== 'closed' || !wellFormed) return draft.ignore();
  const { wallMs } = facts.moment;
  const inForce = tableInForce(facts.fares, secondsOf(wallMs), facts.config.tableGraceSeconds);
  const trip: Trip = {
    tx: facts.freshTx,
    line: input.line,
    direction: input.direction,
    fareVersion: inForce?.table.version ?? null,
    openedWallMs: wallMs,
  };
  draft.record({ type: 'SERVICE', payload: tripPayload(trip, 'driver', ['trip', 'Started', 0]), evidence: null });
  draft.projections.push(tripProjection(trip));
  draft.set({ service: { kind: 'open', trip }, refused: [] });
}

/** A phone on the reader stays one presence: hold-offs run out by themselves, also across two trips. */
export function closeTrip(draft: ValidatorDraft): void {
  if (draft.state.service.kind !== 'open') return draft.ignore();
  endTrip(draft, draft.state.service.trip, 'driver', 'done');
}

/** A trip younger than the limit goes on; an older one was forgotten, and ends without blame. */
export function resume(draft: ValidatorDraft, input: InputOf<'Boot'>, facts: ValidatorFacts): void {
  if (draft.state.service.kind !== 'recovering') return draft.ignore();
  draft.set({ bootMonoMs: input.atMonoMs });
  const { trip } = input;
  if (trip === null) return draft.set({ service: { kind: 'closed' } });
  if (isForgotten(trip, facts)) return endTrip(draft, trip, 'boot', 'unfinished');
  // A cut has no length on the monotonic clock of this boot, so the wait for the rider starts now.
  const owed = input.unsignalled === null ? [] : [{ ...input.unsignalled, atMonoMs: input.atMonoMs }];
  draft.set({ service: { kind: 'open', trip }, unsignalled: owed });
}

/** Rides owe their cue on their own trip and for a limited time only. */
export function forgetOwedCues(draft: ValidatorDraft, atMonoMs: MonoMs, facts: ValidatorFacts): void {
  const limitMs = facts.config.unsignalledSeconds * 1000;
  const owed = draft.state.unsignalled.filter((mark) => atMonoMs - mark.atMonoMs < limitMs);
  if (owed.length !== draft.state.unsignalled.length) draft.set({ unsignalled: owed });
}

/** With an untrusted clock no age is known, and the trip goes on. */
function isForgotten(trip: Trip, facts: ValidatorFacts): boolean {
  if (facts.moment.state === 'UNTRUSTED') return false;
  return facts.moment.wallMs - trip.openedWallMs >= facts.config.tripResumeHours * hourMs;
}

function endTrip(draft: ValidatorDraft, trip: Trip, trigger: string, ending: 'done' | 'unfinished'): void {
  draft.record({ type: 'SERVICE', payload: tripPayload(trip, trigger, ['trip', 'Ended', 1, ending]), evidence: null });
  draft.projections.push(tripProjection(null));
  draft.set({ service: { kind: 'closed' }, unsignalled: [], riders: null, refused: [] });
}

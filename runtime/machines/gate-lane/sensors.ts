// What the barrier's sensors say, with an authorisation and without one: nobody is trapped, everybody is counted.
import type { MonoMs } from '../../core/brand.ts';
import type { Payload } from '../../records/payload.ts';
import { barrierOpened, failed, inDoubt, notPassed, passed, runningAdmission } from './admission.ts';
import { addInside, countsOf, isBooted, takePlace } from './capacity.ts';
import type { GateLaneDraft } from './draft.ts';
import { endExit, exitOpened, exitPassed } from './exit.ts';
import type { GateLaneFacts } from './facts.ts';
import type { InputOf } from './input.ts';
import { resolveOpen } from './open-act.ts';
import { releaseClaim } from './presentation.ts';

export function sensed(draft: GateLaneDraft, { sensor, atMonoMs }: InputOf<'Sensor'>, facts: GateLaneFacts): void {
  if (!isBooted(draft.state)) return draft.ignore();
  switch (sensor.kind) {
    case 'opened':
      return sensor.direction === 'entry' ? barrierOpened(draft, atMonoMs, facts) : exitOpened(draft, atMonoMs, facts);
    case 'passed':
      return sensor.direction === 'entry'
        ? entryPassage(draft, atMonoMs, sensor.heightCentimetres, facts)
        : exitPassage(draft, atMonoMs, facts);
    case 'notPassed':
      return sensor.direction === 'entry' ? entryGivenUp(draft, atMonoMs, facts) : exitGivenUp(draft, atMonoMs, facts);
    case 'blocked':
      if (sensor.held === (draft.state.blocked !== null)) return;
      return draft.set({ blocked: sensor.held ? { sinceMonoMs: atMonoMs, told: false } : null });
    case 'fault':
      return faulty(draft, sensor.detail, atMonoMs, facts);
    default:
      return sensor satisfies never;
  }
}

/** Called as time passes: somebody stands in the way, or something does. */
export function tellOfBlockage(draft: GateLaneDraft, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const { blocked } = draft.state;
  if (blocked === null || blocked.told || atMonoMs - blocked.sinceMonoMs < facts.config.blockedMs) return;
  if (facts.storage === 'unavailable') return;
  draft.record({ type: 'SERVICE', payload: { act: 'blocked', trigger: 'sensor' }, evidence: null });
  draft.effects.push({ kind: 'alarm', alarm: 'blocked' });
  draft.set({ blocked: { ...blocked, told: true } });
}

function entryPassage(draft: GateLaneDraft, atMonoMs: MonoMs, height: number | null, facts: GateLaneFacts): void {
  const { entry } = draft.state;
  // Everybody goes where they must: the count is frozen until staff have made a new one.
  if (entry.kind === 'emergencyOpen') return draft.count('emergencyPassages');
  const child = height !== null && height < facts.config.childHeightCentimetres;
  const running = runningAdmission(entry);
  // A child at the hand of a ticket holder is counted beside the holder's own passage.
  if (child) return uncredentialedBody(draft, 'children', null, facts);
  if (running !== null) return passed(draft, running, atMonoMs, 'sensor', facts);
  if (entry.kind === 'recovering' && entry.open !== null) return resolveOpen(draft, 'passed', atMonoMs, facts);
  const { ended } = draft.state;
  if (ended !== null && !ended.passed && atMonoMs < ended.atMonoMs) return correctToPassed(draft, atMonoMs, facts);
  const behind = ended?.passed === true && atMonoMs - ended.atMonoMs < facts.config.tailgateMs;
  uncredentialedBody(draft, 'uncredentialed', behind ? 'tailgate' : 'forced', facts);
}

/** The edge came before the wait ended, its news after: what was called not passed has passed. */
function correctToPassed(draft: GateLaneDraft, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const { ended } = draft.state;
  if (ended === null) return;
  const { tx, ticket } = ended.admission;
  addInside(draft, 1);
  takePlace(draft);
  draft.count('passed');
  draft.count('notPassed', -1);
  draft.record({
    type: 'OUTCOME',
    payload: {
      act: 'correction',
      tx,
      outcome: 'passed',
      direction: 'entry',
      trigger: 'sensor',
      place: facts.config.gate,
      ...(ticket === null ? {} : { issuer: ticket.issuer, cti: ticket.cti, validUntil: ticket.validUntil }),
      ...countsOf(draft.state),
    },
    evidence: null,
  });
  draft.set({ ended: { ...ended, passed: true, atMonoMs } });
}

/** A body without a ticket fills a place like any other, so the lease pays for it where it can. */
function uncredentialedBody(
  draft: GateLaneDraft,
  counter: 'children' | 'uncredentialed',
  incident: 'tailgate' | 'forced' | null,
  facts: GateLaneFacts,
): void {
  addInside(draft, 1);
  takePlace(draft);
  draft.count(counter);
  const tx = incident === 'tailgate' ? draft.state.ended?.admission.tx : undefined;
  const payload: Payload = {
    act: incident === null ? 'child' : 'incident',
    ...(incident === null ? {} : { incident }),
    ...(tx === undefined ? {} : { tx }),
    trigger: 'sensor',
    place: facts.config.gate,
    ...countsOf(draft.state),
  };
  draft.record({ type: incident === null ? 'SERVICE' : 'SECURITY', payload, evidence: null });
  if (incident !== null) draft.effects.push({ kind: 'alarm', alarm: incident });
}

/** Out through an entry that waits: whoever had the ticket has turned back, and the barrier has locked. */
function exitPassage(draft: GateLaneDraft, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const { entry, exit } = draft.state;
  if (entry.kind === 'emergencyOpen') return draft.count('emergencyPassages');
  if (entry.kind === 'openWait' && exit.kind === 'idle') notPassed(draft, entry.admission, atMonoMs, 'sensor', facts);
  exitPassed(draft, atMonoMs, facts);
}

function entryGivenUp(draft: GateLaneDraft, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const running = runningAdmission(draft.state.entry);
  if (running === null) return draft.ignore();
  notPassed(draft, running, atMonoMs, 'sensor', facts);
}

function exitGivenUp(draft: GateLaneDraft, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const { exit } = draft.state;
  if (exit.kind !== 'open') return draft.ignore();
  endExit(draft, exit, 'not_passed', 'not_passed', 'sensor', atMonoMs, facts);
}

function faulty(draft: GateLaneDraft, detail: string, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const { entry, exit } = draft.state;
  const text = detail.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
  if (exit.kind === 'open') {
    const outcome = exit.confirmed ? 'in_doubt' : 'failed';
    endExit(draft, exit, outcome, exit.confirmed ? null : 'voided', 'sensor', atMonoMs, facts);
  }
  switch (entry.kind) {
    case 'authorised':
      return failed(draft, entry.admission, text, 'sensor', facts);
    case 'openWait':
      return inDoubt(draft, entry.admission, { kind: 'fault', detail: text }, 'sensor', facts);
    case 'closedIdle':
    case 'hold':
    case 'claiming':
      return outOfOrder(draft, text, facts);
    case 'manual':
      return draft.set({ entry: { ...entry, back: 'fault' } });
    case 'recovering':
    case 'fault':
    case 'emergencyOpen':
      return;
    default:
      return entry satisfies never;
  }
}

function outOfOrder(draft: GateLaneDraft, detail: string, facts: GateLaneFacts): void {
  const { entry } = draft.state;
  if (entry.kind === 'claiming') releaseClaim(draft, entry.candidate, entry.claimId, entry.to);
  draft.set({ entry: { kind: 'fault', detail } });
  if (facts.storage !== 'unavailable')
    draft.record({ type: 'SERVICE', payload: { act: 'fault', detail, trigger: 'sensor' }, evidence: null });
  draft.signal({ cue: 'staff', reason: 'DEVICE_FAULT', reference: null });
  draft.effects.push({ kind: 'alarm', alarm: 'fault' });
}

/** The barrier's self test ends a fault, and only a fault. */
export function selfTested(draft: GateLaneDraft, input: InputOf<'SelfTest'>): void {
  const { entry } = draft.state;
  if (!input.passed) return draft.ignore();
  if (entry.kind === 'manual' && entry.back === 'fault') draft.set({ entry: { ...entry, back: 'closedIdle' } });
  else if (entry.kind === 'fault') draft.set({ entry: { kind: 'closedIdle' } });
  else return draft.ignore();
  draft.record({ type: 'SERVICE', payload: { act: 'selfTest', trigger: 'sensor' }, evidence: null });
}

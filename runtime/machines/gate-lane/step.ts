// The gate lane: one pure function from state, input and facts to the next state, what to write and what to do.
// It reads no clock, draws no chance, does no I/O and does not throw.
import type { MonoMs } from '../../core/brand.ts';
import { hex } from '../../core/bytes.ts';
import { writeCounted } from '../shared/declines.ts';
import type { StepResult } from '../shared/step-draft.ts';
import { raiseStorageAlarm, type StorageLevel } from '../shared/storage.ts';
import { armTimers, disarmTimer } from '../shared/timers.ts';
import { failed, notPassed, runningAdmission } from './admission.ts';
import { grantLease } from './capacity.ts';
import type { GateLaneConfig } from './config.ts';
import { GateLaneDraft } from './draft.ts';
import type { Direction, GateLaneEffect } from './effects.ts';
import { endExit, isRunningExit } from './exit.ts';
import type { GateLaneFacts } from './facts.ts';
import { fireChanged } from './fire.ts';
import { claimRequested, claimSettled } from './home-claims.ts';
import type { GateLaneInput } from './input.ts';
import { resolveOpen } from './open-act.ts';
import { claimAnswered, claimTimedOut, present, presentSame } from './presentation.ts';
import { latched, resume } from './recovery.ts';
import { selfTested, sensed, tellOfBlockage } from './sensors.ts';
import { shownCode } from './shown-codes.ts';
import { commanded, endIdleStaffWork, staffActed } from './staff.ts';
import type { GateLaneState } from './state.ts';
import { closeQuarter, quarterDue } from './statistics.ts';
import type { TimerName } from './timer-names.ts';

/**
 * The terminal commits `records` and `projections` in one transaction, then adopts `state`, then runs
 * `effects`. A commit that wrote nothing leaves the old state in force.
 */
export function step(
  state: GateLaneState,
  input: GateLaneInput,
  facts: GateLaneFacts,
): StepResult<GateLaneState, GateLaneEffect> {
  const draft = new GateLaneDraft(state, facts);
  if (!isEdge(input)) passTime(draft, input.atMonoMs, facts);
  handle(draft, input, facts);
  armTimers(draft, timersOf(draft.state, facts));
  return draft.result();
}

/** What a sensor saw stands before what a timer makes of its silence: an edge is taken as it comes. */
const isEdge = (input: GateLaneInput): boolean => input.kind === 'Sensor' || input.kind === 'Fire';

/** Whether codes of this reader are decoded; otherwise present them with verdict null. */
export function serves(state: GateLaneState, direction: Direction, storage: StorageLevel): boolean {
  if (direction === 'exit') return true;
  const closed = ['recovering', 'manual', 'emergencyOpen'].includes(state.entry.kind);
  return !closed && storage !== 'unavailable';
}

/** Whether the scan loop may answer these bytes with SameCode instead of decoding them again. */
export function knowsCode(
  state: GateLaneState,
  direction: Direction,
  rawDigest: Uint8Array,
  atMonoMs: MonoMs,
  config: GateLaneConfig,
): boolean {
  const raw = hex(rawDigest);
  const { entry, exit } = state;
  if (direction === 'exit' && isRunningExit(exit, rawDigest)) return true;
  const running = entry.kind === 'claiming' ? entry.candidate.raw : (runningAdmission(entry)?.raw ?? null);
  if (direction === 'entry' && running === raw) return true;
  return shownCode(state, direction, (code) => code.raw === raw, atMonoMs, config) !== null;
}

function handle(draft: GateLaneDraft, input: GateLaneInput, facts: GateLaneFacts): void {
  switch (input.kind) {
    case 'Boot':
      return resume(draft, input, facts);
    case 'Latches':
      return latched(draft, input, facts);
    case 'Presentation':
      return present(draft, input, facts);
    case 'SameCode':
      return presentSame(draft, input);
    case 'Sensor':
      return sensed(draft, input, facts);
    case 'Fire':
      return fireChanged(draft, input, facts);
    case 'ClaimRequest':
      return claimRequested(draft, input, facts);
    case 'ClaimAnswer':
      return claimAnswered(draft, input, facts);
    case 'ClaimSettled':
      return claimSettled(draft, input, facts);
    case 'Lease':
      return grantLease(draft, input, facts);
    case 'Command':
      return commanded(draft, input, facts);
    case 'StaffAct':
      return staffActed(draft, input, facts);
    case 'SelfTest':
      return selfTested(draft, input);
    case 'Network':
      return draft.set({ siteReachable: input.site });
    case 'Timer':
      return disarmTimer(draft, input.name);
    default:
      return input satisfies never;
  }
}

/** What time alone brings about, whichever input comes next; timers only make sure that one does. */
function passTime(draft: GateLaneDraft, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  closeQuarter(draft, facts);
  writeCounted(draft, atMonoMs, facts);
  raiseStorageAlarm(draft, facts.storage);
  tellOfBlockage(draft, atMonoMs, facts);
  endIdleStaffWork(draft, atMonoMs, facts);
  passEntryTime(draft, atMonoMs, facts);
  const { exit } = draft.state;
  if (exit.kind === 'open' && atMonoMs >= exit.untilMonoMs) {
    const [outcome, ending] = exit.confirmed
      ? (['not_passed', 'not_passed'] as const)
      : (['failed', 'voided'] as const);
    endExit(draft, exit, outcome, ending, 'timer', atMonoMs, facts);
  }
}

function passEntryTime(draft: GateLaneDraft, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const { entry } = draft.state;
  if (!('untilMonoMs' in entry) || atMonoMs < entry.untilMonoMs) return;
  switch (entry.kind) {
    case 'claiming':
      return claimTimedOut(draft, atMonoMs, facts);
    case 'authorised':
      return failed(draft, entry.admission, 'opening was not confirmed', 'timer', facts);
    case 'openWait':
      return notPassed(draft, entry.admission, entry.untilMonoMs, 'timer', facts);
    case 'recovering':
      return resolveOpen(draft, 'unknown', atMonoMs, facts);
    case 'manual':
      return;
    default:
      return entry satisfies never;
  }
}

function timersOf(
  state: GateLaneState,
  { config, ...facts }: GateLaneFacts,
): Readonly<Record<TimerName, MonoMs | null>> {
  const { entry, exit, pending, blocked } = state;
  const due = (kind: GateLaneState['entry']['kind']): MonoMs | null =>
    entry.kind === kind && 'untilMonoMs' in entry ? entry.untilMonoMs : null;
  return {
    claim: due('claiming'),
    open: due('authorised'),
    pass: due('openWait'),
    manual: due('manual'),
    recover: entry.kind === 'recovering' && entry.booted ? entry.untilMonoMs : null,
    exit: exit.kind === 'open' ? exit.untilMonoMs : null,
    override: pending?.untilMonoMs ?? null,
    blocked: blocked === null || blocked.told ? null : ((blocked.sinceMonoMs + config.blockedMs) as MonoMs),
    statistics: quarterDue(state, { config, ...facts }),
    declines: state.declines.dueMonoMs,
  };
}

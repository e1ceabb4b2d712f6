// What a badge and the act codes after it mean at a gate lane.
import type { GateLaneInput, StaffDeed } from '../../machines/gate-lane/input.ts';
import type { GateLaneState } from '../../machines/gate-lane/state.ts';
import type { SignalCue } from '../../machines/shared/effects.ts';
import { type ActCode, numberOf, reasonOf } from '../staff/act-code.ts';
import type { StaffMachine } from '../staff/staff-desk.ts';

interface StaffedLane extends Pick<StaffMachine<GateLaneInput>, 'runNoted' | 'tell'> {
  readonly state: () => GateLaneState;
}

export function staffAtLane({ state, runNoted, tell }: StaffedLane): StaffMachine<GateLaneInput> {
  // Nobody's badge takes the arrows to the exit away, but the one that opens the lane again.
  const lamp = (cue: SignalCue): SignalCue => (state().entry.kind === 'emergencyOpen' ? 'emergency' : cue);
  return {
    badgeInput: ({ staff, role }, wasHere, atMonoMs) => {
      const deed = badgeDeed(state(), wasHere);
      return deed && { kind: 'StaffAct', staff, role, deed, atMonoMs };
    },
    actInput: (act, { staff, role }, atMonoMs) => {
      const deed = actDeed(act);
      return deed && { kind: 'StaffAct', staff, role, deed, atMonoMs };
    },
    runNoted: (input, moment, noteOf) => {
      const opensAgain = input?.kind === 'StaffAct' && input.deed.kind === 'badge';
      return runNoted(input, moment, (went) => {
        const note = noteOf(went);
        return opensAgain ? note : { ...note, cue: lamp(note.cue) };
      });
    },
    lamp,
    tell,
  };
}

/**
 * A badge opens manual mode, and after a fire the lane; shown again while its bearer is here it ends manual mode. While a
 * refused ticket waits for staff it only says who has come: the act names what is to happen with it.
 */
export function badgeDeed({ entry, pending }: GateLaneState, wasHere: boolean): StaffDeed | null {
  if (pending !== null) return null;
  switch (entry.kind) {
    case 'closedIdle':
    case 'hold':
    case 'fault':
      return { kind: 'badge' };
    case 'emergencyOpen':
      return entry.fireActive ? null : { kind: 'badge' };
    case 'manual':
      return wasHere ? { kind: 'badge' } : null;
    case 'recovering':
    case 'claiming':
    case 'authorised':
    case 'openWait':
      return null;
    default:
      return entry satisfies never;
  }
}

/** Null for an act that a gate lane does not know, or whose arguments are not its own. */
export function actDeed({ word, arguments: [first, ...more] }: ActCode): StaffDeed | null {
  if (more.length > 0) return null;
  switch (word) {
    case 'ADMIT':
    case 'OVERRIDE': {
      const reason = reasonOf(first);
      return reason === null ? null : { kind: word === 'ADMIT' ? 'admit' : 'override', reason };
    }
    case 'RECOUNT': {
      const inside = numberOf(first);
      return inside === null ? null : { kind: 'recount', inside };
    }
    case 'HOLD':
      return first === undefined ? { kind: 'hold' } : null;
    case 'RESUME':
      return first === undefined ? { kind: 'resume' } : null;
    default:
      return null;
  }
}

// What people in charge may do: staff beside the lane with a badge and a reason, and the operator by a signed
// command. A command can hold the lane and count; there is none that opens it.
import { monoMs } from '../../core/brand.ts';
import { type Bytes, hex } from '../../core/bytes.ts';
import type { Payload } from '../../records/payload.ts';
import { startAdmission } from './admission.ts';
import { countsOf, hasPlace, isBooted, leaveHold, wait } from './capacity.ts';
import { gateLaneBounds } from './config.ts';
import type { GateLaneDraft } from './draft.ts';
import type { GateLaneFacts } from './facts.ts';
import type { InputOf } from './input.ts';
import { consider } from './presentation.ts';

/** A word from the site's list of reasons: never free text, which might name a person. */
const reasonPattern = /^[a-z0-9][a-z0-9-]{0,31}$/;

export function staffActed(draft: GateLaneDraft, input: InputOf<'StaffAct'>, facts: GateLaneFacts): void {
  const { deed, role, staff } = input;
  const mayAct = facts.config.staffRoles.some((allowed) => allowed === role) && staff.length >= 1 && staff.length <= 16;
  if (!isBooted(draft.state) || !mayAct || facts.storage === 'unavailable') return draft.ignore();
  switch (deed.kind) {
    case 'badge':
      return showBadge(draft, input, facts);
    case 'admit':
      return admitByHand(draft, input, deed.reason, facts);
    case 'override':
      return override(draft, input, deed.reason, facts);
    case 'recount':
      return isCount(deed.inside) ? recount(draft, deed.inside, { trigger: 'staff', staff }) : draft.ignore();
    case 'hold':
      return hold(draft, null, { trigger: 'staff', staff });
    case 'resume':
      return letGoOn(draft, { trigger: 'staff', staff });
    default:
      return deed satisfies never;
  }
}

export function commanded(draft: GateLaneDraft, input: InputOf<'Command'>, facts: GateLaneFacts): void {
  const { commandId, command } = input;
  const id = hex(commandId);
  const answer = (reason: 'OK' | 'COMMAND_EXPIRED' | 'CLOCK_UNTRUSTED'): void => {
    draft.effects.push({ kind: 'answerCommand', commandId, reason });
  };
  if (!isBooted(draft.state) || commandId.length < 1 || commandId.length > 16) return draft.ignore();
  if (draft.state.commands.includes(id)) return answer('OK');
  if (facts.moment.state === 'UNTRUSTED') return answer('CLOCK_UNTRUSTED');
  if (facts.moment.wallMs - facts.moment.uncertaintyMs > input.notAfter * 1000) return answer('COMMAND_EXPIRED');
  if (facts.storage === 'unavailable' || (command.kind === 'recount' && !isCount(command.inside)))
    return draft.ignore();
  draft.set({ commands: [...draft.state.commands, id].slice(-gateLaneBounds.commands) });
  carryOut(draft, input);
  answer('OK');
}

/** Called as time passes: a manual mode that nobody uses ends, and so does the wait for an override. */
export function endIdleStaffWork(draft: GateLaneDraft, atMonoMs: number, facts: GateLaneFacts): void {
  const { entry, pending } = draft.state;
  if (pending !== null && atMonoMs >= pending.untilMonoMs) draft.set({ pending: null });
  if (entry.kind === 'manual' && atMonoMs >= entry.untilMonoMs) leaveManual(draft, null, facts);
}

function showBadge(draft: GateLaneDraft, { staff, atMonoMs }: InputOf<'StaffAct'>, facts: GateLaneFacts): void {
  const { entry } = draft.state;
  if (entry.kind === 'manual') return leaveManual(draft, staff, facts);
  if (entry.kind === 'emergencyOpen') {
    if (entry.fireActive) return draft.ignore();
    draft.set({ entry: { kind: 'closedIdle' } });
    write(draft, { act: 'fireCleared', trigger: 'staff', staff });
    draft.effects.push({ kind: 'alarm', alarm: 'recount' });
    return;
  }
  if (entry.kind !== 'closedIdle' && entry.kind !== 'hold' && entry.kind !== 'fault') return draft.ignore();
  const untilMonoMs = monoMs(atMonoMs + facts.config.manualIdleMs);
  draft.set({ entry: { kind: 'manual', back: entry.kind, untilMonoMs }, pending: null });
  write(draft, { act: 'manual', detail: 'begin', trigger: 'staff', staff });
}

function leaveManual(draft: GateLaneDraft, staff: Bytes | null, facts: GateLaneFacts): void {
  const { entry } = draft.state;
  if (entry.kind !== 'manual') return;
  const back =
    entry.back === 'fault' ? ({ kind: 'fault', detail: 'before manual mode' } as const) : { kind: entry.back };
  draft.set({ entry: back });
  if (facts.storage === 'unavailable') return;
  const trigger = staff === null ? 'timer' : 'staff';
  write(draft, { act: 'manual', detail: 'end', trigger, ...(staff === null ? {} : { staff }) });
}

/** One pulse, one person, one reason. Staff fill the house no further than anybody else. */
function admitByHand(draft: GateLaneDraft, input: InputOf<'StaffAct'>, cause: string, facts: GateLaneFacts): void {
  const { entry } = draft.state;
  const { staff, atMonoMs } = input;
  if (entry.kind !== 'manual' || !reasonPattern.test(cause)) return draft.ignore();
  const afterwards = { ...entry, untilMonoMs: monoMs(atMonoMs + facts.config.manualIdleMs) };
  draft.set({ entry: afterwards });
  if (!hasPlace(draft.state, atMonoMs, facts)) {
    const { waitMinutes } = draft.state;
    return draft.signal({ cue: 'refused', reason: 'SITE_FULL', reference: null, waitMinutes });
  }
  if (!facts.gateReady) return draft.signal({ cue: 'staff', reason: 'DEVICE_FAULT', reference: null });
  const { tx } = facts.fresh;
  const act = { tx, raw: null, ticket: null, rest: 1, home: null, unclaimed: false, staff, cause, afterwards };
  startAdmission(draft, act, { candidate: null, done: null, found: null, review: false }, atMonoMs, facts);
}

/** Passes over the one reason that was given; another may still stand in the way, and is told in its turn. */
function override(draft: GateLaneDraft, input: InputOf<'StaffAct'>, cause: string, facts: GateLaneFacts): void {
  const { pending, entry } = draft.state;
  const resting = entry.kind === 'closedIdle' || entry.kind === 'hold';
  if (pending === null || !resting || facts.rules === null || !reasonPattern.test(cause)) return draft.ignore();
  const waived = [...pending.candidate.waived, pending.reason];
  draft.set({ pending: null });
  consider(draft, { ...pending.candidate, waived, staff: input.staff, cause }, facts.rules, input.atMonoMs, facts);
}

function carryOut(draft: GateLaneDraft, { command, commandId }: InputOf<'Command'>): void {
  switch (command.kind) {
    case 'hold':
      return hold(draft, command.waitMinutes, { trigger: 'command', commandId });
    case 'resume':
      return letGoOn(draft, { trigger: 'command', commandId });
    case 'recount':
      return recount(draft, command.inside, { trigger: 'command', commandId });
    default:
      return command satisfies never;
  }
}

function hold(draft: GateLaneDraft, waitMinutes: number | null, who: Omit<Payload, 'act'>): void {
  const { entry } = draft.state;
  draft.set({ stopped: true, waitMinutes: wait(waitMinutes) });
  if (entry.kind === 'closedIdle') draft.set({ entry: { kind: 'hold' } });
  else if (entry.kind === 'manual' && entry.back === 'closedIdle') draft.set({ entry: { ...entry, back: 'hold' } });
  write(draft, { act: 'hold', ...who });
}

function letGoOn(draft: GateLaneDraft, who: Omit<Payload, 'act'>): void {
  draft.set({ stopped: false });
  leaveHold(draft);
  write(draft, { act: 'resume', ...who });
}

/** Counts drift: what was wrong is kept, so that nobody wonders where the people went. */
function recount(draft: GateLaneDraft, inside: number, who: Omit<Payload, 'act'>): void {
  const drift = inside - draft.state.occupancy;
  draft.set({ occupancy: inside });
  write(draft, { act: 'recount', ...who, count: drift, ...countsOf(draft.state) });
}

const isCount = (inside: number): boolean =>
  Number.isSafeInteger(inside) && inside >= 0 && inside <= gateLaneBounds.occupancy;

const write = (draft: GateLaneDraft, payload: Payload): void => {
  draft.record({ type: 'SERVICE', payload, evidence: null });
};

// The fire contact. It is observed and written down; the release is wired to the barrier, and no line here can
// delay it, close anything or refuse anybody.
import type { MonoMs } from '../../core/brand.ts';
import type { Payload } from '../../records/payload.ts';
import { overtakenByFire, runningAdmission } from './admission.ts';
import { isBooted } from './capacity.ts';
import type { GateLaneDraft } from './draft.ts';
import { endExit } from './exit.ts';
import type { GateLaneFacts } from './facts.ts';
import type { InputOf } from './input.ts';
import { resolveOpen } from './open-act.ts';
import { releaseClaim } from './presentation.ts';

/** Observed only: the release is wired to the barrier. The edge and its time are written, and nothing is closed. */
export function fireChanged(draft: GateLaneDraft, { active, atMonoMs }: InputOf<'Fire'>, facts: GateLaneFacts): void {
  const { entry } = draft.state;
  if (!isBooted(draft.state)) return draft.ignore();
  if (entry.kind === 'emergencyOpen') {
    if (entry.fireActive === active) return;
    writeFire(draft, active, atMonoMs);
    return draft.set({ entry: { kind: 'emergencyOpen', fireActive: active } });
  }
  if (!active) return draft.ignore();
  openForFire(draft, atMonoMs, facts);
}

export function openForFire(draft: GateLaneDraft, atMonoMs: MonoMs, facts: GateLaneFacts): void {
  const { entry, exit } = draft.state;
  writeFire(draft, true, atMonoMs);
  const running = runningAdmission(entry);
  if (running !== null) overtakenByFire(draft, running, facts);
  else if (entry.kind === 'claiming') releaseClaim(draft, entry.candidate, entry.claimId, entry.to);
  else if (entry.kind === 'recovering') resolveOpen(draft, 'unknown', atMonoMs, facts);
  if (exit.kind === 'open') endExit(draft, exit, 'not_passed', 'emergency', 'fire', atMonoMs, facts);
  draft.set({ entry: { kind: 'emergencyOpen', fireActive: true }, exitsWaiting: [], pending: null, ended: null });
  draft.signal({ cue: 'emergency', reason: 'OUT_OF_SERVICE', reference: null });
  draft.effects.push({ kind: 'alarm', alarm: 'fire' });
}

const writeFire = (draft: GateLaneDraft, active: boolean, contactMonoMs: MonoMs): void => {
  const payload: Payload = active
    ? { act: 'incident', incident: 'fire', trigger: 'fire', contactMonoMs }
    : { act: 'fireReset', trigger: 'fire', contactMonoMs };
  draft.record({ type: 'SECURITY', payload, evidence: null });
};

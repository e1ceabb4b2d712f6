// Flow P, the screen's side: a code that only somebody in front of the machine can scan. Its nonce is made
// here, shown for a minute, good for one command, aged on the monotonic clock, and dead with the boot.
import type { MonoMs } from '../../core/brand.ts';
import { type Bytes, equal } from '../../core/bytes.ts';
import { cabinetBounds } from './config.ts';
import { stockReason, storageReason } from './decide.ts';
import type { CabinetDraft } from './draft.ts';
import type { Nonce } from './state.ts';

/** Brings the screen in line with what the machine could lend now. Called at the end of every step. */
export function updateCode(draft: CabinetDraft): void {
  const { state, facts, atMonoMs } = draft;
  const fresh = state.nonces.filter((nonce) => isUsable(nonce, atMonoMs, facts.config.nonceUseMs));
  if (fresh.length !== state.nonces.length) draft.set({ nonces: fresh });
  if (!mayShow(draft)) return withdraw(draft);
  const { shown } = draft.state;
  const stands = shown !== null && !isSpent(draft, shown) && atMonoMs - shown.madeMonoMs < facts.config.qrRotateMs;
  if (stands) return;
  const nonce: Nonce = { nonce: facts.freshNonce, madeMonoMs: atMonoMs, spent: false };
  draft.set({ shown: nonce, nonces: [...draft.state.nonces, nonce].slice(-cabinetBounds.nonces) });
  const expiresMonoMs = (atMonoMs + facts.config.qrLifeMs) as MonoMs;
  draft.effects.push({ kind: 'showCode', nonce: nonce.nonce, expiresMonoMs });
}

export const codeDueMonoMs = (draft: CabinetDraft): MonoMs | null => {
  const { shown } = draft.state;
  return shown === null ? null : ((shown.madeMonoMs + draft.facts.config.qrRotateMs) as MonoMs);
};

/** The first command that brings a nonce spends it. False: never made here, spent, or too old. */
export function spendNonce(draft: CabinetDraft, nonce: Bytes): boolean {
  const { state, facts, atMonoMs } = draft;
  const known = state.nonces.find((made) => equal(made.nonce, nonce));
  if (known === undefined || known.spent || !isUsable(known, atMonoMs, facts.config.nonceUseMs)) return false;
  draft.set({ nonces: state.nonces.map((made) => (made === known ? { ...made, spent: true } : made)) });
  return true;
}

function withdraw(draft: CabinetDraft): void {
  if (draft.state.shown === null) return;
  draft.set({ shown: null });
  draft.effects.push({ kind: 'withdrawCode' });
}

/** Without a network the command could not come; a visitor who scanned would only wait. */
const mayShow = (draft: CabinetDraft): boolean =>
  draft.state.service === 'serving' &&
  draft.facts.online &&
  storageReason(draft.facts) === null &&
  stockReason(draft.state, draft.facts, null) === null;

const isSpent = (draft: CabinetDraft, shown: Nonce): boolean =>
  draft.state.nonces.find((made) => equal(made.nonce, shown.nonce))?.spent ?? true;

const isUsable = (nonce: Nonce, atMonoMs: MonoMs, nonceUseMs: number): boolean =>
  atMonoMs - nonce.madeMonoMs <= nonceUseMs;

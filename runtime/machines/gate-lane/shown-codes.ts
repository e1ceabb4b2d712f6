// Codes read moments ago: the same phone still on the glass gets no second answer, and no second admission.
import type { MonoMs } from '../../core/brand.ts';
import { type Bytes, hex } from '../../core/bytes.ts';
import { type GateLaneConfig, gateLaneBounds } from './config.ts';
import type { GateLaneDraft } from './draft.ts';
import type { Direction } from './effects.ts';
import type { GateLaneState, ShownCode } from './state.ts';

/** Issuer and token id as text, for comparing. */
export const ticketId = (issuer: string, cti: Bytes): string => `${issuer}/${hex(cti)}`;

export function shownCode(
  state: GateLaneState,
  direction: Direction,
  matches: (code: ShownCode) => boolean,
  atMonoMs: MonoMs,
  config: GateLaneConfig,
): ShownCode | null {
  const code = state.shown.find((shown) => shown.direction === direction && matches(shown));
  return code !== undefined && atMonoMs - code.lastReadMonoMs < config.repeatMs ? code : null;
}

export function rememberShown(draft: GateLaneDraft, code: ShownCode): void {
  const others = draft.state.shown.filter(({ raw, direction }) => raw !== code.raw || direction !== code.direction);
  draft.set({ shown: [...others, code].slice(-gateLaneBounds.shownCodes) });
}

/** Only a code that was accepted slides: a refused one is judged afresh once its answer has stood long enough. */
export function slideShown(draft: GateLaneDraft, code: ShownCode, atMonoMs: MonoMs): void {
  if (code.accepted && atMonoMs > code.lastReadMonoMs) rememberShown(draft, { ...code, lastReadMonoMs: atMonoMs });
}

export function forgetShown(draft: GateLaneDraft, raw: string | null): void {
  if (raw === null) return;
  draft.set({ shown: draft.state.shown.filter((code) => code.raw !== raw || code.direction !== 'entry') });
}

// Several cabinets of one site, one code: each code has a home cabinet, which serialises the claims to it.
// A claim is a row before it is an answer, so that a power cut cannot grant the same code twice.
import { createHash } from 'node:crypto';
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import { isHeldElsewhere, type TicketUse, useKey } from '../shared/use-ledger.ts';
import { cabinetBounds } from './config.ts';
import type { CabinetDraft } from './draft.ts';
import type { ClaimSubject } from './effects.ts';
import type { CabinetFacts } from './facts.ts';
import type { InputOf } from './input.ts';

const issuerPattern = /^[A-Za-z0-9_-]{1,16}$/;

/** SHA-256(canonical CBOR of [issuer, token id]), first 4 bytes big-endian, mod number of cabinets. */
export function homeOf(issuer: string, cti: Bytes, cabinets: readonly string[]): string | null {
  const hash = createHash('sha256').update(useKey(issuer, cti)).digest().readUInt32BE(0);
  return cabinets[hash % cabinets.length] ?? null;
}

/** The cabinet to ask about a code; null where this one decides alone. */
export function homeToAsk(issuer: string, cti: Bytes, { site }: CabinetFacts): string | null {
  const home = homeOf(issuer, cti, site.cabinets);
  return home === site.place ? null : home;
}

/** No answer leaves the asking cabinet to its own mode; a wrong one would lend two guides on one code. */
export function claimRequested(draft: CabinetDraft, input: InputOf<'ClaimRequest'>): void {
  if (!isAnswerable(draft, input)) return draft.ignore();
  const { from, claimId, issuer, cti, uses, validUntil } = input;
  const use = draft.useOf(issuer, cti);
  const asked = use?.hold != null && equal(use.hold.tx, claimId);
  const granted = asked || isFree(draft, use, uses);
  const place = draft.facts.site.place;
  if (granted && !asked)
    draft.write('DECISION', { act: 'claim', tx: claimId, issuer, cti, validUntil, place, detail: from });
  draft.effects.push({ kind: 'answerClaim', to: from, claimId, issuer, cti, granted });
}

/** What became of a claim, also of one that was never granted: it has happened all the same. */
export function claimSettled(draft: CabinetDraft, input: InputOf<'ClaimSettled'>): void {
  const act = hex(input.actId);
  if (!isAnswerable(draft, input) || draft.state.settled.includes(act)) return draft.ignore();
  const { from, claimId: tx, actId, issuer, cti, uses, validUntil, outcome } = input;
  const held = draft.useOf(issuer, cti)?.hold ?? null;
  if (outcome === 'released' && (held === null || !equal(held.tx, tx))) return draft.ignore();
  const subject = { tx, issuer, cti, validUntil, place: draft.facts.site.place, detail: from };
  draft.write('OUTCOME', { act: 'settle', actId, outcome: outcome === 'used' ? 'taken' : 'not_taken', ...subject });
  draft.set({ settled: [...draft.state.settled, act].slice(-cabinetBounds.settledActs) });
  if (outcome !== 'used' || (draft.useOf(issuer, cti)?.entries ?? 0) <= uses) return;
  draft.write('SECURITY', { act: 'incident', incident: 'double_use', ...subject });
}

/** Held by nobody, this cabinet's own order included, and not used up. */
function isFree(draft: CabinetDraft, use: TicketUse | null, uses: number): boolean {
  if (use === null) return true;
  const heldHere = use.hold !== null && use.hold.by === null;
  return !heldHere && !isHeldByOther(draft, use) && use.entries < uses;
}

export const isHeldByOther = (
  { state, facts, atMonoMs }: Pick<CabinetDraft, 'state' | 'facts' | 'atMonoMs'>,
  use: TicketUse | null,
): boolean =>
  isHeldElsewhere(
    use,
    { bootId: facts.bootId, monoMs: atMonoMs, bootMonoMs: state.bootMonoMs },
    facts.config.claimTtlMs,
  );

/** Asked by a cabinet of this site, of a code whose home is here, in words that can be written down. */
function isAnswerable(draft: CabinetDraft, asked: ClaimSubject & { readonly from: string }): boolean {
  const { from, claimId, issuer, cti, uses, validUntil } = asked;
  const { site, storage } = draft.facts;
  return (
    draft.state.service === 'serving' &&
    storage !== 'unavailable' &&
    from !== site.place &&
    site.cabinets.includes(from) &&
    claimId.length === 16 &&
    issuerPattern.test(issuer) &&
    cti.length >= 8 &&
    cti.length <= 16 &&
    isCount(uses, 1_000) &&
    uses >= 1 &&
    isCount(validUntil, 0xffff_ffff) &&
    homeOf(issuer, cti, site.cabinets) === site.place
  );
}

const isCount = (value: number, most: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= most;

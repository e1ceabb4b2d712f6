// What is used of a loan or ticket code, remembered by (issuer, token id): free, held by a running order, or
// used so many times. A projection: every entry is a fold of journal rows and can be rebuilt from them.
import { type MonoMs, monoMs, type UnixSeconds, unixSeconds } from '../../core/brand.ts';
import { type Bytes, equal } from '../../core/bytes.ts';
import { type CborValue, decodeCbor, encodeCbor, isBytes, recordProfile } from '../../core/cbor.ts';
import { StileError } from '../../core/errors.ts';
import type { ProjectionDraft } from '../shared/effects.ts';

/** An act under way: nobody else may use the code until it ends. */
export interface Hold {
  /** Transaction of the act, 16 bytes. */
  readonly tx: Bytes;
  /** Machine of the site for which the claim is held; null for this one. */
  readonly by: string | null;
  readonly bootId: Bytes;
  readonly monoMs: MonoMs;
}

export interface GuideUse {
  readonly hold: Hold | null;
  /** Guides taken on the code. */
  readonly entries: number;
  readonly lastEntryAt: UnixSeconds | null;
  /** When the entitlement ends; the entry may be forgotten some time later. */
  readonly validUntil: UnixSeconds;
}

/** What a row does to the entry of its code. Only the act that holds a code lets go of it. */
export type UseChange =
  | { readonly kind: 'held'; readonly tx: Bytes; readonly by: string | null }
  | { readonly kind: 'entered' | 'released'; readonly tx: Bytes };

/** The times of the row that makes the change. */
export interface UseTimes {
  readonly bootId: Bytes;
  readonly monoMs: MonoMs;
  readonly at: UnixSeconds;
}

const unused: GuideUse = { hold: null, entries: 0, lastEntryAt: null, validUntil: unixSeconds(0) };

/** Projection key, and the identity of a code everywhere: equal ids of two issuers never meet. */
export const useKey = (issuer: string, cti: Bytes): Bytes => encodeCbor([issuer, cti]);

export const useProjection = (issuer: string, cti: Bytes, use: GuideUse): ProjectionDraft => ({
  space: 'guide-use',
  key: useKey(issuer, cti),
  value: encodeGuideUse(use),
});

/** The entry after a row, from the row alone: deciding and replaying the journal agree by construction. */
export function useAfter(before: GuideUse | null, change: UseChange, times: UseTimes, validUntil: number): GuideUse {
  const use = before ?? unused;
  const kept = { ...use, validUntil: unixSeconds(Math.max(use.validUntil, validUntil)) };
  if (change.kind === 'held')
    return { ...kept, hold: { tx: change.tx, by: change.by, bootId: times.bootId, monoMs: times.monoMs } };
  const hold = use.hold !== null && equal(use.hold.tx, change.tx) ? null : use.hold;
  if (change.kind === 'released') return { ...kept, hold };
  return { ...kept, hold, entries: use.entries + 1, lastEntryAt: times.at };
}

/** Another machine's hold lapses; a boot starts its time anew. */
export function isHeldElsewhere(
  use: GuideUse | null,
  now: { readonly bootId: Bytes; readonly monoMs: MonoMs; readonly bootMonoMs: MonoMs },
  holdMs: number,
): boolean {
  const hold = use?.hold ?? null;
  if (hold === null || hold.by === null) return false;
  const since = equal(hold.bootId, now.bootId) ? hold.monoMs : now.bootMonoMs;
  return now.monoMs - since < holdMs;
}

export const encodeGuideUse = (use: GuideUse): Bytes =>
  encodeCbor([
    use.hold === null ? null : [use.hold.tx, use.hold.by, use.hold.bootId, use.hold.monoMs],
    use.entries,
    use.lastEntryAt,
    use.validUntil,
  ]);

/** @throws StileError CBOR_MALFORMED for bytes that {@link encodeGuideUse} did not write. */
export function decodeGuideUse(bytes: Bytes): GuideUse {
  const [hold, entries, lastEntryAt, validUntil] = listOf(decodeCbor(bytes, recordProfile), 4);
  return {
    hold: hold === null ? null : holdOf(hold),
    entries: integer(entries),
    lastEntryAt: lastEntryAt === null ? null : unixSeconds(integer(lastEntryAt)),
    validUntil: unixSeconds(integer(validUntil)),
  };
}

function holdOf(value: CborValue | undefined): Hold {
  const [tx, by, bootId, mono] = listOf(value, 4);
  if (!isBytes(tx) || !isBytes(bootId) || (by !== null && typeof by !== 'string')) throw notAUse();
  return { tx, by, bootId, monoMs: monoMs(integer(mono)) };
}

function listOf(value: CborValue | undefined, length: number): readonly CborValue[] {
  if (!Array.isArray(value) || value.length !== length) throw notAUse();
  return value as readonly CborValue[];
}

function integer(value: CborValue | undefined): number {
  if (typeof value !== 'number' || value < 0) throw notAUse();
  return value;
}

const notAUse = (): StileError =>
  new StileError('CBOR_MALFORMED', 'projection is not the use of a code', {
    remedy: 'Rebuild the projections from the journal.',
  });

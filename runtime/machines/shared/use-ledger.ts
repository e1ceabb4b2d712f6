// What is used of a ticket or loan code, remembered by (issuer, token id): free, held by a running act, used so
// many times, or in doubt. A projection: every entry is a fold of journal rows and can be rebuilt from them.
import { type MonoMs, monoMs, secondsOf, type UnixSeconds, unixSeconds, type WallMs } from '../../core/brand.ts';
import { type Bytes, equal } from '../../core/bytes.ts';
import { type CborValue, decodeCbor, encodeCbor, isBytes, recordProfile } from '../../core/cbor.ts';
import { StileError } from '../../core/errors.ts';
import { type EntryHistory, type EntryRun, noEntries } from '../../rules/entry-history.ts';
import type { ProjectionDraft } from './effects.ts';

/** An act under way: nobody else may use the code until it ends. */
export interface Hold {
  /** Transaction of the act, 16 bytes. */
  readonly tx: Bytes;
  /** Machine of the site for which the claim is held; null for this one. */
  readonly by: string | null;
  readonly bootId: Bytes;
  readonly monoMs: MonoMs;
}

export interface TicketUse extends EntryHistory {
  readonly hold: Hold | null;
  /** Acts of which nobody knows whether they used the code. */
  readonly doubts: number;
  /** Monotonic mark of the newest entry: gaps within one boot are measured by it. */
  readonly lastEntry: { readonly bootId: Bytes; readonly monoMs: MonoMs } | null;
  /** When the entitlement ends; the entry may be forgotten some time later. */
  readonly validUntil: UnixSeconds;
}

export type UseStatus =
  | { readonly kind: 'FREE' }
  | { readonly kind: 'HELD'; readonly tx: Bytes }
  | { readonly kind: 'USED'; readonly count: number }
  | { readonly kind: 'DOUBT'; readonly doubts: number };

/** What a row does to the entry of its code. Only the act that holds a code lets go of it. */
export type UseChange =
  | { readonly kind: 'held'; readonly tx: Bytes; readonly by: string | null }
  /** One use; `more` keeps the hold, for the next person of a group. */
  | { readonly kind: 'entered'; readonly tx: Bytes; readonly more: boolean }
  | { readonly kind: 'released'; readonly tx: Bytes }
  | { readonly kind: 'doubted'; readonly tx: Bytes }
  | { readonly kind: 'left' };

/** The times of the row that makes the change. */
export interface UseTimes {
  readonly bootId: Bytes;
  readonly monoMs: MonoMs;
  readonly wallMs: WallMs;
}

/** Minutes with entries kept one by one. A token carries at most 1,000 uses, so none of its history is lost. */
export const useRunsMax = 1_000;

export const unused: TicketUse = {
  ...noEntries,
  hold: null,
  doubts: 0,
  lastEntry: null,
  validUntil: unixSeconds(0),
};

/** (issuer, token id) -> what is used of it. */
export const useSpace = 'use';

/** Projection key, and the identity of a code everywhere: equal ids of two issuers never meet. */
export const useKey = (issuer: string, cti: Bytes): Bytes => encodeCbor([issuer, cti]);

export const useProjection = (issuer: string, cti: Bytes, use: TicketUse | null): ProjectionDraft => ({
  space: useSpace,
  key: useKey(issuer, cti),
  value: use === null ? null : encodeTicketUse(use),
});

export function useStatusOf(use: TicketUse | null): UseStatus {
  if (use === null) return { kind: 'FREE' };
  if (use.hold !== null) return { kind: 'HELD', tx: use.hold.tx };
  if (use.doubts > 0) return { kind: 'DOUBT', doubts: use.doubts };
  return use.entries > 0 ? { kind: 'USED', count: use.entries } : { kind: 'FREE' };
}

/** The entry after a row, from the row alone: deciding and replaying the journal agree by construction. */
export function useAfter(
  before: TicketUse | null,
  change: UseChange,
  times: UseTimes,
  validUntil: number | null,
): TicketUse {
  const use = before ?? unused;
  const kept = { ...use, validUntil: unixSeconds(Math.max(use.validUntil, validUntil ?? 0)) };
  switch (change.kind) {
    case 'held':
      return { ...kept, hold: { tx: change.tx, by: change.by, bootId: times.bootId, monoMs: times.monoMs } };
    case 'entered':
      return entered(
        { ...kept, hold: change.more ? renewedHold(use, change.tx, times) : holdAfter(use, change.tx) },
        times,
      );
    case 'released':
      return { ...kept, hold: holdAfter(use, change.tx) };
    case 'doubted':
      return { ...kept, hold: holdAfter(use, change.tx), doubts: use.doubts + 1 };
    case 'left':
      return { ...kept, exits: use.exits + 1 };
    default:
      return change satisfies never;
  }
}

/** A hold outlives its time only where the act runs on this machine; a boot starts the time anew. */
export function isHeldElsewhere(
  use: TicketUse | null,
  now: { readonly bootId: Bytes; readonly monoMs: MonoMs; readonly bootMonoMs: MonoMs },
  holdMs: number,
): boolean {
  const hold = use?.hold ?? null;
  if (hold === null || hold.by === null) return false;
  const since = equal(hold.bootId, now.bootId) ? hold.monoMs : now.bootMonoMs;
  return now.monoMs - since < holdMs;
}

/** Of two accounts of the same code, the one that knows of more uses. A hold is the present machine's own. */
export function mergedUse(own: TicketUse | null, other: TicketUse | null): TicketUse | null {
  if (other === null || (own !== null && own.entries >= other.entries)) return own;
  return { ...other, hold: own?.hold ?? null, doubts: Math.max(own?.doubts ?? 0, other.doubts) };
}

/** For the terminal's idle sweep; only with a clock that is trusted. */
export const mayForgetUse = (use: TicketUse, now: UnixSeconds, graceSeconds: number): boolean =>
  use.hold === null && now >= use.validUntil + graceSeconds;

const holdAfter = ({ hold }: TicketUse, tx: Bytes): Hold | null => (hold !== null && equal(hold.tx, tx) ? null : hold);

/** A group that still walks through keeps its hold fresh. */
const renewedHold = ({ hold }: TicketUse, tx: Bytes, { bootId, monoMs }: UseTimes): Hold | null =>
  hold !== null && equal(hold.tx, tx) ? { ...hold, bootId, monoMs } : hold;

/** A clock that was set back puts an entry into the newest minute known: order is what the rules rely on. */
function entered(use: TicketUse, times: UseTimes): TicketUse {
  const at = unixSeconds(Math.max(secondsOf(times.wallMs), use.lastEntryAt ?? 0));
  const minute = Math.floor(at / 60);
  const last = use.runs.at(-1);
  const runs: readonly EntryRun[] =
    last?.minute === minute
      ? [...use.runs.slice(0, -1), { minute, count: last.count + 1 }]
      : [...use.runs, { minute, count: 1 }].slice(-useRunsMax);
  return {
    ...use,
    runs,
    entries: use.entries + 1,
    firstEntryAt: use.firstEntryAt ?? at,
    lastEntryAt: at,
    lastEntry: { bootId: times.bootId, monoMs: times.monoMs },
  };
}

/** The projection value: one CBOR array. */
export const encodeTicketUse = (use: TicketUse): Bytes =>
  encodeCbor([
    use.hold === null ? null : [use.hold.tx, use.hold.by, use.hold.bootId, use.hold.monoMs],
    use.runs.flatMap((run) => [run.minute, run.count]),
    use.entries,
    use.exits,
    use.doubts,
    use.firstEntryAt,
    use.lastEntryAt,
    use.lastEntry === null ? null : [use.lastEntry.bootId, use.lastEntry.monoMs],
    use.validUntil,
  ]);

/** @throws StileError CBOR_MALFORMED for bytes that {@link encodeTicketUse} did not write. */
export function decodeTicketUse(bytes: Bytes): TicketUse {
  const fields = listOf(decodeCbor(bytes, recordProfile), 9);
  const [hold, runs, entries, exits, doubts, first, last, lastEntry, validUntil] = fields;
  return {
    hold: hold === null ? null : holdOf(hold),
    runs: runsOf(runs),
    entries: integer(entries),
    exits: integer(exits),
    doubts: integer(doubts),
    firstEntryAt: first === null ? null : unixSeconds(integer(first)),
    lastEntryAt: last === null ? null : unixSeconds(integer(last)),
    lastEntry: lastEntry === null ? null : markOf(lastEntry),
    validUntil: unixSeconds(integer(validUntil)),
  };
}

function holdOf(value: CborValue | undefined): Hold {
  const [tx, by, bootId, mono] = listOf(value, 4);
  if (by !== null && typeof by !== 'string') throw notAUse();
  return { tx: bytesOf(tx), by, bootId: bytesOf(bootId), monoMs: monoMs(integer(mono)) };
}

function markOf(value: CborValue | undefined): NonNullable<TicketUse['lastEntry']> {
  const [bootId, mono] = listOf(value, 2);
  return { bootId: bytesOf(bootId), monoMs: monoMs(integer(mono)) };
}

function runsOf(value: CborValue | undefined): readonly EntryRun[] {
  if (!Array.isArray(value) || value.length % 2 !== 0 || value.length > useRunsMax * 2) throw notAUse();
  const numbers = (value as readonly CborValue[]).map(integer);
  return Array.from({ length: numbers.length / 2 }, (_, at) => ({
    minute: numbers[at * 2] ?? 0,
    count: numbers[at * 2 + 1] ?? 0,
  }));
}

function listOf(value: CborValue | undefined, length: number): readonly CborValue[] {
  if (!Array.isArray(value) || value.length !== length) throw notAUse();
  return value as readonly CborValue[];
}

function integer(value: CborValue | undefined): number {
  if (typeof value !== 'number' || value < 0) throw notAUse();
  return value;
}

function bytesOf(value: CborValue | undefined): Bytes {
  if (!isBytes(value)) throw notAUse();
  return value;
}

const notAUse = (): StileError =>
  new StileError('CBOR_MALFORMED', 'projection is not the use of a code', {
    remedy: 'Rebuild the projections from the journal.',
  });

// What the terminal remembers of an account between two rides: enough for passback, the group limit and
// the limits of offline risk, and nothing that is not in its rows already.
import { type MonoMs, monoMs, secondsOf, type WallMs, wallMs } from '../../core/brand.ts';
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import { type CborValue, decodeCbor, encodeCbor, isBytes, recordProfile } from '../../core/cbor.ts';
import { hasCheck } from '../../core/check-words.ts';
import { StileError } from '../../core/errors.ts';
import type { ClockState } from '../../core/trusted-time.ts';
import type { Payload } from '../../records/payload.ts';
import type { ValidatorConfig } from './config.ts';

export interface AccountMemory {
  /** Transaction of the newest ride, and of the trip it belongs to: 16 bytes each. */
  readonly tx: Bytes;
  readonly trip: Bytes;
  readonly bootId: Bytes;
  readonly monoMs: MonoMs;
  readonly wallMs: WallMs;
  readonly visit: number | null;
  /** Riders charged to the account in the present stop visit. */
  readonly ridersInVisit: number;
  readonly offline: OfflineUse;
  readonly stale: StaleUse;
  /** Time of the newest presentation accepted, unix seconds; 0 before the first. */
  readonly presentedAt: number;
  /** The boot in which a ride was last accepted with an untrusted clock. */
  readonly untrustedBootId: Bytes | null;
}

/** Rides the head end cannot know of yet: made while it had stored rows up to `ackedSeq` only (-1: none). */
export interface OfflineUse {
  readonly taps: number;
  readonly spendMinor: number;
  readonly ackedSeq: number;
}

/** Rides made on one deny list that was past its soft age, named by when it was signed (unix seconds). */
export interface StaleUse {
  readonly taps: number;
  readonly spendMinor: number;
  readonly listIssuedAt: number;
}

/** The times of the row a ride stands in. */
export interface RideTimes {
  readonly bootId: Bytes;
  readonly monoMs: MonoMs;
  readonly wallMs: WallMs;
  readonly clockState: ClockState;
}

/** Projection key, and the identity of an account everywhere: equal numbers of two issuers never meet. */
export const accountKey = (issuer: string, account: Bytes): Bytes => encodeCbor([issuer, account]);

/** The same identity as text, for comparing. */
export const accountId = (issuer: string, account: Bytes): string => `${issuer}/${hex(account)}`;

const noOfflineUse: OfflineUse = { taps: 0, spendMinor: 0, ackedSeq: -1 };
const noStaleUse: StaleUse = { taps: 0, spendMinor: 0, listIssuedAt: 0 };

export const offlineUseOf = (memory: AccountMemory | null, ackedSeq: number): OfflineUse =>
  memory !== null && memory.offline.ackedSeq === ackedSeq ? memory.offline : { ...noOfflineUse, ackedSeq };

export const staleUseOf = (memory: AccountMemory | null, listIssuedAt: number): StaleUse =>
  memory !== null && memory.stale.listIssuedAt === listIssuedAt ? memory.stale : { ...noStaleUse, listIssuedAt };

/** The memory after a ride, from its row alone: deciding and replaying the journal agree by construction. */
export function rememberRide(
  before: AccountMemory | null,
  ride: Payload,
  times: RideTimes,
  config: ValidatorConfig,
): AccountMemory {
  const trip = ride.trip ?? new Uint8Array(16);
  const visit = ride.visit ?? null;
  const riders = ride.riders ?? 1;
  const together = before !== null && sameVisit(before, trip, visit, times, config);
  return {
    tx: ride.tx ?? new Uint8Array(16),
    trip,
    bootId: times.bootId,
    monoMs: times.monoMs,
    wallMs: times.wallMs,
    visit,
    ridersInVisit: together ? before.ridersInVisit + riders : riders,
    offline: offlineAfter(before, ride),
    stale: staleAfter(before, ride, times),
    presentedAt: Math.max(before?.presentedAt ?? 0, ride.presentedAt ?? 0),
    untrustedBootId: times.clockState === 'UNTRUSTED' ? times.bootId : (before?.untrustedBootId ?? null),
  };
}

/**
 * Whether a ride now belongs to the stop visit of the remembered one. Where visits are not known, one
 * lasts for the passback time; a boot between two rides ends it then.
 */
export function sameVisit(
  memory: AccountMemory,
  trip: Bytes,
  visit: number | null,
  now: { readonly bootId: Bytes; readonly monoMs: MonoMs },
  config: ValidatorConfig,
): boolean {
  if (!equal(memory.trip, trip)) return false;
  if (visit !== null && memory.visit !== null) return visit === memory.visit;
  return equal(memory.bootId, now.bootId) && now.monoMs - memory.monoMs < config.passbackSeconds * 1000;
}

function offlineAfter(before: AccountMemory | null, ride: Payload): OfflineUse {
  const chargedMinor = ride.fareMinor ?? 0;
  if (ride.offline !== true || chargedMinor === 0) return before?.offline ?? noOfflineUse;
  const use = offlineUseOf(before, ride.acked ?? -1);
  return { ...use, taps: use.taps + 1, spendMinor: use.spendMinor + chargedMinor };
}

function staleAfter(before: AccountMemory | null, ride: Payload, times: RideTimes): StaleUse {
  const chargedMinor = ride.fareMinor ?? 0;
  if (chargedMinor === 0 || !hasCheck(ride.found ?? 0, 'listsPastSoftAge')) return before?.stale ?? noStaleUse;
  const use = staleUseOf(before, secondsOf(times.wallMs) - (ride.listAgeSeconds ?? 0));
  return { ...use, taps: use.taps + 1, spendMinor: use.spendMinor + chargedMinor };
}

/** The projection value: one CBOR array. */
export const encodeAccountMemory = (memory: AccountMemory): Bytes =>
  encodeCbor([
    memory.tx,
    memory.trip,
    memory.bootId,
    memory.monoMs,
    memory.wallMs,
    memory.visit,
    memory.ridersInVisit,
    [memory.offline.taps, memory.offline.spendMinor, memory.offline.ackedSeq],
    [memory.stale.taps, memory.stale.spendMinor, memory.stale.listIssuedAt],
    memory.presentedAt,
    memory.untrustedBootId,
  ]);

/** @throws StileError CBOR_MALFORMED for bytes that {@link encodeAccountMemory} did not write. */
export function decodeAccountMemory(bytes: Bytes): AccountMemory {
  const fields = decodeCbor(bytes, recordProfile);
  if (!Array.isArray(fields) || fields.length !== 11) throw notAMemory();
  const [tx, trip, bootId, mono, wall, visit, riders, offline, stale, presentedAt, untrusted] =
    fields as readonly CborValue[];
  const [taps, spendMinor, ackedSeq] = integers(offline, 3);
  const [staleTaps, staleSpendMinor, listIssuedAt] = integers(stale, 3);
  return {
    tx: bytesOf(tx),
    trip: bytesOf(trip),
    bootId: bytesOf(bootId),
    monoMs: monoMs(integer(mono)),
    wallMs: wallMs(integer(wall)),
    visit: visit === null ? null : integer(visit),
    ridersInVisit: integer(riders),
    offline: { taps: integer(taps), spendMinor: integer(spendMinor), ackedSeq: integer(ackedSeq) },
    stale: { taps: integer(staleTaps), spendMinor: integer(staleSpendMinor), listIssuedAt: integer(listIssuedAt) },
    presentedAt: integer(presentedAt),
    untrustedBootId: untrusted === null ? null : bytesOf(untrusted),
  };
}

function integer(value: CborValue | undefined): number {
  if (typeof value !== 'number') throw notAMemory();
  return value;
}

function integers(value: CborValue | undefined, length: number): readonly CborValue[] {
  if (!Array.isArray(value) || value.length !== length) throw notAMemory();
  return value as readonly CborValue[];
}

function bytesOf(value: CborValue | undefined): Bytes {
  if (!isBytes(value)) throw notAMemory();
  return value;
}

const notAMemory = (): StileError =>
  new StileError('CBOR_MALFORMED', 'projection is not the memory of an account', {
    remedy: 'Rebuild the projections from the journal.',
  });

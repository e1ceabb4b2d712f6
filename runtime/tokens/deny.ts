// The deny list: who is not to be accepted although every signature holds. A sorted image of 64-bit
// hashes answers "surely not" in memory; a hit is confirmed by the exact row, never by the hash alone.
import { hash } from 'node:crypto';
import type { UnixSeconds } from '../core/brand.ts';
import { type Bytes, concat, utf8 } from '../core/bytes.ts';
import { type CborValue, decodeCbor, documentProfile, encodeCbor, isBytes } from '../core/cbor.ts';
import { sha256 } from '../core/sha256.ts';
import type { Moment } from '../core/trusted-time.ts';
import { seconds } from './admission.ts';

/** 1 account, 2 token id (cti). */
export type DenyType = 1 | 2;

export interface DenyEntry {
  readonly issuer: string;
  readonly type: DenyType;
  /** 4 to 16 bytes. */
  readonly id: Bytes;
  /** Denies tokens issued before this; 0 denies all. A settled account goes again with a new credential. */
  readonly issuedBefore: number;
  /** In force from `begin` until `end` (0: without end), unix seconds. */
  readonly begin: number;
  readonly end: number;
  /** 1 debt, 2 fraud, 3 lost, 4 closed, 5 test: only chooses words. */
  readonly why: number;
  /** Shown to staff. */
  readonly ref: string;
}

export interface DenyLookup {
  readonly version: number;
  readonly issuedAt: UnixSeconds;
  find(issuer: string, type: DenyType, id: Bytes): DenyEntry | null;
}

export interface Denial {
  readonly denied: boolean;
  /** False where the answer differs within the clock's uncertainty. */
  readonly certain: boolean;
}

/**
 * Whether the entry denies a token issued at `iat`. It is in force while it may be: at any moment of the
 * clock's uncertainty, and without a trusted clock whatever its begin and end say.
 */
export function denies(entry: DenyEntry, iat: UnixSeconds, now: Moment): Denial {
  if (entry.issuedBefore !== 0 && iat >= entry.issuedBefore) return { denied: false, certain: true };
  if (now.state === 'UNTRUSTED') return { denied: true, certain: true };
  const { earliest, latest } = seconds(now);
  const until = entry.end === 0 ? Number.POSITIVE_INFINITY : entry.end;
  return {
    denied: entry.begin <= latest && earliest < until,
    certain: entry.begin <= earliest === entry.begin <= latest && earliest < until === latest < until,
  };
}

/** Sorted pairs of Uint32 (high, low): the first 64 bits of SHA-256(issuer, 0, type, id) of every entry. */
export class DenyIndex {
  readonly #pairs: Uint32Array;

  constructor(entries: Iterable<Pick<DenyEntry, 'issuer' | 'type' | 'id'>>) {
    const hashes = [...entries].map(({ issuer, type, id }) => prefixOf(issuer, type, id));
    const sorted = BigUint64Array.from(hashes, ([high, low]) => (BigInt(high) << 32n) | BigInt(low)).sort();
    this.#pairs = new Uint32Array(sorted.length * 2);
    for (const [at, hash] of sorted.entries()) {
      this.#pairs[at * 2] = Number(hash >> 32n);
      this.#pairs[at * 2 + 1] = Number(hash & 0xffff_ffffn);
    }
  }

  get size(): number {
    return this.#pairs.length / 2;
  }

  /** False is certain; true must be confirmed in the exact rows. */
  mayHold(issuer: string, type: DenyType, id: Bytes): boolean {
    const [high, low] = prefixOf(issuer, type, id);
    let from = 0;
    let to = this.size - 1;
    while (from <= to) {
      const middle = (from + to) >>> 1;
      const difference = (this.#pairs[middle * 2] ?? 0) - high || (this.#pairs[middle * 2 + 1] ?? 0) - low;
      if (difference === 0) return true;
      if (difference < 0) from = middle + 1;
      else to = middle - 1;
    }
    return false;
  }
}

export const denyBounds = { entriesPerSnapshot: 5_000, idBytesMin: 4, idBytesMax: 16, refCharacters: 32 } as const;

/** The full list in its one order; its SHA-256 is what the signed head names. */
export const encodeDenySnapshot = (entries: readonly DenyEntry[]): Bytes =>
  encodeCbor(
    [...entries]
      .sort(byIdentity)
      .map((entry) => [
        entry.issuer,
        entry.type,
        entry.id,
        entry.issuedBefore,
        entry.begin,
        entry.end,
        entry.why,
        entry.ref,
      ]),
  );

export const denySnapshotHash = (snapshot: Bytes): Bytes => sha256(snapshot);

/** Null for anything but a well-formed list in its one order without duplicates. */
export function decodeDenySnapshot(snapshot: Bytes): readonly DenyEntry[] | null {
  let value: CborValue;
  try {
    value = decodeCbor(snapshot, documentProfile);
  } catch {
    return null;
  }
  if (!Array.isArray(value) || value.length > denyBounds.entriesPerSnapshot) return null;
  const entries: DenyEntry[] = [];
  for (const item of value as readonly CborValue[]) {
    const entry = entryFrom(item);
    const previous = entries.at(-1);
    if (!entry || (previous && byIdentity(previous, entry) >= 0)) return null;
    entries.push(entry);
  }
  return entries;
}

function entryFrom(value: CborValue): DenyEntry | null {
  if (!Array.isArray(value) || value.length !== 8) return null;
  const [issuer, type, id, issuedBefore, begin, end, why, ref] = value as readonly CborValue[];
  if (typeof issuer !== 'string' || !/^[A-Za-z0-9_-]{1,16}$/.test(issuer) || (type !== 1 && type !== 2) || !isBytes(id))
    return null;
  if (id.length < denyBounds.idBytesMin || id.length > denyBounds.idBytesMax) return null;
  if (!isTime(issuedBefore) || !isTime(begin) || !isTime(end) || !isTime(why)) return null;
  if (typeof ref !== 'string' || ref.length > denyBounds.refCharacters) return null;
  return { issuer, type, id, issuedBefore, begin, end, why, ref };
}

const isTime = (value: CborValue | undefined): value is number =>
  typeof value === 'number' && value >= 0 && value <= 0xffff_ffff;

/** The order of the encodings [issuer, type, id], shorter first; issuers are ASCII and nothing is above 23 bytes. */
const byIdentity = (a: DenyEntry, b: DenyEntry): number =>
  a.issuer.length - b.issuer.length ||
  (a.issuer < b.issuer ? -1 : a.issuer > b.issuer ? 1 : 0) ||
  a.type - b.type ||
  a.id.length - b.id.length ||
  Buffer.compare(a.id, b.id);

function prefixOf(issuer: string, type: DenyType, id: Bytes): readonly [number, number] {
  const digest = hash('sha256', concat(utf8(issuer), Uint8Array.of(0, type), id), 'buffer');
  return [digest.readUInt32BE(0), digest.readUInt32BE(4)];
}

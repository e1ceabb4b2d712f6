// What every start reads back from the journal: its newest rows, the replay ring, the newest trusted time,
// and how far the chain is signed. Start-up is recovery; there is no other path.
import { type MonoMs, monoMs } from '../core/brand.ts';
import { type Bytes, equal } from '../core/bytes.ts';
import type { Moment } from '../core/trusted-time.ts';
import type { Payload } from '../records/payload.ts';
import { decodeRow, type Row } from '../records/row.ts';
import type { JournalReader, RowPosition, StoredRow } from '../store/journal.ts';
import { longestValidityMs, type ReplayRing } from '../tokens/replay-ring.ts';
import { defaultLimits } from '../tokens/verifier.ts';

/** Rows read back at most: the ring's bound. */
export const tailRowsMax = 4_096;
/** Rows older than the longest life of a ring entry say nothing more. */
const tailKeepMs = 20 * 60_000;
const pageRows = 256;

export type TailRow = Row & { readonly ref: string };

export interface Recovered {
  /** Newest wall time written while SYNCED, milliseconds; 0 for none. */
  readonly syncedMs: number;
  /** Seq of the last row covered by a CHECKPOINT of this epoch, -1 for none. */
  readonly signedUpto: number;
  readonly tail: readonly TailRow[];
}

export function recover(journal: JournalReader): Recovered {
  const tail = readTail(journal);
  const ofThisEpoch = tail.filter((row) => row.epoch === tail.at(-1)?.epoch);
  const checkpoint = ofThisEpoch.findLast((row) => row.type === 'CHECKPOINT');
  const synced = tail.filter((row) => row.clock.state === 'SYNCED').map((row) => row.tWallMs);
  return {
    syncedMs: Math.max(0, ...synced),
    signedUpto: checkpoint?.payload.lastSeq ?? -1,
    tail,
  };
}

/** Whether a row says that a code was accepted which may not come again: a ride, or a badge. */
export const entersRing = ({ act, reason }: Payload): boolean => act === 'ride' || (act === 'badge' && reason === 'OK');

/** Enters the accepted codes of the tail. Where rows of an earlier boot have no common clock, they count from now. */
export function refillRing(ring: ReplayRing, tail: readonly TailRow[], bootId: Bytes, now: Moment): void {
  const validForMs = longestValidityMs(defaultLimits, now);
  for (const row of tail) {
    const { digest } = row.payload;
    if (!entersRing(row.payload) || !digest) continue;
    ring.accept(digest, { epoch: row.epoch, seq: row.seq, atMonoMs: readAt(row, bootId, now) }, validForMs);
  }
}

function readAt(row: Row, bootId: Bytes, now: Moment): MonoMs {
  if (equal(row.bootId, bootId)) return row.tMonoMs;
  if (now.state === 'UNTRUSTED') return now.monoMs;
  return monoMs(now.monoMs - Math.max(0, now.wallMs - row.tWallMs));
}

/** The newest rows, oldest first, across epochs: codes accepted before damage must not pass again after it. */
function readTail(journal: JournalReader): readonly TailRow[] {
  const pages: TailRow[][] = [];
  let newestMs: number | null = null;
  for (let before: RowPosition = afterAll; pages.length * pageRows < tailRowsMax; ) {
    const page = journal.before(before, pageRows).map(withReference);
    const [oldest, newest] = [page[0], page.at(-1)];
    if (!oldest || !newest) break;
    pages.unshift(page);
    newestMs ??= newest.tWallMs;
    if (page.length < pageRows || newestMs - oldest.tWallMs > tailKeepMs) break;
    before = oldest;
  }
  return pages.flat();
}

const afterAll: RowPosition = { epoch: Number.MAX_SAFE_INTEGER, seq: 0 };

const withReference = (stored: StoredRow): TailRow => ({ ...decodeRow(stored.body), ref: stored.ref });

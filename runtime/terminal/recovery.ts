// What a start reads back from the journal: open trip, the ride whose cue may be missing, the replay ring,
// the newest trusted time, and how far the chain is signed. Start-up is recovery; there is no other path.
import { type MonoMs, monoMs } from '../core/brand.ts';
import { type Bytes, equal } from '../core/bytes.ts';
import type { Moment } from '../core/trusted-time.ts';
import type { ValidatorConfig } from '../machines/validator/config.ts';
import { type Replayed, replay } from '../machines/validator/replay.ts';
import { decodeTrip, type Trip } from '../machines/validator/trip.ts';
import { decodeRow, type Row } from '../records/row.ts';
import type { JournalReader, StoredRow } from '../store/journal.ts';
import { longestValidityMs, type ReplayRing } from '../tokens/replay-ring.ts';
import { defaultLimits } from '../tokens/verifier.ts';
import { spaces } from './spaces.ts';

/** Rows read back at most: the ring's bound. */
export const tailRowsMax = 4_096;
/** Rows older than the longest life of a ring entry say nothing more. */
const tailKeepMs = 20 * 60_000;
const pageRows = 256;

export type TailRow = Row & { readonly ref: string };

export interface Recovered {
  readonly trip: Trip | null;
  readonly unsignalled: Replayed['unsignalled'];
  /** Newest wall time written while SYNCED, milliseconds; 0 for none. */
  readonly syncedMs: number;
  /** Seq of the last row covered by a CHECKPOINT of this epoch, -1 for none. */
  readonly signedUpto: number;
  readonly tail: readonly TailRow[];
}

export function recover(journal: JournalReader, config: ValidatorConfig): Recovered {
  const tail = readTail(journal);
  const open = journal.projections(spaces.trip)[0];
  const replayed = replay(tail, config);
  const checkpoint = tail.findLast((row) => row.type === 'CHECKPOINT');
  const synced = tail.filter((row) => row.clock.state === 'SYNCED').map((row) => row.tWallMs);
  return {
    trip: open ? decodeTrip(open[1]) : null,
    unsignalled: replayed.unsignalled,
    syncedMs: Math.max(0, ...synced),
    signedUpto: checkpoint?.payload.lastSeq ?? -1,
    tail,
  };
}

/** Enters the accepted codes of the tail. Where rows of an earlier boot have no common clock, they count from now. */
export function refillRing(ring: ReplayRing, tail: readonly TailRow[], bootId: Bytes, now: Moment): void {
  const validForMs = longestValidityMs(defaultLimits, now);
  for (const row of tail) {
    const { digest, act } = row.payload;
    if (act !== 'ride' || !digest) continue;
    ring.accept(digest, { epoch: row.epoch, seq: row.seq, atMonoMs: readAt(row, bootId, now) }, validForMs);
  }
}

function readAt(row: Row, bootId: Bytes, now: Moment): MonoMs {
  if (equal(row.bootId, bootId)) return row.tMonoMs;
  if (now.state === 'UNTRUSTED') return now.monoMs;
  return monoMs(now.monoMs - Math.max(0, now.wallMs - row.tWallMs));
}

/** The newest rows of the current epoch, oldest first. */
function readTail(journal: JournalReader): readonly TailRow[] {
  const head = journal.head();
  if (!head) return [];
  const pages: TailRow[][] = [];
  const newestMs = decodeRow(newestOf(journal, head.epoch, head.seq).body).tWallMs;
  for (let from = head.seq + 1 - pageRows; from > -pageRows; from -= pageRows) {
    const first = Math.max(0, from);
    const page = journal.read(head.epoch, first, from + pageRows - first).map(withReference);
    pages.unshift(page);
    const oldest = page[0];
    if (!oldest || pages.length * pageRows >= tailRowsMax || newestMs - oldest.tWallMs > tailKeepMs) break;
  }
  return pages.flat();
}

function newestOf(journal: JournalReader, epoch: number, seq: number): StoredRow {
  const [row] = journal.read(epoch, seq, 1);
  if (!row) throw new RangeError(`row ${seq} of epoch ${epoch} is not readable`);
  return row;
}

const withReference = (stored: StoredRow): TailRow => ({ ...decodeRow(stored.body), ref: stored.ref });

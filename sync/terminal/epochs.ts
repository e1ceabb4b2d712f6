// The outboxes of the newest epoch and of those before it that may still hold unsent rows, found by
// walking back through GENESIS rows.
import { decodeRow } from '../../runtime/records/row.ts';
import type { CursorStore } from './cursor.ts';
import { Outbox } from './outbox.ts';
import type { UplinkJournal } from './ports.ts';

/** Epochs before the newest one that are looked at. */
export const maxEarlierEpochs = 8;

/** Oldest first; empty for a journal without rows. */
export function openOutboxes(journal: UplinkJournal, cursor: CursorStore): readonly Outbox[] {
  const newest = journal.head();
  if (!newest) return [];
  const outboxes: Outbox[] = [outboxOf(newest.epoch, newest.seq, journal, cursor)];
  let epoch = previousEpochOf(newest.epoch, journal);
  while (epoch !== null && outboxes.length <= maxEarlierEpochs && !outboxes.some((known) => known.epoch === epoch)) {
    const last = lastSeqOf(epoch, journal);
    if (last === null) break;
    outboxes.unshift(outboxOf(epoch, last, journal, cursor));
    epoch = previousEpochOf(epoch, journal);
  }
  return outboxes;
}

export function outboxOf(epoch: number, head: number, journal: UplinkJournal, cursor: CursorStore): Outbox {
  const { upto, nowMs } = cursor.load(epoch);
  return new Outbox({ epoch, journal, head, upto, receiptMs: nowMs });
}

function previousEpochOf(epoch: number, journal: UplinkJournal): number | null {
  const genesis = journal.read(epoch, 0, 1)[0];
  if (genesis?.type !== 'GENESIS') return null;
  try {
    return decodeRow(genesis.body).payload.previousEpoch ?? null;
  } catch {
    return null;
  }
}

/** An earlier epoch no longer grows: its end is found once, by bisection over reads of one row. */
function lastSeqOf(epoch: number, journal: UplinkJournal): number | null {
  let low = journal.read(epoch, 0, 1)[0]?.seq;
  if (low === undefined) return null;
  let high = 2 ** 32;
  while (high - low > 1) {
    const middle: number = low + Math.floor((high - low) / 2);
    const found: number | undefined = journal.read(epoch, middle, 1)[0]?.seq;
    if (found === undefined) high = middle;
    else low = found;
  }
  return low;
}

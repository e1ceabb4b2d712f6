// What a gate lane's start reads back from its journal: who is inside, the lease, the pulse under way. From its
// projection, and from the rows themselves where that is lost.
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { decodeLaneMemory, type LaneMemory, laneSpace } from '../../machines/gate-lane/memory.ts';
import { type Replayed, type ReplayRow, replay } from '../../machines/gate-lane/replay.ts';
import { decodeRow } from '../../records/row.ts';
import type { JournalReader, RowPosition } from '../../store/journal.ts';

const pageRows = 500;

export function recoverLane(journal: JournalReader, logger: Logger): LaneMemory {
  const stored = journal.projections(laneSpace)[0];
  if (stored === undefined) return replayJournal(journal);
  try {
    return decodeLaneMemory(stored[1]);
  } catch (error) {
    logger.error('the lane is read from the rows instead', { code: 'JOURNAL_CORRUPT', detail: messageOf(error) });
    return replayJournal(journal);
  }
}

/** Every row that is kept, across epochs: who was inside before damage is inside after it. */
export const replayJournal = (journal: JournalReader): Replayed => replay(laneRows(journal));

/** Oldest first. */
function laneRows(journal: JournalReader): readonly ReplayRow[] {
  const pages: ReplayRow[][] = [];
  for (let before: RowPosition = afterAll; ; ) {
    const page = journal.before(before, pageRows);
    pages.unshift(page.map(({ body }) => decodeRow(body)).filter(({ type }) => !silent.has(type)));
    const [oldest] = page;
    if (!oldest || page.length < pageRows) return pages.flat();
    before = oldest;
  }
}

const afterAll: RowPosition = { epoch: Number.MAX_SAFE_INTEGER, seq: 0 };

/** Rows of which the fold makes nothing; they need not be held in memory. */
const silent: ReadonlySet<string> = new Set(['GENESIS', 'BOOT', 'CHECKPOINT', 'RECEIPT', 'LIST', 'CLOCK']);

// What a cabinet's start reads back from its journal: open orders, slots, answers. From the projections, and from
// the rows themselves where damage made those unreadable.
import { hex } from '../../core/bytes.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { CabinetLedger, LedgerRow } from '../../machines/cabinet/ledger.ts';
import { decodeLedger, ledgerSpaces } from '../../machines/cabinet/projections.ts';
import { type Replayed, replay } from '../../machines/cabinet/replay.ts';
import { decodeRow } from '../../records/row.ts';
import type { JournalReader, RowPosition } from '../../store/journal.ts';
import type { TailRow } from '../recovery.ts';

const pageRows = 500;

export function recoverLedger(journal: JournalReader, logger: Logger): CabinetLedger {
  const values = (space: string) => journal.projections(space).map(([, value]) => value);
  try {
    return decodeLedger({
      orders: values(ledgerSpaces.order),
      slots: values(ledgerSpaces.slot),
      answers: values(ledgerSpaces.answer),
    });
  } catch (error) {
    logger.error('the ledger is read from the rows instead', { code: 'JOURNAL_CORRUPT', detail: messageOf(error) });
    return replayJournal(journal).ledger;
  }
}

/** Every row that is kept, across epochs: what stood before damage still stands in its slots after it. */
export const replayJournal = (journal: JournalReader): Replayed => replay(ledgerRows(journal));

/** Oldest first. */
function ledgerRows(journal: JournalReader): readonly LedgerRow[] {
  const pages: LedgerRow[][] = [];
  for (let before: RowPosition = afterAll; ; ) {
    const page = journal.before(before, pageRows);
    pages.unshift(page.map(({ body }) => decodeRow(body)).filter(({ payload }) => ledgerActs.has(payload.act)));
    const [oldest] = page;
    if (!oldest || page.length < pageRows) return pages.flat();
    before = oldest;
  }
}

const afterAll: RowPosition = { epoch: Number.MAX_SAFE_INTEGER, seq: 0 };

/** The acts of which the fold of the ledger makes something; all other rows need not be held in memory. */
const ledgerActs: ReadonlySet<string> = new Set(['order', 'dispense', 'return', 'open', 'slot', 'claim', 'settle']);

/** Acts of other cabinets that the newest rows have written down, in hexadecimal: told again, they change nothing. */
export const settledActsOf = (tail: readonly TailRow[]): readonly string[] =>
  tail.flatMap(({ payload }) => (payload.act === 'settle' && payload.actId ? [hex(payload.actId)] : []));

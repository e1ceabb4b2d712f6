// The cabinet's ledger from the journal alone: feeds Boot where projections are lost, and proves that
// nothing is kept that no row says.
import { type Bytes, hex } from '../../core/bytes.ts';
import { type TicketUse, useAfter, useKey } from '../shared/use-ledger.ts';
import { type CabinetLedger, emptyLedger, foldRow, type LedgerRow, useTimes } from './ledger.ts';

export interface Replayed {
  readonly ledger: CabinetLedger;
  /** By projection key in hexadecimal. */
  readonly uses: ReadonlyMap<string, { readonly key: Bytes; readonly use: TicketUse }>;
}

/** `rows` of one epoch in order of seq. */
export function replay(rows: Iterable<LedgerRow>): Replayed {
  const uses = new Map<string, { key: Bytes; use: TicketUse }>();
  let ledger = emptyLedger;
  for (const row of rows) {
    const folded = foldRow(ledger, row);
    ledger = folded.ledger;
    if (folded.use === null) continue;
    const { issuer, cti, change, validUntil } = folded.use;
    const key = useKey(issuer, cti);
    const use = useAfter(uses.get(hex(key))?.use ?? null, change, useTimes(row), validUntil);
    uses.set(hex(key), { key, use });
  }
  return { ledger, uses };
}

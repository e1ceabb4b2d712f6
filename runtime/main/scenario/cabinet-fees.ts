// What the head end would ask for the loans of one cabinet's journal that ended at this cabinet.
import { monoMs } from '../../core/brand.ts';
import { hex } from '../../core/bytes.ts';
import { type LoanMark, loanDefaults, loanFee } from '../../fares/loan-fee.ts';
import type { Row } from '../../records/row.ts';
import type { KeptRow } from './memory-journal.ts';
import type { WorldSetting } from './world-format.ts';

/** The rows that say that a guide was taken. */
export const loansIn = (rows: readonly KeptRow[]): readonly Row[] =>
  rows.map(({ row }) => row).filter(({ payload }) => payload.act === 'dispense' && payload.outcome === 'taken');

/** 0 where the story names no prices. */
export function loanFeesMinor(rows: readonly KeptRow[], prices: WorldSetting['loanTerms']): number {
  if (prices === undefined) return 0;
  const terms = { ...loanDefaults, currency: 'EUR', ...prices };
  return loansIn(rows).reduce((sum, taken) => {
    const back = rows.find(
      ({ row }) => row.seq > taken.seq && row.payload.act === 'return' && row.payload.item === taken.payload.item,
    )?.row;
    if (back === undefined) return sum;
    const presumed = taken.payload.detail === 'presumed';
    const from = presumed ? intentOf(rows, taken) : taken;
    const loan = { taken: markOf(from), returned: markOf(back), presumed, attempts: [] };
    return sum + loanFee(loan, markOf(back), terms).amountMinor;
  }, 0);
}

function intentOf(rows: readonly KeptRow[], taken: Row): Row {
  const id = hex(taken.payload.actId ?? new Uint8Array());
  const intent = rows.find(({ type, row }) => type === 'INTENT' && hex(row.payload.actId ?? new Uint8Array()) === id);
  return intent?.row ?? taken;
}

const markOf = (row: Row): LoanMark => ({
  bootId: row.bootId,
  monoMs: monoMs(row.payload.contactMonoMs ?? row.tMonoMs),
  wallMs: row.tWallMs,
  clock: row.clock,
  rebuilt: null,
});

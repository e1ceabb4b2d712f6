// The true time of rows that were written without a clock: a row of the same boot whose clock was SYNCED dates them by
// the monotonic time between, and a SYNCED row before them bounds what nothing dates. The rows themselves stay as they
// came.
import { hex } from '../../runtime/core/bytes.ts';
import { decodeRow, type Row } from '../../runtime/records/row.ts';
import type { Anchor } from './loans/mark.ts';
import type { IngestStore, LedgerRow } from './store/ingest-store.ts';

/** `rowsEachWay`: how far from a row its date is looked for. */
export const datingLimits = { rowsPerRead: 250, rowsEachWay: 2_000 } as const;

export interface RowDate {
  /** A SYNCED row of the same boot; null while none is stored. */
  readonly anchor: Anchor | null;
  /** Newest time that the same journal had written while SYNCED, before this row; null for none. */
  readonly afterMs: number | null;
}

const undated: RowDate = { anchor: null, afterMs: null };

export class RowDates {
  readonly #store: Pick<IngestStore, 'read'>;
  /** Rows of one boot have one date: kept for one pass, because the next may know more. */
  readonly #byBoot = new Map<string, RowDate>();

  constructor(store: Pick<IngestStore, 'read'>) {
    this.#store = store;
  }

  async of(row: Row): Promise<RowDate> {
    if (row.clock.state !== 'UNTRUSTED') return undated;
    const boot = bootOf(row);
    const known = this.#byBoot.get(boot);
    if (known !== undefined) return known;
    const before = await this.#syncedBefore(row);
    const sameBoot = before !== null && isSameBoot(before, row);
    const anchor = sameBoot ? before : await this.#syncedAfter(row);
    const date = { anchor: anchor === null ? null : anchorOf(anchor), afterMs: before?.tWallMs ?? null };
    this.#byBoot.set(boot, date);
    return date;
  }

  /** What a boot wrote without a clock before it was told the time: newest first. */
  async writtenBefore(told: Row): Promise<readonly { readonly stored: LedgerRow; readonly row: Row }[]> {
    const before = await this.#syncedBefore(told);
    this.#byBoot.set(bootOf(told), { anchor: anchorOf(told), afterMs: before?.tWallMs ?? null });
    const found: { stored: LedgerRow; row: Row }[] = [];
    for await (const { stored, row } of this.#backwards(told)) {
      if (!isSameBoot(row, told)) break;
      if (row.clock.state === 'UNTRUSTED') found.push({ stored, row });
    }
    return found;
  }

  async #syncedBefore(row: Row): Promise<Row | null> {
    for await (const earlier of this.#backwards(row)) if (earlier.row.clock.state === 'SYNCED') return earlier.row;
    return null;
  }

  async #syncedAfter(row: Row): Promise<Row | null> {
    const { rowsPerRead, rowsEachWay } = datingLimits;
    for (let from = row.seq + 1; from <= row.seq + rowsEachWay; from += rowsPerRead) {
      const page = await this.#store.read(row.terminal, row.epoch, from, rowsPerRead);
      for (const { row: later } of readable(page)) {
        if (!isSameBoot(later, row)) return null;
        if (later.clock.state === 'SYNCED') return later;
      }
      if (page.length < rowsPerRead) return null;
    }
    return null;
  }

  async *#backwards(row: Row): AsyncGenerator<{ readonly stored: LedgerRow; readonly row: Row }> {
    const { rowsPerRead, rowsEachWay } = datingLimits;
    const end = Math.max(0, row.seq - rowsEachWay);
    for (let to: number = row.seq; to > end; to -= rowsPerRead) {
      const from = Math.max(end, to - rowsPerRead);
      const page = await this.#store.read(row.terminal, row.epoch, from, to - from);
      yield* readable(page.filter(({ seq }) => seq < to)).reverse();
    }
  }
}

const bootOf = ({ terminal, epoch, bootId }: Row): string => `${terminal}/${epoch}/${hex(bootId)}`;

const isSameBoot = (a: Row, b: Row): boolean => hex(a.bootId) === hex(b.bootId);

const anchorOf = ({ tMonoMs, tWallMs, clock }: Row): Anchor => ({
  monoMs: tMonoMs,
  wallMs: tWallMs,
  uncertaintyMs: clock.uncertaintyMs,
});

/** A row that was stored without being understood dates nothing. */
function readable(page: readonly LedgerRow[]): { readonly stored: LedgerRow; readonly row: Row }[] {
  return page.flatMap((stored) => {
    try {
      return [{ stored, row: decodeRow(stored.body) }];
    } catch {
      return [];
    }
  });
}

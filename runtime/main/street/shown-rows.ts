// Rows of journals and ledger as the page shows them. A journal is read again only where it grew.
import type { StreetRow } from '../../../simulators/street/street-row.ts';
import type { LedgerLine } from '../../../sync/headend/store/read-ledger.ts';
import { decodeRow } from '../../records/row.ts';
import type { JournalSight } from './journal-sight.ts';

export const shownRows = 12;

export function rowShown(terminal: string, ref: string, body: Uint8Array): StreetRow {
  const { seq, type, tWallMs, payload } = decodeRow(body);
  const fare =
    payload.fareMinor === undefined ? '' : `${(payload.fareMinor / 100).toFixed(2)} ${payload.currency ?? ''}`.trim();
  const reason = payload.outcome ?? payload.incident ?? payload.reason ?? '';
  return { terminal, seq, ref, type, act: payload.act, reason, at: new Date(tWallMs).toISOString(), fare };
}

export const lineShown = ({ terminal, ref, body, verdict }: LedgerLine): StreetRow => ({
  ...rowShown(terminal, ref, new Uint8Array(body)),
  verdict: verdict ?? 'checking',
});

/** Keys of journal rows that are not among those that arrived; bookkeeping goes up with the next row and waits for nothing. */
export function waitingOf(journal: readonly StreetRow[], arrived: readonly LedgerLine[]): readonly string[] {
  const there = new Set(arrived.map(keyOf));
  return journal
    .filter((row) => row.type !== 'CHECKPOINT' && row.type !== 'RECEIPT' && !there.has(keyOf(row)))
    .map(keyOf);
}

const keyOf = ({ terminal, ref, seq }: Pick<StreetRow, 'terminal' | 'ref' | 'seq'>): string =>
  `${terminal}/${ref}/${seq}`;

interface Source {
  readonly id: string;
  readonly sight: JournalSight;
}

/** The newest rows of several journals in one list, newest first. */
export class JournalsShown {
  readonly #sources: readonly Source[];
  readonly #known = new Map<string, { readonly newest: string; readonly rows: readonly StreetRow[] }>();

  constructor(sources: readonly Source[]) {
    this.#sources = sources;
  }

  rows(limit: number): readonly StreetRow[] {
    const all = this.#sources.flatMap((source) => this.#rowsOf(source));
    return all.sort((one, other) => Date.parse(other.at) - Date.parse(one.at) || other.seq - one.seq).slice(0, limit);
  }

  #rowsOf({ id, sight }: Source): readonly StreetRow[] {
    const [last] = sight.newest(1);
    const known = this.#known.get(id);
    if (!last || known?.newest === last.ref) return known?.rows ?? [];
    const rows = sight.newest(shownRows).map(({ ref, body }) => rowShown(id, ref, body));
    this.#known.set(id, { newest: last.ref, rows });
    return rows;
  }
}

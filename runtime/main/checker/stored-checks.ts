// Checks over what is stored: each epoch of the journal is one unbroken chain, and the head end holds
// the same rows, the same bytes, once.
import { placeOf } from './findings.ts';
import type { HeadEndRow, StoredRow } from './stored-rows.ts';
import type { Tour } from './tour.ts';
import { hashOf, zeroHash } from './tour-row.ts';
import { judge, type TourCheck } from './verdict.ts';

export function checkDatabases(tour: Tour): TourCheck {
  const databases = tour.journals.size + (tour.museum === null ? 1 : 2);
  return judge('databases-sound', databases, tour.damage, `${databases} databases pass the integrity check`);
}

/** Of every terminal, epoch by epoch. */
export function checkChain(tour: Tour): TourCheck {
  const faults: string[] = [];
  let epochs = 0;
  let examined = 0;
  for (const [terminal, rows] of tour.journals) {
    let before: StoredRow | null = null;
    if (rows.length === 0 && tour.journals.size > 1) faults.push(`${terminal} has no rows`);
    for (const row of rows) {
      const previous: StoredRow | null = before?.epoch === row.epoch ? before : null;
      if (previous === null) epochs++;
      const fault = linkFault(row, previous, terminal);
      if (fault) faults.push(`${terminal} ${placeOf(row)}: ${fault}`);
      before = row;
      examined++;
    }
  }
  return judge('chain-whole', examined, faults, `${examined} rows in ${epochs} epoch(s), every hash recomputed`);
}

function linkFault(row: StoredRow, previous: StoredRow | null, terminal: string): string | null {
  if (hashOf(row.body) !== row.hash) return 'the bytes do not have the stored hash';
  const { facts } = row;
  if (facts === null) return 'the body is not a row';
  if (facts.terminal !== terminal) return `the body names terminal ${facts.terminal}`;
  if (facts.epoch !== row.epoch || facts.seq !== row.seq) return 'the body names another place';
  if (facts.type !== row.type || facts.day !== row.day) return 'the columns differ from the body';
  const expected = previous === null ? 0 : previous.seq + 1;
  if (row.seq !== expected) return `expected seq ${expected}`;
  if (facts.prev !== (previous?.hash ?? zeroHash)) return 'prev is not the hash of the row before';
  if ((facts.type === 'GENESIS') !== (row.seq === 0)) return 'GENESIS stands at seq 0 and nowhere else';
  return null;
}

/** Rows written at shutdown, after which nothing may follow that would have sent them. */
const tailTypes: ReadonlySet<string> = new Set(['CHECKPOINT', 'RECEIPT']);

/** Committed = stored = distinct, but for CHECKPOINT and RECEIPT rows at the very end of each newest epoch. */
export function checkDelivery(tour: Tour): TourCheck {
  const stored = byPlace(tour.headEnd);
  const faults = [...storedFaults(tour, stored)];
  const tails: string[] = [];
  let committed = 0;
  for (const [terminal, rows] of tour.journals) {
    const tail = unsentTail(terminal, rows, stored);
    committed += rows.length;
    for (const row of rows) {
      if (!tail.has(row) && !stored.has(key({ ...row, terminal })))
        faults.push(`${terminal} ${placeOf(row)} ${row.type} is not at the head end`);
    }
    const whose = tour.journals.size === 1 ? '' : `${terminal} `;
    tails.push(...[...tail].map((row) => `${whose}${row.type} seq ${row.seq}`));
  }
  const summary = `committed ${committed}, stored ${tour.headEnd.length}, distinct ${stored.size}; unsent at the tail: ${tails.join(', ') || 'none'}`;
  return judge('journal-head-end-equal', tour.headEnd.length, faults, summary);
}

function* storedFaults(tour: Tour, stored: ReadonlyMap<string, readonly HeadEndRow[]>): Iterable<string> {
  const committed = new Map(
    [...tour.journals].flatMap(([terminal, rows]) => rows.map((row) => [key({ ...row, terminal }), row] as const)),
  );
  for (const [place, rows] of stored) {
    if (rows.length > 1) yield `${place} is stored ${rows.length} times: days ${rows.map((row) => row.day).join(', ')}`;
    const own = committed.get(place);
    if (own === undefined) yield `${place} is at the head end and not in the journal`;
    else for (const row of rows) if (!sameRow(own, row)) yield `${place} differs between journal and head end`;
  }
}

function sameRow(own: StoredRow, stored: HeadEndRow): boolean {
  const { facts } = own;
  const extracted =
    facts === null || ((stored.act ?? '') === facts.act && (stored.reason ?? '') === (facts.reason ?? ''));
  const columns = own.ref === stored.ref && own.type === stored.type && own.day === stored.day;
  return Buffer.compare(own.body, stored.body) === 0 && own.hash === stored.hash && columns && extracted;
}

function byPlace(rows: readonly HeadEndRow[]): ReadonlyMap<string, readonly HeadEndRow[]> {
  const places = new Map<string, HeadEndRow[]>();
  for (const row of rows) {
    const same = places.get(key(row));
    if (same) same.push(row);
    else places.set(key(row), [row]);
  }
  return places;
}

function unsentTail(
  terminal: string,
  rows: readonly StoredRow[],
  stored: ReadonlyMap<string, unknown>,
): ReadonlySet<StoredRow> {
  const tail = new Set<StoredRow>();
  for (const row of rows.toReversed()) {
    if (!tailTypes.has(row.type) || stored.has(key({ ...row, terminal }))) break;
    tail.add(row);
  }
  return tail;
}

const key = (row: Pick<HeadEndRow, 'terminal' | 'epoch' | 'seq'>): string =>
  `${row.terminal} epoch ${row.epoch} seq ${row.seq}`;

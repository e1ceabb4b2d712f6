// State as a fold of rows: what the journal alone says of used tickets, of who is inside, of the lease and of
// the pulse that was under way. Feeds Boot, and rebuilds the projections where they are lost.
import { type MonoMs, type UnixSeconds, unixSeconds, type WallMs } from '../../core/brand.ts';
import { type Bytes, hex } from '../../core/bytes.ts';
import type { Payload } from '../../records/payload.ts';
import type { RowType } from '../../records/row-types.ts';
import { type TicketUse, type UseChange, type UseTimes, useAfter, useKey } from '../shared/use-ledger.ts';
import { gateLaneBounds } from './config.ts';
import type { Direction } from './effects.ts';
import type { TicketRef } from './ticket.ts';

/** The part of a journal row that replaying needs; a decoded Row fits. */
export interface ReplayRow {
  readonly bootId: Bytes;
  readonly tMonoMs: MonoMs;
  readonly tWallMs: WallMs;
  readonly type: RowType;
  readonly payload: Payload;
}

/** An INTENT that no OUTCOME followed. */
export interface OpenAct {
  readonly direction: Direction;
  readonly tx: Bytes;
  readonly actId: Bytes;
  /** Of the INTENT's own event. */
  readonly txSeq: number;
  readonly ticket: TicketRef | null;
  readonly rest: number;
  readonly lease: Bytes | null;
  readonly unclaimed: boolean;
  readonly staff: Bytes | null;
  readonly cause: string | null;
}

export interface Replayed {
  /** By projection key in hexadecimal. */
  readonly uses: ReadonlyMap<string, { readonly issuer: string; readonly cti: Bytes; readonly use: TicketUse }>;
  readonly occupancy: number;
  readonly lease: { readonly id: Bytes; readonly left: number; readonly expiresAt: UnixSeconds } | null;
  readonly entry: OpenAct | null;
  readonly exit: OpenAct | null;
  readonly stopped: boolean;
  /** A fire was seen, and no staff have opened the lane again. */
  readonly emergency: boolean;
  readonly settled: readonly string[];
  readonly commands: readonly string[];
}

/** `rows` of one epoch in order of seq. */
export function replay(rows: Iterable<ReplayRow>): Replayed {
  const uses = new Map<string, { issuer: string; cti: Bytes; use: TicketUse }>();
  let folded: Omit<Replayed, 'uses'> = nothingReplayed;
  for (const row of rows) {
    rememberUse(uses, row);
    folded = foldRow(folded, row);
  }
  return { uses, ...folded };
}

export const nothingReplayed: Omit<Replayed, 'uses'> = {
  occupancy: 0,
  lease: null,
  entry: null,
  exit: null,
  stopped: false,
  emergency: false,
  settled: [],
  commands: [],
};

/** What a row does to the use ledger, and of which ticket; null for most rows. */
export function useChangeOf(type: RowType, payload: Payload): UseChange | null {
  const { act, outcome, tx = new Uint8Array(0) } = payload;
  if (act === 'claim') return { kind: 'held', tx, by: payload.detail ?? '' };
  if (act === 'admit' && type === 'INTENT') return { kind: 'held', tx, by: null };
  if (type !== 'OUTCOME') return null;
  if (payload.direction === 'exit') return outcome === 'passed' ? { kind: 'left' } : null;
  if (act !== 'admit' && act !== 'settle' && act !== 'correction') return null;
  if (outcome === 'passed') return { kind: 'entered', tx, more: goesOn(payload) };
  return outcome === 'in_doubt' ? { kind: 'doubted', tx } : { kind: 'released', tx };
}

/** A group's transaction goes on until it says that it has ended; of another lane's, only its word is known. */
const goesOn = ({ act, events, rest }: Payload): boolean =>
  act === 'settle' ? (rest ?? 0) > 0 : act === 'admit' && events?.some(([, event]) => event === 'Ended') !== true;

const timesOf = (row: ReplayRow): UseTimes => ({
  bootId: row.bootId,
  monoMs: row.tMonoMs,
  wallMs: row.tWallMs,
});

function rememberUse(uses: Map<string, { issuer: string; cti: Bytes; use: TicketUse }>, row: ReplayRow): void {
  const { issuer, cti, validUntil } = row.payload;
  if (issuer === undefined || cti === undefined) return;
  const change = useChangeOf(row.type, row.payload);
  if (change === null) return;
  const key = hex(useKey(issuer, cti));
  const use = useAfter(uses.get(key)?.use ?? null, change, timesOf(row), validUntil ?? null);
  uses.set(key, { issuer, cti, use });
}

/** What one row changes, the use of tickets aside. */
export function foldRow(
  before: Omit<Replayed, 'uses'>,
  { type, payload }: Pick<ReplayRow, 'type' | 'payload'>,
): Omit<Replayed, 'uses'> {
  return {
    occupancy: payload.occupancy ?? before.occupancy,
    lease: leaseAfter(before.lease, payload),
    entry: openAfter(before.entry, 'entry', type, payload),
    exit: openAfter(before.exit, 'exit', type, payload),
    stopped: payload.act === 'hold' ? true : payload.act === 'resume' ? false : before.stopped,
    emergency: payload.incident === 'fire' ? true : payload.act === 'fireCleared' ? false : before.emergency,
    settled:
      payload.act === 'settle' && payload.actId !== undefined
        ? [...before.settled, hex(payload.actId)].slice(-gateLaneBounds.settledActs)
        : before.settled,
    commands:
      payload.commandId === undefined
        ? before.commands
        : [...before.commands, hex(payload.commandId)].slice(-gateLaneBounds.commands),
  };
}

/** A row names the lease it drew on; what is left of another one does not concern the newest. */
function leaseAfter(before: Replayed['lease'], payload: Payload): Replayed['lease'] {
  const { lease, leaseLeft, validUntil } = payload;
  if (lease === undefined || leaseLeft === undefined) return before;
  if (payload.act === 'lease') return { id: lease, left: leaseLeft, expiresAt: unixSeconds(validUntil ?? 0) };
  return before !== null && hex(before.id) === hex(lease) ? { ...before, left: leaseLeft } : before;
}

function openAfter(before: OpenAct | null, direction: Direction, type: RowType, payload: Payload): OpenAct | null {
  if (payload.direction !== direction || payload.actId === undefined || payload.tx === undefined) return before;
  if (type === 'OUTCOME') return before !== null && hex(before.actId) === hex(payload.actId) ? null : before;
  if (type !== 'INTENT') return before;
  const { issuer, cti, product, count, validUntil } = payload;
  const known = issuer !== undefined && cti !== undefined;
  return {
    direction,
    tx: payload.tx,
    actId: payload.actId,
    txSeq: payload.events?.[0]?.[2] ?? 0,
    ticket: known
      ? { issuer, cti, product: product ?? null, uses: count ?? 1, validUntil: unixSeconds(validUntil ?? 0) }
      : null,
    rest: payload.rest ?? 1,
    lease: payload.lease ?? null,
    unclaimed: payload.unclaimed ?? false,
    staff: payload.staff ?? null,
    cause: payload.cause ?? null,
  };
}

// State as a fold of rows: what the journal alone says of open trip, accounts and the ride whose cue may
// be missing. Feeds Boot, and rebuilds the projections where they are lost.
import type { MonoMs, WallMs } from '../../core/brand.ts';
import { type Bytes, hex } from '../../core/bytes.ts';
import type { ClockState } from '../../core/trusted-time.ts';
import type { Payload } from '../../records/payload.ts';
import type { RowType } from '../../records/row-types.ts';
import { type AccountMemory, accountId, accountKey, rememberRide } from './account-memory.ts';
import type { ValidatorConfig } from './config.ts';
import type { RideMark } from './state.ts';
import type { Trip } from './trip.ts';

/** The part of a journal row that replaying needs; a decoded Row with its reference fits. */
export interface ReplayRow {
  readonly seq: number;
  readonly ref: string;
  readonly bootId: Bytes;
  readonly tMonoMs: MonoMs;
  readonly tWallMs: WallMs;
  readonly clock: { readonly state: ClockState };
  readonly type: RowType;
  readonly payload: Payload;
}

export interface Replayed {
  readonly trip: Trip | null;
  /** By projection key in hexadecimal. */
  readonly accounts: ReadonlyMap<string, { readonly key: Bytes; readonly memory: AccountMemory }>;
  /** Newest ride of the open trip that no later row marks as signalled. */
  readonly unsignalled: RideMark | null;
}

/** `rows` of one epoch in order of seq. For `unsignalled` alone, the rows since the trip started are enough. */
export function replay(rows: Iterable<ReplayRow>, config: ValidatorConfig): Replayed {
  const accounts = new Map<string, { key: Bytes; memory: AccountMemory }>();
  let trip: Trip | null = null;
  let unsignalled: RideMark | null = null;
  for (const row of rows) {
    const { payload } = row;
    if (payload.signalled !== undefined && unsignalled?.seq != null && payload.signalled >= unsignalled.seq)
      unsignalled = null;
    if (payload.act === 'trip') {
      trip = tripAfter(trip, row);
      unsignalled = null;
    } else if (payload.act === 'ride') {
      rememberRow(accounts, row, config);
      unsignalled = markOf(row);
    }
  }
  return { trip, accounts, unsignalled };
}

function rememberRow(
  accounts: Map<string, { key: Bytes; memory: AccountMemory }>,
  row: ReplayRow,
  config: ValidatorConfig,
): void {
  const { issuer, account } = row.payload;
  if (issuer === undefined || account === undefined) return;
  const key = accountKey(issuer, account);
  const before = accounts.get(hex(key))?.memory ?? null;
  const times = { bootId: row.bootId, monoMs: row.tMonoMs, wallMs: row.tWallMs, clockState: row.clock.state };
  accounts.set(hex(key), { key, memory: rememberRide(before, row.payload, times, config) });
}

function tripAfter(open: Trip | null, row: ReplayRow): Trip | null {
  const { events, tx, line, direction, fareVersion } = row.payload;
  const event = events?.[0]?.[1];
  if (event === 'Ended') return null;
  if (event !== 'Started' || tx === undefined) return open;
  return {
    tx,
    line: line ?? '',
    direction: direction ?? '',
    fareVersion: fareVersion ?? null,
    openedWallMs: row.tWallMs,
  };
}

function markOf(row: ReplayRow): RideMark | null {
  const { tx, issuer, account, digest, fareMinor, currency } = row.payload;
  if (tx === undefined || issuer === undefined || account === undefined || digest === undefined) return null;
  return {
    tx,
    account: accountId(issuer, account),
    digest,
    fare: fareMinor === undefined || currency === undefined ? null : { amountMinor: fareMinor, currency },
    seq: row.seq,
    ref: row.ref,
    atMonoMs: row.tMonoMs,
  };
}

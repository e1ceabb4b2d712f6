// What the journal says of a cabinet: open orders, slots, and the answers given to commands. A fold of
// rows; the machine itself changes these only by writing a row, so replaying can give nothing else.
import { type MonoMs, monoMs, type WallMs } from '../../core/brand.ts';
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import type { Ending, Payload } from '../../records/payload.ts';
import type { UseChange, UseTimes } from '../shared/use-ledger.ts';
import { cabinetBounds } from './config.ts';
import type { Answer, Order } from './order.ts';
import { emptySlot, type LockCause, lockCauses, type Slot, type SlotKind, slotKinds } from './slot.ts';

export interface CabinetLedger {
  /** By transaction id in hexadecimal, oldest first. */
  readonly orders: ReadonlyMap<string, Order>;
  readonly slots: ReadonlyMap<number, Slot>;
  /** By order id in hexadecimal. */
  readonly answers: ReadonlyMap<string, Answer>;
}

/** The part of a journal row that the fold needs; a decoded Row fits. */
export interface LedgerRow {
  readonly bootId: Bytes;
  readonly tMonoMs: MonoMs;
  readonly tWallMs: WallMs;
  readonly payload: Payload;
}

/** What a row does to the use of its code. */
export interface CodeChange {
  readonly issuer: string;
  readonly cti: Bytes;
  readonly change: UseChange;
  readonly validUntil: number;
}

export interface Folded {
  readonly ledger: CabinetLedger;
  readonly use: CodeChange | null;
}

export const emptyLedger: CabinetLedger = { orders: new Map(), slots: new Map(), answers: new Map() };

export const slotOf = (ledger: CabinetLedger, slot: number): Slot => ledger.slots.get(slot) ?? emptySlot(slot);

/**
 * Whose a reserved slot is. An order that lost its guide still names its slot until its turn comes; the slot may
 * meanwhile have been reserved anew, and belongs to whoever came last.
 */
export const ownerOf = (ledger: CabinetLedger, slot: number): Order | null =>
  [...ledger.orders.values()].findLast((order) => order.slot === slot && order.phase !== 'IN_DOUBT') ?? null;

/** Rows that say nothing of orders and slots change nothing. */
export function foldRow(ledger: CabinetLedger, row: LedgerRow): Folded {
  switch (row.payload.act) {
    case 'order':
    case 'dispense':
      return foldOrder(ledger, row);
    case 'return':
      return { ledger: foldReturn(ledger, row), use: null };
    case 'open':
      return { ledger: foldOpening(ledger, row), use: null };
    case 'slot':
      return { ledger: foldSlot(ledger, row), use: null };
    case 'claim':
    case 'settle':
      return { ledger, use: foldClaim(row) };
    default:
      return { ledger, use: null };
  }
}

export const useTimes = (row: LedgerRow): UseTimes => ({
  bootId: row.bootId,
  monoMs: row.tMonoMs,
  wallMs: row.tWallMs,
});

function foldOrder(ledger: CabinetLedger, row: LedgerRow): Folded {
  const { payload } = row;
  const before = ledger.orders.get(hex(payload.tx ?? new Uint8Array()));
  const ending = endingOf(payload);
  if (before === undefined) {
    if (payload.act !== 'order') return { ledger, use: null };
    return { ledger: begun(ledger, row, ending), use: ending === null ? held(payload) : null };
  }
  if (ending !== null) return { ledger: ended(ledger, before, row, ending), use: letGo(before, ending) };
  const order = orderAfter(before, payload);
  const moved = order.slot === before.slot ? ledger : released(ledger, before, row, false);
  return {
    ledger: {
      ...reserved(moved, order, row),
      orders: new Map(ledger.orders).set(hex(order.tx), order),
    },
    use: null,
  };
}

/** An order that ends where it starts was refused: only its answer is kept. */
function begun(ledger: CabinetLedger, row: LedgerRow, ending: Ending | null): CabinetLedger {
  const { tx, slot, item, order: orderId, commandId, language } = row.payload;
  if (tx === undefined) return ledger;
  const answered = answer(ledger, row, { tx, order: orderId ?? null, commandId: commandId ?? null }, ending);
  if (ending !== null || slot === undefined || item === undefined) return answered;
  const order: Order = {
    tx,
    order: orderId ?? null,
    commandId: commandId ?? null,
    use: useOf(row.payload),
    language: language ?? null,
    phase: 'RESERVED',
    slot,
    item,
    actId: null,
    tries: 0,
    tried: [],
    nextTxSeq: 1,
  };
  return { ...reserved(answered, order, row), orders: new Map(ledger.orders).set(hex(tx), order) };
}

function useOf({ issuer, cti, count, validUntil }: Payload): Order['use'] {
  if (issuer === undefined || cti === undefined) return null;
  return { issuer, cti, uses: count ?? 1, validUntil: validUntil ?? 0 };
}

/** INTENT and OUTCOME rows that do not end the order. */
function orderAfter(order: Order, payload: Payload): Order {
  const next = { ...order, nextTxSeq: order.nextTxSeq + (payload.events?.length ?? 0) };
  switch (payload.outcome) {
    case undefined: {
      if (payload.actId === undefined) return next;
      const slot = payload.slot ?? order.slot;
      return {
        ...next,
        phase: 'DISPENSING',
        actId: payload.actId,
        slot,
        item: payload.item ?? order.item,
        tries: order.tried.includes(slot) && slot === order.slot ? order.tries + 1 : 1,
        tried: order.tried.includes(slot) ? order.tried : [...order.tried, slot],
      };
    }
    case 'failed':
      return { ...next, phase: 'RETRYING', actId: null };
    case 'not_taken':
      // The latch closed on the item again while the visitor still may have it: no attempt of a jam.
      return { ...next, phase: 'PRESENTED', actId: null, tries: 0 };
    case 'in_doubt':
      return { ...next, phase: 'IN_DOUBT', actId: null };
    default:
      return next;
  }
}

function ended(ledger: CabinetLedger, order: Order, row: LedgerRow, ending: Ending): CabinetLedger {
  const orders = new Map(ledger.orders);
  orders.delete(hex(order.tx));
  const free = released(ledger, order, row, ending === 'done');
  return answer({ ...free, orders }, row, order, ending);
}

function released(ledger: CabinetLedger, order: Order, row: LedgerRow, taken: boolean): CabinetLedger {
  const slot = slotOf(ledger, order.slot);
  if (slot.kind !== 'RESERVED' || ownerOf(ledger, order.slot)?.tx !== order.tx) return ledger;
  const after = taken ? ({ kind: 'EMPTY', item: null } as const) : ({ kind: 'AVAILABLE' } as const);
  return withSlot(ledger, { ...slot, ...after, sinceWallMs: row.tWallMs });
}

function reserved(ledger: CabinetLedger, order: Order, row: LedgerRow): CabinetLedger {
  const slot = slotOf(ledger, order.slot);
  if (slot.kind !== 'AVAILABLE') return ledger;
  return withSlot(ledger, { ...slot, kind: 'RESERVED', item: order.item, sinceWallMs: row.tWallMs });
}

/** Only commands are answered; the oldest answer makes room. */
function answer(
  ledger: CabinetLedger,
  row: LedgerRow,
  order: Pick<Order, 'tx' | 'order' | 'commandId'>,
  ending: Ending | null,
): CabinetLedger {
  if (order.order === null) return ledger;
  const { reason, slot, item } = row.payload;
  const answers = new Map(ledger.answers).set(hex(order.order), {
    order: order.order,
    commandId: order.commandId ?? new Uint8Array(),
    tx: order.tx,
    reason: reason ?? 'OK',
    ending,
    slot: slot ?? null,
    item: item ?? null,
    atWallMs: row.tWallMs,
  });
  while (answers.size > cabinetBounds.answers) answers.delete(oldest(answers));
  return { ...ledger, answers };
}

/** The same whatever order the map was filled in: projections come back in the order of their keys. */
function oldest(answers: ReadonlyMap<string, Answer>): string {
  const before = ([keyA, a]: [string, Answer], [keyB, b]: [string, Answer]): boolean =>
    a.atWallMs < b.atWallMs || (a.atWallMs === b.atWallMs && keyA < keyB);
  return [...answers].reduce((first, other) => (before(other, first) ? other : first))[0];
}

function foldReturn(ledger: CabinetLedger, row: LedgerRow): CabinetLedger {
  const { payload } = row;
  // A return by the scan of a person names no slot: nothing stands in one.
  if (payload.slot === undefined || payload.tx === undefined) return ledger;
  const slot = slotOf(ledger, payload.slot);
  const sinceWallMs = row.tWallMs;
  const open = slot.returned !== null && equal(slot.returned.tx, payload.tx) ? slot.returned : null;
  if (open === null) {
    if (payload.events?.[0]?.[1] !== 'Started') return ledger;
    const contactMonoMs = monoMs(payload.contactMonoMs ?? row.tMonoMs);
    const returned = { tx: payload.tx, bootId: row.bootId, contactMonoMs, nextTxSeq: 1, unseen: false };
    return withSlot(ledger, { ...slot, kind: 'RETURN_UNSEEN', cause: null, item: null, returned, sinceWallMs });
  }
  const ending = endingOf(payload);
  if (ending === null) {
    const unseen = open.unseen || payload.incident === 'return_unseen';
    return withSlot(ledger, { ...slot, returned: { ...open, unseen, nextTxSeq: open.nextTxSeq + 1 } });
  }
  const kept = ending === 'unfinished' ? ({ kind: 'EMPTY', item: null } as const) : keptItem(payload);
  return withSlot(ledger, { ...slot, ...kept, cause: null, returned: null, sinceWallMs });
}

const keptItem = ({ item }: Payload): Pick<Slot, 'kind' | 'item'> => ({
  kind: 'OCCUPIED_CHARGING',
  item: item ?? null,
});

function foldOpening(ledger: CabinetLedger, { payload }: LedgerRow): CabinetLedger {
  if (payload.slot === undefined) return ledger;
  const opening = payload.outcome === undefined ? (payload.actId ?? null) : null;
  return withSlot(ledger, { ...slotOf(ledger, payload.slot), opening });
}

/** The row says what the slot is from now on; an item that is not named is not in it. */
function foldSlot(ledger: CabinetLedger, { payload, tWallMs }: LedgerRow): CabinetLedger {
  const kind = slotKinds.find((known) => known === payload.detail);
  if (payload.slot === undefined || kind === undefined) return ledger;
  const slot = slotOf(ledger, payload.slot);
  const cause = lockCauses.find((known) => known === payload.cause) ?? null;
  const item = kind === 'EMPTY' ? null : (payload.item ?? null);
  return withSlot(ledger, { ...slot, ...slotAfter(slot, kind, cause), item, sinceWallMs: tWallMs });
}

/** A return that has begun survives custody, and nothing else. */
const slotAfter = (slot: Slot, kind: SlotKind, cause: LockCause | null): Pick<Slot, 'kind' | 'cause' | 'returned'> => ({
  kind,
  cause: kind === 'LOCKED' ? cause : null,
  returned: kind === 'LOCKED' || kind === 'RETURN_UNSEEN' ? slot.returned : null,
});

const withSlot = (ledger: CabinetLedger, slot: Slot): CabinetLedger => ({
  ...ledger,
  slots: new Map(ledger.slots).set(slot.slot, slot),
});

const endingOf = (payload: Payload): Ending | null => {
  const last = payload.events?.at(-1);
  return last?.[1] === 'Ended' ? last[3] : null;
};

/** While an order is in doubt its code stays held: it is settled with the order. */
function held(payload: Payload): CodeChange | null {
  const use = useOf(payload);
  if (use === null || payload.tx === undefined) return null;
  return { ...use, change: { kind: 'held', tx: payload.tx, by: null } };
}

const letGo = ({ use, tx }: Order, ending: Ending): CodeChange | null =>
  use === null ? null : { ...use, change: settled(tx, ending === 'done') };

/** Claims of other cabinets of the site, for which this one is the home. */
function foldClaim({ payload }: LedgerRow): CodeChange | null {
  const { issuer, cti, tx, validUntil, detail, outcome } = payload;
  if (issuer === undefined || cti === undefined || tx === undefined) return null;
  const change: UseChange =
    payload.act === 'claim' ? { kind: 'held', tx, by: detail ?? '' } : settled(tx, outcome === 'taken');
  return { issuer, cti, change, validUntil: validUntil ?? 0 };
}

const settled = (tx: Bytes, used: boolean): UseChange =>
  used ? { kind: 'entered', tx, more: false } : { kind: 'released', tx };

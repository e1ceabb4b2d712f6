// The ledger as projections: one entry per open order, per slot and per answer, written in the commit of
// the rows they follow from, so that a start need not read the whole journal.
import { monoMs, wallMs } from '../../core/brand.ts';
import { type Bytes, hex } from '../../core/bytes.ts';
import { type CborInput, type CborValue, decodeCbor, encodeCbor, isBytes, recordProfile } from '../../core/cbor.ts';
import { StileError } from '../../core/errors.ts';
import type { Ending } from '../../records/payload.ts';
import { reasonCodes } from '../../records/reasons.ts';
import type { ProjectionDraft } from '../shared/effects.ts';
import type { CabinetLedger } from './ledger.ts';
import { type Answer, type Order, type OrderUse, orderPhases } from './order.ts';
import { lockCauses, type OpenReturn, type Slot, slotKinds } from './slot.ts';

export const ledgerSpaces = { order: 'cabinet-order', slot: 'cabinet-slot', answer: 'cabinet-answer' } as const;

/** What changed between two ledgers, entry by entry. */
export function ledgerProjections(before: CabinetLedger, after: CabinetLedger): readonly ProjectionDraft[] {
  return [
    ...changes(ledgerSpaces.order, before.orders, after.orders, (order) => order.tx, encodeOrder),
    ...changes(ledgerSpaces.slot, before.slots, after.slots, (slot) => encodeCbor(slot.slot), encodeSlot),
    ...changes(ledgerSpaces.answer, before.answers, after.answers, (answer) => answer.order, encodeAnswer),
  ];
}

/** Values of the three spaces, in any order. @throws StileError CBOR_MALFORMED for bytes not written here. */
export function decodeLedger(values: {
  readonly orders: Iterable<Bytes>;
  readonly slots: Iterable<Bytes>;
  readonly answers: Iterable<Bytes>;
}): CabinetLedger {
  const orders = [...values.orders].map(decodeOrder);
  const slots = [...values.slots].map(decodeSlot);
  const answers = [...values.answers].map(decodeAnswer);
  return {
    orders: new Map(orders.map((order) => [hex(order.tx), order])),
    slots: new Map(slots.map((slot) => [slot.slot, slot])),
    answers: new Map(answers.map((answer) => [hex(answer.order), answer])),
  };
}

function changes<Key, Value>(
  space: string,
  before: ReadonlyMap<Key, Value>,
  after: ReadonlyMap<Key, Value>,
  keyOf: (value: Value) => Bytes,
  encode: (value: Value) => Bytes,
): readonly ProjectionDraft[] {
  if (before === after) return [];
  const written = [...after].filter(([key, value]) => before.get(key) !== value);
  const gone = [...before].filter(([key]) => !after.has(key));
  return [
    ...written.map(([, value]) => ({ space, key: keyOf(value), value: encode(value) })),
    ...gone.map(([, value]) => ({ space, key: keyOf(value), value: null })),
  ];
}

const encodeOrder = (order: Order): Bytes =>
  encodeCbor([
    order.tx,
    order.order,
    order.commandId,
    order.use === null ? null : [order.use.issuer, order.use.cti, order.use.uses, order.use.validUntil],
    order.language,
    orderPhases.indexOf(order.phase),
    order.slot,
    order.item,
    order.actId,
    order.tries,
    order.tried,
    order.nextTxSeq,
  ]);

function decodeOrder(bytes: Bytes): Order {
  const [tx, order, commandId, use, language, phase, slot, item, actId, tries, tried, nextTxSeq] = fields(bytes, 12);
  return {
    tx: bytesOf(tx),
    order: orNull(order, bytesOf),
    commandId: orNull(commandId, bytesOf),
    use: orNull(use, useOf),
    language: orNull(language, textOf),
    phase: oneOf(orderPhases, phase),
    slot: integer(slot),
    item: textOf(item),
    actId: orNull(actId, bytesOf),
    tries: integer(tries),
    tried: arrayOf(tried).map(integer),
    nextTxSeq: integer(nextTxSeq),
  };
}

function useOf(value: CborValue): OrderUse {
  const [issuer, cti, uses, validUntil] = arrayOf(value);
  return { issuer: textOf(issuer), cti: bytesOf(cti), uses: integer(uses), validUntil: integer(validUntil) };
}

const encodeSlot = (slot: Slot): Bytes =>
  encodeCbor([
    slot.slot,
    slotKinds.indexOf(slot.kind),
    slot.cause === null ? null : lockCauses.indexOf(slot.cause),
    slot.item,
    slot.sinceWallMs,
    slot.returned === null ? null : returnFields(slot.returned),
    slot.opening,
  ]);

const returnFields = (open: OpenReturn): CborInput => [
  open.tx,
  open.bootId,
  open.contactMonoMs,
  open.nextTxSeq,
  open.unseen,
];

function decodeSlot(bytes: Bytes): Slot {
  const [slot, kind, cause, item, since, returned, opening] = fields(bytes, 7);
  return {
    slot: integer(slot),
    kind: oneOf(slotKinds, kind),
    cause: orNull(cause, (index) => oneOf(lockCauses, index)),
    item: orNull(item, textOf),
    sinceWallMs: wallMs(integer(since)),
    returned: orNull(returned, returnOf),
    opening: orNull(opening, bytesOf),
  };
}

function returnOf(value: CborValue): OpenReturn {
  const [tx, bootId, contact, nextTxSeq, unseen] = arrayOf(value);
  return {
    tx: bytesOf(tx),
    bootId: bytesOf(bootId),
    contactMonoMs: monoMs(integer(contact)),
    nextTxSeq: integer(nextTxSeq),
    unseen: unseen === true,
  };
}

const encodeAnswer = (answer: Answer): Bytes =>
  encodeCbor([
    answer.order,
    answer.commandId,
    answer.tx,
    answer.reason,
    answer.ending,
    answer.slot,
    answer.item,
    answer.atWallMs,
  ]);

function decodeAnswer(bytes: Bytes): Answer {
  const [order, commandId, tx, reason, ending, slot, item, at] = fields(bytes, 8);
  return {
    order: bytesOf(order),
    commandId: bytesOf(commandId),
    tx: bytesOf(tx),
    reason: reasonCodes.find((code) => code === reason) ?? fail(),
    ending: orNull(ending, textOf) as Ending | null,
    slot: orNull(slot, integer),
    item: orNull(item, textOf),
    atWallMs: wallMs(integer(at)),
  };
}

function fields(bytes: Bytes, length: number): readonly CborValue[] {
  const value = decodeCbor(bytes, recordProfile);
  return Array.isArray(value) && value.length === length ? (value as readonly CborValue[]) : fail();
}

type Field = CborValue | undefined;

const orNull = <T>(value: Field, read: (value: CborValue) => T): T | null =>
  value === null ? null : value === undefined ? fail() : read(value);
const bytesOf = (value: Field): Bytes => (isBytes(value) ? value : fail());
const textOf = (value: Field): string => (typeof value === 'string' ? value : fail());
const integer = (value: Field): number => (typeof value === 'number' ? value : fail());
const arrayOf = (value: Field): readonly CborValue[] =>
  Array.isArray(value) ? (value as readonly CborValue[]) : fail();
const oneOf = <T>(known: readonly T[], index: Field): T => known[integer(index)] ?? fail();

function fail(): never {
  throw new StileError('CBOR_MALFORMED', 'projection is not a part of a cabinet', {
    remedy: 'Rebuild the projections from the journal.',
  });
}

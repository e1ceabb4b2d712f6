// What one stored row of a cabinet means for loans. A row names its transaction; what earlier rows of the same
// transaction said is passed in. Rows are authentic, but a field may still be of any type.
import { type Bytes, hex } from '../../../runtime/core/bytes.ts';
import { isBytes } from '../../../runtime/core/cbor.ts';
import type { Payload } from '../../../runtime/records/payload.ts';
import { referenceOf } from '../../../runtime/records/reference.ts';
import type { Row } from '../../../runtime/records/row.ts';
import { type Attempt, attemptKeys, type BackWay, type ItemEvent } from './item-event.ts';
import type { EventMark } from './mark.ts';

/** A transaction whose end has not been read: an order, or a return. */
export interface OpenAct {
  /** Its Started row; of a return, the first contact. */
  readonly started: EventMark;
  /** Newest INTENT of an order. */
  readonly intent: EventMark | null;
  readonly order: string | null;
  readonly code: string | null;
  readonly digest: string | null;
  /** What the second pass says against the code of its Started row. */
  readonly doubt: string | null;
}

export type RowFact =
  | { readonly kind: 'event'; readonly event: ItemEvent }
  | { readonly kind: 'attempt'; readonly attempt: Attempt }
  | { readonly kind: 'orderBegan'; readonly order: string }
  /** Nothing was lent: whatever was held for it is free. */
  | { readonly kind: 'orderOver'; readonly order: string };

export interface ReadRow {
  readonly facts: readonly RowFact[];
  /** The transaction as it is after this row; null when it is over, undefined where the row has none. */
  readonly act: OpenAct | null | undefined;
}

/** Where a row stands: what the head end knows of it beyond its bytes. */
export interface RowPlace {
  readonly arrivedMs: number;
  /** Newest SYNCED time of the journal before this row. */
  readonly afterMs: number | null;
  /** Of the second pass; null where none was needed. */
  readonly verdict: string | null;
}

const nothing: ReadRow = { facts: [], act: undefined };
const presentKinds = ['OCCUPIED_CHARGING', 'HYGIENE', 'AVAILABLE'];

export function readRow(row: Row, place: RowPlace, open: OpenAct | null): ReadRow {
  switch (row.payload.act) {
    case 'order':
    case 'dispense':
      return readOrder(row, place, open);
    case 'return':
      return readReturn(row, place, open);
    case 'return-attempt':
      return readAttempt(row, place);
    case 'slot':
      return readSlot(row, place);
    case 'command':
      return readCommand(row);
    default:
      return nothing;
  }
}

/** Transaction that the row belongs to, in hexadecimal; null for none. */
export const txOf = ({ payload }: Row): string | null => bytesText(payload.tx, 16, 16);

function readOrder(row: Row, place: RowPlace, open: OpenAct | null): ReadRow {
  const { payload } = row;
  const tx = txOf(row);
  if (tx === null) return nothing;
  const here = markOf(row, place, payload.contactMonoMs);
  const act: OpenAct = open ?? {
    started: here,
    intent: null,
    ...namesOf(payload),
    doubt: doubtOf(place.verdict),
  };
  const began = open === null && act.order !== null ? [{ kind: 'orderBegan', order: act.order } as const] : [];
  const ending = endingOf(payload);
  if (ending === null) {
    const isIntent = row.type === 'INTENT' && payload.act === 'dispense';
    return { facts: began, act: isIntent ? { ...act, intent: here } : act };
  }
  const item = textOf(payload.item);
  if (ending !== 'done' || item === null)
    return { facts: act.order === null ? [] : [...began, { kind: 'orderOver', order: act.order }], act: null };
  const sensed = payload.outcome === 'taken' && payload.detail !== 'presumed';
  // A guide that a start found gone left after its INTENT; one that staff settled had left when they looked.
  const mark = payload.outcome === 'taken' && !sensed ? { ...(act.intent ?? here), ...positionOf(row) } : here;
  const { order, code, digest, doubt = null } = act;
  const event = {
    kind: 'taken',
    item,
    tx,
    mark,
    order,
    code,
    digest,
    doubt,
    presumed: !sensed,
    ref: refOf(row),
  } as const;
  return { facts: [...began, { kind: 'event', event }], act: null };
}

function readReturn(row: Row, place: RowPlace, open: OpenAct | null): ReadRow {
  const { payload } = row;
  const here = markOf(row, place, payload.contactMonoMs);
  const ending = endingOf(payload);
  if (ending === null)
    return {
      facts: [],
      act: open ?? { started: here, intent: null, order: null, code: null, digest: null, doubt: null },
    };
  const item = textOf(payload.item);
  if (ending !== 'done' || item === null) return { facts: [], act: null };
  const counted = countOf(payload.contactMonoMs) !== null;
  // First contact in an earlier boot stands in the Started row; without that row nobody knows since when.
  const mark = counted || open === null ? here : { ...open.started, ...positionOf(row) };
  const way: BackWay = payload.incident === 'found_item' ? 'counter' : counted || open !== null ? 'slot' : 'found';
  return { facts: [{ kind: 'event', event: { kind: 'back', item, mark, way, ref: refOf(row) } }], act: null };
}

function readAttempt(row: Row, place: RowPlace): ReadRow {
  const { payload } = row;
  const mark = markOf(row, place, payload.contactMonoMs);
  const item = textOf(payload.item);
  const { code, digest } = namesOf(payload);
  const key =
    item !== null
      ? attemptKeys.item(item)
      : code !== null
        ? attemptKeys.code(code)
        : digest === null
          ? null
          : attemptKeys.digest(digest);
  return key === null ? nothing : { facts: [{ kind: 'attempt', attempt: { key, mark } }], act: undefined };
}

/** An item that stands in a slot by its own tag, without a return that says so. */
function readSlot(row: Row, place: RowPlace): ReadRow {
  const { payload } = row;
  const item = textOf(payload.item);
  if (item === null || !presentKinds.includes(textOf(payload.detail) ?? '')) return nothing;
  const event = { kind: 'back', item, mark: markOf(row, place, undefined), way: 'found', ref: refOf(row) } as const;
  return { facts: [{ kind: 'event', event }], act: undefined };
}

function readCommand({ payload }: Row): ReadRow {
  const order = bytesText(payload.order, 16, 16);
  if (order === null || payload.reason !== 'COMMAND_EXPIRED') return nothing;
  return { facts: [{ kind: 'orderOver', order }], act: undefined };
}

/** A format or a time that the head end cannot judge says nothing against a code. */
function doubtOf(verdict: string | null): string | null {
  if (verdict === null || !verdict.startsWith('bad:')) return null;
  const reason = verdict.slice('bad:'.length);
  return unjudgeable.includes(reason) ? null : reason;
}

const unjudgeable: readonly string[] = ['UNSUPPORTED_FORMAT', 'CLOCK_UNTRUSTED'];

function markOf(row: Row, { arrivedMs, afterMs }: RowPlace, contact: unknown): EventMark {
  const at = countOf(contact);
  const monoMs = at !== null && at <= row.tMonoMs ? at : row.tMonoMs;
  return {
    ...positionOf(row),
    bootId: row.bootId,
    monoMs,
    wallMs: row.tWallMs - (row.tMonoMs - monoMs),
    clock: row.clock,
    arrivedMs,
    afterMs,
  };
}

const positionOf = ({ terminal, epoch, seq }: Row) => ({ terminal, epoch, seq });
const refOf = ({ terminal, epoch, seq }: Row): string => referenceOf(terminal, epoch, seq);

function namesOf(payload: Payload): Pick<OpenAct, 'order' | 'code' | 'digest'> {
  const issuer = textOf(payload.issuer);
  const cti = bytesText(payload.cti, 8, 16);
  return {
    order: bytesText(payload.order, 16, 16),
    code: issuer === null || cti === null ? null : `${issuer}/${cti}`,
    digest: bytesText(payload.digest, 32, 32),
  };
}

function endingOf({ events }: Payload): string | null {
  const last: unknown = Array.isArray(events) ? events.at(-1) : null;
  return Array.isArray(last) && last[1] === 'Ended' && typeof last[3] === 'string' ? last[3] : null;
}

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value.length > 0 && value.length <= 64 ? value : null;
const countOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
const bytesText = (value: unknown, least: number, most: number): string | null =>
  isBytes(value) && (value as Bytes).length >= least && (value as Bytes).length <= most ? hex(value as Bytes) : null;

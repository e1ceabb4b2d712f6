// What a lane's journal says of the lane itself, kept as one projection beside the rows that change it: a start
// reads this and not years of rows. It is a fold of rows, so that losing it loses nothing.
import { type UnixSeconds, unixSeconds } from '../../core/brand.ts';
import { type Bytes, fromHex, hex } from '../../core/bytes.ts';
import { type CborInput, type CborValue, decodeCbor, encodeCbor, isBytes, recordProfile } from '../../core/cbor.ts';
import { StileError } from '../../core/errors.ts';
import type { Payload } from '../../records/payload.ts';
import type { RowType } from '../../records/row-types.ts';
import type { ProjectionDraft } from '../shared/effects.ts';
import type { Direction } from './effects.ts';
import { foldRow, type OpenAct, type Replayed } from './replay.ts';
import type { TicketRef } from './ticket.ts';

export type LaneMemory = Omit<Replayed, 'uses'>;

export const laneSpace = 'lane';
const onlyKey = new Uint8Array(0);

/** The memory after these rows. */
export function remember(
  before: LaneMemory,
  rows: readonly { readonly type: RowType; readonly payload: Payload }[],
): LaneMemory {
  return rows.reduce(foldRow, before);
}

export const memoryProjection = (memory: LaneMemory): ProjectionDraft => ({
  space: laneSpace,
  key: onlyKey,
  value: encodeLaneMemory(memory),
});

/** The projection value: one CBOR array. */
export const encodeLaneMemory = (memory: LaneMemory): Bytes =>
  encodeCbor([
    memory.occupancy,
    memory.lease === null ? null : [memory.lease.id, memory.lease.left, memory.lease.expiresAt],
    memory.entry === null ? null : writtenAct(memory.entry),
    memory.exit === null ? null : writtenAct(memory.exit),
    memory.stopped,
    memory.emergency,
    memory.settled.map(fromHex),
    memory.commands.map(fromHex),
  ]);

/** @throws StileError CBOR_MALFORMED for bytes that {@link encodeLaneMemory} did not write. */
export function decodeLaneMemory(bytes: Bytes): LaneMemory {
  const [occupancy, lease, entry, exit, stopped, emergency, settled, commands] = listOf(
    decodeCbor(bytes, recordProfile),
    8,
  );
  return {
    occupancy: count(occupancy),
    lease: nullable(lease, (value) => {
      const [id, left, expiresAt] = listOf(value, 3);
      return { id: bytesOf(id), left: count(left), expiresAt: seconds(expiresAt) };
    }),
    entry: nullable(entry, (value) => readAct('entry', value)),
    exit: nullable(exit, (value) => readAct('exit', value)),
    stopped: truth(stopped),
    emergency: truth(emergency),
    settled: idsOf(settled),
    commands: idsOf(commands),
  };
}

const writtenAct = (act: OpenAct): CborInput => [
  act.tx,
  act.actId,
  act.txSeq,
  act.ticket === null ? null : writtenTicket(act.ticket),
  act.rest,
  act.lease,
  act.unclaimed,
  act.staff,
  act.cause,
];

const writtenTicket = ({ issuer, cti, product, uses, validUntil }: TicketRef): CborInput => [
  issuer,
  cti,
  product,
  uses,
  validUntil,
];

function readAct(direction: Direction, value: CborValue): OpenAct {
  const [tx, actId, txSeq, ticket, rest, lease, unclaimed, staff, cause] = listOf(value, 9);
  return {
    direction,
    tx: bytesOf(tx),
    actId: bytesOf(actId),
    txSeq: count(txSeq),
    ticket: nullable(ticket, readTicket),
    rest: count(rest),
    lease: nullable(lease, bytesOf),
    unclaimed: truth(unclaimed),
    staff: nullable(staff, bytesOf),
    cause: nullable(cause, textOf),
  };
}

function readTicket(value: CborValue): TicketRef {
  const [issuer, cti, product, uses, validUntil] = listOf(value, 5);
  return {
    issuer: textOf(issuer),
    cti: bytesOf(cti),
    product: nullable(product, count),
    uses: count(uses),
    validUntil: seconds(validUntil),
  };
}

function nullable<T>(value: CborValue | undefined, read: (value: CborValue) => T): T | null {
  if (value === undefined) throw malformed();
  return value === null ? null : read(value);
}

function listOf(value: CborValue | undefined, length: number): readonly CborValue[] {
  if (!Array.isArray(value) || value.length !== length) throw malformed();
  return value as readonly CborValue[];
}

function idsOf(value: CborValue | undefined): readonly string[] {
  if (!Array.isArray(value)) throw malformed();
  return (value as readonly CborValue[]).map((id) => hex(bytesOf(id)));
}

function count(value: CborValue | undefined): number {
  if (typeof value !== 'number' || value < 0) throw malformed();
  return value;
}

const seconds = (value: CborValue | undefined): UnixSeconds => unixSeconds(count(value));

function truth(value: CborValue | undefined): boolean {
  if (typeof value !== 'boolean') throw malformed();
  return value;
}

function textOf(value: CborValue | undefined): string {
  if (typeof value !== 'string') throw malformed();
  return value;
}

function bytesOf(value: CborValue | undefined): Bytes {
  if (!isBytes(value)) throw malformed();
  return value;
}

const malformed = (): StileError =>
  new StileError('CBOR_MALFORMED', 'projection is not the memory of a gate lane', {
    remedy: 'Rebuild the projections from the journal.',
  });

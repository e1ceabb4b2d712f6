// The journal row: one canonical CBOR array of twelve fields, linked to its predecessor by hash.
import type { BusinessDay, Epoch, MonoMs, Seq, TerminalId, WallMs } from '../core/brand.ts';
import { type Bytes, concat, utf8 } from '../core/bytes.ts';
import { type CborInput, type CborValue, decodeCbor, encodeCbor, isBytes, recordProfile } from '../core/cbor.ts';
import { StileError } from '../core/errors.ts';
import { sha256 } from '../core/sha256.ts';
import type { ClockState } from '../core/trusted-time.ts';
import { type Payload, payloadFromCbor, payloadToCbor } from './payload.ts';
import { type RowType, rowTypes } from './row-types.ts';

/** Body layout version 1: `[v, terminalId, epoch, seq, bootId, tMonoMs, tWallMs, clockTrust, day, type, payload, prev]`. */
export interface Row {
  readonly terminal: TerminalId;
  readonly epoch: Epoch;
  readonly seq: Seq;
  /** 16 bytes; monotonic times compare inside one boot only. */
  readonly bootId: Bytes;
  readonly tMonoMs: MonoMs;
  readonly tWallMs: WallMs;
  readonly clock: { readonly state: ClockState; readonly uncertaintyMs: number };
  readonly day: BusinessDay;
  readonly type: RowType;
  readonly payload: Payload;
  /** Hash of row seq - 1; 32 zero bytes for seq 0. */
  readonly prev: Bytes;
}

export interface EncodedRow {
  readonly body: Bytes;
  /** SHA-256("stile-journal-1" || 00 || body). */
  readonly hash: Bytes;
}

export const hashLength = 32;
export const zeroHash: Bytes = new Uint8Array(hashLength);

const hashDomain = utf8('stile-journal-1\0');
const clockStates: readonly ClockState[] = ['SYNCED', 'HOLDOVER', 'UNTRUSTED'];
const bodyHead = Uint8Array.of(0x8c, 0x01);
const prevHead = Uint8Array.of(0x58, hashLength);

export function encodeRow(row: Row): EncodedRow {
  const body = glueRow(row.terminal, row.epoch, encodeSlice(row), row.prev);
  return { body, hash: hashBody(body) };
}

export const hashBody = (body: Bytes): Bytes => sha256(concat(hashDomain, body));

/** The fields seq … payload as they stand inside the body: what a batch carries per row. */
function encodeSlice(row: Row): Bytes {
  const fields: readonly CborInput[] = [
    row.seq,
    row.bootId,
    row.tMonoMs,
    row.tWallMs,
    [clockStates.indexOf(row.clock.state), row.clock.uncertaintyMs],
    row.day,
    row.type,
    payloadToCbor(row.payload),
  ];
  return encodeCbor(fields).subarray(1);
}

/** Rebuilds the exact body around a slice without decoding it. */
export const glueRow = (terminal: string, epoch: number, slice: Bytes, prev: Bytes): Bytes =>
  concat(bodyHead, encodeCbor(terminal), encodeCbor(epoch), slice, prevHead, prev);

/** The slice of a body: the inverse of {@link glueRow}. Terminal and epoch must be those of the body. */
export function sliceRow(body: Bytes, terminal: string, epoch: number): Bytes {
  const start = bodyHead.length + encodeCbor(terminal).length + encodeCbor(epoch).length;
  return body.subarray(start, body.length - prevHead.length - hashLength);
}

/** @throws StileError CBOR_MALFORMED for a body that is not a row of layout version 1. */
export function decodeRow(body: Bytes): Row {
  const fields = decodeCbor(body, recordProfile);
  if (!Array.isArray(fields) || fields.length !== 12) throw notARow('not an array of 12');
  const [version, terminal, epoch, seq, bootId, tMonoMs, tWallMs, clock, day, type, payload, prev] =
    fields as readonly CborValue[];
  if (version !== 1) throw notARow('body version is not 1');
  if (typeof terminal !== 'string' || !isCount(epoch) || !isCount(seq)) throw notARow('terminal, epoch or seq');
  if (!isBytes(bootId) || bootId.length !== 16) throw notARow('boot id is not 16 bytes');
  if (!isCount(tMonoMs) || typeof tWallMs !== 'number') throw notARow('times');
  if (!Array.isArray(clock) || !isCount(clock[1])) throw notARow('clock trust');
  const state = clockStates[clock[0] as number];
  if (state === undefined) throw notARow('clock trust');
  if (typeof day !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(day)) throw notARow('day');
  if (!rowTypes.includes(type as RowType)) throw notARow(`type ${JSON.stringify(type)}`);
  if (!isBytes(prev) || prev.length !== hashLength) throw notARow('prev is not 32 bytes');
  return {
    terminal: terminal as TerminalId,
    epoch: epoch as Epoch,
    seq: seq as Seq,
    bootId,
    tMonoMs: tMonoMs as MonoMs,
    tWallMs: tWallMs as WallMs,
    clock: { state, uncertaintyMs: clock[1] as number },
    day: day as BusinessDay,
    type: type as RowType,
    payload: payloadFromCbor(payload as CborValue),
    prev,
  };
}

const isCount = (value: unknown): value is number => typeof value === 'number' && value >= 0;

const notARow = (problem: string): StileError =>
  new StileError('CBOR_MALFORMED', `not a journal row: ${problem}`, {
    remedy: 'Check that the bytes come from a Stile journal of layout version 1.',
  });

// The few forms of protobuf that a pretix_sig1 payload has: one text and five integers. Unknown fields are
// skipped and the last value of a field wins, as the encoding demands of every reader.
import type { Bytes } from '../../core/bytes.ts';

export interface SignedTicket {
  readonly seed: string;
  readonly item: number;
  readonly variation: number;
  readonly subevent: number;
  /** Unix seconds; 0 for none. */
  readonly validFrom: number;
  readonly validUntil: number;
}

const varintBytesMax = 10;
const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const integerFields: Readonly<Record<number, Exclude<keyof SignedTicket, 'seed'>>> = {
  2: 'item',
  3: 'variation',
  4: 'subevent',
  5: 'validFrom',
  6: 'validUntil',
};
const seedField = 1;

/** Null for bytes that end inside a field, a varint of more than ten bytes, or a number beyond 2^53. */
export function readSignedTicket(bytes: Bytes): SignedTicket | null {
  const ticket = { seed: '', item: 0, variation: 0, subevent: 0, validFrom: 0, validUntil: 0 };
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    if (tag === null) return null;
    const field = Math.floor(tag.value / 8);
    const value = readValue(bytes, tag.next, tag.value % 8);
    if (field === 0 || value === null) return null;
    const name = integerFields[field];
    if (name !== undefined && value.integer !== null) ticket[name] = value.integer;
    if (field === seedField && value.bytes !== null) {
      const seed = textOf(value.bytes);
      if (seed === null) return null;
      ticket.seed = seed;
    }
    at = value.next;
  }
  return ticket;
}

interface FieldValue {
  readonly integer: number | null;
  readonly bytes: Bytes | null;
  readonly next: number;
}

function readValue(bytes: Bytes, at: number, wireType: number): FieldValue | null {
  if (wireType === wireTypes.varint) {
    const varint = readVarint(bytes, at);
    return varint && { integer: varint.value, bytes: null, next: varint.next };
  }
  if (wireType === wireTypes.bytes) {
    const length = readVarint(bytes, at);
    if (length === null || length.value > bytes.length - length.next) return null;
    const next = length.next + length.value;
    return { integer: null, bytes: bytes.subarray(length.next, next), next };
  }
  const size = wireType === wireTypes.fixed64 ? 8 : wireType === wireTypes.fixed32 ? 4 : null;
  if (size === null || at + size > bytes.length) return null;
  return { integer: null, bytes: null, next: at + size };
}

/** Least significant group first, seven bits a byte. */
function readVarint(bytes: Bytes, from: number): { readonly value: number; readonly next: number } | null {
  let value = 0;
  for (let index = 0; index < varintBytesMax; index++) {
    const byte = bytes[from + index];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return Number.isSafeInteger(value) ? { value, next: from + index + 1 } : null;
  }
  return null;
}

function textOf(bytes: Bytes): string | null {
  try {
    return strictText.decode(bytes);
  } catch {
    return null;
  }
}

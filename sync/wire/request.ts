// Fetching a larger document in chunks. The bytes themselves are not signed: the signed head names
// their size and hash, so a chunk from anywhere is as good as one from the head end, or it is refused.
import { z } from 'zod';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import { bytesOf, count } from './fields.ts';
import { type Parsed, parseMessage } from './parsed.ts';

export const chunkLimits = { maxBytes: 64 * 1024, maxDocumentBytes: 64 * 1024 * 1024 } as const;

/** What may be fetched: a name, and the version that the signed head pins. */
export const fetchNames = ['deny', 'fares', 'rules'] as const;
export type FetchName = (typeof fetchNames)[number];

export interface ChunkRequest {
  /** 8 bytes, echoed. */
  readonly id: Bytes;
  readonly name: FetchName;
  readonly version: number;
  readonly offset: number;
  readonly length: number;
}

export interface ChunkResponse {
  readonly id: Bytes;
  readonly name: FetchName;
  readonly version: number;
  readonly offset: number;
  /** Empty where this version is not, or no longer, kept. */
  readonly data: Bytes;
}

const pinned = {
  id: bytesOf(8),
  name: z.enum(fetchNames),
  v: count,
  off: count.max(chunkLimits.maxDocumentBytes),
};
const requestSchema = z.object({ ...pinned, len: count.min(1).max(chunkLimits.maxBytes) });
const responseSchema = z.object({ ...pinned, data: bytesOf(0, chunkLimits.maxBytes) });

export const encodeChunkRequest = ({ id, name, version, offset, length }: ChunkRequest): Bytes =>
  encodeCbor({ id, name, v: version, off: offset, len: length });

export function parseChunkRequest(bytes: Bytes): Parsed<ChunkRequest> {
  const parsed = parseMessage(bytes, requestSchema);
  if (!parsed.ok) return parsed;
  const { id, name, v, off, len } = parsed.value;
  return { ok: true, value: { id, name, version: v, offset: off, length: len } };
}

export const encodeChunkResponse = ({ id, name, version, offset, data }: ChunkResponse): Bytes =>
  encodeCbor({ id, name, v: version, off: offset, data });

export function parseChunkResponse(bytes: Bytes): Parsed<ChunkResponse> {
  const parsed = parseMessage(bytes, responseSchema);
  if (!parsed.ok) return parsed;
  const { id, name, v, off, data } = parsed.value;
  return { ok: true, value: { id, name, version: v, offset: off, data } };
}

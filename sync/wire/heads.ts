// The body of a signed head: what a larger document must turn out to be before anybody believes it.
import { z } from 'zod';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { type CborInput, type CborValue, plain } from '../../runtime/core/cbor.ts';
import { count, hash } from './fields.ts';
import { type Parsed, parseValue } from './parsed.ts';
import { chunkLimits } from './request.ts';

export interface DocumentHead {
  /** SHA-256 of the whole document. */
  readonly hash: Bytes;
  /** Bytes. */
  readonly size: number;
  /** Entries, for a list; else 0. */
  readonly count: number;
}

const schema = z.object({ hash, size: count.max(chunkLimits.maxDocumentBytes), count });

export const headBody = (head: DocumentHead): CborInput => ({ hash: head.hash, size: head.size, count: head.count });

export const parseHead = (body: CborValue): Parsed<DocumentHead> => parseValue(plain(body), schema);

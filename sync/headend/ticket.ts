// What a row says of a ticket or loan code: which one, and whether it was redeemed there.
import type { Bytes } from '../../runtime/core/bytes.ts';
import { encodeCbor, isBytes } from '../../runtime/core/cbor.ts';
import type { Row } from '../../runtime/records/row.ts';

/** Identity of the ticket of an act: canonical [issuer, token id]; null for rows that are about none. */
export function ticketOf({ type, payload }: Pick<Row, 'type' | 'payload'>): Bytes | null {
  const { issuer, cti } = payload;
  if ((type !== 'INTENT' && type !== 'OUTCOME') || typeof issuer !== 'string' || !isBytes(cti)) return null;
  return encodeCbor([issuer, cti]);
}

/** A person passed on it, or an item was taken. What another machine told about a claim is not a second one. */
export const isRedemption = ({ type, payload }: Pick<Row, 'type' | 'payload'>): boolean =>
  type === 'OUTCOME' &&
  ((payload.outcome === 'passed' && payload.direction === 'entry') || payload.outcome === 'taken');

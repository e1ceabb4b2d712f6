// The open trip: what rides of one journey of the vehicle share, and its form as a projection.
import { type WallMs, wallMs } from '../../core/brand.ts';
import { type Bytes, utf8 } from '../../core/bytes.ts';
import { type CborValue, decodeCbor, encodeCbor, isBytes, recordProfile } from '../../core/cbor.ts';
import { StileError } from '../../core/errors.ts';
import type { ProjectionDraft } from '../shared/effects.ts';

export interface Trip {
  /** Transaction id, 16 bytes: names the trip in every ride. */
  readonly tx: Bytes;
  readonly line: string;
  readonly direction: string;
  /** The fare table pinned for the whole trip; null when none was in force at its start. */
  readonly fareVersion: number | null;
  readonly openedWallMs: WallMs;
}

const openKey = utf8('open');

export const tripProjection = (trip: Trip | null): ProjectionDraft => ({
  space: 'trip',
  key: openKey,
  value: trip === null ? null : encodeTrip(trip),
});

const encodeTrip = (trip: Trip): Bytes =>
  encodeCbor([trip.tx, trip.line, trip.direction, trip.fareVersion, trip.openedWallMs]);

/** @throws StileError CBOR_MALFORMED for bytes that {@link tripProjection} did not write. */
export function decodeTrip(bytes: Bytes): Trip {
  const fields = decodeCbor(bytes, recordProfile);
  if (!Array.isArray(fields) || fields.length !== 5) throw notATrip();
  const [tx, line, direction, fareVersion, openedWallMs] = fields as readonly CborValue[];
  if (!isBytes(tx) || typeof line !== 'string' || typeof direction !== 'string') throw notATrip();
  if (fareVersion !== null && typeof fareVersion !== 'number') throw notATrip();
  if (typeof openedWallMs !== 'number') throw notATrip();
  return {
    tx,
    line,
    direction,
    fareVersion,
    openedWallMs: wallMs(openedWallMs),
  };
}

const notATrip = (): StileError =>
  new StileError('CBOR_MALFORMED', 'projection is not an open trip', {
    remedy: 'Rebuild the projections from the journal.',
  });

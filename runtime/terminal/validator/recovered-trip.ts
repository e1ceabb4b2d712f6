// What a validator's start reads back from its journal: the open trip, and the ride whose cue may be missing.
import type { Bytes } from '../../core/bytes.ts';
import type { ValidatorConfig } from '../../machines/validator/config.ts';
import { type Replayed, replay } from '../../machines/validator/replay.ts';
import { decodeTrip, type Trip } from '../../machines/validator/trip.ts';
import type { JournalReader } from '../../store/journal.ts';
import type { Recovered } from '../recovery.ts';
import { spaces } from '../spaces.ts';

export interface RecoveredTrip {
  readonly trip: Trip | null;
  readonly unsignalled: Replayed['unsignalled'];
}

export function recoverTrip(journal: JournalReader, { tail }: Recovered, config: ValidatorConfig): RecoveredTrip {
  const open = journal.projections(spaces.trip)[0];
  const ofThisEpoch = tail.filter((row) => row.epoch === tail.at(-1)?.epoch);
  return { trip: open ? readable(open[1]) : null, unsignalled: replay(ofThisEpoch, config).unsignalled };
}

/** Bytes saved from a damaged file may be anything. A trip that cannot be read is opened anew. */
function readable(stored: Bytes): Trip | null {
  try {
    return decodeTrip(stored);
  } catch {
    return null;
  }
}

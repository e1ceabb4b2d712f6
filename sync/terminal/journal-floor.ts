// Version floors as projections of the journal: losing lists.db must not lose the memory of what was
// already in force.
import { z } from 'zod';
import { type Bytes, utf8 } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import { bytesOf, count, hash } from '../wire/fields.ts';
import { parseMessage } from '../wire/parsed.ts';
import type { Floor, UplinkJournal, VersionFloor } from './ports.ts';

export const floorSpace = 'floor';
const schema = z.object({ gen: count, v: count, hash, kid: bytesOf(0, 4) });

export class JournalFloor implements VersionFloor {
  readonly #journal: UplinkJournal;

  constructor(journal: UplinkJournal) {
    this.#journal = journal;
  }

  get(kind: string): Floor | null {
    const stored: Bytes | null = this.#journal.projection(floorSpace, utf8(kind));
    const parsed = stored && parseMessage(stored, schema);
    if (!parsed?.ok) return null;
    return { gen: parsed.value.gen, version: parsed.value.v, hash: parsed.value.hash, kid: parsed.value.kid };
  }

  async raise(kind: string, { gen, version, hash: digest, kid }: Floor): Promise<void> {
    const value = encodeCbor({ gen, v: version, hash: digest, kid });
    await this.#journal.commit([], [{ space: floorSpace, key: utf8(kind), value }]);
  }
}

// What this terminal remembers of commands: the highest counter, and the ids it has begun. The memory is a
// projection that the machine commits together with its INTENT, so that a power cut can neither repeat a
// motion nor forget that it was begun.
import { z } from 'zod';
import { type Bytes, equal, utf8 } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import type { Command } from '../wire/command.ts';
import { bytesOf, count } from '../wire/fields.ts';
import { parseMessage } from '../wire/parsed.ts';
import type { SyncProjection, UplinkJournal } from './ports.ts';

export const commandSpace = 'command';
/** Ids remembered; an older one is refused by its counter. */
export const knownCommands = 32;
const floorKey = utf8('floor');
const schema = z.object({ e: count, c: count, ids: z.array(bytesOf(16)).max(knownCommands) });

export class CommandFloor {
  readonly #journal: UplinkJournal;

  constructor(journal: UplinkJournal) {
    this.#journal = journal;
  }

  knows({ commandId }: Command): boolean {
    return this.#read().ids.some((id) => equal(id, commandId));
  }

  /** Counters run on over epochs: a new epoch is no licence to hear old commands again. */
  isAbove({ counter }: Command): boolean {
    return counter > this.#read().counter;
  }

  /** To be committed with the first row of the act. */
  after({ epoch, counter, commandId }: Command): SyncProjection {
    const ids = [...this.#read().ids, commandId].slice(-knownCommands);
    return { space: commandSpace, key: floorKey, value: encodeCbor({ e: epoch, c: counter, ids }) };
  }

  #read(): { readonly counter: number; readonly ids: readonly Bytes[] } {
    const stored = this.#journal.projection(commandSpace, floorKey);
    const parsed = stored && parseMessage(stored, schema);
    return parsed?.ok ? { counter: parsed.value.c, ids: parsed.value.ids } : { counter: 0, ids: [] };
  }
}

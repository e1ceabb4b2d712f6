// Where the uplink stands, kept beside the journal. Losing it costs duplicates and nothing else, so it
// is written at leisure and never waited for.

import { z } from 'zod';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { encodeCbor } from '../../runtime/core/cbor.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { count } from '../wire/fields.ts';
import { parseMessage } from '../wire/parsed.ts';
import type { SyncProjection, UplinkJournal } from './ports.ts';

export const cursorSpace = 'cursor';
/** The newest signed ack per epoch, as it came: what later permits pruning. */
export const receiptSpace = 'receipt';
export const cursorSaveMs = 1_000;

export interface Position {
  readonly upto: number;
  /** Head-end time of the newest ack: older acks say nothing new. */
  readonly nowMs: number;
}

const schema = z.object({ upto: z.int().min(-1), now: count });
const start: Position = { upto: -1, nowMs: 0 };

export class CursorStore {
  readonly #journal: UplinkJournal;
  readonly #clock: Clock;
  readonly #unsaved = new Map<number, { position: Position; receipt: Bytes }>();
  #timer: TimerHandle | null = null;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: { journal: UplinkJournal; clock: Clock }) {
    this.#journal = options.journal;
    this.#clock = options.clock;
  }

  load(epoch: number): Position {
    const stored = this.#journal.projection(cursorSpace, keyOf(epoch));
    const parsed = stored && parseMessage(stored, schema);
    return parsed?.ok ? { upto: parsed.value.upto, nowMs: parsed.value.now } : start;
  }

  save(epoch: number, position: Position, receipt: Bytes): void {
    this.#unsaved.set(epoch, { position, receipt });
    this.#timer ??= this.#clock.timer('uplink.cursor', cursorSaveMs, () => void this.flush());
  }

  /** Resolves when what was handed in is durable, or could not be made so (which costs duplicates). */
  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    const changes = [...this.#unsaved].flatMap(([epoch, { position, receipt }]): readonly SyncProjection[] => [
      { space: cursorSpace, key: keyOf(epoch), value: encodeCbor({ upto: position.upto, now: position.nowMs }) },
      { space: receiptSpace, key: keyOf(epoch), value: receipt },
    ]);
    this.#unsaved.clear();
    if (changes.length > 0) this.#saving = this.#saving.then(() => this.#commit(changes));
    return this.#saving;
  }

  async #commit(changes: readonly SyncProjection[]): Promise<void> {
    try {
      await this.#journal.commit([], changes);
    } catch {
      // A full or failing disk is the journal's to report; the cursor stays where it was.
    }
  }
}

const keyOf = (epoch: number): Bytes => encodeCbor(epoch);

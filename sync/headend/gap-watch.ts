// Missing rows: asked for when nobody has filled a hole for a while, and an incident when asking did not
// help. Only a terminal that is there can be asked, so silence does not count.
import { type Clock, repeat, type TimerHandle } from '../../runtime/core/clock.ts';
import { messageOf } from '../../runtime/core/errors.ts';
import type { Logger } from '../../runtime/core/log.ts';
import { ackLimits } from '../wire/ack.ts';
import { type Range, Ranges } from '../wire/ranges.ts';
import type { Ingest } from './ingest.ts';
import type { Presence } from './presence.ts';
import type { IngestCursor, IngestStore } from './store/ingest-store.ts';

export interface GapLimits {
  readonly checkMs: number;
  /** A hole as old as this is asked for. */
  readonly wantAfterMs: number;
  /** A hole asked for as long as this is an incident. */
  readonly incidentAfterMs: number;
}
export const gapLimits: GapLimits = { checkMs: 60_000, wantAfterMs: 900_000, incidentAfterMs: 900_000 };

export interface GapWatchOptions {
  readonly store: IngestStore;
  readonly ingest: Pick<Ingest, 'acknowledge'>;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits?: GapLimits;
}

export class GapWatch {
  readonly #options: GapWatchOptions;
  readonly #limits: GapLimits;
  #timer: TimerHandle | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(options: GapWatchOptions) {
    this.#options = options;
    this.#limits = options.limits ?? gapLimits;
  }

  start(): void {
    this.#timer = repeat(this.#options.clock, 'headend.gaps', this.#limits.checkMs, () => {
      this.#running = this.check();
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#running;
  }

  async check(): Promise<void> {
    try {
      for (const cursor of await this.#options.store.cursors()) await this.#checkOne(cursor);
    } catch (error) {
      this.#options.log.error('headend.gap-check-failed', { detail: messageOf(error) });
    }
  }

  async #checkOne(cursor: IngestCursor): Promise<void> {
    const { store, ingest, presence, clock } = this.#options;
    if (!presence.isOnline(cursor.terminal)) return;
    const missing = missingRows(cursor);
    const nowMs = clock.wallMs();
    const first = missing[0];
    if (!first || nowMs - cursor.progressMs < this.#limits.wantAfterMs) return;
    const wantedSinceMs = cursor.wantedSinceMs ?? nowMs;
    if (cursor.wantedSinceMs === null) await store.saveCursorWatch({ ...cursor, wantedSinceMs });
    else if (nowMs - wantedSinceMs >= this.#limits.incidentAfterMs) await this.#report(cursor, first, nowMs);
    ingest.acknowledge(cursor, { want: missing.slice(0, ackLimits.want) });
  }

  async #report({ terminal, epoch }: IngestCursor, [first, last]: Range, nowMs: number): Promise<void> {
    const detail = `rows ${first} to ${last} were asked for and did not come`;
    await this.#options.store.report({ kind: 'seq_gap', terminal, epoch, seq: first, detail, openedMs: nowMs });
  }
}

/** Rows kept apart as a fork fill no hole: the other history may still exist somewhere. */
function missingRows(cursor: IngestCursor): readonly Range[] {
  const highest = Math.max(cursor.advertised, ...cursor.held.map(([, last]) => last));
  return Ranges.of(...cursor.held).missing([cursor.upto + 1, highest]);
}

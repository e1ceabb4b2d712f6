// Forgets rows by business day, once an hour: those that are judged, whose day is past the retention, and that did not
// arrive within it.
import { type Clock, repeat, type TimerHandle } from '../../runtime/core/clock.ts';
import { messageOf } from '../../runtime/core/errors.ts';
import type { Logger } from '../../runtime/core/log.ts';
import type { RowBook } from './store/ingest-store.ts';

export const retentionLimits = { everyMs: 3_600_000 } as const;
const dayMs = 86_400_000;

export interface RetentionOptions {
  readonly store: Pick<RowBook, 'prune'>;
  readonly days: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Retention {
  readonly #options: RetentionOptions;
  #timer: TimerHandle | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = repeat(this.#options.clock, 'headend.retention', retentionLimits.everyMs, () => {
      this.#running = this.#running.then(() => this.pass());
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#running;
  }

  /** What fails now is tried again in an hour. */
  async pass(): Promise<void> {
    const { store, days, clock, log } = this.#options;
    const oldestMs = clock.wallMs() - days * dayMs;
    try {
      const count = await store.prune(new Date(oldestMs).toISOString().slice(0, 10), oldestMs);
      if (count > 0) log.info('headend.forgotten', { count });
    } catch (error) {
      log.error('headend.retention-failed', { detail: messageOf(error) });
    }
  }
}

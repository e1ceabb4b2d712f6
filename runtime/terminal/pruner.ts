// Lets go of old rows. Only a signed receipt of the head end permits it, and only for rows that are
// provably a week old: until then the terminal is the second copy.
import { decodeCbor, encodeCbor, recordProfile } from '../core/cbor.ts';
import { type Clock, repeat, type TimerHandle } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Moment } from '../core/trusted-time.ts';
import { decodeRow } from '../records/row.ts';
import type { Journal, JournalReader, Projection, StoredRow } from '../store/journal.ts';
import { spaces } from './spaces.ts';

export const pruneLimits = {
  keepMs: 7 * 86_400_000,
  everyMs: 600_000,
  /** Rows looked at in one go: reading them back costs the main loop a few milliseconds. */
  rowsPerPass: 200,
} as const;

/** Changes in the same commit as the RECEIPT row that proves it. */
export const coverage = (epoch: number, upto: number): Projection => ({
  space: spaces.covered,
  key: encodeCbor(epoch),
  value: encodeCbor(upto),
});

export interface PrunerOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly now: () => Moment;
}

export class Pruner {
  readonly #options: PrunerOptions;
  #timer: TimerHandle | null = null;
  #running = false;

  constructor(options: PrunerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= repeat(this.#options.clock, 'journal-prune', pruneLimits.everyMs, () => void this.prune());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** One pass; returns how many rows left. Failures are logged: the next pass finds the same rows. */
  async prune(): Promise<number> {
    if (this.#running) return 0;
    this.#running = true;
    const { journal, now } = this.#options;
    try {
      const last = lastToPrune(journal, now());
      return last ? await journal.prune(last.epoch, last.seq) : 0;
    } catch (error) {
      this.#options.logger.warn('journal not pruned', { detail: messageOf(error) });
      return 0;
    } finally {
      this.#running = false;
    }
  }
}

/**
 * The newest of the oldest rows that may go: covered by a receipt, and written at a trusted time a week ago.
 * Rows before such a row are older still, whatever clock they carry.
 */
function lastToPrune(journal: JournalReader, now: Moment): StoredRow | null {
  if (now.state === 'UNTRUSTED') return null;
  const oldest = journal.oldest(pruneLimits.rowsPerPass);
  const epoch = oldest[0]?.epoch;
  const upto = epoch === undefined ? null : coveredUpto(journal, epoch);
  if (upto === null) return null;
  let last: StoredRow | null = null;
  for (const row of oldest) {
    if (row.epoch !== epoch || row.seq > upto) break;
    const { clock, tWallMs } = decodeRow(row.body);
    if (clock.state === 'UNTRUSTED') continue;
    if (now.wallMs - tWallMs <= pruneLimits.keepMs) break;
    last = row;
  }
  return last;
}

function coveredUpto(journal: JournalReader, epoch: number): number | null {
  const stored = journal.projection(spaces.covered, encodeCbor(epoch));
  const upto = stored ? decodeCbor(stored, recordProfile) : null;
  return typeof upto === 'number' ? upto : null;
}

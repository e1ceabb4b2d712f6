// Faults a test can ask of a terminal process, each around the commit of an accepted ride: die before it,
// die after it, or show green before it is durable. Never configured: only hidden options set them.
import { StileError } from '../../core/errors.ts';
import type { Signal } from '../../core/event.ts';
import type { ChainHead } from '../../records/chain.ts';
import type {
  Journal,
  Projection,
  RowDraft,
  RowPosition,
  StorageIncident,
  StorageLevel,
  StoredRow,
} from '../../store/journal.ts';

export type TerminalFault =
  | { readonly kind: 'kill-before-commit' | 'kill-after-commit'; readonly ride: number }
  | { readonly kind: 'early-green' };

/** How long the sabotaged commit stays behind the cue. */
const lateCommitMs = 60;

/** @throws StileError USAGE naming what is allowed. */
export function parseFault(text: string): TerminalFault {
  if (text === 'early-green') return { kind: 'early-green' };
  const match = /^(kill-before-commit|kill-after-commit)=(\d{1,6})$/.exec(text);
  if (match) return { kind: match[1] as 'kill-before-commit', ride: Number(match[2]) };
  throw new StileError('USAGE', `fault ${JSON.stringify(text)} is not known`, {
    remedy: 'Allowed: early-green, kill-before-commit=N, kill-after-commit=N.',
  });
}

export class FaultyJournal implements Journal {
  readonly committed: Signal<ChainHead>;
  readonly incidents: Signal<StorageIncident>;
  readonly #journal: Journal;
  readonly #fault: TerminalFault;
  #rides = 0;

  constructor(journal: Journal, fault: TerminalFault) {
    this.#journal = journal;
    this.#fault = fault;
    this.committed = journal.committed;
    this.incidents = journal.incidents;
  }

  async commit(rows: readonly RowDraft[], projections: readonly Projection[] = []): Promise<readonly StoredRow[]> {
    if (!rows.some(isRide)) return this.#journal.commit(rows, projections);
    this.#rides++;
    if (this.#fault.kind === 'early-green') return this.#commitLate(rows, projections);
    const fires = this.#rides === this.#fault.ride;
    if (fires && this.#fault.kind === 'kill-before-commit') die();
    const stored = await this.#journal.commit(rows, projections);
    if (fires) die();
    return stored;
  }

  /** Pretends: the rows returned are those that will be committed, but are not yet. */
  async #commitLate(rows: readonly RowDraft[], projections: readonly Projection[]): Promise<readonly StoredRow[]> {
    void new Promise((resolve) => setImmediate(resolve)).then(async () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lateCommitMs);
      await this.#journal.commit(rows, projections);
    });
    const head = this.#journal.head();
    const [epoch, seq] = [head?.epoch ?? 0, (head?.seq ?? -1) + 1];
    return rows.map((row, at) => ({
      epoch,
      seq: seq + at,
      body: new Uint8Array(),
      hash: new Uint8Array(32),
      ref: '000000',
      type: row.type,
      day: row.day,
    }));
  }

  head = (): ChainHead | null => this.#journal.head();
  read = (epoch: number, fromSeq: number, limit: number, maxBytes?: number): readonly StoredRow[] =>
    this.#journal.read(epoch, fromSeq, limit, maxBytes);
  oldest = (limit: number): readonly StoredRow[] => this.#journal.oldest(limit);
  before = (position: RowPosition, limit: number): readonly StoredRow[] => this.#journal.before(position, limit);
  byReference = (ref: string): readonly StoredRow[] => this.#journal.byReference(ref);
  projection = (space: string, key: Uint8Array): Uint8Array | null => this.#journal.projection(space, key);
  projections = (space: string): readonly (readonly [Uint8Array, Uint8Array])[] => this.#journal.projections(space);
  level = (): StorageLevel => this.#journal.level();
  prune = (epoch: number, uptoSeq: number): Promise<number> => this.#journal.prune(epoch, uptoSeq);
  close = (): Promise<void> => this.#journal.close();
}

/** Acts of a charge: the only commits these faults concern. */
const isRide = (row: RowDraft): boolean => {
  const payload = typeof row.payload === 'function' ? row.payload({ epoch: 0, seq: 0 }) : row.payload;
  return payload.act === 'ride';
};

const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

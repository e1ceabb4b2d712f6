// Faults a test can ask of a terminal process, each around one commit: die before or after that of an accepted ride,
// between a motion's INTENT and its pulse, before its OUTCOME, or before the cursor moves past it; or show green, or
// move, before it is durable. Never configured: only hidden options set them.
import { decodeCbor, recordProfile } from '../../core/cbor.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import { StileError } from '../../core/errors.ts';
import type { Signal } from '../../core/event.ts';
import type { ChainHead } from '../../records/chain.ts';
import type { Payload } from '../../records/payload.ts';
import type {
  Journal,
  Projection,
  RowDraft,
  RowPosition,
  StorageIncident,
  StorageLevel,
  StoredRow,
} from '../../store/journal.ts';
import { spaces } from '../../terminal/spaces.ts';

/**
 * `kill-after-intent`: the INTENT is durable and nothing was sent. `kill-before-outcome`: the sensors have spoken and
 * nothing of it is durable. `kill-before-cursor`: the head end's ack of an OUTCOME of this process has come, and the
 * cursor has not moved. `nth` counts the commits of that kind in this process, from 1.
 */
const kills = {
  'kill-before-commit': { of: isRide, when: 'before' },
  'kill-after-commit': { of: isRide, when: 'after' },
  'kill-after-intent': { of: isIntent, when: 'after' },
  'kill-before-outcome': { of: isMotionOutcome, when: 'before' },
  'kill-before-cursor': { of: null, when: 'before' },
} as const;

/**
 * Whose commit is held back until what it allows has happened. Not that of a guide: a cabinet that dies in between has
 * given it away and knows nothing of it, and no story goes on from there.
 */
const sabotages = { 'early-green': isRide, 'early-motion': isIntentOfNoGuide } as const;

export type TerminalFault =
  | { readonly kind: keyof typeof kills; readonly nth: number }
  | { readonly kind: keyof typeof sabotages };

/**
 * How long the sabotaged commit is held back. The line's bytes leave from other threads in turns of the event loop, so
 * nothing may block meanwhile, and a far end on a busy machine must read the cue before the row is there.
 */
const lateCommitMs = 120;

/** @throws StileError USAGE naming what is allowed. */
export function parseFault(text: string): TerminalFault {
  if (isSabotage(text)) return { kind: text };
  const [kind = '', nth = ''] = text.split('=');
  if (isKill(kind) && /^\d{1,6}$/.test(nth)) return { kind, nth: Number(nth) };
  throw new StileError('USAGE', `fault ${JSON.stringify(text)} is not known`, {
    remedy: `Allowed: ${Object.keys(sabotages).join(', ')}, ${Object.keys(kills).join('=N, ')}=N.`,
  });
}

const isSabotage = (kind: string): kind is keyof typeof sabotages => Object.hasOwn(sabotages, kind);
const isKill = (kind: string): kind is keyof typeof kills => Object.hasOwn(kills, kind);

export class FaultyJournal implements Journal {
  readonly committed: Signal<ChainHead>;
  readonly incidents: Signal<StorageIncident>;
  readonly #journal: Journal;
  readonly #fault: TerminalFault;
  readonly #clock: Clock;
  #commits = 0;
  /** Ends with the newest commit asked for under a sabotage; one waits for another, so that each seq told comes true. */
  #late: Promise<unknown> = Promise.resolve();
  /** Of the newest OUTCOME that this process wrote. */
  #outcome: RowPosition | null = null;

  constructor(journal: Journal, fault: TerminalFault, clock: Clock) {
    this.#journal = journal;
    this.#fault = fault;
    this.#clock = clock;
    this.committed = journal.committed;
    this.incidents = journal.incidents;
  }

  async commit(rows: readonly RowDraft[], projections: readonly Projection[] = []): Promise<readonly StoredRow[]> {
    const fault = this.#fault;
    if (!('nth' in fault))
      return rows.some(sabotages[fault.kind])
        ? this.#commitLate(rows, projections)
        : this.#commitInTurn(rows, projections);
    const { of, when } = kills[fault.kind];
    const meant = of === null ? projections.some((change) => this.#movesPastOutcome(change)) : rows.some(of);
    const fires = meant && ++this.#commits === fault.nth;
    if (fires && when === 'before') die();
    const stored = await this.#journal.commit(rows, projections);
    if (fires) die();
    this.#outcome = stored[rows.findLastIndex(isMotionOutcome)] ?? this.#outcome;
    return stored;
  }

  #movesPastOutcome({ space, key, value }: Projection): boolean {
    if (space !== spaces.cursor || value === null || this.#outcome === null) return false;
    const position = decodeCbor(value, recordProfile);
    const upto = position instanceof Map ? position.get('upto') : null;
    return (
      decodeCbor(key, recordProfile) === this.#outcome.epoch && typeof upto === 'number' && upto >= this.#outcome.seq
    );
  }

  /** Pretends: the rows returned are those that will be committed, but are not yet. */
  #commitLate(rows: readonly RowDraft[], projections: readonly Projection[]): Promise<readonly StoredRow[]> {
    const told = this.#late.then(() => this.#rowsToCome(rows));
    this.#late = told
      .then(() => sleep(this.#clock, 'late commit', lateCommitMs))
      .then(() => this.#journal.commit(rows, projections));
    return told;
  }

  #commitInTurn(rows: readonly RowDraft[], projections: readonly Projection[]): Promise<readonly StoredRow[]> {
    const stored = this.#late.then(() => this.#journal.commit(rows, projections));
    this.#late = stored.catch(() => {});
    return stored;
  }

  #rowsToCome(rows: readonly RowDraft[]): readonly StoredRow[] {
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
  projectionsAfter = (space: string, key: Uint8Array, limit: number) =>
    this.#journal.projectionsAfter(space, key, limit);
  level = (): StorageLevel => this.#journal.level();
  prune = (epoch: number, uptoSeq: number): Promise<number> => this.#journal.prune(epoch, uptoSeq);
  close = async (): Promise<void> => {
    await this.#late;
    await this.#journal.close();
  };
}

function isRide(row: RowDraft): boolean {
  return payloadOf(row).act === 'ride';
}

function isIntent(row: RowDraft): boolean {
  return row.type === 'INTENT';
}

function isIntentOfNoGuide(row: RowDraft): boolean {
  return isIntent(row) && payloadOf(row).act !== 'dispense';
}

/** An OUTCOME that names its motion; an order that ends without one has none. */
function isMotionOutcome(row: RowDraft): boolean {
  return row.type === 'OUTCOME' && payloadOf(row).actId !== undefined;
}

const payloadOf = ({ payload }: RowDraft): Payload =>
  typeof payload === 'function' ? payload({ epoch: 0, seq: 0 }) : payload;

const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

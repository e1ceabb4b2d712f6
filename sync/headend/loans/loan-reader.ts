// Reads stored rows for what they say of loans: each journal in order, never beyond the cursor, each row once by
// its own durable position. A crash between reading and storing reads the same rows again, to the same end.
import { decodeRow, type Row } from '../../../runtime/records/row.ts';
import type { IngestStore, LedgerRow } from '../store/ingest-store.ts';
import type { Attempt, ItemEvent } from './item-event.ts';
import { type LoanStore, loanLimits, type ReadPosition, type RowRun } from './loan-store.ts';
import { type Anchor, anchorKey } from './mark.ts';
import { type OpenAct, type RowFact, readRow, txOf } from './row-facts.ts';

export class LoanReader {
  readonly #rows: Pick<IngestStore, 'cursors' | 'read'>;
  readonly #loans: LoanStore;

  constructor(options: { readonly rows: Pick<IngestStore, 'cursors' | 'read'>; readonly loans: LoanStore }) {
    this.#rows = options.rows;
    this.#loans = options.loans;
  }

  /** One run of each journal that has new rows; returns how many rows were read. */
  async pass(): Promise<number> {
    let count = 0;
    for (const { terminal, epoch } of await this.#rows.cursors()) {
      const position = await this.#loans.position(terminal, epoch);
      const stored = await this.#rows.read(terminal, epoch, position.seq + 1, loanLimits.rowsPerRead);
      const ready = judged(stored);
      if (ready.length === 0) continue;
      await this.#loans.storeRun(await this.#readRun(position, ready));
      count += ready.length;
    }
    return count;
  }

  async #readRun(position: ReadPosition, rows: readonly ReadyRow[]): Promise<RowRun> {
    const txs = new Set(rows.flatMap(({ row }) => txOf(row) ?? []));
    const run = new RunInReading(position, new Map(await this.#loans.acts([...txs])));
    for (const { row, stored } of rows) run.read(row, stored);
    return run.done();
  }
}

interface ReadyRow {
  readonly stored: LedgerRow;
  readonly row: Row;
}

/** As far as the second pass has come: whether a code verifies is known before its loan is. */
function judged(stored: readonly LedgerRow[]): readonly ReadyRow[] {
  const rows = stored.map((line) => ({ stored: line, row: decodeRow(line.body) }));
  const open = rows.findIndex(({ stored: { verdict }, row }) => verdict === null && row.payload.sealed !== undefined);
  return open < 0 ? rows : rows.slice(0, open);
}

class RunInReading {
  readonly #known: Map<string, OpenAct>;
  readonly #acts = new Map<string, OpenAct | null>();
  readonly #anchors = new Map<string, Anchor>();
  readonly #events: ItemEvent[] = [];
  readonly #attempts: Attempt[] = [];
  readonly #begun: string[] = [];
  readonly #over: string[] = [];
  #position: ReadPosition;

  constructor(position: ReadPosition, known: Map<string, OpenAct>) {
    this.#position = position;
    this.#known = known;
  }

  read(row: Row, { arrivedMs, verdict }: LedgerRow): void {
    const tx = txOf(row);
    const open = tx === null ? null : (this.#known.get(tx) ?? null);
    const { facts, act } = readRow(row, { arrivedMs, afterMs: this.#position.syncedMs, verdict }, open);
    if (tx !== null && act !== undefined) this.#setAct(tx, act);
    for (const fact of facts) this.#note(fact);
    this.#pass(row);
  }

  done(): RowRun {
    return {
      position: this.#position,
      events: this.#events,
      attempts: this.#attempts,
      acts: this.#acts,
      anchors: this.#anchors,
      begun: this.#begun,
      over: this.#over,
    };
  }

  #setAct(tx: string, act: OpenAct | null): void {
    this.#acts.set(tx, act);
    if (act === null) this.#known.delete(tx);
    else this.#known.set(tx, act);
  }

  #note(fact: RowFact): void {
    switch (fact.kind) {
      case 'event':
        return void this.#events.push(fact.event);
      case 'attempt':
        return void this.#attempts.push(fact.attempt);
      case 'orderBegan':
        return void this.#begun.push(fact.order);
      case 'orderOver':
        return void this.#over.push(fact.order);
      default:
        fact satisfies never;
    }
  }

  #pass(row: Row): void {
    const { terminal, epoch, seq, clock } = row;
    const synced = clock.state === 'SYNCED';
    const boot = anchorKey(row);
    if (synced && !this.#anchors.has(boot)) {
      const { tMonoMs: monoMs, tWallMs: wallMs } = row;
      this.#anchors.set(boot, { monoMs, wallMs, uncertaintyMs: clock.uncertaintyMs });
    }
    const syncedMs = synced ? Math.max(this.#position.syncedMs ?? 0, row.tWallMs) : this.#position.syncedMs;
    this.#position = { terminal, epoch, seq, syncedMs };
  }
}

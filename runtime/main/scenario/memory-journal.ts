// A journal in memory that is one in all but its disk: real rows with their real bytes, chained, projections in
// the same commit, and a power cut that can fall on either side of durable.
import { type Epoch, epoch, type Seq, type TerminalId } from '../../core/brand.ts';
import { type Bytes, fromHex, hex } from '../../core/bytes.ts';
import { Signal } from '../../core/event.ts';
import type { ChainHead } from '../../records/chain.ts';
import { referenceOf } from '../../records/reference.ts';
import { decodeRow, encodeRow, type Row, zeroHash } from '../../records/row.ts';
import type {
  Journal,
  Projection,
  RowDraft,
  RowPosition,
  StorageIncident,
  StorageLevel,
  StoredRow,
} from '../../store/journal.ts';

export type CutMoment = 'beforeCommit' | 'afterCommit' | 'afterPulse';

export interface ArmedCut {
  readonly moment: CutMoment;
  readonly isMet: (row: Pick<Row, 'type' | 'payload'>) => boolean;
}

/** A row as it was stored, and as it reads. */
export type KeptRow = StoredRow & { readonly row: Row };

const firstEpoch = epoch(4_294_967_296);

export class MemoryJournal implements Journal {
  readonly committed = new Signal<ChainHead>();
  readonly incidents = new Signal<StorageIncident>();
  readonly #terminal: TerminalId;
  readonly #rows: KeptRow[] = [];
  readonly #projections = new Map<string, Bytes>();
  storage: StorageLevel = 'normal';
  /** Answers commits before they are durable: what no journal may do. */
  answersEarly = false;
  cut: ArmedCut | null = null;
  bootId: Bytes = new Uint8Array(16);
  /** Called when the armed cut has come; the process that waits for its commit never hears of it. */
  onCut: (moment: CutMoment) => void = () => {};

  constructor(terminal: TerminalId) {
    this.#terminal = terminal;
  }

  get rows(): readonly KeptRow[] {
    return this.#rows;
  }

  commit(drafts: readonly RowDraft[], projections: readonly Projection[] = []): Promise<readonly StoredRow[]> {
    const made = this.#make(drafts);
    const { cut } = this;
    const isCut = cut !== null && made.some(({ row }) => cut.isMet(row));
    if (isCut) this.cut = null;
    if (isCut && cut.moment === 'beforeCommit') {
      this.onCut('beforeCommit');
      return this.answersEarly ? Promise.resolve(made) : never();
    }
    this.#rows.push(...made);
    for (const { space, key, value } of projections) {
      const place = `${space}/${hex(key)}`;
      if (value === null) this.#projections.delete(place);
      else this.#projections.set(place, value);
    }
    const head = this.head();
    if (made.length > 0 && head !== null) this.committed.emit(head);
    if (isCut) this.onCut(cut.moment);
    return isCut && cut.moment === 'afterCommit' ? never() : Promise.resolve(made);
  }

  head(): ChainHead | null {
    const last = this.#rows.at(-1);
    return last === undefined ? null : { epoch: last.epoch, seq: last.seq, hash: last.hash };
  }

  oldest(limit: number): readonly KeptRow[] {
    return this.#rows.slice(0, limit);
  }

  before(position: RowPosition, limit: number): readonly KeptRow[] {
    const older = this.#rows.filter(
      (row) => row.epoch < position.epoch || (row.epoch === position.epoch && row.seq < position.seq),
    );
    return older.slice(-limit);
  }

  read(inEpoch: number, fromSeq: number, limit: number): readonly KeptRow[] {
    return this.#rows.filter((row) => row.epoch === inEpoch && row.seq >= fromSeq).slice(0, limit);
  }

  byReference(ref: string): readonly KeptRow[] {
    return this.#rows.filter((row) => row.ref === ref);
  }

  projection(space: string, key: Bytes): Bytes | null {
    return this.#projections.get(`${space}/${hex(key)}`) ?? null;
  }

  projections(space: string): readonly (readonly [key: Bytes, value: Bytes])[] {
    return [...this.#projections]
      .filter(([place]) => place.startsWith(`${space}/`))
      .map(([place, value]) => [fromHex(place.slice(space.length + 1)), value]);
  }

  projectionsAfter(space: string, key: Bytes, limit: number): readonly (readonly [key: Bytes, value: Bytes])[] {
    return this.projections(space)
      .filter(([other]) => Buffer.compare(other, key) > 0)
      .sort(([a], [b]) => Buffer.compare(a, b))
      .slice(0, limit);
  }

  level(): StorageLevel {
    return this.storage;
  }

  prune(): Promise<number> {
    return Promise.resolve(0);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #make(drafts: readonly RowDraft[]): readonly KeptRow[] {
    const made: KeptRow[] = [];
    for (const draft of drafts) {
      const at = { epoch: firstEpoch as Epoch, seq: (this.#rows.length + made.length) as Seq };
      const { body, hash } = encodeRow({
        terminal: this.#terminal,
        ...at,
        bootId: this.bootId,
        tMonoMs: draft.moment.monoMs,
        tWallMs: draft.moment.wallMs,
        clock: { state: draft.moment.state, uncertaintyMs: draft.moment.uncertaintyMs },
        day: draft.day,
        type: draft.type,
        payload: typeof draft.payload === 'function' ? draft.payload(at) : draft.payload,
        prev: (made.at(-1) ?? this.#rows.at(-1))?.hash ?? zeroHash,
      });
      const ref = referenceOf(this.#terminal, at.epoch, at.seq);
      made.push({ ...at, body, hash, type: draft.type, day: draft.day, ref, row: decodeRow(body) });
    }
    return made;
  }
}

/** Power is gone: nobody is left who could answer. */
const never = (): Promise<never> => new Promise(() => {});

// Signs what the journal holds: a CHECKPOINT row after 100 rows or 60 s, and at start for the tail a
// cut left unsigned. Between two checkpoints whoever holds the disk could drop rows unseen.
import type { Bytes } from '../core/bytes.ts';
import { encodeCbor } from '../core/cbor.ts';
import type { Clock, TimerHandle } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Payload } from '../records/payload.ts';
import type { RowType } from '../records/row-types.ts';
import type { Journal, RowDraft } from '../store/journal.ts';

export const checkpointLimits = { rows: 100, afterMs: 60_000 } as const;

export interface CheckpointSigner {
  readonly alg: number;
  sign(message: Bytes): Bytes;
}

export interface CheckpointSubject {
  readonly operator: string;
  readonly terminal: string;
  readonly epoch: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly head: Bytes;
  readonly tWallMs: number;
}

/** The bytes a checkpoint signs: CBOR array of domain, operator, terminal, epoch, first, last, head, count, time. */
export const checkpointMessage = (subject: CheckpointSubject): Bytes =>
  encodeCbor([
    'stile-checkpoint-1',
    subject.operator,
    subject.terminal,
    subject.epoch,
    subject.firstSeq,
    subject.lastSeq,
    subject.head,
    subject.lastSeq - subject.firstSeq + 1,
    subject.tWallMs,
  ]);

export interface CheckpointerOptions {
  readonly journal: Journal;
  readonly signer: CheckpointSigner;
  readonly operator: string;
  readonly terminal: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly draft: (type: RowType, payload: Payload) => RowDraft;
}

export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #signedUpto: number;
  #rows = 0;
  #timer: TimerHandle | null = null;
  #running: Promise<void> | null = null;

  /** `signedUpto`: seq of the last row a CHECKPOINT of this epoch covers, -1 for none. */
  constructor(options: CheckpointerOptions, signedUpto: number) {
    this.#options = options;
    this.#signedUpto = signedUpto;
  }

  /** Counts committed rows that matter; CHECKPOINT and RECEIPT rows alone cause no checkpoint. */
  rowsCommitted(types: readonly RowType[]): void {
    this.#rows += types.filter((type) => type !== 'CHECKPOINT' && type !== 'RECEIPT').length;
    if (this.#rows === 0) return;
    if (this.#rows >= checkpointLimits.rows) void this.sign('rows');
    else
      this.#timer ??= this.#options.clock.timer('checkpoint', checkpointLimits.afterMs, () => void this.sign('time'));
  }

  /** Signs now, unless nothing is unsigned. Failures are logged: the next checkpoint covers the rows too. */
  sign(trigger: 'rows' | 'time' | 'boot' | 'shutdown'): Promise<void> {
    this.#running ??= this.#sign(trigger).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  async #sign(trigger: string): Promise<void> {
    this.stop();
    const head = this.#options.journal.head();
    if (!head || head.seq <= this.#signedUpto) return;
    this.#rows = 0;
    const draft = this.#options.draft('CHECKPOINT', { act: 'checkpoint' });
    const subject: CheckpointSubject = {
      operator: this.#options.operator,
      terminal: this.#options.terminal,
      epoch: head.epoch,
      firstSeq: this.#signedUpto + 1,
      lastSeq: head.seq,
      head: head.hash,
      tWallMs: draft.moment.wallMs,
    };
    const payload: Payload = {
      act: 'checkpoint',
      trigger,
      firstSeq: subject.firstSeq,
      lastSeq: subject.lastSeq,
      head: subject.head,
      count: subject.lastSeq - subject.firstSeq + 1,
      toMs: subject.tWallMs,
      alg: this.#options.signer.alg,
      signature: this.#options.signer.sign(checkpointMessage(subject)),
    };
    try {
      await this.#options.journal.commit([{ ...draft, payload }]);
      this.#signedUpto = head.seq;
    } catch (error) {
      this.#options.logger.warn('checkpoint not written', { detail: messageOf(error) });
    }
  }
}

// Signs what the journal holds: a CHECKPOINT row after 100 rows or 60 s, and at start for the tail a
// cut left unsigned. Between two checkpoints whoever holds the disk could drop rows unseen.
import type { Bytes } from '../core/bytes.ts';
import { encodeCbor } from '../core/cbor.ts';
import type { Clock, TimerHandle } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { ChainHead } from '../records/chain.ts';
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
  /** `payload` is given the wall time that the row will carry. */
  readonly draft: (type: RowType, payload: (tWallMs: number) => Payload) => RowDraft;
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

  /** Signs now, unless nothing that matters is unsigned. At a start the whole tail counts. Failures are logged: the next checkpoint covers the rows too. */
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
    const tailOnly = trigger !== 'boot' && this.#rows === 0;
    if (!head || head.seq <= this.#signedUpto || tailOnly) return;
    const rows = this.#rows;
    this.#rows = 0;
    try {
      await this.#options.journal.commit([this.#signed(trigger, head)]);
      this.#signedUpto = head.seq;
    } catch (error) {
      this.#rows += rows;
      this.#options.logger.warn('checkpoint not written', { detail: messageOf(error) });
    }
  }

  #signed(trigger: string, head: ChainHead): RowDraft {
    const { operator, terminal, signer, draft } = this.#options;
    const [firstSeq, lastSeq] = [this.#signedUpto + 1, head.seq];
    return draft('CHECKPOINT', (tWallMs) => {
      const subject = { operator, terminal, epoch: head.epoch, firstSeq, lastSeq, head: head.hash, tWallMs };
      return {
        act: 'checkpoint',
        trigger,
        firstSeq,
        lastSeq,
        head: head.hash,
        count: lastSeq - firstSeq + 1,
        toMs: tWallMs,
        alg: signer.alg,
        signature: signer.sign(checkpointMessage(subject)),
      };
    });
  }
}

// The second pass: after rows are stored and acknowledged, opens their sealed evidence, verifies the
// token again, and compares what was shown where. Only what is good here is settled.
import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { isBytes } from '../../runtime/core/cbor.ts';
import { type Clock, repeat, type TimerHandle } from '../../runtime/core/clock.ts';
import { messageOf } from '../../runtime/core/errors.ts';
import type { Logger } from '../../runtime/core/log.ts';
import { openEvidence } from '../../runtime/records/evidence.ts';
import { decodeRow, type Row } from '../../runtime/records/row.ts';
import { DoubleUse } from './double-use.ts';
import type { EvidenceJudge } from './ports.ts';
import { type RowDate, RowDates } from './row-dates.ts';
import type { IngestStore, LedgerRow } from './store/ingest-store.ts';

export const reverifyLimits = { everyMs: 200, rowsPerPass: 50 } as const;

export interface ReverifyOptions {
  readonly store: IngestStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** The head end's X25519 private key. */
  readonly sealingKey: KeyObject;
  readonly judge: EvidenceJudge;
}

export class Reverify {
  readonly #options: ReverifyOptions;
  readonly #doubleUse: DoubleUse;
  #timer: TimerHandle | null = null;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: ReverifyOptions) {
    this.#options = options;
    this.#doubleUse = new DoubleUse(options);
  }

  start(): void {
    this.#timer = repeat(this.#options.clock, 'headend.reverify', reverifyLimits.everyMs, () => {
      this.#running = this.#running.then(() => this.pass());
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#running;
  }

  /**
   * Judges the oldest rows without a verdict; returns how many. A row is judged once, and once more when its boot was
   * told the time after it.
   */
  async pass(): Promise<number> {
    const { store, log } = this.#options;
    try {
      const rows = await store.unjudged(reverifyLimits.rowsPerPass);
      const verdicts: { row: LedgerRow; verdict: string }[] = [];
      const dates = new RowDates(store);
      for (const stored of rows) verdicts.push(...(await this.#examine(stored, dates)));
      if (verdicts.length > 0) await store.judge(verdicts);
      return rows.length;
    } catch (error) {
      log.error('headend.reverify-failed', { detail: messageOf(error) });
      return 0;
    }
  }

  async #examine(stored: LedgerRow, dates: RowDates): Promise<readonly { row: LedgerRow; verdict: string }[]> {
    const row = decodeRow(stored.body);
    await this.#doubleUse.examine(stored, row);
    const own = { row: stored, verdict: this.#verdict(row, await this.#dateOf(row, dates)) };
    return isToldTheTime(row) ? [own, ...(await this.#dated(row, dates))] : [own];
  }

  /** Rows that were judged before this one, and that it dates. */
  async #dated(told: Row, dates: RowDates): Promise<readonly { row: LedgerRow; verdict: string }[]> {
    const again: { row: LedgerRow; verdict: string }[] = [];
    for (const { stored, row } of await dates.writtenBefore(told)) {
      if (stored.verdict === null || row.payload.sealed === undefined) continue;
      again.push({ row: stored, verdict: this.#verdict(row, await dates.of(row)) });
    }
    return again;
  }

  #dateOf(row: Row, dates: RowDates): Promise<RowDate> | RowDate {
    return row.payload.sealed === undefined ? { anchor: null, afterMs: null } : dates.of(row);
  }

  #verdict(row: Row, date: RowDate): string {
    const { sealed, sealKey } = row.payload;
    if (sealed === undefined) return 'none';
    if (!isBytes(sealed) || !isBytes(sealKey)) return 'bad:MALFORMED';
    const opened = openEvidence(this.#options.sealingKey, sealKey, row.epoch, row.seq, sealed);
    if (!opened.ok) return 'bad:UNSEALABLE';
    return this.#judged(row, opened.plaintext, date);
  }

  /** A verifier that throws is a defect of the verifier; one row must not stop the pass for ever. */
  #judged(row: Row, token: Bytes, date: RowDate): string {
    try {
      const judgement = this.#options.judge.judge(row, token, date);
      return judgement.good ? 'good' : `bad:${judgement.reason}`;
    } catch (error) {
      this.#options.log.error('headend.judge-threw', { seq: row.seq, epoch: row.epoch, detail: messageOf(error) });
      return 'bad:DEVICE_FAULT';
    }
  }
}

/** Written when a signed time ended an untrusted one. */
const isToldTheTime = ({ type, payload, clock }: Row): boolean =>
  type === 'CLOCK' && payload.act === 'sync' && clock.state === 'SYNCED';

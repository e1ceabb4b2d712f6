// One terminal, whatever its machine: joins scanner, verification, desk, journal and indicator. It owns the
// order in which things happen and nothing of what they decide.
import type { Indicator } from '../../devices/ports/indicator.ts';
import type { Scan, Scanner } from '../../devices/ports/scanner.ts';
import { type MonoMs, monoMs, unixSeconds, wallMs } from '../core/brand.ts';
import type { Bytes } from '../core/bytes.ts';
import { type Clock, repeat, type TimerHandle } from '../core/clock.ts';
import type { Entropy } from '../core/entropy.ts';
import { messageOf } from '../core/errors.ts';
import type { Signal } from '../core/event.ts';
import type { Logger } from '../core/log.ts';
import type { ClockStep, Moment, TrustedTime } from '../core/trusted-time.ts';
import type { BusinessCalendar } from '../records/business-day.ts';
import type { Payload } from '../records/payload.ts';
import type { RowType } from '../records/row-types.ts';
import type { Journal, Projection, StorageIncident, StoredRow } from '../store/journal.ts';
import { CredentialCache } from '../tokens/credential-cache.ts';
import type { Verdict } from '../tokens/outcome.ts';
import { longestValidityMs, ReplayRing } from '../tokens/replay-ring.ts';
import { TrustView } from '../tokens/trust-view.ts';
import { defaultLimits, type TokenVerifier } from '../tokens/verifier.ts';
import { verifyCode } from '../tokens/verify.ts';
import { Checkpointer, type CheckpointSigner } from './checkpointer.ts';
import type { Connection, Desk, DeskServices } from './desk.ts';
import { EvidenceKeeper } from './evidence-keeper.ts';
import type { DocumentName, HeldDocuments } from './held-documents.ts';
import { InputQueue } from './input-queue.ts';
import type { Committed, Shown } from './machine-runner.ts';
import { Pruner } from './pruner.ts';
import { entersRing, type Recovered, refillRing } from './recovery.ts';
import { RowDrafts } from './row-drafts.ts';

export const terminalLimits = {
  clockCheckMs: 10_000,
  sweepMs: 3_600_000,
  /** SERVICE rows that a failing disk can cause in one run of the process; more are only logged. */
  incidentRows: 100,
} as const;

export interface TerminalOptions {
  readonly operator: string;
  readonly terminal: string;
  readonly software: string;
  readonly bootId: Bytes;
  readonly journal: Journal;
  readonly documents: HeldDocuments;
  readonly scanner: Scanner;
  readonly indicator: Indicator;
  readonly time: TrustedTime;
  readonly calendar: BusinessCalendar;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly signer: CheckpointSigner;
  readonly connection: () => Connection;
  /** Formats of codes it takes, in the order in which they are asked. */
  readonly formats: readonly TokenVerifier[];
}

export class Terminal<Input extends { readonly kind: string }> {
  readonly #options: TerminalOptions;
  readonly #recovered: Recovered;
  readonly #desk: Desk<Input>;
  readonly #queue: InputQueue<Input>;
  readonly #drafts: RowDrafts;
  readonly #evidence: EvidenceKeeper;
  readonly #ring = new ReplayRing();
  readonly #cache = new CredentialCache();
  readonly #checkpointer: Checkpointer;
  readonly #pruner: Pruner;
  readonly #running: TimerHandle[] = [];
  #defects = 0;
  #incidentRows = 0;

  constructor(
    options: TerminalOptions,
    recovered: Recovered,
    openDesk: (services: DeskServices<Input>) => Desk<Input>,
  ) {
    const { journal, clock, logger, calendar, documents, time } = options;
    this.#options = options;
    this.#recovered = recovered;
    this.#evidence = new EvidenceKeeper(clock);
    this.#drafts = new RowDrafts(calendar, this.#evidence);
    this.#queue = new InputQueue((input) => this.#take(input));
    const draft = (type: RowType, payload: (tWallMs: number) => Payload) => {
      const moment = time.now();
      return this.#drafts.draft(type, this.#desk.marked(payload(moment.wallMs)), moment);
    };
    this.#checkpointer = new Checkpointer({ ...options, draft }, recovered.signedUpto);
    this.#pruner = new Pruner({ journal, clock, logger, now: () => time.now() });
    this.#desk = openDesk(this.#services());
    journal.incidents.on((incident) => void this.#journalIncident(incident));
    documents.changed.on((name) => this.#documentChanged(name));
  }

  /** What the machine tells the people in front of it. */
  get shown(): Signal<Shown> {
    return this.#desk.shown;
  }

  /** Recovers, writes BOOT, and begins to serve. Devices that are absent are waited for, not failed on. */
  async start(boot: { readonly reason: string; readonly detail?: string }): Promise<void> {
    const { bootId, time, clock, scanner, indicator } = this.#options;
    const now = time.now();
    refillRing(this.#ring, this.#recovered.tail, bootId, now);
    this.#evidence.recipient(this.#options.documents.trust?.seal ?? null);
    await this.write('BOOT', {
      act: 'boot',
      cause: boot.reason,
      software: this.#options.software,
      ...(boot.detail ? { detail: boot.detail } : {}),
    });
    await this.#checkpointer.sign('boot');
    for (const input of this.#desk.boot(now)) this.#queue.input(input);
    await this.#queue.drained();
    scanner.scans.on((scan) => this.#queue.scan(scan));
    this.#desk.start();
    indicator.start();
    scanner.start();
    this.#running.push(
      repeat(clock, 'clock-step', terminalLimits.clockCheckMs, () => this.#checkClock()),
      repeat(clock, 'sweep', terminalLimits.sweepMs, () => void this.#sweep()),
    );
    this.#pruner.start();
  }

  async stop(): Promise<void> {
    for (const timer of this.#running.splice(0)) timer.cancel();
    this.#pruner.stop();
    await this.#options.scanner.stop();
    await this.#queue.drained();
    await this.#desk.stop();
    await this.#checkpointer.sign('shutdown');
    this.#checkpointer.stop();
    await this.#options.indicator.stop();
  }

  /** A row that no machine asked for: boots, lists, receipts, security events. */
  async write(type: RowType, payload: Payload, projections: readonly Projection[] = []): Promise<readonly StoredRow[]> {
    const rows = await this.#options.journal.commit(
      [this.#drafts.draft(type, payload, this.#options.time.now())],
      projections,
    );
    this.#checkpointer.rowsCommitted([type]);
    return rows;
  }

  /** Something outside decided changes with time or connection: the machine hears of it in its turn. */
  input(input: Input): void {
    this.#queue.input(input);
  }

  networkChanged(online: boolean): void {
    const input = this.#desk.networkChanged(online, this.#options.clock.monoMs());
    if (input !== null) this.#queue.input(input);
  }

  counters(): { readonly droppedScans: number; readonly defects: number; readonly ignoredInputs: number } {
    return { droppedScans: this.#queue.dropped, defects: this.#defects, ignoredInputs: this.#desk.ignoredInputs };
  }

  #services(): DeskServices<Input> {
    const { journal, documents, indicator, clock, entropy, logger, bootId, connection, time } = this.#options;
    return {
      journal,
      documents,
      indicator,
      clock,
      entropy,
      logger,
      bootId,
      connection,
      drafts: this.#drafts,
      now: () => time.now(),
      verify: (raw, atMonoMs, now, limits) => this.#verify(raw, atMonoMs, now, limits),
      later: (input) => this.#queue.input(input),
      written: (committed) => this.#written(committed),
    };
  }

  async #take(input: Input | Scan): Promise<void> {
    try {
      if ('kind' in input) await this.#desk.take(input);
      else await this.#desk.present(input, momentAt(this.#options.time.now(), input.atMonoMs));
    } catch (error) {
      // A defect must cost one scan, not the terminal; nothing was shown for it.
      this.#defects++;
      this.#options.logger.error('defect while deciding', { code: 'INTERNAL', detail: messageOf(error) });
    }
  }

  #verify(raw: Bytes, atMonoMs: MonoMs, now: Moment, limits = defaultLimits): Verdict {
    const { documents, formats, logger } = this.#options;
    return verifyCode(
      raw,
      atMonoMs,
      { now, trust: documents.trust ?? nobodyTrusted, limits, cache: this.#cache },
      {
        ring: this.#ring,
        deny: documents.deny,
        status: () => null,
        defect: (format, error) => {
          this.#defects++;
          logger.error('verifier defect', { kind: format, detail: messageOf(error) });
        },
      },
      formats,
    );
  }

  /** Accepted presentations enter the ring at their commit. Tickets and loans have the use ledger instead. */
  #written({ rows, records }: Committed): void {
    for (const [at, { payload }] of records.entries()) {
      const row = rows[at];
      if (!row || !entersRing(payload) || !payload.digest) continue;
      const now = this.#options.time.now();
      const entry = { epoch: row.epoch, seq: row.seq, atMonoMs: now.monoMs };
      this.#ring.accept(payload.digest, entry, longestValidityMs(defaultLimits, now));
    }
    this.#checkpointer.rowsCommitted(records.map((record) => record.type));
    const last = rows.at(-1);
    if (last) this.#evidence.expect({ epoch: last.epoch, seq: last.seq + 1 });
  }

  #documentChanged(name: DocumentName): void {
    const { documents, time } = this.#options;
    time.raiseFloor(documents.newestIssuedAt() * 1000);
    if (name === 'trust') {
      this.#cache.clear();
      this.#evidence.recipient(documents.trust?.seal ?? null);
    }
    this.#desk.documentChanged(name);
  }

  #checkClock(): void {
    const step = this.#options.time.checkStep();
    if (!step) return;
    this.#options.logger.warn('the wall clock was stepped', { durationMs: Math.round(step.toMs - step.fromMs) });
    const input = this.#desk.clockStepped(step, this.#options.clock.monoMs());
    if (input !== null) this.#queue.input(input);
    else void this.#journalStep(step).catch((error: unknown) => this.#unwritten('clock', error));
  }

  async #journalStep({ fromMs, toMs }: ClockStep): Promise<void> {
    const [from, to] = [Math.round(fromMs), Math.round(toMs)];
    await this.write('CLOCK', { act: 'step', fromMs: from, toMs: to, trigger: 'sensor' });
  }

  async #sweep(): Promise<void> {
    await this.#desk.sweep().catch((error: unknown) => this.#unwritten('sweep', error));
  }

  /** What the storage did is itself written down, as soon as it can be. A fault while doing so is not written again. */
  async #journalIncident({ kind, detail }: StorageIncident): Promise<void> {
    const worthARow = kind !== 'out-of-service' && this.#incidentRows < terminalLimits.incidentRows;
    if (!worthARow) return;
    this.#incidentRows++;
    const payload: Payload = { act: 'storage', trigger: kind, detail: detail.slice(0, 80).toWellFormed() };
    await this.write('SERVICE', payload).catch((error: unknown) => this.#unwritten('storage', error));
  }

  #unwritten(kind: string, error: unknown): void {
    this.#options.logger.warn('not journaled', { kind, detail: messageOf(error) });
  }
}

/** The moment of an input that waited: its own time, not the time of its turn. */
function momentAt(now: Moment, atMonoMs: MonoMs): Moment {
  const waitedMs = Math.max(0, now.monoMs - atMonoMs);
  return { ...now, monoMs: monoMs(now.monoMs - waitedMs), wallMs: wallMs(now.wallMs - waitedMs) };
}

/** Before the first trust list nobody is known. */
const nobodyTrusted = new TrustView({
  gen: 0,
  version: 0,
  iat: unixSeconds(0),
  exp: unixSeconds(0),
  seal: null,
  issuers: [],
  documentKeys: [],
});

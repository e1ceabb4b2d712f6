// One terminal: joins scanner, verification, machine, journal and indicator. It owns the order in which
// things happen and nothing of what they decide.
import { createHash } from 'node:crypto';
import type { Indicator } from '../../devices/ports/indicator.ts';
import type { Scan, Scanner } from '../../devices/ports/scanner.ts';
import { type MonoMs, monoMs, unixSeconds, wallMs } from '../core/brand.ts';
import type { Bytes } from '../core/bytes.ts';
import { type Clock, repeat, type TimerHandle } from '../core/clock.ts';
import type { Entropy } from '../core/entropy.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Moment, TrustedTime } from '../core/trusted-time.ts';
import type { RecordDraft } from '../machines/shared/effects.ts';
import { decodeAccountMemory } from '../machines/validator/account-memory.ts';
import type { ValidatorConfig } from '../machines/validator/config.ts';
import { mayForget } from '../machines/validator/forgetting.ts';
import type { ValidatorInput } from '../machines/validator/input.ts';
import { knowsCode, serves } from '../machines/validator/step.ts';
import type { BusinessCalendar } from '../records/business-day.ts';
import type { Payload } from '../records/payload.ts';
import type { RowType } from '../records/row-types.ts';
import type { Journal, Projection, StorageIncident, StoredRow } from '../store/journal.ts';
import { CredentialCache } from '../tokens/credential-cache.ts';
import type { Verdict } from '../tokens/outcome.ts';
import { longestValidityMs, ReplayRing } from '../tokens/replay-ring.ts';
import { TrustView } from '../tokens/trust-view.ts';
import { defaultLimits } from '../tokens/verifier.ts';
import { verifyCode } from '../tokens/verify.ts';
import { Checkpointer, type CheckpointSigner } from './checkpointer.ts';
import { EvidenceKeeper } from './evidence-keeper.ts';
import { type Connection, FactsSource } from './facts.ts';
import type { HeldDocuments } from './held-documents.ts';
import { InputQueue } from './input-queue.ts';
import { MachineRunner } from './machine-runner.ts';
import { Pruner } from './pruner.ts';
import { type Recovered, refillRing } from './recovery.ts';
import { RowDrafts } from './row-drafts.ts';
import { spaces } from './spaces.ts';

export const terminalLimits = {
  clockCheckMs: 10_000,
  sweepMs: 3_600_000,
  /** Account memories forgotten in one commit. */
  sweepRows: 500,
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
  readonly config: ValidatorConfig;
  readonly connection: () => Connection;
  /** The trip that opens by itself: a bus without a driver's key. */
  readonly trip: { readonly line: string; readonly direction: string };
}

export class Terminal {
  readonly runner: MachineRunner;
  readonly #options: TerminalOptions;
  readonly #recovered: Recovered;
  readonly #queue: InputQueue<ValidatorInput>;
  readonly #facts: FactsSource;
  readonly #drafts: RowDrafts;
  readonly #evidence: EvidenceKeeper;
  readonly #ring = new ReplayRing();
  readonly #cache = new CredentialCache();
  readonly #checkpointer: Checkpointer;
  readonly #pruner: Pruner;
  readonly #running: TimerHandle[] = [];
  #defects = 0;
  #incidentRows = 0;

  constructor(options: TerminalOptions, recovered: Recovered) {
    const { journal, indicator, clock, logger, calendar } = options;
    this.#options = options;
    this.#recovered = recovered;
    this.#evidence = new EvidenceKeeper(clock);
    this.#drafts = new RowDrafts(calendar, this.#evidence);
    this.#facts = new FactsSource({ ...options, indicatorReady: () => indicator.health().state === 'online' });
    this.#queue = new InputQueue((input) => this.#take(input));
    this.runner = new MachineRunner({
      journal,
      indicator,
      clock,
      logger,
      drafts: this.#drafts,
      later: (input) => this.#queue.input(input),
      written: (rows, records) => this.#written(rows, records),
    });
    const draft = (type: RowType, payload: (tWallMs: number) => Payload) => {
      const moment = this.#options.time.now();
      return this.#drafts.draft(type, this.#marked(payload(moment.wallMs)), moment);
    };
    this.#checkpointer = new Checkpointer({ ...options, draft }, recovered.signedUpto);
    this.#pruner = new Pruner({ journal, clock, logger, now: () => options.time.now() });
    journal.incidents.on((incident) => void this.#journalIncident(incident));
    options.documents.changed.on((name) => this.#documentChanged(name));
  }

  /** Recovers, writes BOOT, and begins to serve. Devices that are absent are waited for, not failed on. */
  async start(boot: { readonly reason: string; readonly detail?: string }): Promise<void> {
    const { bootId, time, clock, scanner, indicator, trip } = this.#options;
    const recovered = this.#recovered;
    const now = time.now();
    refillRing(this.#ring, recovered.tail, bootId, now);
    this.#evidence.recipient(this.#options.documents.trust?.seal ?? null);
    await this.write('BOOT', {
      act: 'boot',
      cause: boot.reason,
      software: this.#options.software,
      ...(boot.detail ? { detail: boot.detail } : {}),
    });
    await this.#checkpointer.sign('boot');
    this.#queue.input({ kind: 'Boot', atMonoMs: now.monoMs, trip: recovered.trip, unsignalled: recovered.unsignalled });
    await this.#queue.drained();
    this.#openTrip(trip);
    scanner.scans.on((scan) => this.#queue.scan(scan));
    indicator.start();
    scanner.start();
    this.#running.push(
      repeat(clock, 'clock-step', terminalLimits.clockCheckMs, () => this.#checkClock()),
      repeat(clock, 'account-sweep', terminalLimits.sweepMs, () => void this.#sweepAccounts()),
    );
    this.#pruner.start();
  }

  async stop(): Promise<void> {
    for (const timer of this.#running.splice(0)) timer.cancel();
    this.#pruner.stop();
    await this.#options.scanner.stop();
    await this.#queue.drained();
    this.runner.stop();
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
  input(input: ValidatorInput): void {
    this.#queue.input(input);
  }

  counters(): { readonly droppedScans: number; readonly defects: number; readonly ignoredInputs: number } {
    return { droppedScans: this.#queue.dropped, defects: this.#defects, ignoredInputs: this.runner.state.ignored };
  }

  async #take(input: ValidatorInput | Scan): Promise<void> {
    try {
      if ('kind' in input) await this.runner.run(input, this.#facts.at(this.#options.time.now(), null));
      else await this.#present(input);
    } catch (error) {
      // A defect must cost one scan, not the terminal; nothing was shown for it.
      this.#defects++;
      this.#options.logger.error('defect while deciding', { code: 'INTERNAL', detail: messageOf(error) });
    }
  }

  async #present(scan: Scan): Promise<void> {
    const { config, journal } = this.#options;
    const { state } = this.runner;
    const rawDigest = new Uint8Array(createHash('sha256').update(scan.bytes).digest());
    const moment = momentAt(this.#options.time.now(), scan.atMonoMs);
    const { atMonoMs } = scan;
    if (knowsCode(state, rawDigest, atMonoMs, config)) {
      return this.runner.run({ kind: 'SameCode', rawDigest, atMonoMs }, this.#facts.at(moment, null));
    }
    const verdict = serves(state, journal.level()) ? this.#verify(scan.bytes, atMonoMs, moment) : null;
    return this.runner.run({ kind: 'Presentation', verdict, rawDigest, atMonoMs }, this.#facts.at(moment, verdict));
  }

  #verify(raw: Bytes, atMonoMs: MonoMs, now: Moment): Verdict {
    const { documents } = this.#options;
    return verifyCode(
      raw,
      atMonoMs,
      { now, trust: documents.trust ?? nobodyTrusted, limits: defaultLimits, cache: this.#cache },
      {
        ring: this.#ring,
        deny: documents.deny,
        status: () => null,
        defect: (format, error) => {
          this.#defects++;
          this.#options.logger.error('verifier defect', { kind: format, detail: messageOf(error) });
        },
      },
    );
  }

  #written(rows: readonly StoredRow[], records: readonly RecordDraft[]): void {
    for (const [at, { payload }] of records.entries()) {
      const row = rows[at];
      if (!row || payload.act !== 'ride' || !payload.digest) continue;
      const now = this.#options.time.now();
      const entry = { epoch: row.epoch, seq: row.seq, atMonoMs: now.monoMs };
      this.#ring.accept(payload.digest, entry, longestValidityMs(defaultLimits, now));
    }
    this.#checkpointer.rowsCommitted(records.map((record) => record.type));
  }

  /** The newest cue shown is written down with whatever row comes next. */
  #marked(payload: Payload): Payload {
    const { unwrittenMark } = this.runner.state;
    return unwrittenMark === null ? payload : { ...payload, signalled: unwrittenMark };
  }

  #documentChanged(name: 'trust' | 'deny' | 'fares'): void {
    const { documents, time, trip } = this.#options;
    time.raiseFloor(documents.newestIssuedAt() * 1000);
    if (name === 'trust') {
      this.#cache.clear();
      this.#evidence.recipient(documents.trust?.seal ?? null);
    }
    if (name === 'fares') this.#openTrip(trip);
  }

  /** A trip pins its fare table, so it is not opened before there is one. */
  #openTrip(trip: { readonly line: string; readonly direction: string }): void {
    if (this.runner.state.service.kind !== 'closed' || this.#options.documents.fares.length === 0) return;
    this.#queue.input({ kind: 'TripOpen', atMonoMs: this.#options.clock.monoMs(), ...trip });
  }

  #checkClock(): void {
    const step = this.#options.time.checkStep();
    if (!step) return;
    this.#options.logger.warn('the wall clock was stepped', { durationMs: Math.round(step.toMs - step.fromMs) });
    this.#queue.input({ kind: 'ClockStepped', atMonoMs: this.#options.clock.monoMs(), ...step });
  }

  /** Account memories that can no longer change a decision are forgotten, a bounded number at a time. */
  async #sweepAccounts(): Promise<void> {
    const { journal, time } = this.#options;
    const facts = this.#facts.at(time.now(), null);
    const gone = journal
      .projections(spaces.account)
      .filter(([, memory]) => mayForget(decodeAccountMemory(memory), this.runner.state, facts))
      .slice(0, terminalLimits.sweepRows)
      .map(([key]): Projection => ({ space: spaces.account, key, value: null }));
    if (gone.length > 0)
      await journal.commit([], gone).catch((error: unknown) => this.#unwritten('account-sweep', error));
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

// What one kind of machine adds to a terminal: the inputs it makes of scans and devices, and how they are
// run. The terminal around it is the same for a validator, a gate lane and a cabinet.
import type { Indicator } from '../../devices/ports/indicator.ts';
import type { Scan } from '../../devices/ports/scanner.ts';
import type { MonoMs } from '../core/brand.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import type { Entropy } from '../core/entropy.ts';
import type { Signal } from '../core/event.ts';
import type { Logger } from '../core/log.ts';
import type { ClockStep, Moment } from '../core/trusted-time.ts';
import type { Payload } from '../records/payload.ts';
import type { Journal } from '../store/journal.ts';
import type { Verdict } from '../tokens/outcome.ts';
import type { VerifyLimits } from '../tokens/verifier.ts';
import type { DocumentName, HeldDocuments } from './held-documents.ts';
import type { Committed, Shown } from './machine-runner.ts';
import type { RowDrafts } from './row-drafts.ts';

/** What the connection to the head end says of itself. */
export interface Connection {
  readonly online: boolean;
  /** The head end has stored every row up to this seq; null before its first ack. */
  readonly ackedSeq: number | null;
}

/** What a terminal lends its desk. */
export interface DeskServices<Input> {
  readonly journal: Journal;
  readonly documents: HeldDocuments;
  readonly indicator: Indicator;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** 16 bytes; a new one with each boot of the machine. */
  readonly bootId: Bytes;
  readonly connection: () => Connection;
  readonly drafts: RowDrafts;
  now(): Moment;
  /** Steps 1 to 9 of the verification order; within {@link defaultLimits} where nothing else is said. */
  verify(raw: Bytes, atMonoMs: MonoMs, now: Moment, limits?: VerifyLimits): Verdict;
  /** Puts an input behind what waits already; it overtakes scans. */
  later(input: Input): void;
  /** To be told of every commit, for the replay ring and the next checkpoint. */
  written(committed: Committed): void;
}

export interface Desk<Input> {
  readonly shown: Signal<Shown>;
  /** Taken one after the other at a start, after the BOOT row and before any device. */
  boot(now: Moment): readonly Input[];
  /** Begins to watch the devices of its own, once the machine has recovered. */
  start(): void;
  stop(): Promise<void>;
  take(input: Input): Promise<void>;
  present(scan: Scan, moment: Moment): Promise<void>;
  documentChanged(name: DocumentName): void;
  /** Null where the machine reads the clock anew at every decision: then the terminal writes the step down. */
  clockStepped(step: ClockStep, atMonoMs: MonoMs): Input | null;
  /** The head end can be reached, or no longer; null where that alone changes nothing. */
  networkChanged(online: boolean, atMonoMs: MonoMs): Input | null;
  /** What the machine wants said with whatever row the terminal writes next. */
  marked(payload: Payload): Payload;
  /** Forgets what can no longer change a decision. */
  sweep(): Promise<void>;
  /** Inputs that the machine's state did not know. */
  readonly ignoredInputs: number;
}

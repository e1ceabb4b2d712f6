// What ingest needs from a database, whichever it is. One call is one transaction, and when it resolves
// everything in it is durable: an ack may then be signed.
import type { Bytes } from '../../../runtime/core/bytes.ts';
import type { Rejection } from '../../wire/ack.ts';
import type { Range } from '../../wire/ranges.ts';

/** What is lifted out of a body into columns. */
export interface RowColumns {
  readonly day: string;
  readonly ref: string;
  readonly type: string;
  readonly act: string;
  readonly reason: string | null;
  readonly digest: Bytes | null;
  /** Of an act with a ticket: canonical [issuer, token id]. */
  readonly ticket: Bytes | null;
}

export interface IngestRow {
  readonly seq: number;
  readonly body: Bytes;
  readonly hash: Bytes;
  /** Null for a poison row: authentic bytes that are not a row. */
  readonly columns: RowColumns | null;
}

/** An authentic batch whose chain holds. */
export interface IngestBatch {
  readonly terminal: string;
  readonly epoch: number;
  readonly prev: Bytes;
  readonly rows: readonly IngestRow[];
  readonly atMs: number;
  readonly history: boolean;
  readonly tail: boolean;
  readonly signature: Bytes;
  readonly arrivedMs: number;
}

export interface IngestCursor {
  readonly terminal: string;
  readonly epoch: number;
  /** -1 with a zero hash for none. */
  readonly upto: number;
  readonly head: Bytes;
  readonly held: readonly Range[];
  /** Highest seq that an authentic birth named. */
  readonly advertised: number;
  /** When `upto` last rose, or the terminal was born again with rows missing. */
  readonly progressMs: number;
  /** Since when missing rows are being asked for; null while none are. */
  readonly wantedSinceMs: number | null;
}

export interface BatchOutcome {
  readonly cursor: IngestCursor;
  readonly rejections: readonly Rejection[];
  /** Rows that were new. */
  readonly stored: number;
}

export const incidentKinds = ['seq_gap', 'fork', 'truncation', 'double_use', 'tamper', 'epoch_unconfirmed'] as const;
export type IncidentKind = (typeof incidentKinds)[number];

export interface Incident {
  readonly kind: IncidentKind;
  readonly terminal: string;
  readonly epoch: number;
  readonly seq: number;
  readonly detail: string;
  readonly openedMs: number;
}

export interface QuarantinedMessage {
  readonly terminal: string;
  readonly epoch: number;
  readonly code: Rejection['code'];
  readonly raw: Bytes;
  readonly problem: string;
  readonly arrivedMs: number;
}

export interface TerminalRecord {
  readonly terminal: string;
  /** Raw Ed25519 key that signs its batches. */
  readonly journalKey: Bytes;
  readonly lastBirth: number;
  readonly lastBirthEpoch: number;
}

export interface LedgerRow {
  readonly terminal: string;
  readonly epoch: number;
  readonly seq: number;
  readonly day: string;
  readonly body: Bytes;
  readonly hash: Bytes;
  readonly ref: string;
  readonly type: string;
  readonly act: string;
  readonly reason: string | null;
  readonly arrivedMs: number;
  /** good, none, bad:<reason>; null until the second pass has looked. */
  readonly verdict: string | null;
}

export interface LedgerCounts {
  readonly rows: number;
  readonly rides: number;
  readonly incidents: number;
  readonly quarantined: number;
}

export interface PublishedDocument {
  readonly kind: string;
  readonly target: string;
  readonly version: number;
  /** The signed document, or the bytes of a larger one. */
  readonly bytes: Bytes;
  /** Entries, for a list. */
  readonly entries?: number;
}

export const storeLimits = {
  /** Messages kept raw per terminal that cannot be accepted; further ones are counted in the incident only. */
  quarantinedMessages: 64,
  /** Ranges above the first hole; a batch that would open another is not taken. */
  heldRanges: 8,
  /** Epochs of one terminal. */
  epochs: 64,
} as const;

/** Terminals, and the key each signs with. */
export interface TerminalBook {
  terminals(): Promise<readonly TerminalRecord[]>;
  saveTerminal(record: TerminalRecord): Promise<void>;
}

/** How far each journal is stored. */
export interface CursorBook {
  cursor(terminal: string, epoch: number): Promise<IngestCursor | null>;
  cursors(): Promise<readonly IngestCursor[]>;
  /** Rows may have been committed since `cursor` was read: only what watches for gaps is written. */
  saveCursorWatch(cursor: IngestCursor): Promise<void>;
}

/** What could not be taken as it came, and what people are to look at. */
export interface IncidentBook {
  /** Positions at which a second history is kept apart. */
  forkedRanges(terminal: string, epoch: number): Promise<readonly Range[]>;
  quarantine(message: QuarantinedMessage): Promise<void>;
  /** True when it was not known before. */
  report(incident: Incident): Promise<boolean>;
  /** Newest first. */
  incidents(limit: number): Promise<readonly Incident[]>;
}

/** The rows themselves. */
export interface RowBook {
  /** All of them or none. Storing a batch again changes nothing. */
  commitBatches(batches: readonly IngestBatch[]): Promise<readonly BatchOutcome[]>;
  /** Where main branch and `seq` meet: the stored hash, or null. */
  hashAt(terminal: string, epoch: number, seq: number): Promise<Bytes | null>;
  unjudged(limit: number): Promise<readonly LedgerRow[]>;
  judge(verdicts: readonly { readonly row: LedgerRow; readonly verdict: string }[]): Promise<void>;
  /** Other terminals' rows with the same digest. */
  sameDigest(row: LedgerRow): Promise<readonly LedgerRow[]>;
  /** Rows about one ticket, of every terminal, oldest first. */
  sameTicket(ticket: Bytes, limit: number): Promise<readonly LedgerRow[]>;
  latest(limit: number): Promise<readonly LedgerRow[]>;
  byReference(ref: string): Promise<readonly LedgerRow[]>;
  /** In order of seq, for a consumer: never beyond the cursor, so never across a hole. */
  read(terminal: string, epoch: number, fromSeq: number, limit: number): Promise<readonly LedgerRow[]>;
  counts(): Promise<LedgerCounts>;
  /**
   * Forgets judged rows of business days before `day`, unless they arrived at or after `arrivedMs`. Their positions stay
   * taken: sent again they are known, and not stored. Returns how many rows went.
   */
  prune(day: string, arrivedMs: number): Promise<number>;
}

/** What the head end itself has to remember. */
export interface Shelf {
  saveDocument(document: PublishedDocument): Promise<void>;
  newestDocument(kind: string, target: string): Promise<PublishedDocument | null>;
  document(kind: string, target: string, version: number): Promise<PublishedDocument | null>;
  /** A small value of the head end's own, durable when it resolves. */
  saveState(name: string, value: Bytes): Promise<void>;
  state(name: string): Promise<Bytes | null>;
}

export interface IngestStore extends TerminalBook, CursorBook, IncidentBook, RowBook, Shelf {
  close(): Promise<void>;
}

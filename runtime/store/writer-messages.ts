// What the main loop and the writer thread say to each other.
import type { Bytes } from '../core/bytes.ts';
import type { ChainHead } from '../records/chain.ts';
import type { WriterFaults } from './faults.ts';
import type { PreviousEpoch, Projection, StorageIncident } from './journal.ts';

export interface RowToWrite {
  readonly epoch: number;
  readonly seq: number;
  readonly body: Bytes;
  readonly hash: Bytes;
  readonly ref: string;
  readonly type: string;
  readonly day: string;
}

export type WriterRequest =
  | { readonly kind: 'commit'; readonly rows: readonly RowToWrite[]; readonly projections: readonly Projection[] }
  | { readonly kind: 'prune'; readonly epoch: number; readonly uptoSeq: number }
  | { readonly kind: 'close' };

export interface WriterFault {
  readonly code: 'full' | 'absent' | 'unavailable';
  readonly detail: string;
}

/** How the file stands after a request. */
export interface FileState {
  readonly usedBytes: number;
  readonly ballast: boolean;
}

/** `incidents`: what happened since the answer before, also between requests. */
export type WriterAnswer =
  | {
      readonly ok: true;
      readonly changed: number;
      readonly file: FileState;
      readonly incidents: readonly StorageIncident[];
    }
  | { readonly ok: false; readonly fault: WriterFault; readonly incidents: readonly StorageIncident[] };

export interface WriterSetup {
  readonly directory: string;
  readonly bootId: string;
  readonly wallMs: number;
  readonly shared: SharedArrayBuffer;
  readonly faults: WriterFaults;
}

export type WriterOpened =
  | {
      readonly ok: true;
      readonly how: 'new' | 'recovered' | 'salvaged';
      readonly head: ChainHead | null;
      readonly previous: PreviousEpoch | null;
      readonly rows: number;
      readonly lost: number;
      readonly problem: string;
      readonly file: FileState;
    }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly remedy: string };

// How full the journal is, as one word that decisions can look at.
import type { StorageLevel } from './journal.ts';
import type { FileState } from './writer-messages.ts';

/** Shares of the size cap at which a level begins. */
export const storageShares = { warning: 0.8, restricted: 0.95, full: 1 } as const;

export interface StorageFacts {
  /** No commit is possible. */
  readonly unavailable: boolean;
  /** The newest commit found no room. */
  readonly refused: boolean;
  readonly file: FileState;
  readonly sizeCapBytes: number;
}

export function storageLevel({ unavailable, refused, file, sizeCapBytes }: StorageFacts): StorageLevel {
  if (unavailable) return 'unavailable';
  const share = file.usedBytes / sizeCapBytes;
  if (refused || share >= storageShares.full) return 'full';
  if (share >= storageShares.restricted || !file.ballast) return 'restricted';
  return share >= storageShares.warning ? 'warning' : 'normal';
}

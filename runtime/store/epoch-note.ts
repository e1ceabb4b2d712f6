// The number of the open epoch, kept beside the journal: where nothing of journal.db can be read any
// more, the next epoch still knows which one it follows.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from './folder.ts';

const noteOf = (journalFile: string): string => `${journalFile}.epoch`;

/** Null where there is no note, or none that can be read. */
export function readEpochNote(journalFile: string): number | null {
  try {
    const text = readFileSync(noteOf(journalFile), 'utf8');
    const epoch = /^\d{1,16}\n$/.test(text) ? Number(text) : Number.NaN;
    return Number.isSafeInteger(epoch) ? epoch : null;
  } catch {
    return null;
  }
}

/** Written after the epoch's first row is durable: a note never runs ahead of the journal. */
export function writeEpochNote(journalFile: string, epoch: number): void {
  if (readEpochNote(journalFile) === epoch) return;
  const beside = `${noteOf(journalFile)}.new`;
  const file = openSync(beside, 'w', 0o600);
  try {
    writeSync(file, `${epoch}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, noteOf(journalFile));
  syncFolder(dirname(journalFile));
}

// One writer per journal: an exclusive lock in a file beside it, held for the life of the writer. The
// kernel drops it with the process, however that ends. Readers do not need it.
import { join } from 'node:path';
import { StileError } from '../core/errors.ts';
import type { OpenSqlite, Sqlite } from './journal-file.ts';

/** @throws StileError JOURNAL_LOCKED when another process holds it. */
export function takeWriterLock(open: OpenSqlite, directory: string): Sqlite {
  const lock = open(join(directory, 'journal.lock'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    throw new StileError('JOURNAL_LOCKED', `the journal in ${directory} is being written by another process`, {
      remedy: 'End the other terminal process, or give this one a data folder of its own.',
      cause,
    });
  }
}

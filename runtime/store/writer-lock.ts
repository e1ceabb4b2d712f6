// One writer per journal: an exclusive lock in a file beside it, held for the life of the writer. The
// kernel drops it with the process, however that ends. Readers do not need it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { StileError } from '../core/errors.ts';
import { isCorruption, type OpenSqlite, type Sqlite, sqliteCodeOf } from './journal-file.ts';

/** @throws StileError JOURNAL_LOCKED when another process holds it; SqliteError where the folder cannot be written. */
export function takeWriterLock(open: OpenSqlite, directory: string): Sqlite {
  const file = join(directory, 'journal.lock');
  try {
    return lockIn(open, file, directory);
  } catch (error) {
    if (!isCorruption(error)) throw error;
    // Nothing is ever written into it, so bytes that came there by damage may go.
    rmSync(file, { force: true });
    return lockIn(open, file, directory);
  }
}

function lockIn(open: OpenSqlite, file: string, directory: string): Sqlite {
  const lock = open(file, { timeout: 0 });
  try {
    // Else a rollback journal is begun, for which a full disk has no room.
    lock.pragma('journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    if (!sqliteCodeOf(cause).startsWith('SQLITE_BUSY')) throw cause;
    throw new StileError('JOURNAL_LOCKED', `the journal in ${directory} is being written by another process`, {
      remedy: 'End the other terminal process, or give this one a data folder of its own.',
      cause,
    });
  }
}

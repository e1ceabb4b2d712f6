// Refuses the SQLite versions that can corrupt a WAL database with two connections: 3.7.0 to 3.51.2 (the
// WAL reset defect, fixed in 3.51.3 and 3.53.0) and the withdrawn 3.52.x.
import { StileError } from '../core/errors.ts';

/** Why this version must not write a journal, or null. */
export function sqliteRefusal(version: string): string | null {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major !== 3) return 'only SQLite 3 is known';
  if (minor === 52) return '3.52 was withdrawn';
  const old = minor < 51 || (minor === 51 && patch < 3);
  return old ? 'a WAL reset can corrupt the database; fixed in 3.51.3' : null;
}

/** @throws StileError JOURNAL_SQLITE_REFUSED. */
export function assertSqliteVersion(version: string): void {
  const refusal = sqliteRefusal(version);
  if (!refusal) return;
  throw new StileError('JOURNAL_SQLITE_REFUSED', `SQLite ${version} is refused: ${refusal}`, {
    remedy: 'Install the better-sqlite3 version that package-lock.json names (SQLite 3.53 or newer).',
  });
}

// Reads the files a tour leaves behind, and nothing else. Databases are copied beside their write-ahead
// logs to a scratch folder and opened there: opening them in place would create files in the folder.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';

/** Something in the folder cannot be read as what it should be. The message names the file. */
export class EvidenceProblem extends Error {
  override readonly name = 'EvidenceProblem';
}

export const evidenceLimits = {
  /** A tour leaves a few megabytes; more is not a tour. */
  maxFileBytes: 256 * 1024 * 1024,
  maxLines: 1_000_000,
  maxRows: 1_000_000,
} as const;

export const evidenceFiles = {
  journal: 'terminal/journal.db',
  headEnd: 'headend/headend.db',
  wallet: 'wallet.ndjson',
  board: 'board.ndjson',
  story: 'story.json',
} as const;

const databaseCompanions = ['-wal', '-journal'] as const;

/** Hexadecimal SHA-256 of each of `files` that exists, and of the files SQLite keeps beside it. */
export function fingerprint(directory: string, files: Iterable<string>): ReadonlyMap<string, string> {
  const prints = new Map<string, string>();
  for (const file of files) {
    for (const suffix of ['', '-shm', ...databaseCompanions]) {
      const path = join(directory, file + suffix);
      if (existsSync(path)) prints.set(file + suffix, digestOf(path));
    }
  }
  return prints;
}

/** What cannot be read cannot be compared either: reading it says why. */
function digestOf(path: string): string {
  if (!statSync(path).isFile() || statSync(path).size > evidenceLimits.maxFileBytes) return 'unreadable';
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return 'unreadable';
  }
}

/** Runs `read` on a private copy of a database; the file in the folder is only ever copied. */
export function withDatabase<T>(directory: string, file: string, read: (database: Database.Database) => T): T {
  const source = join(directory, file);
  checkSize(source, file);
  const scratch = mkdtempSync(join(tmpdir(), 'stile-checker-'));
  try {
    const copy = join(scratch, basename(file));
    for (const suffix of ['', ...databaseCompanions]) {
      if (existsSync(source + suffix)) explain(file + suffix, () => copyFileSync(source + suffix, copy + suffix));
    }
    return readCopy(copy, file, read);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function readCopy<T>(copy: string, file: string, read: (database: Database.Database) => T): T {
  const database = explain(file, () => new Database(copy, { fileMustExist: true }));
  try {
    return explain(file, () => read(database));
  } finally {
    database.close();
  }
}

/** Turns what the file system and SQLite throw into a problem that names the file. */
function explain<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof EvidenceProblem) throw error;
    throw new EvidenceProblem(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** One parsed object per line; `parse` sees `file:line` for its message. */
export function readLines<T>(
  directory: string,
  file: string,
  parse: (value: unknown, where: string) => T,
): readonly T[] {
  const lines = readText(directory, file).split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > evidenceLimits.maxLines)
    throw new EvidenceProblem(`${file}: more than ${evidenceLimits.maxLines} lines`);
  return lines.map((line, index) => {
    const where = `${file}:${index + 1}`;
    return parse(parseJson(line, where), where);
  });
}

export const readJson = <T>(directory: string, file: string, parse: (value: unknown, where: string) => T): T =>
  parse(parseJson(readText(directory, file), file), file);

function readText(directory: string, file: string): string {
  const path = join(directory, file);
  checkSize(path, file);
  return explain(file, () => readFileSync(path, 'utf8'));
}

function checkSize(path: string, file: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile()) throw new EvidenceProblem(`${file}: no such file`);
  if (stat.size > evidenceLimits.maxFileBytes)
    throw new EvidenceProblem(`${file}: larger than ${evidenceLimits.maxFileBytes} bytes`);
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EvidenceProblem(`${where}: not JSON`);
  }
}

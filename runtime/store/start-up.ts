// The start-up ladder: open, check what there is reason to doubt, verify the chain from the last
// checkpoint to the head, and only then go on. There is no other path: a clean stop is not trusted either.
import { messageOf } from '../core/errors.ts';
import { type ChainHead, type StoredBody, verifyChain } from '../records/chain.ts';
import { readEpochNote, writeEpochNote } from './epoch-note.ts';
import type { PreviousEpoch } from './journal.ts';
import { isCorruption, type OpenSqlite, openWriter, type Sqlite } from './journal-file.ts';
import { headOf, recall, remember } from './meta.ts';
import { beforePruned, claimOrphanedWal, copyWhatVerifies, moveAside, newestAside } from './salvage.ts';

export interface StartUp {
  readonly database: Sqlite;
  readonly how: 'new' | 'recovered' | 'salvaged';
  /** Head to continue from; null where a new epoch must begin. */
  readonly head: ChainHead | null;
  /** The epoch that was closed by damage. */
  readonly previous: PreviousEpoch | null;
  /** Rows of the current epoch, or rows saved. */
  readonly rows: number;
  readonly lost: number;
  readonly problem: string;
}

export interface StartUpOptions {
  readonly open: OpenSqlite;
  readonly file: string;
  readonly bootId: string;
  /** Names the files moved aside. */
  readonly wallMs: number;
}

const rowsPerRead = 256;

/** @throws SqliteError or StileError where nothing can be written; damage alone never throws. */
export function startUp(options: StartUpOptions): StartUp {
  const { open, file, bootId, wallMs } = options;
  const orphaned = claimOrphanedWal(file, wallMs);
  let database: Sqlite | null = null;
  let problem: string | null;
  try {
    database = openWriter(open, file);
    problem = damage(database, bootId);
    if (problem === null) return settled(database, options, orphaned);
  } catch (error) {
    if (!isCorruption(error)) {
      database?.close();
      throw error;
    }
    problem = messageOf(error);
  }
  database?.close();
  const aside = moveAside(file, wallMs);
  return salvaged(openWriter(open, file), options, aside, problem);
}

/** No damage in what is there. It may still be the beginning of a salvage, or stand where a journal was. */
function settled(database: Sqlite, options: StartUpOptions, orphaned: boolean): StartUp {
  const unfinished = recall(database, 'salvaging');
  if (unfinished !== '') return salvaged(database, options, unfinished, recall(database, 'problem'));
  const head = headOf(database);
  if (head) return sound(database, options, head);
  const aside = newestAside(options.file);
  if (orphaned || aside !== null || readEpochNote(options.file) !== null) {
    return salvaged(database, options, aside, 'the journal was gone or empty');
  }
  remember(database, 'boot', options.bootId);
  return { database, how: 'new', head: null, previous: null, rows: 0, lost: 0, problem: '' };
}

function sound(database: Sqlite, { file, bootId }: StartUpOptions, head: ChainHead): StartUp {
  remember(database, 'boot', bootId);
  remember(database, 'doubt', '');
  noteEpoch(file, head.epoch);
  return { database, how: 'recovered', head, previous: null, rows: head.seq + 1, lost: 0, problem: '' };
}

/** The next epoch begins even where nothing was lost: a damaged file proves nothing about its newest rows. */
function salvaged(database: Sqlite, options: StartUpOptions, aside: string | null, problem: string): StartUp {
  const { open, file, bootId } = options;
  if (aside !== null) remember(database, 'salvaging', aside);
  remember(database, 'problem', problem);
  const { head, rows, lost } = aside === null ? nothing : copyWhatVerifies(open, aside, database);
  remember(database, 'boot', bootId);
  const closed = Math.max(head?.epoch ?? -1, readEpochNote(file) ?? -1);
  const previous = closed < 0 ? null : { epoch: closed, head: head?.epoch === closed ? head : null };
  return { database, how: 'salvaged', head: null, previous, rows, lost, problem };
}

const nothing = { head: null, rows: 0, lost: 0 } as const;

/** Null when nothing is wrong. A whole-file check costs time, so it runs only after a boot or an I/O error. */
function damage(database: Sqlite, bootId: string): string | null {
  const head = headOf(database);
  if (!head) return null;
  const doubted = recall(database, 'boot') !== bootId || recall(database, 'doubt') !== '';
  if (doubted) {
    const answer = database.pragma('quick_check(1)', { simple: true });
    if (answer !== 'ok') return String(answer);
  }
  const verdict = verifyChain(...tailOf(database, head.epoch));
  return verdict.whole ? null : `row ${verdict.seq}: ${verdict.problem}`;
}

/** The rows of an epoch from its last checkpoint on, or from its oldest, and the row before them. */
function tailOf(database: Sqlite, epoch: number): [rows: Iterable<StoredBody>, after: ChainHead | null] {
  const newestCheckpoint = "SELECT max(seq) FROM journal WHERE epoch = ? AND type = 'CHECKPOINT'";
  const first = Number(
    database.prepare(newestCheckpoint).pluck().get(epoch) ??
      database.prepare('SELECT min(seq) FROM journal WHERE epoch = ?').pluck().get(epoch),
  );
  const one = database.prepare('SELECT epoch, seq, body, hash FROM journal WHERE epoch = ? AND seq = ?');
  const before = one.get(epoch, first - 1) as StoredBody | undefined;
  const oldest = one.get(epoch, first) as StoredBody;
  return [rowsFrom(database, epoch, first), before ?? beforePruned(oldest)];
}

function* rowsFrom(database: Sqlite, epoch: number, first: number): Iterable<StoredBody> {
  const sql = 'SELECT epoch, seq, body, hash FROM journal WHERE epoch = ? AND seq >= ? ORDER BY seq LIMIT ?';
  const page = database.prepare(sql);
  for (let from = first; ; ) {
    const rows = page.all(epoch, from, rowsPerRead) as StoredBody[];
    const last = rows.at(-1);
    if (!last) return;
    yield* rows;
    from = last.seq + 1;
  }
}

/** Best effort: where the note cannot be written, the next start writes it. */
export function noteEpoch(file: string, epoch: number): void {
  try {
    writeEpochNote(file, epoch);
  } catch {
    // A full disk must not stop a start; the journal itself says which epoch is open.
  }
}

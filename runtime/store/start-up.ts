// The start-up ladder: open, check what there is reason to doubt, verify the chain from the last
// checkpoint to the head. What is damaged is moved aside, and the rows that still verify go on as history
// before a new epoch.
import { existsSync, renameSync } from 'node:fs';
import { type ChainHead, type StoredBody, verifyChain } from '../records/chain.ts';
import { type OpenSqlite, openWriter, type Sqlite } from './journal-file.ts';

export interface StartUp {
  readonly database: Sqlite;
  readonly how: 'new' | 'recovered' | 'salvaged';
  /** Head to continue from; null where a new epoch must begin. */
  readonly head: ChainHead | null;
  /** Newest row of an epoch that was closed by damage. */
  readonly previous: ChainHead | null;
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

export function startUp(options: StartUpOptions): StartUp {
  const existed = existsSync(options.file);
  let database: Sqlite | null = null;
  try {
    database = openWriter(options.open, options.file);
    const problem = damage(database, options.bootId);
    if (problem === null) return sound(database, options.bootId, existed);
    database.close();
    return salvage(options, problem);
  } catch (error) {
    if (!isCorruption(error)) throw error;
    database?.close();
    return salvage(options, error instanceof Error ? error.message : 'corrupt');
  }
}

function sound(database: Sqlite, bootId: string, existed: boolean): StartUp {
  remember(database, 'boot', bootId);
  remember(database, 'doubt', '');
  const head = headOf(database);
  return {
    database,
    how: existed && head ? 'recovered' : 'new',
    head,
    previous: null,
    rows: head ? head.seq + 1 : 0,
    lost: 0,
    problem: '',
  };
}

/** Null when nothing is wrong. A whole-file check costs time, so it runs only after a boot or an I/O error. */
function damage(database: Sqlite, bootId: string): string | null {
  const doubted = recall(database, 'boot') !== bootId || recall(database, 'doubt') !== '';
  if (doubted && headOf(database)) {
    const answer = database.pragma('quick_check(1)', { simple: true });
    if (answer !== 'ok') return String(answer);
  }
  const head = headOf(database);
  if (!head) return null;
  const from = Number(
    database.prepare("SELECT max(seq) FROM journal WHERE epoch = ? AND type = 'CHECKPOINT'").pluck().get(head.epoch) ??
      0,
  );
  const first = Math.max(
    from,
    Number(database.prepare('SELECT min(seq) FROM journal WHERE epoch = ?').pluck().get(head.epoch)),
  );
  const verdict = verifyChain(rowsOf(database, head.epoch, first), before(database, head.epoch, first));
  return verdict.whole ? null : `row ${verdict.seq}: ${verdict.problem}`;
}

/** Reads what can be read of the damaged file, oldest first, until an epoch's chain breaks. */
function salvage(options: StartUpOptions, problem: string): StartUp {
  const aside = `${options.file}.corrupt-${options.wallMs}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(options.file + suffix)) renameSync(options.file + suffix, aside + suffix);
  }
  const database = openWriter(options.open, options.file);
  const saved = copyWhatVerifies(options.open, aside, database);
  remember(database, 'boot', options.bootId);
  return { database, how: 'salvaged', head: null, previous: saved.head, rows: saved.rows, lost: saved.lost, problem };
}

function copyWhatVerifies(
  open: OpenSqlite,
  aside: string,
  into: Sqlite,
): { head: ChainHead | null; rows: number; lost: number } {
  const insert = into.prepare(
    'INSERT INTO journal (epoch, seq, body, hash, ref, type, day) VALUES (@epoch, @seq, @body, @hash, @ref, @type, @day)',
  );
  let head: ChainHead | null = null;
  let rows = 0;
  let lost = 0;
  let broken = -1;
  try {
    const damaged = open(aside, { readonly: true });
    const page = damaged.prepare(
      'SELECT epoch, seq, body, hash, ref, type, day FROM journal WHERE (epoch, seq) > (?, ?) ORDER BY epoch, seq LIMIT 256',
    );
    for (let at: readonly [number, number] = [-1, -1]; ; ) {
      const batch = page.all(...at) as (StoredBody & Record<string, unknown>)[];
      const last = batch.at(-1);
      if (!last) break;
      at = [last.epoch, last.seq];
      const saveBatch = into.transaction(() => {
        for (const row of batch) {
          const continues =
            broken !== row.epoch && verifyChain([row], head?.epoch === row.epoch ? head : beforePruned(row)).whole;
          if (!continues) {
            broken = row.epoch;
            lost++;
            continue;
          }
          insert.run(row);
          head = { epoch: row.epoch, seq: row.seq, hash: row.hash };
          rows++;
        }
      });
      saveBatch();
    }
    damaged.close();
  } catch {
    // A page that cannot be read ends the salvage; what stands before it is saved.
  }
  return { head, rows, lost };
}

/** The oldest row kept may not be seq 0: its predecessor was pruned, and its own `prev` vouches for the link. */
function beforePruned(row: StoredBody): ChainHead | null {
  return row.seq === 0 ? null : { epoch: row.epoch, seq: row.seq - 1, hash: row.body.slice(-32) };
}

export function headOf(database: Sqlite): ChainHead | null {
  const row = database.prepare('SELECT epoch, seq, hash FROM journal ORDER BY epoch DESC, seq DESC LIMIT 1').get() as
    | ChainHead
    | undefined;
  return row ? { epoch: row.epoch, seq: row.seq, hash: new Uint8Array(row.hash) } : null;
}

function* rowsOf(database: Sqlite, epoch: number, first: number): Iterable<StoredBody> {
  const page = database.prepare(
    'SELECT epoch, seq, body, hash FROM journal WHERE epoch = ? AND seq >= ? ORDER BY seq LIMIT 256',
  );
  for (let from = first; ; ) {
    const rows = page.all(epoch, from) as StoredBody[];
    const last = rows.at(-1);
    if (!last) return;
    yield* rows;
    from = last.seq + 1;
  }
}

function before(database: Sqlite, epoch: number, first: number): ChainHead | null {
  if (first === 0) return null;
  const hash = database
    .prepare('SELECT hash FROM journal WHERE epoch = ? AND seq = ?')
    .pluck()
    .get(epoch, first - 1) as Uint8Array | undefined;
  if (hash) return { epoch, seq: first - 1, hash };
  const body = database
    .prepare('SELECT body FROM journal WHERE epoch = ? AND seq = ?')
    .pluck()
    .get(epoch, first) as Uint8Array;
  return { epoch, seq: first - 1, hash: body.slice(-32) };
}

export const remember = (database: Sqlite, name: string, value: string): void => {
  database
    .prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
    .run(name, value);
};

const recall = (database: Sqlite, name: string): string =>
  String(database.prepare('SELECT value FROM meta WHERE name = ?').pluck().get(name) ?? '');

const isCorruption = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['SQLITE_CORRUPT', 'SQLITE_NOTADB'].some((code) => String(error.code).startsWith(code));

// The writer thread: opens the journal, then serves requests from shared memory. A card can stall an
// fsync for seconds; here that stalls nothing but the next commit.
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { SystemClock } from '../core/clock.ts';
import { messageOf, StileError } from '../core/errors.ts';
import { Ballast } from './ballast.ts';
import { type OpenSqlite, sqliteCodeOf } from './journal-file.ts';
import { type StartUp, startUp } from './start-up.ts';
import { Writer } from './writer.ts';
import { takeWriterLock } from './writer-lock.ts';
import type { WriterOpened, WriterSetup } from './writer-messages.ts';
import { SharedExchange } from './writer-wire.ts';

const open: OpenSqlite = (file, options) => new Database(file, options);

function serve(setup: WriterSetup): void {
  const file = join(setup.directory, 'journal.db');
  const lock = takeWriterLock(open, setup.directory);
  const { started, writer } = begin(setup, file);
  const exchange = new SharedExchange(setup.shared);
  const { how, head, previous, rows, lost, problem } = started;
  tell({ ok: true, how, head, previous, rows, lost, problem, file: writer.fileState() });
  loop(writer, exchange);
  lock.close();
}

/** On a full disk even opening fails, by several codes: already the WAL's index needs room. Then the ballast goes first. */
function begin(setup: WriterSetup, file: string): { started: StartUp; writer: Writer } {
  try {
    return beginOnce(setup, file);
  } catch (error) {
    const ballast = new Ballast(setup.directory);
    if (!sqliteCodeOf(error).startsWith('SQLITE') || !ballast.starved) throw error;
    if (ballast.release()) return beginOnce(setup, file);
    throw new StileError('JOURNAL_UNAVAILABLE', `the disk is full: ${messageOf(error)}`, {
      remedy: 'Free space on the data partition; the reserve of the journal is already used up.',
      cause: error,
    });
  }
}

function beginOnce(setup: WriterSetup, file: string): { started: StartUp; writer: Writer } {
  const started = startUp({ open, file, bootId: setup.bootId, wallMs: setup.wallMs });
  const { database } = started;
  try {
    return { started, writer: new Writer({ open, file, database, clock: new SystemClock(), faults: setup.faults }) };
  } catch (error) {
    database.close();
    throw error;
  }
}

function loop(writer: Writer, exchange: SharedExchange): void {
  for (let seen = 0; ; ) {
    const request = exchange.waitForRequest(seen, writer.restMs);
    if (request?.kind === 'close') {
      writer.close();
      exchange.answer({ ok: true, changed: 0, file: { usedBytes: 0, ballast: true }, incidents: [] });
      return;
    }
    if (request) {
      seen++;
      const answer = writer.handle(request);
      exchange.outOfService = writer.outOfService;
      exchange.answer(answer);
      writer.afterAnswer();
    } else {
      writer.rest();
    }
    exchange.outOfService = writer.outOfService;
  }
}

const tell = (opened: WriterOpened): void => parentPort?.postMessage(opened);

try {
  serve(workerData as WriterSetup);
} catch (error) {
  const fault = error instanceof StileError ? error : null;
  tell({
    ok: false,
    code: fault?.code ?? 'JOURNAL_UNAVAILABLE',
    message: messageOf(error),
    remedy:
      fault?.remedy ??
      'Check that the data folder exists, is writable, and lies on a local file system with free space.',
  });
}

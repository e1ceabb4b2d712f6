// The writer thread: opens the journal, then serves requests from shared memory. A card can stall an
// fsync for seconds; here that stalls nothing but the next commit.

import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { SystemClock } from '../core/clock.ts';
import { messageOf, StileError } from '../core/errors.ts';
import type { OpenSqlite } from './journal-file.ts';
import { startUp } from './start-up.ts';
import { Writer } from './writer.ts';
import { takeWriterLock } from './writer-lock.ts';
import { SharedExchange, type WriterOpened, type WriterSetup } from './writer-wire.ts';

const open: OpenSqlite = (file, options) => new Database(file, options);

function serve(setup: WriterSetup): void {
  const { directory } = setup;
  const file = join(directory, 'journal.db');
  const lock = takeWriterLock(open, directory);
  const started = startUp({ open, file, bootId: setup.bootId, wallMs: setup.wallMs });
  const writer = new Writer({
    open,
    directory,
    file,
    database: started.database,
    clock: new SystemClock(),
    faults: setup.faults,
  });
  const { how, head, previous, rows, lost, problem } = started;
  tell({ ok: true, how, head, previous, rows, lost, problem, file: writer.fileState() });
  loop(writer, new SharedExchange(setup.shared));
  lock.close();
}

function loop(writer: Writer, exchange: SharedExchange): void {
  for (let seen = 0; ; ) {
    const request = exchange.waitForRequest(seen, writer.restMs);
    if (!request) {
      writer.rest();
      continue;
    }
    seen++;
    if (request.kind === 'close') {
      writer.close();
      exchange.answer({ ok: true, changed: 0, file: { usedBytes: 0, ballast: true, walHeld: false } });
      return;
    }
    exchange.answer(writer.handle(request));
    writer.afterAnswer();
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

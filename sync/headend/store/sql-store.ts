// The store of the head end over any database behind the port: its books put together.
import type { IngestStore } from './ingest-store.ts';
import type { SqlDatabase } from './sql.ts';
import { SqlCursors } from './sql-cursors.ts';
import { SqlIncidents } from './sql-incidents.ts';
import { type DayKeeper, SqlRows } from './sql-rows.ts';
import { SqlShelf } from './sql-shelf.ts';

export function sqlStore(db: SqlDatabase, days: DayKeeper): IngestStore {
  const [shelf, cursors, incidents, rows] = [
    new SqlShelf(db),
    new SqlCursors(db),
    new SqlIncidents(db),
    new SqlRows(db, days),
  ];
  return {
    terminals: () => shelf.terminals(),
    saveTerminal: (record) => shelf.saveTerminal(record),
    cursor: (terminal, epoch) => cursors.cursor(terminal, epoch),
    cursors: () => cursors.cursors(),
    saveCursorWatch: (cursor) => cursors.saveCursorWatch(cursor),
    forkedRanges: (terminal, epoch) => incidents.forkedRanges(terminal, epoch),
    quarantine: (message) => incidents.quarantine(message),
    report: (incident) => incidents.report(incident),
    incidents: (limit) => incidents.incidents(limit),
    commitBatches: (batches) => rows.commitBatches(batches),
    hashAt: (terminal, epoch, seq) => rows.hashAt(terminal, epoch, seq),
    unjudged: (limit) => rows.unjudged(limit),
    judge: (verdicts) => rows.judge(verdicts),
    sameDigest: (row) => rows.sameDigest(row),
    sameTicket: (ticket, limit) => rows.sameTicket(ticket, limit),
    latest: (limit) => rows.latest(limit),
    byReference: (ref) => rows.byReference(ref),
    read: (terminal, epoch, fromSeq, limit) => rows.read(terminal, epoch, fromSeq, limit),
    counts: () => rows.counts(),
    prune: (day, arrivedMs) => rows.prune(day, arrivedMs),
    saveDocument: (document) => shelf.saveDocument(document),
    newestDocument: (kind, target) => shelf.newestDocument(kind, target),
    document: (kind, target, version) => shelf.document(kind, target, version),
    saveState: (name, value) => shelf.saveState(name, value),
    state: (name) => shelf.state(name),
    close: () => db.close(),
  };
}

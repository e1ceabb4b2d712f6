// The tables of the embedded store. Positions are part of every key, so that storing twice is storing once.

export const schema = `
CREATE TABLE IF NOT EXISTS tx (
  terminal TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, day TEXT NOT NULL,
  body BLOB NOT NULL, hash BLOB NOT NULL, ref TEXT NOT NULL, type TEXT NOT NULL, act TEXT NOT NULL,
  reason TEXT, arrived_ms INTEGER NOT NULL, verdict TEXT, digest BLOB,
  PRIMARY KEY (terminal, epoch, seq, day)
);
CREATE INDEX IF NOT EXISTS tx_day ON tx (day);
CREATE INDEX IF NOT EXISTS tx_ref ON tx (ref);
CREATE INDEX IF NOT EXISTS tx_digest ON tx (digest) WHERE digest IS NOT NULL;
CREATE INDEX IF NOT EXISTS tx_unjudged ON tx (terminal) WHERE verdict IS NULL;
CREATE TABLE IF NOT EXISTS cursor (
  terminal TEXT NOT NULL, epoch INTEGER NOT NULL, upto INTEGER NOT NULL, head BLOB NOT NULL, held TEXT NOT NULL,
  advertised INTEGER NOT NULL, progress_ms INTEGER NOT NULL, wanted_since_ms INTEGER,
  PRIMARY KEY (terminal, epoch)
);
CREATE TABLE IF NOT EXISTS checkpoint (
  terminal TEXT NOT NULL, epoch INTEGER NOT NULL, last_seq INTEGER NOT NULL, first_seq INTEGER NOT NULL,
  head BLOB NOT NULL, at_ms INTEGER NOT NULL, history INTEGER NOT NULL, tail INTEGER NOT NULL, signature BLOB NOT NULL,
  PRIMARY KEY (terminal, epoch, last_seq, first_seq)
);
CREATE TABLE IF NOT EXISTS fork (
  terminal TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL,
  arrived_ms INTEGER NOT NULL,
  PRIMARY KEY (terminal, epoch, seq, hash)
);
CREATE TABLE IF NOT EXISTS quarantine (
  id INTEGER PRIMARY KEY, terminal TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER, code TEXT NOT NULL,
  raw BLOB NOT NULL, hash BLOB NOT NULL, problem TEXT NOT NULL, arrived_ms INTEGER NOT NULL,
  UNIQUE (terminal, epoch, code, hash)
);
CREATE INDEX IF NOT EXISTS quarantine_row ON quarantine (terminal, epoch, seq);
CREATE TABLE IF NOT EXISTS terminal (
  terminal TEXT PRIMARY KEY, journal_key BLOB NOT NULL, last_birth INTEGER NOT NULL, last_birth_epoch INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS document (
  kind TEXT NOT NULL, target TEXT NOT NULL, version INTEGER NOT NULL, bytes BLOB NOT NULL,
  entries INTEGER NOT NULL,
  PRIMARY KEY (kind, target, version)
);
CREATE TABLE IF NOT EXISTS incident (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, terminal TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
  detail TEXT NOT NULL, opened_ms INTEGER NOT NULL,
  UNIQUE (kind, terminal, epoch, seq)
);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value BLOB NOT NULL);
`;

/** Columns that older files lack: added when such a file is opened. */
export const addedColumns = [{ table: 'tx', column: 'ticket', type: 'BLOB' }] as const;
export const lateIndexes = 'CREATE INDEX IF NOT EXISTS tx_ticket ON tx (ticket) WHERE ticket IS NOT NULL;';

// The tables beside the rows, the same in every database. Positions are part of every key, so that storing twice is
// storing once.
import type { SqlWords } from './sql.ts';

export const rowSchema = ({ integer, bytes, counted }: SqlWords): string => `
CREATE TABLE IF NOT EXISTS cursor (
  terminal TEXT NOT NULL, epoch ${integer} NOT NULL, upto ${integer} NOT NULL, head ${bytes} NOT NULL,
  held TEXT NOT NULL, advertised ${integer} NOT NULL, progress_ms ${integer} NOT NULL, wanted_since_ms ${integer},
  PRIMARY KEY (terminal, epoch)
);
CREATE TABLE IF NOT EXISTS checkpoint (
  terminal TEXT NOT NULL, epoch ${integer} NOT NULL, last_seq ${integer} NOT NULL, first_seq ${integer} NOT NULL,
  head ${bytes} NOT NULL, at_ms ${integer} NOT NULL, history ${integer} NOT NULL, tail ${integer} NOT NULL,
  signature ${bytes} NOT NULL,
  PRIMARY KEY (terminal, epoch, last_seq, first_seq)
);
CREATE TABLE IF NOT EXISTS fork (
  terminal TEXT NOT NULL, epoch ${integer} NOT NULL, seq ${integer} NOT NULL, hash ${bytes} NOT NULL,
  body ${bytes} NOT NULL, arrived_ms ${integer} NOT NULL,
  PRIMARY KEY (terminal, epoch, seq, hash)
);
CREATE TABLE IF NOT EXISTS quarantine (
  id ${counted}, terminal TEXT NOT NULL, epoch ${integer} NOT NULL, seq ${integer}, code TEXT NOT NULL,
  raw ${bytes} NOT NULL, hash ${bytes} NOT NULL, problem TEXT NOT NULL, arrived_ms ${integer} NOT NULL,
  UNIQUE (terminal, epoch, code, hash)
);
CREATE INDEX IF NOT EXISTS quarantine_row ON quarantine (terminal, epoch, seq);
CREATE TABLE IF NOT EXISTS terminal (
  terminal TEXT PRIMARY KEY, journal_key ${bytes} NOT NULL, last_birth ${integer} NOT NULL,
  last_birth_epoch ${integer} NOT NULL
);
CREATE TABLE IF NOT EXISTS document (
  kind TEXT NOT NULL, target TEXT NOT NULL, version ${integer} NOT NULL, bytes ${bytes} NOT NULL,
  entries ${integer} NOT NULL,
  PRIMARY KEY (kind, target, version)
);
CREATE TABLE IF NOT EXISTS incident (
  id ${counted}, kind TEXT NOT NULL, terminal TEXT NOT NULL, epoch ${integer} NOT NULL, seq ${integer} NOT NULL,
  detail TEXT NOT NULL, opened_ms ${integer} NOT NULL,
  UNIQUE (kind, terminal, epoch, seq)
);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value ${bytes} NOT NULL);
`;

/** After the rows up to `seq` of a journal were forgotten. */
export const prunedUptoColumn = ({ integer }: SqlWords): string =>
  `ALTER TABLE cursor ADD COLUMN pruned_upto ${integer} NOT NULL DEFAULT -1`;

/** The positions of rows about to be forgotten stay taken, as far as nothing is missing below them. */
export const keepPositions = (rows: string): string => `
UPDATE cursor SET pruned_upto = gone.seq
FROM (SELECT terminal, epoch, max(seq) AS seq FROM ${rows} GROUP BY terminal, epoch) AS gone
WHERE cursor.terminal = gone.terminal AND cursor.epoch = gone.epoch
  AND gone.seq > cursor.pruned_upto AND gone.seq <= cursor.upto`;

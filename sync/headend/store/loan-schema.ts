// The tables of loans, deposits and scanned codes. Rows of terminals are named by their position, so that storing
// them twice is storing them once.
import type { SqlWords } from './sql.ts';

export const loanSchema = ({ integer, arrival }: SqlWords): string => `
CREATE TABLE IF NOT EXISTS read_position (
  terminal TEXT NOT NULL, epoch ${integer} NOT NULL, seq ${integer} NOT NULL, synced_ms ${integer},
  PRIMARY KEY (terminal, epoch)
);
CREATE TABLE IF NOT EXISTS act (tx TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS anchor (boot TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS item_event (
  ${arrival}
  terminal TEXT NOT NULL, epoch ${integer} NOT NULL, seq ${integer} NOT NULL, item TEXT NOT NULL, kind TEXT NOT NULL,
  boot TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (terminal, epoch, seq)
);
CREATE INDEX IF NOT EXISTS item_event_item ON item_event (item);
CREATE INDEX IF NOT EXISTS item_event_boot ON item_event (boot);
CREATE TABLE IF NOT EXISTS attempt (
  ${arrival}
  terminal TEXT NOT NULL, epoch ${integer} NOT NULL, seq ${integer} NOT NULL, key TEXT NOT NULL, boot TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (terminal, epoch, seq)
);
CREATE INDEX IF NOT EXISTS attempt_key ON attempt (key);
CREATE INDEX IF NOT EXISTS attempt_boot ON attempt (boot);
CREATE TABLE IF NOT EXISTS waiting (item TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS loan (
  ${arrival}
  tx TEXT PRIMARY KEY, item TEXT NOT NULL, state TEXT NOT NULL, due_ms ${integer}, code TEXT, digest TEXT,
  body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS loan_item ON loan (item);
CREATE INDEX IF NOT EXISTS loan_code ON loan (code) WHERE code IS NOT NULL;
CREATE INDEX IF NOT EXISTS loan_digest ON loan (digest) WHERE digest IS NOT NULL;
CREATE INDEX IF NOT EXISTS loan_due ON loan (due_ms) WHERE due_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS deposit (
  ${arrival}
  id TEXT PRIMARY KEY, claim TEXT NOT NULL UNIQUE, amount_minor ${integer} NOT NULL, currency TEXT NOT NULL,
  expires_ms ${integer}, loan TEXT, keep_minor ${integer}, undone ${integer} NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS deposit_undone ON deposit (undone) WHERE undone = 1;
CREATE TABLE IF NOT EXISTS deposit_step (
  deposit TEXT NOT NULL, number ${integer} NOT NULL, act TEXT NOT NULL, amount_minor ${integer} NOT NULL,
  state TEXT NOT NULL, attempts ${integer} NOT NULL, next_ms ${integer} NOT NULL, reason TEXT,
  PRIMARY KEY (deposit, number)
);
CREATE INDEX IF NOT EXISTS deposit_step_due ON deposit_step (next_ms) WHERE state = 'due';
CREATE TABLE IF NOT EXISTS reconciliation (at_ms ${integer} PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS scanned_code (
  terminal TEXT NOT NULL, nonce TEXT NOT NULL, visit TEXT NOT NULL UNIQUE, order_id TEXT NOT NULL UNIQUE,
  language TEXT NOT NULL, stage TEXT NOT NULL, reason TEXT, claimed_ms ${integer} NOT NULL,
  not_after ${integer} NOT NULL, begun ${integer} NOT NULL DEFAULT 0,
  PRIMARY KEY (terminal, nonce)
);
CREATE INDEX IF NOT EXISTS scanned_code_open ON scanned_code (terminal) WHERE stage IN ('claimed', 'sent');
`;

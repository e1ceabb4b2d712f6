// `stile ref CODE`: from the six characters a person was shown to the row behind them, in a terminal's own
// journal without a network, or at the head end.
import { existsSync } from 'node:fs';
import type { LedgerLine } from '../../../sync/headend/store/read-ledger.ts';
import { openLedgerReader } from '../../../sync/headend/store/read-ledger.ts';
import { hex } from '../../core/bytes.ts';
import { StileError } from '../../core/errors.ts';
import { normaliseReference } from '../../records/reference.ts';
import { decodeRow } from '../../records/row.ts';
import { openJournalReader } from '../../store/read-journal.ts';
import { payloadAsJson, rowAsJson, rowAsText, summary } from './journal.ts';
import { exitCodes } from './report.ts';

const conventionalJournal = 'journal.db';

export async function findReference(
  code: string,
  options: { journal?: string; headend?: string; json: boolean },
): Promise<number> {
  const ref = checked(code);
  const journal =
    options.journal ??
    (options.headend === undefined && existsSync(conventionalJournal) ? conventionalJournal : undefined);
  if (journal === undefined && options.headend === undefined) {
    throw new StileError('USAGE', 'no file to look in', {
      remedy: 'Give --journal FILE, --headend FILE, or call it in the data folder of a terminal.',
    });
  }
  const lines = [
    ...(journal === undefined ? [] : await inJournal(journal, ref, options.json)),
    ...(options.headend === undefined ? [] : await atHeadEnd(options.headend, ref, options.json)),
  ];
  if (lines.length === 0) {
    throw new StileError('NOT_FOUND', `no row has the reference ${ref}`, {
      remedy:
        'Check the six characters and which terminal showed them; a terminal keeps rows until the head end has them and 7 days passed.',
    });
  }
  for (const line of lines) process.stdout.write(`${line}\n`);
  return exitCodes.done;
}

/** @throws StileError USAGE for what cannot be a reference. */
function checked(code: string): string {
  const ref = normaliseReference(code);
  if (/^[0-9A-HJKMNP-TV-Z]{6}$/.test(ref)) return ref;
  throw new StileError('USAGE', `reference ${JSON.stringify(code)}; allowed: six of 0-9 and A-Z without I, L, O, U`, {
    remedy: 'Type the six characters as the machine showed them.',
  });
}

async function inJournal(file: string, ref: string, json: boolean): Promise<readonly string[]> {
  const reader = await openJournalReader(file);
  try {
    return reader.byReference(ref).map((row) => (json ? rowAsJson(row) : rowAsText(row)));
  } finally {
    reader.close();
  }
}

async function atHeadEnd(file: string, ref: string, json: boolean): Promise<readonly string[]> {
  const ledger = await openLedgerReader(file);
  try {
    return ledger.byReference(ref).map((line) => (json ? lineAsJson(line) : lineAsText(line)));
  } finally {
    ledger.close();
  }
}

/** A row the head end could not read has columns and raw bytes, but no payload. */
function lineAsJson(line: LedgerLine): string {
  const { body, arrivedMs, ...columns } = line;
  return JSON.stringify({
    ...columns,
    arrivedAt: new Date(arrivedMs).toISOString(),
    ...payloadOf(line),
    body: hex(body),
  });
}

function lineAsText(line: LedgerLine): string {
  const { terminal, seq, type, ref, verdict } = line;
  return `${terminal} ${seq} ${ref} ${type} ${readable(line)} verdict ${verdict ?? 'pending'}`;
}

function readable(line: LedgerLine): string {
  try {
    return summary(decodeRow(line.body).payload);
  } catch {
    return 'unreadable row';
  }
}

function payloadOf(line: LedgerLine): Record<string, unknown> {
  try {
    return payloadAsJson(decodeRow(line.body).payload);
  } catch {
    return { problem: 'unreadable row' };
  }
}

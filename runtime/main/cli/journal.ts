// `stile journal`: the rows of a terminal as a person or a script wants to see them. Read-only.
import { hex } from '../../core/bytes.ts';
import { verifyChain } from '../../records/chain.ts';
import type { Payload } from '../../records/payload.ts';
import { decodeRow, type Row } from '../../records/row.ts';
import type { StoredRow } from '../../store/journal.ts';
import { openJournalReader } from '../../store/read-journal.ts';
import { wholeNumber } from './number.ts';
import { painter } from './paint.ts';
import { exitCodes } from './report.ts';

export async function listJournal(file: string, options: { json: boolean; last: string }): Promise<number> {
  const last = wholeNumber('--last', options.last, 1, 1_000_000);
  const reader = await openJournalReader(file);
  try {
    for (const row of reader.newest(last)) process.stdout.write(`${options.json ? rowAsJson(row) : rowAsText(row)}\n`);
  } finally {
    reader.close();
  }
  return exitCodes.done;
}

export async function verifyJournal(file: string, options: { json: boolean }): Promise<number> {
  const reader = await openJournalReader(file);
  try {
    const verdict = verifyChain(reader.rows(), reader.prunedBefore());
    if (options.json) {
      const head =
        verdict.whole && verdict.head
          ? { epoch: verdict.head.epoch, seq: verdict.head.seq, hash: hex(verdict.head.hash) }
          : null;
      process.stdout.write(`${JSON.stringify({ ...verdict, head })}\n`);
    } else {
      const paint = painter(process.stdout);
      process.stdout.write(
        verdict.whole
          ? `${paint.green('whole')}: ${verdict.rows} rows, one unbroken chain\n`
          : `${paint.red('broken')} at epoch ${verdict.epoch} seq ${verdict.seq}: ${verdict.problem} (${verdict.rows} good rows before)\n`,
      );
    }
    return verdict.whole ? exitCodes.done : exitCodes.fault;
  } finally {
    reader.close();
  }
}

/** A row as one JSON object; bytes in hexadecimal. Sealed evidence is shown by its length only. */
export function rowAsJson(stored: StoredRow): string {
  const row = decodeRow(stored.body);
  return JSON.stringify({
    terminal: row.terminal,
    epoch: row.epoch,
    seq: row.seq,
    ref: stored.ref,
    at: new Date(row.tWallMs).toISOString(),
    monoMs: row.tMonoMs,
    clock: row.clock,
    day: row.day,
    type: row.type,
    ...payloadAsJson(row.payload),
    hash: hex(stored.hash),
  });
}

export function payloadAsJson(payload: Payload): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(payload)) {
    if (name === 'sealed') shown['sealedBytes'] = (value as Uint8Array).length;
    else shown[name] = value instanceof Uint8Array ? hex(value) : value;
  }
  return shown;
}

/** One line of at most 80 columns. */
export function rowAsText(stored: StoredRow): string {
  const row = decodeRow(stored.body);
  return `${String(row.seq).padStart(7)} ${timeOf(row)} ${stored.ref} ${row.type.padEnd(10)} ${summary(row.payload)}`.slice(
    0,
    80,
  );
}

const timeOf = (row: Row): string => new Date(row.tWallMs).toISOString().slice(5, 19).replace('T', ' ');

export function summary(payload: Payload): string {
  const parts = [payload.act];
  if (payload.reason) parts.push(payload.reason);
  if (payload.fareMinor !== undefined) parts.push(`${payload.fareMinor} ${payload.currency ?? ''}`.trim());
  if (payload.line) parts.push(`line ${payload.line}`);
  if (payload.count !== undefined) parts.push(`x${payload.count}`);
  return parts.filter(Boolean).join(' ');
}

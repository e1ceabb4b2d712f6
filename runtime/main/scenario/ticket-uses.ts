// The use ledger of a machine as its journal holds it, and as a story reads it.
import type { Bytes } from '../../core/bytes.ts';
import { decodeTicketUse, type TicketUse, useKey, useStatusOf } from '../../machines/shared/use-ledger.ts';
import type { Codes } from './codes.ts';
import type { MemoryJournal } from './memory-journal.ts';

const space = 'use';

export function useIn(journal: MemoryJournal, issuer: string, cti: Bytes): TicketUse | null {
  const kept = journal.projection(space, useKey(issuer, cti));
  return kept === null ? null : decodeTicketUse(kept);
}

export const keptUse = (journal: MemoryJournal, key: Bytes): Bytes | null => journal.projection(space, key);

/** How many codes the ledger remembers. */
export const keptUses = (journal: MemoryJournal): number => journal.projections(space).length;

/** FREE, HELD, USED n or DOUBT n, by the names of the file. */
export const useWords = (journal: MemoryJournal, codes: Codes): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...codes.tickets()].map(([name, { issuer, cti }]) => [name, useWord(useIn(journal, issuer, cti))]),
  );

function useWord(use: TicketUse | null): string {
  const status = useStatusOf(use);
  if (status.kind === 'USED') return `USED ${status.count}`;
  return status.kind === 'DOUBT' ? `DOUBT ${status.doubts}` : status.kind;
}

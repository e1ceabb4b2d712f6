// Which rows of several journals the page is told to mark as waiting.
import { expect, it } from 'vitest';
import { waitingOf } from '../../../../runtime/main/street/shown-rows.ts';
import type { LedgerLine } from '../../../../sync/headend/store/read-ledger.ts';
import { rideRow } from '../../../fixtures/street-world.ts';

const arrived = (terminal: string, seq: number): LedgerLine => ({
  terminal,
  epoch: 0,
  seq,
  ref: rideRow(seq).ref,
  type: 'DECISION',
  act: 'admit',
  reason: null,
  body: new Uint8Array(),
  arrivedMs: 0,
  verdict: null,
});

it('rows wait by terminal, reference and seq: another machine with the same seq is another row', () => {
  const journal = [rideRow(2, { terminal: 'lane-1' }), rideRow(2, { terminal: 'lane-2' })];
  expect(waitingOf(journal, [arrived('lane-1', 2)])).toEqual(['lane-2/K7Q002/2']);
});

it('bookkeeping waits for nothing', () => {
  const journal = [rideRow(3, { type: 'CHECKPOINT' }), rideRow(2, { type: 'RECEIPT' })];
  expect(waitingOf(journal, [])).toEqual([]);
});

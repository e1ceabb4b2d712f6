// The chain: whole as written, and any edit, gap or truncation at the front is named with its place.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { businessDay, epoch, monoMs, seq, terminalId, wallMs } from '../../../runtime/core/brand.ts';
import { type StoredBody, verifyChain } from '../../../runtime/records/chain.ts';
import { encodeRow, hashBody, zeroHash } from '../../../runtime/records/row.ts';

function chainOf(inEpoch: number, length: number): StoredBody[] {
  const rows: StoredBody[] = [];
  for (let at = 0; at < length; at++) {
    const encoded = encodeRow({
      terminal: terminalId('bus-7'),
      epoch: epoch(inEpoch),
      seq: seq(at),
      bootId: new Uint8Array(16),
      tMonoMs: monoMs(at),
      tWallMs: wallMs(at),
      clock: { state: 'SYNCED', uncertaintyMs: 1 },
      day: businessDay('2026-01-05'),
      type: at === 0 ? 'GENESIS' : 'DECISION',
      payload: { act: 'ride', count: at },
      prev: rows.at(-1)?.hash ?? zeroHash,
    });
    rows.push({ epoch: inEpoch, seq: at, ...encoded });
  }
  return rows;
}

const rows = chainOf(8, 6);
const at = (index: number): StoredBody => rows[index] ?? expect.unreachable('no such row');

describe('verifyChain', () => {
  it('of no rows is whole', () => {
    expect(verifyChain([])).toEqual({ whole: true, rows: 0, head: null });
  });

  it('names the head of a whole chain', () => {
    expect(verifyChain(rows)).toEqual({ whole: true, rows: 6, head: { epoch: 8, seq: 5, hash: at(5).hash } });
  });

  it('starts anew with each epoch', () => {
    expect(verifyChain([...rows, ...chainOf(9, 3)])).toMatchObject({
      whole: true,
      rows: 9,
      head: { epoch: 9, seq: 2 },
    });
  });

  it('goes on after pruned rows from the head that was kept', () => {
    expect(verifyChain(rows.slice(3), at(2))).toMatchObject({ whole: true, rows: 3 });
    expect(verifyChain(rows.slice(3))).toMatchObject({ whole: false, seq: 3, problem: 'expected seq 0' });
  });

  it.each([
    ['a row missing', [...rows.slice(0, 2), ...rows.slice(3)], 3, 'expected seq 2'],
    ['a row twice', [...rows.slice(0, 3), at(2)], 2, 'expected seq 3'],
    ['two rows swapped', [at(0), at(2), at(1)], 2, 'expected seq 1'],
    ['the first row missing', rows.slice(1), 1, 'expected seq 0'],
    ['an epoch that starts in the middle', [...rows, ...chainOf(9, 3).slice(1)], 1, 'expected seq 0'],
    ['a row of another chain', [...rows.slice(0, 3), { ...at(3), ...forged(3) }], 3, 'prev is not'],
    ['a row under another place', [at(0), { ...at(2), seq: 1 }], 1, 'another epoch or seq'],
    [
      'bytes that are no row',
      [{ epoch: 8, seq: 0, body: new Uint8Array(3), hash: hashBody(new Uint8Array(3)) }],
      0,
      'CBOR',
    ],
  ])('%s is named', (_name, broken, seqOfFault, problem) => {
    expect(verifyChain(broken)).toMatchObject({
      whole: false,
      seq: seqOfFault,
      problem: expect.stringContaining(problem),
    });
  });

  it('sees every flipped bit of every body and hash, seed 5', () => {
    fc.assert(
      fc.property(
        fc.nat(5),
        fc.constantFrom('body' as const, 'hash' as const),
        fc.nat(),
        fc.nat(7),
        (index, part, place, bit) => {
          const bytes = Uint8Array.from(at(index)[part]);
          const offset = place % bytes.length;
          bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
          const broken = rows.map((row, other) => (other === index ? { ...row, [part]: bytes } : row));
          expect(verifyChain(broken)).toMatchObject({ whole: false, seq: index });
        },
      ),
      { seed: 5, numRuns: 500 },
    );
  });
});

/** A row that is good in itself and hangs on other predecessors. */
function forged(index: number): { body: Uint8Array; hash: Uint8Array } {
  const encoded = encodeRow({
    terminal: terminalId('bus-7'),
    epoch: epoch(8),
    seq: seq(index),
    bootId: new Uint8Array(16),
    tMonoMs: monoMs(0),
    tWallMs: wallMs(0),
    clock: { state: 'SYNCED', uncertaintyMs: 1 },
    day: businessDay('2026-01-05'),
    type: 'DECISION',
    payload: { act: 'ride' },
    prev: new Uint8Array(32).fill(5),
  });
  return { body: encoded.body, hash: encoded.hash };
}

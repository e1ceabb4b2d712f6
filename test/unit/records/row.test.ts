// The journal row: the exact layout, its slice, its hash, and what is not a row.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { businessDay, epoch, monoMs, seq, terminalId, wallMs } from '../../../runtime/core/brand.ts';
import { concat, fromHex, hex, utf8 } from '../../../runtime/core/bytes.ts';
import { type CborInput, type CborValue, decodeCbor, encodeCbor, recordProfile } from '../../../runtime/core/cbor.ts';
import { payloadFromCbor, payloadToCbor } from '../../../runtime/records/payload.ts';
import { decodeRow, encodeRow, glueRow, hashBody, type Row, sliceRow, zeroHash } from '../../../runtime/records/row.ts';
import { rowTypes } from '../../../runtime/records/row-types.ts';

const row: Row = {
  terminal: terminalId('bus-7'),
  epoch: epoch(2 ** 32 + 5),
  seq: seq(300),
  bootId: new Uint8Array(16).fill(7),
  tMonoMs: monoMs(12_345),
  tWallMs: wallMs(1_767_600_000_000),
  clock: { state: 'HOLDOVER', uncertaintyMs: 2_180 },
  day: businessDay('2026-01-05'),
  type: 'DECISION',
  payload: { act: 'ride', reason: 'OK', account: new Uint8Array(8).fill(1), fareMinor: 200, currency: 'CNY' },
  prev: new Uint8Array(32).fill(0xee),
};

describe('a row', () => {
  it('is the canonical CBOR array of twelve fields in their order', () => {
    const fields = decodeCbor(encodeRow(row).body, recordProfile) as readonly CborValue[];

    expect(fields).toEqual([
      1,
      'bus-7',
      2 ** 32 + 5,
      300,
      row.bootId,
      12_345,
      1_767_600_000_000,
      [1, 2_180],
      '2026-01-05',
      'DECISION',
      new Map<number, CborValue>([
        [0, 'ride'],
        [1, 'OK'],
        [9, new Uint8Array(8).fill(1)],
        [14, 200],
        [15, 'CNY'],
      ]),
      row.prev,
    ]);
  });

  it('has the hash SHA-256("stile-journal-1" || 00 || body)', () => {
    const { body, hash } = encodeRow(row);

    expect(hex(hash)).toBe(
      createHash('sha256')
        .update(concat(utf8('stile-journal-1'), fromHex('00'), body))
        .digest('hex'),
    );
    expect(hash).toEqual(hashBody(body));
  });

  it('is rebuilt from its slice byte by byte', () => {
    const { body } = encodeRow(row);
    const slice = sliceRow(body, row.terminal, row.epoch);

    expect(glueRow(row.terminal, row.epoch, slice, row.prev)).toEqual(body);
    expect(slice.length).toBe(body.length - 2 - 6 - 9 - 34);
  });

  it('decodes to itself, any row, seed 99', () => {
    const rows = fc.record<Row>({
      terminal: fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/).map(terminalId),
      epoch: fc
        .nat(2 ** 21 - 1)
        .chain((generation) => fc.nat(0xffffffff).map((low) => epoch(generation * 2 ** 32 + low))),
      seq: fc.nat().map(seq),
      bootId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      tMonoMs: fc.maxSafeNat().map(monoMs),
      tWallMs: fc.nat(2 ** 31).map((value) => wallMs(value * 1000)),
      clock: fc.record({
        state: fc.constantFrom('SYNCED' as const, 'HOLDOVER' as const, 'UNTRUSTED' as const),
        uncertaintyMs: fc.nat(),
      }),
      day: fc.constantFrom(businessDay('2026-01-05'), businessDay('1970-01-01')),
      type: fc.constantFrom(...rowTypes),
      payload: fc.record({
        act: fc.string({ maxLength: 10 }).map((text) => text.replaceAll('\ufeff', '')),
        tx: fc.uint8Array({ minLength: 16, maxLength: 16 }),
        offline: fc.boolean(),
        signalled: fc.nat(),
      }),
      prev: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    });
    fc.assert(
      fc.property(rows, (given) => {
        const { body } = encodeRow(given);
        expect(decodeRow(body)).toEqual(given);
        const slice = sliceRow(body, given.terminal, given.epoch);
        expect(hex(glueRow(given.terminal, given.epoch, slice, given.prev))).toBe(hex(body));
      }),
      { seed: 99, numRuns: 300 },
    );
  });
});

describe('what is not a row', () => {
  const fields = decodeCbor(encodeRow(row).body, recordProfile) as readonly CborInput[];
  const table: readonly (readonly [name: string, place: number, value: CborInput, says: string])[] = [
    ['another version', 0, 2, 'version'],
    ['a terminal that is no text', 1, 7, 'terminal'],
    ['a negative epoch', 2, -1, 'epoch'],
    ['a negative seq', 3, -1, 'seq'],
    ['a boot id of 15 bytes', 4, new Uint8Array(15), 'boot id'],
    ['a negative monotonic time', 5, -1, 'times'],
    ['a wall time as text', 6, 'now', 'times'],
    ['an unknown clock state', 7, [3, 0], 'clock'],
    ['a negative clock state', 7, [-1, 0], 'clock'],
    ['a negative uncertainty', 7, [0, -1], 'clock'],
    ['no clock trust', 7, 0, 'clock'],
    ['a day without dashes', 8, '20260105', 'day'],
    ['a type outside the closed list', 9, 'RIDE', 'type'],
    ['a prev of 31 bytes', 11, new Uint8Array(31), 'prev'],
  ];

  it.each(table)('%s', (_name, place, value, says) => {
    const body = encodeCbor(fields.map((field, index) => (index === place ? value : field)));

    expect(() => decodeRow(body)).toThrow(
      expect.objectContaining({ code: 'CBOR_MALFORMED', message: expect.stringContaining(says) }),
    );
  });

  it.each([
    ['eleven fields', encodeCbor(fields.slice(0, 11))],
    ['thirteen fields', encodeCbor([...fields, 0])],
    ['a map', encodeCbor({ v: 1 })],
    ['nothing', new Uint8Array(0)],
    ['a row with a byte behind it', concat(encodeRow(row).body, fromHex('00'))],
  ])('%s', (_name, body) => {
    expect(() => decodeRow(body)).toThrow(expect.objectContaining({ code: 'CBOR_MALFORMED' }));
  });
});

describe('a payload', () => {
  it('leaves out fields that are undefined', () => {
    expect([...payloadToCbor({ act: 'boot', detail: undefined } as never)]).toEqual([[0, 'boot']]);
  });

  it('keeps the place of a number this version does not know', () => {
    expect(
      payloadFromCbor(
        new Map<number, CborValue>([
          [0, 'ride'],
          [9_999, 1],
        ]),
      ),
    ).toEqual({ act: 'ride', field9999: 1 });
  });
});

describe('the first row', () => {
  it('follows 32 zero bytes', () => {
    expect(hex(zeroHash)).toBe('00'.repeat(32));
  });
});

// The byte helpers, in the strict form the rest relies on; ids and the check words' fixed numbers.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isId, operatorId, secondsOf, terminalId, wallMs } from '../../../runtime/core/brand.ts';
import { base32Prefix, concat, equal, fromHex, hex, utf8 } from '../../../runtime/core/bytes.ts';
import { checkBit, checkWord, hasCheck } from '../../../runtime/core/check-words.ts';

const seed = 11;

describe('hexadecimal', () => {
  it(`comes back, seed ${seed}`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        expect(fromHex(hex(bytes))).toEqual(bytes);
        expect(fromHex(hex(bytes).toUpperCase())).toEqual(bytes);
      }),
      { seed },
    );
  });

  it.each(['0', 'abc', '0g', '0x00', ' 00', '00 ', '00\n'])('%j is none', (text) => {
    expect(() => fromHex(text)).toThrow(RangeError);
  });

  it('of a view is that of its bytes alone', () => {
    expect(hex(fromHex('00112233').subarray(1, 3))).toBe('1122');
  });
});

describe('bytes', () => {
  it.each([
    ['the same', '0102', '0102', true],
    ['another byte', '0102', '0103', false],
    ['a prefix', '01', '0102', false],
    ['nothing', '', '', true],
    ['nothing and something', '', '00', false],
  ])('equal %s', (_name, a, b, is) => {
    expect([equal(fromHex(a), fromHex(b)), equal(fromHex(b), fromHex(a))]).toEqual([is, is]);
  });

  it('concatenated do not change with their parts', () => {
    const part = fromHex('01');
    const whole = concat(part, new Uint8Array(0), fromHex('0203'));
    part[0] = 9;

    expect(hex(whole)).toBe('010203');
    expect(hex(concat())).toBe('');
  });
});

describe('Crockford Base32 for people', () => {
  it.each([
    ['0000000000', '00000000'],
    ['ffffffffff', 'ZZZZZZZZ'],
    ['f800000000', 'Z0000000'],
    ['07c0000000', '0Z000000'],
    ['0011223344', '008J4CT4'],
  ])('%s is %s', (bytes, text) => {
    expect(base32Prefix(fromHex(bytes), 8)).toBe(text);
  });

  it('has none of the letters that people mistake', () => {
    const every = Array.from({ length: 32 }, (_, value) => base32Prefix(Uint8Array.of(value << 3), 1)).join('');

    expect(every).toBe('0123456789ABCDEFGHJKMNPQRSTVWXYZ');
  });

  it('reads beyond its bytes as zeros', () => {
    expect(base32Prefix(utf8(''), 3)).toBe('000');
  });
});

describe('ids', () => {
  it.each(['a', 'bus-1', 'A_z-9', 'x'.repeat(32)])('%j is one', (id) => {
    expect([isId(id), terminalId(id), operatorId(id)]).toEqual([true, id, id]);
  });

  it.each(['', 'x'.repeat(33), 'bus 1', 'bus/1', 'büs', 'bus\n', '+', '#'])('%j is none', (id) => {
    expect(isId(id)).toBe(false);
    expect(() => terminalId(id)).toThrow('[A-Za-z0-9_-]{1,32}');
    expect(() => operatorId(id)).toThrow(RangeError);
  });
});

it('seconds of a wall time are whole ones, rounded down', () => {
  expect([0, 999, 1_000, 1_767_600_000_999].map((ms) => secondsOf(wallMs(ms)))).toEqual([0, 0, 1, 1_767_600_000]);
});

describe('check words', () => {
  it('have fixed bits: they are part of every row', () => {
    expect(Object.entries(checkBit).map(([name, bit]) => `${bit} ${name}`)).toEqual([
      '0 malformed',
      '1 issuerOrKeyUnknown',
      '2 keyExpired',
      '3 issuerSignature',
      '4 holderSignature',
      '5 notYetValid',
      '6 expired',
      '7 staleCode',
      '8 replayHere',
      '9 usedElsewhere',
      '10 denied',
      '11 revoked',
      '12 outOfScope',
      '13 usesOrPassback',
      '14 listsPastSoftAge',
      '15 listsPastHardAge',
      '16 dependsOnUncertainty',
      '17 clockUntrusted',
      '18 accountFirstSeen',
      '19 overOfflineCount',
      '20 noStatusOrNoList',
      '21 valueOverFloor',
      '22 randomReview',
      '23 terminalOffline',
    ]);
  });

  it('are the sum of their bits', () => {
    expect([checkWord(), checkWord('malformed', 'terminalOffline'), checkWord('denied', 'denied')]).toEqual([
      0, 0x80_0001, 0x400,
    ]);
    expect([hasCheck(0x400, 'denied'), hasCheck(0x400, 'revoked')]).toEqual([true, false]);
  });
});

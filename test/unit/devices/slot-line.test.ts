// Stile's slot line against a table whose checks another implementation of CRC-16/XMODEM computed (Python's
// binascii.crc_hqx), and against what a line may do to it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeReadingAnswer,
  encodeReadingRequest,
  type ReadingAnswer,
  type ReadingRequest,
  readingAnswerDecoder,
  readingRequestDecoder,
  slotLineLimits,
} from '../../../devices/cabinet/protocol/slot-line.ts';
import { utf8 } from '../../../runtime/core/bytes.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const requests: readonly (readonly [string, ReadingRequest])[] = [
  ['?T073*894A\r', { quantity: 'tags', slot: 7, number: 3 }],
  ['?C160*F7A2\r', { quantity: 'charge', slot: 16, number: 0 }],
];

const tags = { quantity: 'tags', slot: 7, number: 3 } as const;
const charge = { quantity: 'charge', slot: 16, number: 0 } as const;
const answers: readonly (readonly [string, ReadingAnswer])[] = [
  ['=T073AG-0042*B2D3\r', { ...tags, reading: { kind: 'tags', tags: ['AG-0042'] } }],
  ['=T073AG-0042+AG-0043*C8EF\r', { ...tags, reading: { kind: 'tags', tags: ['AG-0042', 'AG-0043'] } }],
  ['=T073*CDC9\r', { ...tags, reading: { kind: 'tags', tags: [] } }],
  ['=T073!*F5A2\r', { ...tags, reading: { kind: 'failed' } }],
  ['=C160100*532B\r', { ...charge, reading: { kind: 'charge', percent: 100 } }],
  ['=C160*B321\r', { ...charge, reading: { kind: 'charge', percent: null } }],
];

describe('slot line', () => {
  it.each(requests)('request %j', (line, request) => {
    expect(text(encodeReadingRequest(request))).toBe(line);
    expect(readingRequestDecoder().push(utf8(line))).toEqual([request]);
  });

  it.each(answers)('answer %j', (line, answer) => {
    expect(text(encodeReadingAnswer(answer))).toBe(line);
    expect(readingAnswerDecoder().push(utf8(line))).toEqual([answer]);
  });

  it.each([
    ['a charge above 100', '=C160101*430A\r'],
    ['a charge with a leading zero', '=C16007*3C3C\r'],
    ['slot 0', '?T003*10DD\r'],
    ['a tag in lower case', '=T073a*BD66\r'],
    ['a number that is no hexadecimal digit', '=T07Ga*79FB\r'],
    ['a wrong check', '=T073AG-0042*B2D4\r'],
    ['a request where an answer belongs', '?T073*894A\r'],
    ['an empty line', '\r'],
  ])('takes no answer from %s, and counts it', (_name, line) => {
    const decoder = readingAnswerDecoder();
    expect(decoder.push(utf8(line))).toEqual([]);
    expect(decoder.malformed).toBe(1);
  });

  it('never keeps more than a frame: the next one after a flood is read', () => {
    const decoder = readingAnswerDecoder();
    expect(decoder.push(utf8('='.repeat(100_000)))).toEqual([]);
    expect(decoder.push(utf8('\r=T073*CDC9\r'))).toHaveLength(1);
    expect(decoder.malformed).toBe(1);
  });

  it('the longest answer fits the frame', () => {
    const tag = 'Z'.repeat(slotLineLimits.tagCharacters);
    const most = Array.from({ length: slotLineLimits.tagsPerSlot }, () => tag);
    const line = encodeReadingAnswer({ ...tags, reading: { kind: 'tags', tags: most } });
    expect(line.length).toBeLessThanOrEqual(slotLineLimits.frameBytes);
    expect(readingAnswerDecoder().push(line)).toHaveLength(1);
    const more = { kind: 'tags', tags: [...most, 'A'] } as const;
    expect(() => encodeReadingAnswer({ ...tags, reading: more })).toThrow('fit the protocol');
  });

  it('a flipped bit is never another reading, seed 21', () => {
    fc.assert(
      fc.property(fc.constantFrom(...answers), fc.nat(10_000), fc.nat(7), ([line, answer], place, bit) => {
        const bytes = utf8(line);
        const at = place % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        for (const read of readingAnswerDecoder().push(bytes)) expect(read).toEqual(answer);
      }),
      { seed: 21 },
    );
  });
});

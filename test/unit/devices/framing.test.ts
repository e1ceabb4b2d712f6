// Framing: which codes come out of which bytes, whatever the line did to them, and that nothing grows.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Drift, Framing, framingLimits, plainProfile } from '../../../devices/scanner/framing.ts';
import { utf8 } from '../../../runtime/core/bytes.ts';

const seed = 20_260_301;
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Codes from text; `|` marks where the line cut it. */
function codes(line: string, profile: Partial<typeof plainProfile> = {}): string[] {
  const framing = new Framing({ ...plainProfile, ...profile });
  return line.split('|').flatMap((part) => framing.push(Buffer.from(part, 'latin1'), 0).map(latin1));
}

describe('the end of a frame', () => {
  it.each([
    ['CR', 'AB\rCD\r', ['AB', 'CD']],
    ['LF', 'AB\nCD\n', ['AB', 'CD']],
    ['CRLF', 'AB\r\nCD\r\n', ['AB', 'CD']],
    ['CRLF cut in the middle', 'AB\r|\nCD\r|\n', ['AB', 'CD']],
    ['a frame cut anywhere', 'A|B|\r', ['AB']],
    ['several frames in one read', 'A\rB\nC\r\nD\r', ['A', 'B', 'C', 'D']],
    ['empty lines', '\r\n\r\n\n\rA\r\r\r', ['A']],
    ['spaces at both ends are content', '  A B  \r', ['  A B  ']],
    ['a line without an end', 'AB', []],
  ])('%s', (_, line, expected) => {
    expect(codes(line)).toEqual(expected);
  });
});

describe('a code of raw bytes that gives its own length', () => {
  const binary = '\x80\x00\x06A\rB\nC\r';
  it.each([
    ['is one frame, CR and LF inside it', `${binary}\r`, [binary]],
    ['cut anywhere', `\x80|\x00|\x06A\r|B\nC|\r|\r`, [binary]],
    ['between two texts', `AB\r${binary}\rCD\r`, ['AB', binary, 'CD']],
    ['whose length is a CR', '\x80\x00\rABCDEFGHIJKLM\r', ['\x80\x00\rABCDEFGHIJKLM']],
    ['that claims more than 512 bytes ends at the next ending', '\x80\xff\xffAB\rCD\r', ['\x80\xff\xffAB', 'CD']],
  ])('%s', (_, line, expected) => {
    expect(codes(line, { binaryCodes: true })).toEqual(expected);
  });

  it('behind a prefix and an identifier', () => {
    const profile = { binaryCodes: true, prefix: utf8('<'), aimIdentifier: true };
    expect(codes(`<]Q1${binary}\r<]Q1AB\r`, profile)).toEqual([binary, 'AB']);
  });

  it('is cut at every ending where the profile does not expect it', () => {
    expect(codes(`${binary}\r`)).toEqual(['\x80\x00\x06A', 'B', 'C']);
  });

  it('cut off in the middle does not swallow the code that comes a second later', () => {
    const framing = new Framing({ ...plainProfile, binaryCodes: true });
    expect(framing.push(Buffer.from('\x80\x01\x49A\r', 'latin1'), 0)).toEqual([]);
    expect(framing.push(Buffer.from('AB\r'), framingLimits.staleAfterMs + 1).map(latin1)).toEqual(['AB']);
  });
});

describe('what the reader adds', () => {
  it.each([
    ['prefix', { prefix: utf8('<') }, '<AB\r', 'AB'],
    ['only one prefix', { prefix: utf8('<') }, '<<AB\r', '<AB'],
    ['suffix', { suffix: utf8('>') }, 'AB>\r', 'AB'],
    ['a frame without the prefix is handed on whole', { prefix: utf8('<') }, 'AB\r', 'AB'],
    ['QR identifier', { aimIdentifier: true }, ']Q1AB\r', 'AB'],
    ['Data Matrix identifier', { aimIdentifier: true }, ']d1AB\r', 'AB'],
    ['PDF417 identifier', { aimIdentifier: true }, ']L0AB\r', 'AB'],
    ['GS1-128 identifier', { aimIdentifier: true }, ']C1AB\r', 'AB'],
    ['Aztec identifier', { aimIdentifier: true }, ']z0AB\r', 'AB'],
    ['identifier and ECI escape', { aimIdentifier: true }, ']Q2\\000026AB\r', 'AB'],
    ['no ECI escape: five digits', { aimIdentifier: true }, ']Q2\\00002AB\r', '\\00002AB'],
    ['an ECI escape is content where identifiers are off', {}, '\\000026AB\r', '\\000026AB'],
    ['an identifier is content where they are off', {}, ']Q1AB\r', ']Q1AB'],
    ['all three, prefix first', { prefix: utf8('<'), suffix: utf8('>'), aimIdentifier: true }, '<]Q1AB>\r', 'AB'],
  ])('%s', (_, profile, line, expected) => {
    expect(codes(line, profile)).toEqual([expected]);
  });

  it('a frame that is nothing but what the reader adds is no code', () => {
    expect(codes('<]Q1>\r', { prefix: utf8('<'), suffix: utf8('>'), aimIdentifier: true })).toEqual([]);
  });

  it('a prefix and a suffix do not share a byte', () => {
    expect(codes('abc\r', { prefix: utf8('ab'), suffix: utf8('bc') })).toEqual(['c']);
  });
});

describe('drift from the profile', () => {
  it.each<[Drift | 'none', Partial<typeof plainProfile>, string]>([
    ['none', {}, 'AB\rCD\r'],
    ['none', { ending: 'CRLF' }, 'AB\r|\nCD\r\nE'],
    ['ending', {}, 'AB\nCD'],
    ['ending', { ending: 'LF' }, 'AB\r\nCD'],
    ['ending', { ending: 'CRLF' }, 'AB\rCD'],
    ['prefix', { prefix: utf8('<') }, 'AB\r'],
    ['suffix', { suffix: utf8('>') }, 'AB\r'],
    ['aim', { aimIdentifier: true }, 'AB\r'],
    ['case', {}, `${'abcdefgh'.repeat(4)}\r`],
    ['none', {}, `${'abcdefgh'.repeat(4)}A\r`],
    ['none', {}, 'short\r'],
  ])('%s with %j for %j', (drift, profile, line) => {
    const framing = new Framing({ ...plainProfile, ...profile });
    for (const part of line.split('|')) framing.push(utf8(part), 0);
    expect([...framing.drifted]).toEqual(drift === 'none' ? [] : [drift]);
  });
});

describe('bounds', () => {
  const most = 'X'.repeat(framingLimits.frameBytes);

  it('takes a frame of exactly the limit', () => {
    expect(codes(`${most}\r`)).toEqual([most]);
  });

  it('discards one byte more, up to its end, and reads the next', () => {
    const framing = new Framing(plainProfile);
    expect(framing.push(utf8(`${most}X`), 0)).toEqual([]);
    expect(framing.push(utf8('still the same frame\rNEXT\r'), 0).map(latin1)).toEqual(['NEXT']);
    const lost = most.length + 1 + 'still the same frame'.length;
    expect(framing.counters()).toEqual({ frames: 1, oversize: 1, discardedBytes: lost });
  });

  it('keeps nothing of a flood without an end', () => {
    const framing = new Framing(plainProfile);
    for (let chunk = 0; chunk < 1_000; chunk++) framing.push(new Uint8Array(65_536).fill(0x41), 0);
    expect(framing.waiting).toBeLessThanOrEqual(framingLimits.frameBytes);
    expect(framing.counters().discardedBytes).toBe(65_536_000);
    expect(framing.push(utf8('\rNEXT\r'), 0).map(latin1)).toEqual(['NEXT']);
  });

  it('does not let old noise spoil the next code', () => {
    const framing = new Framing(plainProfile);
    framing.push(utf8('noise'), 0);
    expect(framing.push(utf8('CODE\r'), framingLimits.staleAfterMs + 1).map(latin1)).toEqual(['CODE']);
    expect(framing.counters().discardedBytes).toBe(5);
  });

  it('waits for the rest of a code on a slow line', () => {
    const framing = new Framing(plainProfile);
    framing.push(utf8('CO'), 0);
    expect(framing.push(utf8('DE\r'), framingLimits.staleAfterMs).map(latin1)).toEqual(['CODE']);
  });
});

describe(`any bytes (seed ${seed})`, () => {
  // Line ends are frequent and frames are sometimes too long, or the property would prove little.
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.constantFrom('\r', '\n', '\r\n', '<', ']Q1', '\\000026', '>').map(utf8),
    fc.nat(2 * framingLimits.frameBytes).map((length) => new Uint8Array(length).fill(0x42)),
  );
  const stream = fc.array(piece, { maxLength: 30 }).map((pieces) => new Uint8Array(Buffer.concat(pieces)));
  const profile = {
    prefix: utf8('<'),
    suffix: utf8('>'),
    ending: 'CR',
    aimIdentifier: true,
    binaryCodes: true,
  } as const;

  it('give the same frames however they are split', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(200), { minLength: 1, maxLength: 40 }), (bytes, sizes) => {
        const whole = new Framing(profile);
        const expected = whole.push(bytes, 0);
        const split = new Framing(profile);
        const found: Uint8Array[] = [];
        for (let start = 0, turn = 0; start < bytes.length; turn++) {
          const size = 1 + (sizes[turn % sizes.length] ?? 0);
          found.push(...split.push(bytes.subarray(start, start + size), 0));
          start += size;
        }
        expect(found).toEqual(expected);
        expect(split.counters()).toEqual(whole.counters());
        expect([...split.drifted].sort()).toEqual([...whole.drifted].sort());
      }),
      { seed, numRuns: 500 },
    );
  });

  it('up to 64 KiB never throw, and every code is 1 to 4096 bytes without a line end', () => {
    const random = fc.uint8Array({ minLength: 0, maxLength: 65_536, size: 'max' });
    fc.assert(
      fc.property(random, fc.boolean(), (bytes, binaryCodes) => {
        const framing = new Framing({ ...profile, binaryCodes });
        const found = framing.push(bytes, 0);
        for (const code of found) {
          expect(code.length).toBeGreaterThan(0);
          expect(code.length).toBeLessThanOrEqual(framingLimits.frameBytes);
          const isBinary = binaryCodes && (code[0] ?? 0) >= 0x80;
          expect(!isBinary && code.some((byte) => byte === 0x0d || byte === 0x0a)).toBe(false);
        }
        expect(framing.waiting).toBeLessThanOrEqual(framingLimits.frameBytes);
        expect(framing.counters().frames).toBe(found.length);
      }),
      { seed, numRuns: 200 },
    );
  });
});

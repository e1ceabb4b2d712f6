// HID-POS reports against tables written down from the vendors' layouts, and against an encoder that shares no code with
// the driver's.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeReports, HidPosAssembler, type HidProfile } from '../../../devices/scanner/protocol/hid-pos.ts';
import { concat, fromHex, hex, utf8 } from '../../../runtime/core/bytes.ts';

const bytes = (text: string): Uint8Array => fromHex(text.replaceAll(' ', ''));
const zeros = (count: number): string => '00'.repeat(count);
const fiftySix = utf8('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJ');
const text = (code: Uint8Array | null): string | null => code && Buffer.from(code).toString('latin1');

describe('HID-POS byte table', () => {
  const table: readonly (readonly [string, HidProfile, Uint8Array, readonly string[]])[] = [
    ['standard, one report', 'standard', utf8('AB'), [`02 02 5D 51 31 41 42 ${zeros(57)}`]],
    [
      'standard, 57 bytes: bit 0 of byte 63 says that the first goes on, and the identifier repeats',
      'standard',
      concat(fiftySix, utf8('K')),
      [`02 38 5D 51 31 ${hex(fiftySix)} 00 00 01`, `02 01 5D 51 31 4B ${zeros(58)}`],
    ],
    ['Newland, no identifier', 'newland', utf8('AB'), [`02 02 41 42 ${zeros(60)}`]],
    ['Newland, full', 'newland', fiftySix, [`02 38 ${hex(fiftySix)} ${zeros(6)}`]],
    ['Microscan, report id 1', 'microscan', utf8('AB'), [`01 02 41 42 ${zeros(60)}`]],
  ];

  it.each(table)('%s', (_name, profile, code, reports) => {
    expect(encodeReports(profile, code).map(hex)).toEqual(reports.map((report) => hex(bytes(report))));
    const assembler = new HidPosAssembler(profile);
    const found = reports.map((report) => assembler.push(bytes(report), 0));
    expect(text(found.at(-1) ?? assembler.flush())).toBe(text(code));
    expect(found.slice(0, -1)).toEqual(reports.slice(1).map(() => null));
  });

  it('vendor bytes at the end of a standard report mean nothing but bit 0', () => {
    const assembler = new HidPosAssembler('standard');
    expect(text(assembler.push(bytes(`02 01 5D 64 31 41 ${zeros(55)} 73 FF FE`), 0))).toBe('A');
  });

  it.each([
    ['standard', '01 02 5D 51 31', 64],
    ['standard', '02 39 5D 51 31', 64],
    ['standard', '02 FF 5D 51 31', 64],
    ['newland', '02 39', 64],
    ['microscan', '02 02', 64],
    ['microscan', '01 3F', 64],
    ['standard', '02 02 5D 51 31', 63],
    ['standard', '02 02 5D 51 31', 65],
    ['standard', '', 0],
  ] as const)('%s drops and counts %s of %i bytes', (profile, start, size) => {
    const report = new Uint8Array(size);
    report.set(bytes(start));
    const assembler = new HidPosAssembler(profile);
    expect(assembler.push(report, 0)).toBeNull();
    expect(assembler.waiting).toBe(false);
    expect(assembler.counters()).toEqual({ frames: 0, oversize: 0, discardedBytes: 0, droppedReports: 1 });
  });
});

describe('HID-POS codes', () => {
  it('an empty report is no code', () => {
    expect(new HidPosAssembler('standard').push(bytes(`02 00 5D 51 31 ${zeros(59)}`), 0)).toBeNull();
  });

  it('202 bytes are 4 reports', () => {
    expect(encodeReports('standard', new Uint8Array(202).fill(0x41))).toHaveLength(4);
  });

  it('4096 bytes are a code, one more is discarded up to its end, and the next is read', () => {
    const assembler = new HidPosAssembler('standard');
    const feed = (length: number) =>
      encodeReports('standard', new Uint8Array(length).fill(0x41)).map((report) => assembler.push(report, 0));
    expect(feed(4_096).at(-1)).toHaveLength(4_096);
    expect(feed(4_097).every((code) => code === null)).toBe(true);
    expect(feed(3).at(-1)).toHaveLength(3);
    expect(assembler.counters()).toEqual({ frames: 2, oversize: 1, discardedBytes: 4_097, droppedReports: 0 });
  });

  it('a code without end holds no more than its bound', () => {
    const assembler = new HidPosAssembler('standard');
    const [endless = new Uint8Array()] = encodeReports('standard', new Uint8Array(57).fill(0x41));
    for (let report = 0; report < 10_000; report++) expect(assembler.push(endless, 0)).toBeNull();
    expect(assembler.counters()).toMatchObject({ frames: 0, oversize: 1 });
  });

  it('comes out as it went in, by another encoder, seed 33', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 600 }), (code) => {
        const assembler = new HidPosAssembler('standard');
        const found = standardByHand(code).map((report) => assembler.push(report, 0));
        expect(hex(found.at(-1) ?? new Uint8Array())).toBe(hex(code));
        expect(found.filter((part) => part !== null)).toHaveLength(1);
      }),
      { seed: 33 },
    );
  });

  it('throws on no report whatever, seed 34', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('standard', 'newland', 'microscan'),
        fc.array(fc.uint8Array({ maxLength: 70 })),
        (profile, reports) => {
          const assembler = new HidPosAssembler(profile as HidProfile);
          for (const report of reports) assembler.push(report, 0);
          expect(assembler.counters().droppedReports).toBeLessThanOrEqual(reports.length);
        },
      ),
      { seed: 34 },
    );
  });
});

/** The layout read a second time, without the product's code. */
function standardByHand(code: Uint8Array): Uint8Array[] {
  const reports: Uint8Array[] = [];
  let rest = [...code];
  do {
    const part = rest.slice(0, 56);
    rest = rest.slice(56);
    const padding = Array.from({ length: 56 - part.length }, () => 0);
    reports.push(
      Uint8Array.from([2, part.length, 0x5d, 0x51, 0x31, ...part, ...padding, 0, 0, rest.length > 0 ? 1 : 0]),
    );
  } while (rest.length > 0);
  return reports;
}

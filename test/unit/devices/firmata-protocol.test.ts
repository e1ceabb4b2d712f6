// The bytes of Firmata, pinned by tables that were captured from the components and from the protocol's own text, not
// from our encoder.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FirmataDecoder, maxSysexBytes } from '../../../devices/board/protocol/decoder.ts';
import {
  encode,
  type FirmataMessage,
  firmwareReply,
  fromGroups,
  gather,
  spread,
  toGroups,
} from '../../../devices/board/protocol/messages.ts';
import { fromHex, hex } from '../../../runtime/core/bytes.ts';

const seed = 20_260_302;
const bytes = (text: string): Uint8Array => fromHex(text.replaceAll(' ', ''));
const sysex = (command: number, data: string): FirmataMessage => ({ kind: 'sysex', command, data: bytes(data) });

const fromHost: readonly (readonly [what: string, bytes: string, message: FirmataMessage])[] = [
  ['relay on pin 7 closes', '90 00 01', { kind: 'digital', port: 0, levels: 0x80 }],
  ['relay on pin 7 opens', '90 00 00', { kind: 'digital', port: 0, levels: 0 }],
  ['LED on pin 9 becomes PWM', 'F4 09 03', { kind: 'pinMode', pin: 9, mode: 3 }],
  ['LED on pin 9 at 255', 'E9 7F 01', { kind: 'analog', pin: 9, value: 255 }],
  ['servo on pin 10', 'F4 0A 04', { kind: 'pinMode', pin: 10, mode: 4 }],
  ['servo on pin 10 at 1500 us', 'EA 5C 0B', { kind: 'analog', pin: 10, value: 1_500 }],
  ['servo on pin 10 at 600 us', 'EA 58 04', { kind: 'analog', pin: 10, value: 600 }],
  ['button on pin 2', 'F4 02 00', { kind: 'pinMode', pin: 2, mode: 0 }],
  ['pull-up of pin 2', '90 04 00', { kind: 'digital', port: 0, levels: 4 }],
  ['report port 0', 'D0 01', { kind: 'reportDigital', port: 0, on: true }],
  ['report A0', 'C0 01', { kind: 'reportAnalog', channel: 0, on: true }],
  ['one pin', 'F5 0D 01', { kind: 'pinValue', pin: 13, on: true }],
  ['version?', 'F9', { kind: 'versionQuery' }],
  ['firmware?', 'F0 79 F7', sysex(0x79, '')],
  ['capabilities?', 'F0 6B F7', sysex(0x6b, '')],
  ['analog mapping?', 'F0 69 F7', sysex(0x69, '')],
  ['state of pin 4?', 'F0 6D 04 F7', sysex(0x6d, '04')],
  ['sampling every 100 ms', 'F0 7A 64 00 F7', sysex(0x7a, '64 00')],
  ['I2C byte to 27', 'F0 76 27 00 0C 01 F7', sysex(0x76, '27 00 0C 01')],
  ['reset', 'FF', { kind: 'reset' }],
];

const fromDevice: typeof fromHost = [
  ['version 2.6', 'F9 02 06', { kind: 'version', major: 2, minor: 6 }],
  ['port 1', '91 03 00', { kind: 'digital', port: 1, levels: 3 }],
  ['A0 at 1023', 'E0 7F 07', { kind: 'analog', pin: 0, value: 1_023 }],
  ['state of pin 9: PWM 255', 'F0 6E 09 03 7F 01 F7', sysex(0x6e, '09 03 7F 01')],
];

describe.each([
  ['host', fromHost],
  ['device', fromDevice],
] as const)('bytes of the %s', (sender, table) => {
  it.each(table)('%s', (_, wire, message) => {
    expect(hex(encode(message))).toBe(hex(bytes(wire)));
    expect(new FirmataDecoder(sender).push(bytes(wire))).toEqual([message]);
  });

  it('read alike in one piece and byte by byte', () => {
    const wire = bytes(table.map(([, text]) => text).join(''));
    const decoder = new FirmataDecoder(sender);
    const messages = [...wire].flatMap((byte) => decoder.push(Uint8Array.of(byte)));
    expect(messages).toEqual(table.map(([, , message]) => message));
    expect(decoder.skippedBytes).toBe(0);
  });
});

describe('seven-bit data', () => {
  it('spells a firmware name in two bytes a character', () => {
    expect(hex(encode(firmwareReply('Ab')))).toBe(hex(bytes('F0 79 02 06 41 00 62 00 F7')));
  });

  it('carries any byte in two and any number in groups', () => {
    expect(gather(spread([0, 0x7f, 0x80, 0xff]))).toEqual(Uint8Array.of(0, 0x7f, 0x80, 0xff));
    expect(toGroups(0)).toEqual([0]);
    expect(toGroups(255)).toEqual([0x7f, 1]);
    for (const value of [0, 127, 128, 16_383, 16_384, 2_097_152]) {
      expect(fromGroups(Uint8Array.from(toGroups(value)))).toBe(value);
    }
  });
});

describe('what is not a message', () => {
  it.each([
    ['data bytes before a status', '01 02 F9', 2],
    ['a message cut by the next', '90 04 F9', 2],
    ['a sysex cut by a status', 'F0 79 02 F9', 3],
    ['an unknown status', 'F1 F9', 1],
    ['an empty sysex', 'F0 F7 F9', 2],
  ])('%s is skipped and counted', (_, wire, skipped) => {
    const decoder = new FirmataDecoder('host');
    expect(decoder.push(bytes(wire))).toEqual([{ kind: 'versionQuery' }]);
    expect(decoder.skippedBytes).toBe(skipped);
  });

  it('an endless sysex is dropped at its bound', () => {
    const decoder = new FirmataDecoder('host');
    const endless = Uint8Array.from([0xf0, ...new Uint8Array(maxSysexBytes * 10)]);
    expect(decoder.push(endless)).toEqual([]);
    expect(decoder.skippedBytes).toBeGreaterThan(maxSysexBytes * 9);
    expect(decoder.push(bytes('F9'))).toEqual([{ kind: 'versionQuery' }]);
  });

  it(`any bytes never throw, and reading goes on after them (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (noise) => {
        const decoder = new FirmataDecoder('host');
        decoder.push(noise);
        // The last of three is behind whatever the noise left open.
        expect(decoder.push(bytes('F9 F9 F9')).at(-1)).toEqual({ kind: 'versionQuery' });
      }),
      { seed, numRuns: 500 },
    );
  });
});

// The CU16 frames against the vendor's own examples and frames summed up by hand, and against an encoder that shares no
// code with the driver's.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeRequest,
  encodeStatus,
  type LockRequest,
  type LockStatus,
  requestDecoder,
  statusDecoder,
} from '../../../devices/cabinet/protocol/kerong-cu16.ts';
import { concat, fromHex, hex } from '../../../runtime/core/bytes.ts';

const bytes = (text: string): Uint8Array => fromHex(text.replaceAll(' ', ''));

const requests: readonly (readonly [string, LockRequest, string])[] = [
  ['status of board 0, vendor sheet', { kind: 'status', board: 0 }, '02 00 30 03 35'],
  ['unlock 1, vendor sheet', { kind: 'unlock', board: 0, lock: 1 }, '02 00 31 03 36'],
  ['unlock 2, vendor sheet', { kind: 'unlock', board: 0, lock: 2 }, '02 01 31 03 37'],
  ['unlock 16, vendor sheet', { kind: 'unlock', board: 0, lock: 16 }, '02 0F 31 03 45'],
  ['status of board 3, nibble unverified', { kind: 'status', board: 3 }, '02 30 30 03 65'],
  ['unlock 5 of board 15, nibble unverified', { kind: 'unlock', board: 15, lock: 5 }, '02 F4 31 03 2A'],
];

const statuses: readonly (readonly [string, LockStatus, string])[] = [
  ['all locked, vendor sheet', { board: 0, locked: 0xffff, inputs: 0 }, '02 00 35 FF FF 00 00 03 38'],
  ['lock 1 open', { board: 0, locked: 0xfffe, inputs: 0 }, '02 00 35 FE FF 00 00 03 37'],
  ['lock 16 open, input 9 active', { board: 0, locked: 0x7fff, inputs: 0x0100 }, '02 00 35 FF 7F 00 01 03 B9'],
];

describe('CU16 byte table', () => {
  it.each(requests)('%s', (_name, request, frame) => {
    expect(hex(encodeRequest(request))).toBe(hex(bytes(frame)));
    expect(requestDecoder().push(bytes(frame))).toEqual([request]);
  });

  it.each(statuses)('%s', (_name, status, frame) => {
    expect(hex(encodeStatus(status))).toBe(hex(bytes(frame)));
    expect(statusDecoder().push(bytes(frame))).toEqual([status]);
  });

  it.each([
    ['a wrong sum', '02 00 35 FF FF 00 00 03 39'],
    ['no end byte', '02 00 35 FF FF 00 00 04 39'],
    ['another command', '02 00 36 FF FF 00 00 03 39'],
    ['a lock number where the board answers for all', '02 01 35 FF FF 00 00 03 39'],
    ['a shortened frame', '02 00 35 FF FF 00 03 38'],
  ])('takes nothing from %s', (_name, frame) => {
    const decoder = statusDecoder();
    expect(decoder.push(bytes(frame))).toEqual([]);
    expect(decoder.push(bytes('02 00 35 FF FF 00 00 03 38'))).toEqual([{ board: 0, locked: 0xffff, inputs: 0 }]);
    expect(decoder.skippedBytes).toBeGreaterThan(0);
  });

  it.each([
    ['board 16', { kind: 'status', board: 16 } as const],
    ['lock 0', { kind: 'unlock', board: 0, lock: 0 } as const],
    ['lock 17', { kind: 'unlock', board: 0, lock: 17 } as const],
  ])('does not encode %s', (_name, request) => {
    expect(() => encodeRequest(request)).toThrow(/number is/);
  });
});

describe('CU16 stream', () => {
  it('finds every frame however the line cuts them, seed 16', () => {
    const frame = fc.record({ board: fc.nat(15), locked: fc.nat(0xffff), inputs: fc.nat(0xffff) });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.array(fc.nat(60), { maxLength: 6 }), (frames, cuts) => {
        const stream = concat(...frames.map(byHand));
        const decoder = statusDecoder();
        const places = [0, ...cuts.filter((cut) => cut < stream.length).toSorted((a, b) => a - b), stream.length];
        const found = places
          .slice(1)
          .flatMap((place, index) => [...decoder.push(stream.subarray(places[index], place))]);
        expect(found).toEqual(frames);
        expect(decoder.skippedBytes).toBe(0);
      }),
      { seed: 16 },
    );
  });

  it('holds less than a frame of noise, and reads on behind it, seed 17', () => {
    const noise = fc.uint8Array({ maxLength: 300 }).map((raw) => raw.map((byte) => (byte === 0x02 ? 0x55 : byte)));
    fc.assert(
      fc.property(noise, (garbage) => {
        const decoder = statusDecoder();
        expect(decoder.push(garbage)).toEqual([]);
        expect(decoder.flush()).toBeLessThan(9);
        expect(decoder.push(bytes('02 00 35 FF FF 00 00 03 38'))).toHaveLength(1);
      }),
      { seed: 17 },
    );
  });
});

/** The sheet read a second time, without the product's code. */
function byHand({ board, locked, inputs }: LockStatus): Uint8Array {
  const frame = new Uint8Array(9);
  const view = new DataView(frame.buffer);
  view.setUint8(0, 2);
  view.setUint8(1, board * 16);
  view.setUint8(2, 0x35);
  view.setUint16(3, locked, true);
  view.setUint16(5, inputs, true);
  view.setUint8(7, 3);
  view.setUint8(8, frame.subarray(0, 8).reduce((sum, byte) => sum + byte, 0) % 256);
  return frame;
}

// The bytes of the Tx1500, pinned by the table of its protocol and by a second encoder that shares nothing with ours.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DigiconDecoder } from '../../../devices/gate/digicon/protocol/decoder.ts';
import { type DigiconMessage, encode, maxCommandBytes } from '../../../devices/gate/digicon/protocol/messages.ts';
import { fromHex, hex } from '../../../runtime/core/bytes.ts';

const seed = 20_261_124;
const bytes = (text: string): Uint8Array => fromHex(text.replaceAll(' ', ''));

/** Frames as the controller's protocol prints them; the last two follow from its frame rule. */
const table: readonly (readonly [what: string, bytes: string, message: DigiconMessage])[] = [
  ['release right to left', '02 02 00 48 48', { kind: 'release', way: 'rightToLeft' }],
  ['release left to right', '02 02 00 41 41', { kind: 'release', way: 'leftToRight' }],
  ['release both', '02 02 00 44 44', { kind: 'release', way: 'both' }],
  ['back to controlled', '02 02 00 43 43', { kind: 'controlled' }],
  ['always free', '02 03 00 4C 48 05', { kind: 'alwaysFree' }],
  ['ACK', '02 02 00 06 06', { kind: 'ack' }],
  ['NACK', '02 02 00 15 15', { kind: 'nack' }],
  ['passage A', '02 02 00 1A 1A', { kind: 'passage', sensor: 'A' }],
  ['passage B', '02 02 00 1B 1B', { kind: 'passage', sensor: 'B' }],
];

/** Written from the frame rule alone: 02, size = command + check, little end first, check = XOR of all before. */
function independentFrame(...command: number[]): Uint8Array {
  const frame = Buffer.alloc(command.length + 4);
  frame.writeUInt8(2, 0);
  frame.writeUInt16LE(command.length + 1, 1);
  Buffer.from(command).copy(frame, 3);
  let check = 0;
  for (let index = 0; index < frame.length - 1; index++) check ^= frame.readUInt8(index);
  frame.writeUInt8(check, frame.length - 1);
  return frame;
}

describe('the table', () => {
  it.each(table)('%s is %s', (_, wire, message) => {
    expect(hex(encode(message))).toBe(hex(bytes(wire)));
    expect(new DigiconDecoder().push(bytes(wire))).toEqual([message]);
    expect(hex(independentFrame(...bytes(wire).slice(3, -1)))).toBe(hex(bytes(wire)));
  });
});

describe('the decoder', () => {
  it('reads frames in parts and frames run together', () => {
    const decoder = new DigiconDecoder();
    const whole = bytes(table.map(([, wire]) => wire).join(' '));
    const messages = [...whole].flatMap((byte) => decoder.push(Uint8Array.of(byte)));
    expect(messages).toEqual(table.map(([, , message]) => message));
    expect(new DigiconDecoder().push(whole)).toEqual(messages);
    expect([decoder.waitingBytes, decoder.skippedBytes, decoder.unknownCommands]).toEqual([0, 0, 0]);
  });

  it.each([
    ['noise before it', 'FF 00 02 FE', 4],
    ['a wrong check byte before it', '02 02 00 06 07', 5],
    ['a size of no command before it', '02 01 00', 3],
    ['an impossible size before it', '02 FF FF', 3],
    ['a lone start byte before it', '02', 1],
  ])('is in step with %s', (_, noise, skipped) => {
    const decoder = new DigiconDecoder();
    const found = [...decoder.push(bytes(`${noise} 02 02 00 1A 1A`)), ...decoder.flush()];
    expect(found).toEqual([{ kind: 'passage', sensor: 'A' }]);
    expect(decoder.skippedBytes).toBe(skipped);
  });

  it('gives up a frame that does not end when the line is silent, and finds the one inside', () => {
    const decoder = new DigiconDecoder();
    expect(decoder.push(bytes('02 11 00 02 02 00 06 06'))).toEqual([]);
    expect(decoder.waitingBytes).toBe(8);
    expect(decoder.flush()).toEqual([{ kind: 'ack' }]);
    expect(decoder.waitingBytes).toBe(0);
  });

  it('reads the longest command and refuses one byte more', () => {
    const decoder = new DigiconDecoder();
    const longest = Array.from({ length: maxCommandBytes }, () => 0x55);
    expect(decoder.push(independentFrame(...longest))).toEqual([]);
    expect(decoder.unknownCommands).toBe(1);
    decoder.push(independentFrame(...longest, 0x55));
    expect(decoder.unknownCommands).toBe(1);
    expect(decoder.skippedBytes).toBeGreaterThan(0);
  });

  it(`keeps no more than one frame of any bytes and never throws (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
        const decoder = new DigiconDecoder();
        for (const chunk of chunks) {
          decoder.push(chunk);
          expect(decoder.waitingBytes).toBeLessThan(maxCommandBytes + 4);
        }
        decoder.flush();
        expect(decoder.waitingBytes).toBe(0);
      }),
      { seed, numRuns: 300 },
    );
  });

  it(`finds every frame between noise that holds no start byte (seed ${seed})`, () => {
    const noise = fc.uint8Array({ maxLength: 12 }).map((raw) => raw.map((byte) => (byte === 0x02 ? 0x03 : byte)));
    const sent = fc.array(fc.tuple(noise, fc.constantFrom(...table)), { maxLength: 12 });
    fc.assert(
      fc.property(sent, fc.integer({ min: 1, max: 7 }), (parts, size) => {
        const whole = Buffer.concat(parts.flatMap(([before, [, wire]]) => [before, bytes(wire)]));
        const decoder = new DigiconDecoder();
        const found: DigiconMessage[] = [];
        for (let at = 0; at < whole.length; at += size) found.push(...decoder.push(whole.subarray(at, at + size)));
        expect(found).toEqual(parts.map(([, [, , message]]) => message));
      }),
      { seed, numRuns: 300 },
    );
  });
});

// What counts as an order to move, byte by byte, on each kind of motion board: however the chunks are cut, and whatever
// else is on the line.
import { describe, expect, it } from 'vitest';
import { digiconMotions, firmataMotions, kerongMotions, motionsOn } from '../../../runtime/main/checker/motions.ts';

type Listener = Parameters<typeof motionsOn>[1];

const heard = (listener: Listener, ...chunks: readonly string[]) =>
  motionsOn(
    chunks.map((hex, index) => ({ atUs: index, bytes: Buffer.from(hex, 'hex') })),
    listener,
  ).map(({ line, direction, slot }) => [line, direction ?? slot]);

const relays = () =>
  firmataMotions(
    new Map([
      [9, 'entry'],
      [10, 'exit'],
    ]),
  );

describe('a Firmata board', () => {
  it('moves where a motion pin rises, and not where it stays high, falls, or another pin rises', () => {
    expect(heard(relays(), '910200', '910200', '910300', '910000', '901000')).toEqual([[0, 'entry']]);
  });

  it('moves twice where the pin fell in between, also by a reset', () => {
    expect(heard(relays(), '910200', '910000', '910200', 'ff', '910200')).toEqual([
      [0, 'entry'],
      [2, 'entry'],
      [4, 'entry'],
    ]);
  });

  it('moves by the message for one pin too, and both ways in one message', () => {
    expect(heard(relays(), 'f50a01', 'f50a00', '910600')).toEqual([
      [0, 'exit'],
      [2, 'entry'],
      [2, 'exit'],
    ]);
  });

  it('is heard through cut chunks, heartbeats and configuration', () => {
    expect(heard(relays(), 'f079f7f40901', 'f06d09f791', '02', '00')).toEqual([[3, 'entry']]);
  });

  it('does not take the inside of a longer message for an order', () => {
    expect(heard(relays(), 'f0710902007ff7')).toEqual([]);
  });
});

describe('a turnstile on a line', () => {
  it('moves by a release of either way or both, and by one for always', () => {
    expect(heard(digiconMotions(), '0202004848', '0202004141', '0202004444', '0203004c4805')).toHaveLength(4);
  });

  it('does not move by other commands, nor by a frame whose check byte is wrong', () => {
    expect(heard(digiconMotions(), '0202004343', '0202000606', '0202004149')).toEqual([]);
  });

  it('is heard through cut chunks and behind noise', () => {
    expect(heard(digiconMotions(), 'ff02', '020200', '41', '41')).toEqual([[3, null]]);
  });
});

describe('a lock board', () => {
  it('moves the lock that an unlock names, of its own address', () => {
    expect(heard(kerongMotions(0), '0200310336', '020b310341')).toEqual([
      [0, 1],
      [1, 12],
    ]);
    expect(heard(kerongMotions(1), '0210310346')).toEqual([[0, 1]]);
  });

  it('moves a slot that no cabinet has where another board was meant', () => {
    expect(heard(kerongMotions(1), '0200310336')).toEqual([[0, -15]]);
  });

  it('does not move by a status request, nor by a frame whose sum is wrong', () => {
    expect(heard(kerongMotions(0), '0200300335', '0200310337')).toEqual([]);
  });

  it('is heard through cut chunks and behind noise', () => {
    expect(heard(kerongMotions(0), '0202', '003103', '36')).toEqual([[2, 1]]);
  });
});

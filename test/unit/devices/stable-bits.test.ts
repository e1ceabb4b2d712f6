// What a lock board's contacts may be believed.
import { describe, expect, it } from 'vitest';
import { StableBits } from '../../../devices/cabinet/kerong/stable-bits.ts';

describe('stable bits', () => {
  it('knows nothing until a contact was read twice alike', () => {
    const bits = new StableBits(4);
    bits.push(0b0101);
    expect([0, 1, 2, 3].map((bit) => bits.at(bit))).toEqual([null, null, null, null]);
    expect(bits.unsettled).toBe(true);
    bits.push(0b0100);
    expect([0, 1, 2, 3].map((bit) => bits.at(bit))).toEqual([null, false, true, false]);
    expect(bits.unsettled).toBe(true);
    bits.push(0b0100);
    expect([0, 1, 2, 3].map((bit) => bits.at(bit))).toEqual([false, false, true, false]);
    expect(bits.unsettled).toBe(false);
  });

  it('one reading that says otherwise changes nothing; the second does', () => {
    const bits = new StableBits(4);
    for (const reading of [0b1111, 0b1111, 0b1110]) bits.push(reading);
    expect(bits.at(0)).toBe(true);
    bits.push(0b1111);
    expect(bits.at(0)).toBe(true);
    for (const reading of [0b1110, 0b1110]) bits.push(reading);
    expect(bits.at(0)).toBe(false);
  });

  it('a contact that never rests hides no other', () => {
    const bits = new StableBits(2);
    for (const reading of [0b11, 0b11, 0b01, 0b10, 0b01]) bits.push(reading);
    for (const reading of [0b00, 0b01, 0b00, 0b01]) bits.push(reading);
    expect(bits.at(1)).toBe(false);
  });

  it('contacts beyond its width do not keep it unsettled', () => {
    const bits = new StableBits(2);
    for (const reading of [0b0011, 0b0111, 0b0011]) bits.push(reading);
    expect(bits.unsettled).toBe(false);
  });
});

// Which HID device is taken for the configured reader, and which is refused.
import { describe, expect, it } from 'vitest';
import type { HidInfo } from '../../../devices/ports/hid.ts';
import { chooseReader, profileOf } from '../../../devices/scanner/hid-address.ts';

const reader: HidInfo = {
  path: '/dev/hidraw0',
  vendorId: 0x0c2e,
  productId: 0x0b61,
  serialNumber: 'A',
  product: 'reader',
  usagePage: 0x8c,
  usage: 0x02,
};
const ids = { vendorId: 0x0c2e, productId: 0x0b61 };
const keyboard = { path: '/dev/hidraw1', usagePage: 0x01, usage: 0x06 };

describe('the configured reader', () => {
  it.each([
    ['by its ids', ids, [reader]],
    ['by its path', { path: '/dev/hidraw0' }, [reader]],
    [
      'among readers of another serial number',
      { ...ids, serialNumber: 'A' },
      [{ ...reader, path: '/dev/hidraw9', serialNumber: 'B' }, reader],
    ],
    [
      'beside a usage of its own that is no scanner',
      ids,
      [{ ...reader, path: '/dev/hidraw3', usagePage: 0xff00, usage: 1 }, reader],
    ],
    ['beside a keyboard that is another device', ids, [{ ...reader, ...keyboard, productId: 1 }, reader]],
    ['where the system names no usage', ids, [{ ...reader, usagePage: null, usage: null }]],
  ])('is found %s', (_how, address, devices) => {
    expect(chooseReader(devices, address).path).toBe('/dev/hidraw0');
  });

  it('is opened by its path alone where the system does not list it', () => {
    expect(chooseReader([], { path: '/dev/hidraw0' })).toEqual({ path: '/dev/hidraw0', info: null });
  });

  it.each([
    ['absent', [], 'DEVICE_ABSENT', /no HID device 0c2e:0b61/],
    ['a keyboard', [{ ...reader, ...keyboard }], 'DEVICE_UNSUPPORTED', /keyboard/],
    ['a scanner that is a keyboard too', [reader, { ...reader, ...keyboard }], 'DEVICE_UNSUPPORTED', /keyboard/],
    ['a keypad', [reader, { ...reader, ...keyboard, usage: 0x07 }], 'DEVICE_UNSUPPORTED', /keyboard/],
    ['something else', [{ ...reader, usagePage: 0x0c, usage: 1 }], 'DEVICE_UNSUPPORTED', /no HID-POS scanner/],
    ['two of a kind', [reader, { ...reader, path: '/dev/hidraw7', serialNumber: 'B' }], 'CONFIG_INVALID', /2 readers/],
  ])('is refused when it is %s', (_what, devices, code, message) => {
    expect(() => chooseReader(devices, ids)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it('a keyboard is refused by path too', () => {
    const devices = [reader, { ...reader, ...keyboard }];
    expect(() => chooseReader(devices, { path: '/dev/hidraw0' })).toThrow(/keyboard/);
  });

  it.each([
    [0x1eab, 'newland'],
    [0x0c2e, 'standard'],
    [0x05e0, 'standard'],
  ] as const)('vendor %i speaks %s reports', (vendorId, profile) => {
    expect(profileOf({ ...reader, vendorId })).toBe(profile);
  });
});

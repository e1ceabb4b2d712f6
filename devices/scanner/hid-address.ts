// Which of the HID devices present is the configured reader: exactly one, and never a keyboard, whose keys would reach
// whatever has the focus of this machine. Pure.
import { assert } from '../../runtime/core/assert.ts';
import { StileError } from '../../runtime/core/errors.ts';
import type { HidInfo } from '../ports/hid.ts';
import type { HidProfile } from './protocol/hid-pos.ts';

export type HidAddress =
  | { readonly path: string }
  | { readonly vendorId: number; readonly productId: number; readonly serialNumber?: string };

export interface ChosenReader {
  readonly path: string;
  /** Null where the system lists no such device and it is opened by its path alone. */
  readonly info: HidInfo | null;
}

/** HID usage tables: point of sale, bar code scanner; generic desktop, keyboard and keypad. */
const scannerUsage = { page: 0x8c, usage: 0x02 } as const;
const keyboardUsages = { page: 0x01, usages: [0x06, 0x07] } as const;

/** @throws StileError DEVICE_ABSENT, DEVICE_UNSUPPORTED (a keyboard, or no scanner), CONFIG_INVALID (more than one). */
export function chooseReader(devices: readonly HidInfo[], address: HidAddress): ChosenReader {
  const named = devices.filter((info) => matches(info, address));
  if (named.length === 0) {
    if ('path' in address) return { path: address.path, info: null };
    throw new StileError('DEVICE_ABSENT', `no HID device ${describeAddress(address)} is present`, {
      remedy: 'Plug the reader in, or correct vendorId and productId; the reader tells them to lsusb.',
    });
  }
  const keyboard = devices.find((info) => isKeyboard(info) && named.some((other) => sameUnit(info, other)));
  if (keyboard) {
    throw new StileError('DEVICE_UNSUPPORTED', `HID device ${describeAddress(address)} announces a keyboard`, {
      remedy: "Set the reader to HID-POS with the setup code in its manual: a keyboard's codes reach every program.",
    });
  }
  const scanners = named.filter((info) => isScanner(info) || info.usagePage === null);
  const paths = [...new Set(scanners.map(({ path }) => path))];
  const [path] = paths;
  if (path === undefined) {
    throw new StileError('DEVICE_UNSUPPORTED', `HID device ${describeAddress(address)} is no HID-POS scanner`, {
      remedy: 'Set the reader to HID-POS with the setup code in its manual.',
    });
  }
  if (paths.length > 1) {
    throw new StileError(
      'CONFIG_INVALID',
      `${paths.length} readers are ${describeAddress(address)}: ${paths.join(', ')}`,
      {
        remedy: 'Name the reader by its serialNumber too, or by its path.',
      },
    );
  }
  return { path, info: scanners.find((info) => info.path === path) ?? null };
}

/** What a configuration names: a path, or both ids. */
export function hidAddress(named: {
  readonly path?: string | undefined;
  readonly vendorId?: number | undefined;
  readonly productId?: number | undefined;
  readonly serialNumber?: string | undefined;
}): HidAddress {
  const { path, vendorId, productId, serialNumber } = named;
  if (path !== undefined) return { path };
  assert(vendorId !== undefined && productId !== undefined, 'a HID reader is named by its path or by both ids');
  return { vendorId, productId, ...(serialNumber !== undefined && { serialNumber }) };
}

/** By vendor: 1EAB Newland; all others speak the standard layout unless the configuration says otherwise. */
export const profileOf = (info: HidInfo | null): HidProfile => (info?.vendorId === 0x1eab ? 'newland' : 'standard');

export function describeAddress(address: HidAddress): string {
  if ('path' in address) return address.path;
  const { vendorId, productId, serialNumber } = address;
  const ids = [vendorId, productId].map((id) => id.toString(16).padStart(4, '0')).join(':');
  return serialNumber === undefined ? ids : `${ids} ${serialNumber}`;
}

function matches(info: HidInfo, address: HidAddress): boolean {
  if ('path' in address) return info.path === address.path;
  const { vendorId, productId, serialNumber } = address;
  return (
    info.vendorId === vendorId &&
    info.productId === productId &&
    (serialNumber === undefined || info.serialNumber === serialNumber)
  );
}

/** A reader may announce several usages, each as a device of its own. */
const sameUnit = (a: HidInfo, b: HidInfo): boolean =>
  a.vendorId === b.vendorId && a.productId === b.productId && a.serialNumber === b.serialNumber;

const isScanner = ({ usagePage, usage }: HidInfo): boolean =>
  usagePage === scannerUsage.page && usage === scannerUsage.usage;

const isKeyboard = ({ usagePage, usage }: HidInfo): boolean =>
  usagePage === keyboardUsages.page && keyboardUsages.usages.some((known) => known === usage);

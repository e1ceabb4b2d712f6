// What a driver needs of HID devices: which ones there are, and reports in and out of an open one. The real ones lie
// behind devices/hid; a simulated one stands in the same place, as a kernel without HID has no wire to put it on.
import type { Bytes } from '../../runtime/core/bytes.ts';
import type { StileError } from '../../runtime/core/errors.ts';

export interface HidInfo {
  /** What `open` takes, e.g. `/dev/hidraw0`. It may change when the device is plugged in again. */
  readonly path: string;
  readonly vendorId: number;
  readonly productId: number;
  readonly serialNumber: string | null;
  readonly product: string | null;
  /** USB HID usage tables; null where the system does not say. */
  readonly usagePage: number | null;
  readonly usage: number | null;
}

export interface HidListener {
  /** One input report, with its id as the first byte. */
  report(report: Bytes): void;
  /** Once, when the device ended without `close` having been called. */
  lost(fault: StileError): void;
}

export interface HidDevice {
  readonly path: string;
  /** Called once, right after the open: reports flow from then on. */
  listen(listener: HidListener): void;
  /** One output report, with its id as the first byte. False, and nothing sent, when the device is gone or behind. */
  write(report: Bytes): boolean;
  close(): Promise<void>;
}

export interface HidBus {
  /** One entry for each device and usage. @throws StileError NATIVE_PACKAGE_MISSING. */
  devices(): Promise<readonly HidInfo[]>;
  /** @throws StileError NATIVE_PACKAGE_MISSING, DEVICE_ABSENT, DEVICE_FORBIDDEN. */
  open(path: string): Promise<HidDevice>;
}

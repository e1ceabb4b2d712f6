// The HID devices of this system through node-hid, which is loaded at the first use. Its native part needs the system
// library libusb even where the kernel's hidraw carries the bytes: where that is missing, only HID devices are.
import type { HIDAsync } from 'node-hid';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { messageOf, StileError } from '../../runtime/core/errors.ts';
import type { HidBus, HidDevice, HidInfo, HidListener } from '../ports/hid.ts';

/** What is used of node-hid. */
type Library = Pick<typeof import('node-hid'), 'HIDAsync' | 'devicesAsync'>;

export const hidLimits = {
  /** Output reports that the device has not taken; more are refused. */
  pendingWrites: 16,
} as const;

/** `load` is replaced by tests of a system where the library does not load. */
export function systemHid(load: () => Promise<Library> = importLibrary): HidBus {
  let library: Promise<Library> | null = null;
  const loaded = async (): Promise<Library> => {
    library ??= probed(load);
    try {
      return await library;
    } catch (fault) {
      // A technician may install what is missing while the terminal runs.
      library = null;
      throw fault;
    }
  };
  return {
    devices: async () => (await (await loaded()).devicesAsync()).flatMap(infoOf),
    open: async (path) => {
      const { HIDAsync } = await loaded();
      try {
        return new OpenDevice(path, await HIDAsync.open(path));
      } catch (cause) {
        throw openFault(path, cause);
      }
    },
  };
}

async function importLibrary(): Promise<Library> {
  return (await import('node-hid')).default;
}

/** Importing always succeeds; the first use loads the native part. */
async function probed(load: () => Promise<Library>): Promise<Library> {
  try {
    const library = await load();
    await library.devicesAsync();
    return library;
  } catch (cause) {
    throw unavailable(cause);
  }
}

function unavailable(cause: unknown): StileError {
  const message = messageOf(cause);
  const missing = /lib(usb|udev)[-.\w]*\.so[.\d]*/.exec(message);
  const what = missing ? `the system library ${missing[0]} is missing or broken` : message;
  return new StileError('NATIVE_PACKAGE_MISSING', `package node-hid cannot be loaded: ${what}`, {
    remedy: missing
      ? `Install ${missing[1] === 'usb' ? 'libusb-1.0-0' : 'libudev1'} (apt-get install on Debian); it is tried again by itself.`
      : 'Run npm ci in the installation folder.',
    cause,
  });
}

function infoOf(device: Awaited<ReturnType<Library['devicesAsync']>>[number]): HidInfo[] {
  const { path, vendorId, productId, serialNumber, product, usagePage, usage } = device;
  if (path === undefined) return [];
  return [
    {
      path,
      vendorId,
      productId,
      serialNumber: serialNumber || null,
      product: product || null,
      usagePage: usagePage || null,
      usage: usage || null,
    },
  ];
}

function openFault(path: string, cause: unknown): StileError {
  const message = messageOf(cause);
  const forbidden = /permission denied|EACCES|EPERM/i.test(message);
  return new StileError(
    forbidden ? 'DEVICE_FORBIDDEN' : 'DEVICE_ABSENT',
    `HID device ${path} cannot be opened: ${message}`,
    {
      remedy: forbidden
        ? 'Give the user of this process access to the device by a udev rule.'
        : 'Plug the device in, or correct its path.',
      cause,
    },
  );
}

class OpenDevice implements HidDevice {
  readonly path: string;
  readonly #device: HIDAsync;
  #listener: HidListener | null = null;
  #fault: StileError | null = null;
  #ended = false;
  #pending = 0;

  constructor(path: string, device: HIDAsync) {
    this.path = path;
    this.#device = device;
    // Without a listener, an error between here and `listen` would end the process.
    device.on('error', (error) => this.#lost(error));
  }

  listen(listener: HidListener): void {
    this.#listener = listener;
    if (this.#fault) return listener.lost(this.#fault);
    this.#device.on('data', (report: Buffer) => {
      if (!this.#ended) listener.report(report);
    });
  }

  write(report: Bytes): boolean {
    if (this.#ended || this.#pending >= hidLimits.pendingWrites) return false;
    this.#pending++;
    this.#device
      .write(Buffer.from(report))
      .then(() => this.#pending--)
      .catch((error: unknown) => this.#lost(error));
    return true;
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#closeHandle();
  }

  #lost(cause: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    void this.#closeHandle();
    this.#fault = new StileError('DEVICE_LOST', `HID device ${this.path}: ${messageOf(cause)}`, {
      remedy: 'Check its plug; it is opened again by itself.',
      cause,
    });
    this.#listener?.lost(this.#fault);
  }

  async #closeHandle(): Promise<void> {
    try {
      await this.#device.close();
    } catch {
      // A device that is gone has nothing left to close.
    }
  }
}

// A HID bus inside this process with one port for one device: plugged, unplugged, plugged again under another path, as
// the kernel numbers them. It stands at the HID port, because a kernel without HID offers no wire.
import type { HidBus, HidDevice, HidInfo, HidListener } from '../../devices/ports/hid.ts';
import { type Bytes, concat } from '../../runtime/core/bytes.ts';
import { StileError } from '../../runtime/core/errors.ts';
import { FaultList } from '../line/faults.ts';
import type { HidFault } from './hid-faults.ts';
import type { HidPlug } from './simulated-hid-scanner.ts';

export type HidIdentity = Pick<HidInfo, 'vendorId' | 'productId' | 'serialNumber' | 'product'>;

export class InProcessHid implements HidBus, HidPlug {
  readonly faults: FaultList<HidFault>;
  /** Every output report, oldest first. */
  readonly written: Bytes[] = [];
  readonly #identity: HidIdentity;
  #number = 0;
  #plugged = true;
  #keyboard = false;
  #open: OpenPort | null = null;

  constructor(identity: HidIdentity, faults = new FaultList<HidFault>()) {
    this.#identity = identity;
    this.faults = faults;
  }

  /** Present while it is plugged in; another one after each replug. */
  get path(): string {
    return `/dev/hidraw${this.#number}`;
  }

  async devices(): Promise<readonly HidInfo[]> {
    if (!this.#plugged) return [];
    const base = { ...this.#identity, path: this.path };
    const scanner: HidInfo = { ...base, usagePage: 0x8c, usage: 0x02 };
    return this.#keyboard ? [scanner, { ...base, path: `${this.path}k`, usagePage: 0x01, usage: 0x06 }] : [scanner];
  }

  async open(path: string): Promise<HidDevice> {
    if (!this.#plugged || path !== this.path) {
      throw new StileError('DEVICE_ABSENT', `HID device ${path} cannot be opened: no such device`, {
        remedy: 'Plug the device in, or correct its path.',
      });
    }
    const port = new OpenPort(path, (report) => this.written.push(report));
    this.#open = port;
    return port;
  }

  report(report: Bytes): void {
    this.#open?.listener?.report(report);
  }

  unplug(): void {
    if (!this.#plugged) return;
    this.#plugged = false;
    this.#open?.lose();
    this.#open = null;
  }

  /** Also after a setup code took effect. */
  replug(): void {
    this.#number++;
    this.#keyboard = this.faults.fire('keyboard') !== null;
    this.#plugged = true;
  }
}

class OpenPort implements HidDevice {
  readonly path: string;
  readonly #written: (report: Bytes) => void;
  listener: HidListener | null = null;
  #ended = false;

  constructor(path: string, written: (report: Bytes) => void) {
    this.path = path;
    this.#written = written;
  }

  listen(listener: HidListener): void {
    this.listener = listener;
  }

  write(report: Bytes): boolean {
    if (!this.#ended) this.#written(concat(report));
    return !this.#ended;
  }

  async close(): Promise<void> {
    this.#end();
  }

  lose(): void {
    const { listener } = this;
    this.#end();
    listener?.lost(
      new StileError('DEVICE_LOST', `HID device ${this.path}: could not read from HID device`, {
        remedy: 'Check its plug; it is opened again by itself.',
      }),
    );
  }

  #end(): void {
    this.#ended = true;
    this.listener = null;
  }
}

// The process that the hidraw library is preloaded into: the HID scanner on the real node-hid. It prints one JSON object
// a line, and writes an output report for each line it is given.
import { createInterface } from 'node:readline';
import { systemHid } from '../../../devices/hid/system-hid.ts';
import type { HidBus, HidDevice } from '../../../devices/ports/hid.ts';
import { HidScanner } from '../../../devices/scanner/hid-scanner.ts';
import { fromHex, hex } from '../../../runtime/core/bytes.ts';
import { SystemClock } from '../../../runtime/core/clock.ts';
import { silentLogger } from '../../../runtime/core/log.ts';

const say = (message: object): void => console.log(JSON.stringify(message));
const system = systemHid();
const held: { device: HidDevice | null } = { device: null };
const bus: HidBus = {
  devices: () => system.devices(),
  open: async (path) => {
    held.device = await system.open(path);
    return held.device;
  },
};
const scanner = new HidScanner({
  id: 'scanner',
  address: { path: process.env['STILE_HIDRAW_PATH'] ?? '' },
  profile: 'standard',
  bus,
  backOffMs: [50],
  clock: new SystemClock(),
  log: silentLogger,
});
scanner.changed.on(({ state, detail, reconnects }) => say({ state, detail, reconnects }));
scanner.scans.on(({ bytes }) => say({ scan: hex(bytes) }));
scanner.start();

for await (const line of createInterface({ input: process.stdin }))
  say({ wrote: held.device?.write(fromHex(line)) ?? false });
await scanner.stop();
say({ counters: scanner.counters() });

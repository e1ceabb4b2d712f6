// What a cabinet cannot do faster: the same two lines and drivers with nothing decided between them. A code on the
// reader's line is answered by an unlock on the lock board's line at once, which waits only for the bus to be free.
import type { DeviceEnd } from '../../simulators/line/device-end.ts';
import type { Contender } from './interleave.ts';
import { built } from './product.ts';

const slot = 1;

export interface BareLines extends Contender {
  close(): Promise<void>;
}

/** `anyMoment` passes before each sample: where in the round of polls a code comes is a matter of chance. */
export async function openBareLines(folder: string, anyMoment: () => Promise<void>, code: string): Promise<BareLines> {
  const { SerialScanner } = await built<typeof import('../../devices/scanner/serial-scanner.ts')>(
    'devices/scanner/serial-scanner',
  );
  const { KerongCabinet } = await built<typeof import('../../devices/cabinet/kerong/kerong-cabinet.ts')>(
    'devices/cabinet/kerong/kerong-cabinet',
  );
  const { SystemClock } = await built<typeof import('../../runtime/core/clock.ts')>('runtime/core/clock');
  const { silentLogger: log } = await built<typeof import('../../runtime/core/log.ts')>('runtime/core/log');
  const { createLine } = await built<typeof import('../../simulators/line/line.ts')>('simulators/line/line');
  const { SimulatedScanner } = await built<typeof import('../../simulators/scanner/simulated-scanner.ts')>(
    'simulators/scanner/simulated-scanner',
  );
  const { SimulatedCabinet } = await built<typeof import('../../simulators/cabinet/simulated-cabinet.ts')>(
    'simulators/cabinet/simulated-cabinet',
  );
  const clock = new SystemClock();
  const line = (name: string): Promise<DeviceEnd> => createLine({ kind: 'auto', folder, name, clock });
  const [codes, locks] = await Promise.all([line('ttyBARECODES'), line('ttyBARELOCKS')]);
  const reader = new SimulatedScanner({ line: codes, clock });
  const slots = new SimulatedCabinet({ slots: 5, lines: { locks }, nowUs: () => clock.monoUs(), clock });
  const cabinet = new KerongCabinet({
    id: 'bare locks',
    locks: { path: locks.path, baudRate: 19_200 },
    slots: 5,
    clock,
    log,
  });
  const scanner = new SerialScanner({
    id: 'bare codes',
    line: { path: codes.path, baudRate: 115_200 },
    profile: {
      prefix: new Uint8Array(0),
      suffix: new Uint8Array(0),
      ending: 'CR',
      aimIdentifier: false,
      binaryCodes: false,
    },
    clock,
    log,
  });
  scanner.scans.on(() => {
    if (!cabinet.unlock(slot)) throw new Error('the bare lock did not take the motion');
  });
  const factsSay = async (locked: boolean): Promise<void> => {
    if (cabinet.snapshot()[slot - 1]?.locked !== locked)
      await cabinet.facts.next((facts) => facts.slot === slot && facts.locked === locked);
  };
  cabinet.start();
  scanner.start();
  await factsSay(true);
  let moved = false;
  return {
    name: 'line',
    prepare: async () => {
      if (moved) {
        await factsSay(false);
        slots.pushShut(slot);
        await factsSay(true);
      }
      await anyMoment();
    },
    run: async () => {
      const unlocked = slots.unlocked.next(() => true);
      void reader.show(code);
      await unlocked;
      moved = true;
    },
    close: async () => {
      await Promise.all([scanner.stop(), cabinet.stop()]);
      await slots.close();
      await Promise.all([codes.close(), locks.close()]);
    },
  };
}

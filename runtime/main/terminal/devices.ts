// The drivers of a terminal's devices, as its configuration names them.
import { systemHid } from '../../../devices/hid/system-hid.ts';
import { createBoardIndicator } from '../../../devices/indicator/board-indicator.ts';
import type { Indicator } from '../../../devices/ports/indicator.ts';
import type { Scanner } from '../../../devices/ports/scanner.ts';
import { hidAddress } from '../../../devices/scanner/hid-address.ts';
import { HidScanner } from '../../../devices/scanner/hid-scanner.ts';
import { SerialScanner } from '../../../devices/scanner/serial-scanner.ts';
import { utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/log.ts';
import type { TerminalConfig } from '../config.ts';

export function scannerOf({ scanner }: TerminalConfig, clock: Clock, log: Logger): Scanner {
  const common = { id: 'scanner', clock, log };
  if (scanner.kind === 'hid') {
    return new HidScanner({ ...common, address: hidAddress(scanner), profile: scanner.profile, bus: systemHid() });
  }
  const { path, baudRate, suffix, prefix, aimIdentifier, binaryCodes } = scanner;
  return new SerialScanner({
    ...common,
    line: { path, baudRate },
    profile: { prefix: utf8(prefix), suffix: new Uint8Array(0), ending: suffix, aimIdentifier, binaryCodes },
  });
}

export function indicatorOf(config: TerminalConfig, clock: Clock, log: Logger): Indicator {
  const { path, baudRate, pins, reportVersionTimeoutMs, firmware } = config.indicator;
  const line = { path, baudRate };
  const named = firmware === undefined ? {} : { firmware };
  return createBoardIndicator({ id: 'indicator', line, pins, reportVersionTimeoutMs, ...named, clock, log });
}

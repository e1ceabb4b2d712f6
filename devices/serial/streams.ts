// The one place that loads serialport: a device path becomes a SerialPort, `tcp://` and `unix:` become the same
// stream over a socket binding. Loaded at the first open, so that a terminal without serial devices never does.
import { messageOf, StileError } from '../../runtime/core/errors.ts';
import { parseSocketAddress } from './socket-address.ts';

/** What a line uses of serialport's stream. */
export interface SerialStream {
  readonly isOpen: boolean;
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'close', listener: (error: Error | null) => void): unknown;
  open(callback: (error: Error | null) => void): void;
  write(bytes: Buffer, callback: (error: Error | null | undefined) => void): boolean;
  close(callback: (error: Error | null) => void): void;
}

/** One read's size: a frame of the largest scanner code. The library's own 64 KiB a line is memory for nothing. */
const readBytes = 4_096;

/** An unopened stream. @throws StileError NATIVE_PACKAGE_MISSING, CONFIG_INVALID for a malformed socket address. */
export async function openStream(path: string, baudRate: number): Promise<SerialStream> {
  const common = { path, baudRate, autoOpen: false, highWaterMark: readBytes };
  const address = parseSocketAddress(path);
  if (address === null) {
    const { SerialPort } = await load('serialport', () => import('serialport'));
    const port = new SerialPort(common);
    port.once('open', () => watchHangUp(port));
    return port;
  }
  const { SerialPortStream } = await load('@serialport/stream', () => import('@serialport/stream'));
  const { socketBinding } = await import('./socket-binding.ts');
  return new SerialPortStream({ ...common, binding: socketBinding(address) });
}

interface HangUpWatched extends SerialStream {
  readonly port?: unknown;
  close(callback: (error: Error | null) => void, hangUp?: Error): void;
}

interface Poller {
  once(event: 'disconnect', listener: () => void): unknown;
}

/**
 * A read that is under way when the device goes returns zero bytes, and serialport 13 then reads again without end: no
 * `close`, and a core lost. The same poller tells of the hang-up whatever the read does, when it is asked.
 */
function watchHangUp(stream: HangUpWatched): void {
  pollerOf(stream.port)?.once('disconnect', () => {
    if (stream.isOpen) stream.close(() => {}, new Error('the device hung up'));
  });
}

/** Unix bindings have one; others report a lost device by themselves. */
function pollerOf(port: unknown): Poller | null {
  if (typeof port !== 'object' || port === null || !('poller' in port)) return null;
  return port.poller as Poller;
}

async function load<T>(name: string, importer: () => Promise<T>): Promise<T> {
  try {
    return await importer();
  } catch (cause) {
    throw new StileError('NATIVE_PACKAGE_MISSING', `package ${name} cannot be loaded: ${messageOf(cause)}`, {
      remedy: 'Run npm ci in the installation folder.',
      cause,
    });
  }
}

// serialport's binding contract over a socket: the real stream then runs on serial servers, on RS-485 gateways and
// wherever the system has no pseudo terminals. Modem lines, baud rate, flush and drain do not exist on a socket.
import { connect, type Socket } from 'node:net';
import { StileError } from '../../runtime/core/errors.ts';
import type { SocketAddress } from './socket-address.ts';

interface OpenOptions {
  readonly path: string;
  readonly baudRate: number;
}

/** A serial server has no lock to report: one that is taken accepts and hangs up at once. */
const refusalMs = 50;
/** The peer is held back above this. */
const bufferedBytes = 65_536;

export function socketBinding(address: SocketAddress) {
  return {
    list: async () => [],
    open: async (options: OpenOptions): Promise<SocketPort> => {
      const port = new SocketPort(dial(address), options);
      await port.accepted;
      return port;
    },
  };
}

function dial(address: SocketAddress): Socket {
  return address.kind === 'unix'
    ? connect({ path: address.path })
    : connect({ host: address.host, port: address.port, noDelay: true });
}

/** The two marks by which serialport's stream tells a close it asked for from a peer that went away. */
class BindingError extends Error {
  readonly canceled: boolean;
  readonly disconnect: boolean;

  constructor(message: string, why: 'canceled' | 'disconnected') {
    super(message);
    this.canceled = why === 'canceled';
    this.disconnect = why === 'disconnected';
  }
}

class SocketPort {
  readonly openOptions: Required<
    OpenOptions & {
      dataBits: 8;
      lock: boolean;
      stopBits: 1;
      parity: string;
      rtscts: boolean;
      xon: boolean;
      xoff: boolean;
      xany: boolean;
      hupcl: boolean;
    }
  >;
  readonly accepted: Promise<void>;
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #failure: BindingError | null = null;
  #wake: (() => void) | null = null;
  #wakeWriter: ((error: BindingError) => void) | null = null;

  constructor(socket: Socket, options: OpenOptions) {
    this.openOptions = {
      ...options,
      dataBits: 8,
      lock: true,
      stopBits: 1,
      parity: 'none',
      rtscts: false,
      xon: false,
      xoff: false,
      xany: false,
      hupcl: true,
    };
    this.#socket = socket;
    this.accepted = accepted(socket, options.path);
    socket.on('data', (bytes) => this.#received(bytes));
    socket.on('error', () => {});
    socket.on('close', () => this.#fail(new BindingError('the peer closed the connection', 'disconnected')));
  }

  get isOpen(): boolean {
    return this.#failure?.canceled !== true;
  }

  async close(): Promise<void> {
    this.#fail(new BindingError('port is closed', 'canceled'), true);
    if (this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#socket.destroy();
    });
  }

  async read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    while (this.#buffered === 0 || this.#failure?.canceled) {
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return { buffer, bytesRead: this.#take(buffer.subarray(offset, offset + length)) };
  }

  write(buffer: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#wakeWriter = reject;
      this.#socket.write(buffer, (error) => {
        this.#wakeWriter = null;
        if (error) reject(this.#failure ?? new BindingError(error.message, 'disconnected'));
        else resolve();
      });
    });
  }

  async update(): Promise<void> {}
  async set(): Promise<void> {}
  async flush(): Promise<void> {}
  async drain(): Promise<void> {}

  async get(): Promise<{ cts: boolean; dsr: boolean; dcd: boolean }> {
    return { cts: false, dsr: false, dcd: false };
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    return { baudRate: this.openOptions.baudRate };
  }

  #received(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#buffered += bytes.length;
    if (this.#buffered >= bufferedBytes) this.#socket.pause();
    this.#wakeReader();
  }

  #take(target: Buffer): number {
    let taken = 0;
    for (let chunk = this.#chunks[0]; chunk && taken < target.length; chunk = this.#chunks[0]) {
      const size = Math.min(chunk.length, target.length - taken);
      target.set(chunk.subarray(0, size), taken);
      taken += size;
      if (size === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(size);
    }
    this.#buffered -= taken;
    if (this.#buffered < bufferedBytes) this.#socket.resume();
    return taken;
  }

  #fail(failure: BindingError, override = false): void {
    if (this.#failure && !override) return;
    this.#failure = failure;
    this.#wakeReader();
    this.#wakeWriter?.(failure);
    this.#wakeWriter = null;
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = null;
  }
}

/** Resolves once the connection has outlived the moment in which a taken serial server hangs up. */
function accepted(socket: Socket, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let connected = false;
    socket.once('connect', () => {
      connected = true;
      // The socket's own idle timer: any byte from the peer restarts it, and a byte is acceptance anyway.
      socket.setTimeout(refusalMs, settled);
      socket.once('data', settled);
    });
    socket.once('error', (error) => reject(connected ? taken(path, error) : error));
    socket.once('close', () => reject(taken(path)));
    function settled(): void {
      socket.setTimeout(0);
      resolve();
    }
  });
}

function taken(path: string, cause?: unknown): StileError {
  return new StileError(
    'DEVICE_BUSY',
    `line ${path} cannot be opened: the serial server hung up, another host holds it`,
    {
      remedy: 'End the other program that holds this line, or allow one more connection at the serial server.',
      cause,
    },
  );
}

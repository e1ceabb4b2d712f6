// A line over loopback TCP, for systems without pseudo terminals: one host at a time, as on a cable. The port stays the
// same while the device is unplugged and back.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Bytes } from '../../runtime/core/bytes.ts';
import { messageOf, StileError } from '../../runtime/core/errors.ts';
import type { Wire } from './device-end.ts';

const host = '127.0.0.1';
/** A host that stops reading may leave this much unread; the rest is lost. */
const maxUnsentBytes = 65_536;

export class SocketWire implements Wire {
  readonly kind = 'socket';
  #port = 0;
  #server: Server | null = null;
  #host: Socket | null = null;
  #deaf = false;
  #lostBytes = 0;

  get path(): string {
    return `tcp://${host}:${this.#port}`;
  }

  get lostBytes(): number {
    return this.#lostBytes;
  }

  async plug(received: (bytes: Bytes) => void): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket, received));
    server.listen(this.#port, host);
    try {
      await once(server, 'listening');
    } catch (cause) {
      throw new StileError('LINE_UNAVAILABLE', `line ${this.path}: ${messageOf(cause)}`, {
        remedy: 'Another program took the port while the device was unplugged; make a new line.',
        cause,
      });
    }
    const address = server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
    this.#server = server;
  }

  async unplug(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#host?.destroy();
    this.#host = null;
    if (!server) return;
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  send(bytes: Bytes): void {
    const socket = this.#host;
    if (socket && socket.writableLength + bytes.length <= maxUnsentBytes) socket.write(bytes);
    else this.#lostBytes += bytes.length;
  }

  deafen(deaf: boolean): void {
    this.#deaf = deaf;
    if (deaf) this.#host?.pause();
    else this.#host?.resume();
  }

  #accept(socket: Socket, received: (bytes: Bytes) => void): void {
    socket.on('error', () => {});
    if (this.#host) {
      socket.destroy();
      return;
    }
    this.#host = socket;
    socket.on('data', (bytes) => received(bytes));
    socket.on('close', () => {
      if (this.#host === socket) this.#host = null;
    });
    if (this.#deaf) socket.pause();
  }
}

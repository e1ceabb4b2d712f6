// A line of memory: the byte pipe of a world whose clock is virtual. No kernel and no waiting; bytes arrive in order, each
// write after the present turn, so that neither end is called back from inside its own write.
import type { Bytes } from '../../runtime/core/bytes.ts';
import { StileError } from '../../runtime/core/errors.ts';
import type { Wire } from './device-end.ts';

/** What is kept for a host that does not listen yet. */
const earlyPieces = 1_024;

interface HostListener {
  data(bytes: Bytes): void;
  lost(fault: StileError): void;
}

/** What whoever opens the path holds: the same shape as an opened serial line. */
interface HostEnd {
  readonly path: string;
  listen(listener: HostListener): void;
  write(bytes: Bytes): boolean;
  drain(): Promise<void>;
  close(): Promise<void>;
}

export class MemoryWire implements Wire {
  readonly kind = 'memory';
  readonly path: string;
  #received: ((bytes: Bytes) => void) | null = null;
  #host: Host | null = null;
  #deaf = false;
  #lostBytes = 0;

  constructor(path: string) {
    this.path = path;
  }

  get lostBytes(): number {
    return this.#lostBytes;
  }

  get isOpen(): boolean {
    return this.#host !== null;
  }

  async plug(received: (bytes: Bytes) => void): Promise<void> {
    this.#received = received;
  }

  async unplug(): Promise<void> {
    this.#received = null;
    const host = this.#host;
    this.#host = null;
    host?.lose();
  }

  send(bytes: Bytes): void {
    const host = this.#host;
    if (host) queueMicrotask(() => host.hear(bytes));
    else this.#lostBytes += bytes.length;
  }

  deafen(deaf: boolean): void {
    this.#deaf = deaf;
  }

  /** Opens the path exclusively. @throws StileError DEVICE_ABSENT, DEVICE_BUSY. */
  open(): HostEnd {
    if (!this.#received) throw fault('DEVICE_ABSENT', `line ${this.path}: nothing is plugged in`);
    if (this.#host) throw fault('DEVICE_BUSY', `line ${this.path}: it is open already`);
    this.#host = new Host(
      this.path,
      (bytes) => queueMicrotask(() => !this.#deaf && this.#received?.(bytes)),
      () => {
        this.#host = null;
      },
    );
    return this.#host;
  }

  /** Whoever held the line has lost its power: it says nothing more, and hears of nothing. */
  hostDied(): void {
    this.#host?.die();
    this.#host = null;
  }
}

class Host implements HostEnd {
  readonly path: string;
  readonly #send: (bytes: Bytes) => void;
  readonly #closed: () => void;
  #listener: HostListener | null = null;
  #early: Bytes[] = [];
  #ended = false;

  constructor(path: string, send: (bytes: Bytes) => void, closed: () => void) {
    this.path = path;
    this.#send = send;
    this.#closed = closed;
  }

  listen(listener: HostListener): void {
    this.#listener = listener;
    for (const bytes of this.#early.splice(0)) listener.data(bytes);
  }

  write(bytes: Bytes): boolean {
    if (this.#ended) return false;
    this.#send(Uint8Array.from(bytes));
    return true;
  }

  async drain(): Promise<void> {}

  async close(): Promise<void> {
    if (this.#ended) return;
    this.die();
    this.#closed();
  }

  hear(bytes: Bytes): void {
    if (this.#ended) return;
    if (this.#listener) this.#listener.data(bytes);
    else if (this.#early.length < earlyPieces) this.#early.push(bytes);
  }

  lose(): void {
    const listener = this.#listener;
    if (this.#ended) return;
    this.die();
    listener?.lost(fault('DEVICE_LOST', `line ${this.path}: it was unplugged`));
  }

  die(): void {
    this.#ended = true;
    this.#listener = null;
  }
}

const fault = (code: 'DEVICE_ABSENT' | 'DEVICE_BUSY' | 'DEVICE_LOST', what: string): StileError =>
  new StileError(code, what, { remedy: 'Plug the simulated device in, and let one driver have its line.' });

// A TCP proxy on the loopback interface that stands where the mobile network stands, and fails like it:
// connections cut, refused, delayed, or silently swallowed. Every fault is counted, so that a test can
// show that its fault happened.
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';

export const proxyLimits = { connections: 256, delayedBytes: 4 * 1024 * 1024 } as const;

export interface ProxyCounts {
  readonly connections: number;
  /** Connections ended by `cut`. */
  readonly cut: number;
  /** Connections refused while cut. */
  readonly refused: number;
  /** Pieces of data delivered late. */
  readonly delayed: number;
  /** Bytes swallowed by `drop`. */
  readonly droppedBytes: number;
}

export type Direction = 'up' | 'down';

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  readonly waiting: Set<TimerHandle>;
  waitingBytes: number;
  /** When the newest delayed piece is due: nothing may overtake it. */
  dueMs: number;
}

export class TcpProxy {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #pairs = new Set<Pair>();
  #targetPort: number;
  #isCut = false;
  #delayMs = 0;
  #dropping: ReadonlySet<Direction> = new Set();
  #counts = { connections: 0, cut: 0, refused: 0, delayed: 0, droppedBytes: 0 };

  private constructor(clock: Clock, targetPort: number) {
    this.#clock = clock;
    this.#targetPort = targetPort;
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => this.#accept(near));
    this.#server.maxConnections = proxyLimits.connections;
  }

  /** Listens on a free loopback port and forwards to `targetPort` of the same machine. */
  static async open(options: { clock: Clock; targetPort: number; port?: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(options.clock, options.targetPort);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(options.port ?? 0, '127.0.0.1', () => resolve());
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get counts(): ProxyCounts {
    return { ...this.#counts };
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** New connections go there: a peer that came back on another port. */
  retarget(port: number): void {
    this.#targetPort = port;
  }

  /** Every connection is reset and new ones are refused until {@link restore}. */
  cut(): void {
    this.#isCut = true;
    for (const pair of this.#pairs) {
      this.#counts.cut++;
      this.#end(pair);
    }
  }

  /** Ends the fault `cut`, `delay` or `drop`, whichever are active. */
  restore(): void {
    this.#isCut = false;
    this.#delayMs = 0;
    this.#dropping = new Set();
  }

  /** Data in both directions arrives `delayMs` later; order is kept. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Data is swallowed while the connection seems alive: a dead cell, a full NAT table. */
  drop(...directions: readonly Direction[]): void {
    this.#dropping = new Set(directions.length > 0 ? directions : ['up', 'down']);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const pair of this.#pairs) this.#end(pair);
    await closed;
  }

  #accept(near: Socket): void {
    if (this.#isCut) {
      near.on('error', () => {});
      this.#counts.refused++;
      near.resetAndDestroy();
      return;
    }
    this.#counts.connections++;
    const far = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const pair: Pair = { near, far, waiting: new Set(), waitingBytes: 0, dueMs: 0 };
    this.#pairs.add(pair);
    near.on('data', (data) => this.#forward(pair, 'up', far, data));
    far.on('data', (data) => this.#forward(pair, 'down', near, data));
    // An orderly end travels behind the data, as it does on a real network.
    near.on('end', () => this.#later(pair, () => far.end()));
    far.on('end', () => this.#later(pair, () => near.end()));
    near.on('error', () => this.#end(pair));
    far.on('error', () => this.#end(pair));
    near.on('close', () => far.closed && this.#end(pair));
    far.on('close', () => near.closed && this.#end(pair));
  }

  #forward(pair: Pair, direction: Direction, to: Socket, data: Buffer): void {
    if (this.#dropping.has(direction)) {
      this.#counts.droppedBytes += data.length;
      return;
    }
    if (this.#delayMs > 0) this.#counts.delayed++;
    pair.waitingBytes += data.length;
    if (pair.waitingBytes > proxyLimits.delayedBytes) return this.#end(pair);
    this.#later(pair, () => {
      pair.waitingBytes -= data.length;
      to.write(data);
    });
  }

  #later(pair: Pair, act: () => void): void {
    if (this.#delayMs === 0 && pair.waiting.size === 0) return act();
    const now = this.#clock.monoMs();
    pair.dueMs = Math.max(pair.dueMs, now + this.#delayMs);
    const timer = this.#clock.timer('proxy.delay', pair.dueMs - now, () => {
      pair.waiting.delete(timer);
      act();
    });
    pair.waiting.add(timer);
  }

  #end(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    for (const timer of pair.waiting) timer.cancel();
    pair.near.resetAndDestroy();
    pair.far.resetAndDestroy();
  }
}

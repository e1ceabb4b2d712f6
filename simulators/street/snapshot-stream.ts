// Sends the street's snapshots to the open pages as server-sent events: the newest state at most once
// per period, never a queue. A page that reads too slowly skips states; it never makes the street wait.
import type { ServerResponse } from 'node:http';
import { type Clock, repeat, type TimerHandle } from '../../runtime/core/clock.ts';
import type { StreetWorld } from './world.ts';

export const SNAPSHOT_PERIOD_MS = 50;
export const HEARTBEAT_MS = 2000;
export const MAX_PAGES = 16;

export class SnapshotStream {
  readonly #world: StreetWorld;
  readonly #clock: Clock;
  readonly #start: string;
  readonly #pages = new Map<ServerResponse, { behind: boolean }>();
  readonly #heartbeat: TimerHandle;
  readonly #unsubscribe: () => void;
  #timer: TimerHandle | null = null;
  #sentAtMs = Number.NEGATIVE_INFINITY;

  /** `start` names this start of the server: a page that knows another one reloads. */
  constructor(world: StreetWorld, clock: Clock, start: string) {
    this.#world = world;
    this.#clock = clock;
    this.#start = start;
    this.#unsubscribe = world.onChange(() => this.#changed());
    this.#heartbeat = repeat(clock, 'street heartbeat', HEARTBEAT_MS, () => this.#sendAll('event: beat\ndata: \n\n'));
  }

  get full(): boolean {
    return this.#pages.size >= MAX_PAGES;
  }

  /** Takes over a response whose headers are written. */
  add(page: ServerResponse): void {
    const state = { behind: false };
    this.#pages.set(page, state);
    page.on('close', () => this.#pages.delete(page));
    page.on('error', () => page.destroy());
    page.on('drain', () => {
      if (!state.behind) return;
      state.behind = false;
      this.#send(page, this.#message());
    });
    this.#send(page, `event: hello\ndata: ${JSON.stringify(this.#start)}\n\n`);
    this.#send(page, this.#message());
  }

  close(): void {
    this.#unsubscribe();
    this.#heartbeat.cancel();
    this.#timer?.cancel();
    for (const page of this.#pages.keys()) page.end();
  }

  #changed(): void {
    if (this.#timer || this.#pages.size === 0) return;
    const waitMs = this.#sentAtMs + SNAPSHOT_PERIOD_MS - this.#clock.monoMs();
    if (waitMs <= 0) return this.#sendSnapshot();
    this.#timer = this.#clock.timer('street snapshot', waitMs, () => {
      this.#timer = null;
      this.#sendSnapshot();
    });
  }

  #sendSnapshot(): void {
    this.#sentAtMs = this.#clock.monoMs();
    this.#sendAll(this.#message());
  }

  #sendAll(message: string): void {
    for (const page of this.#pages.keys()) this.#send(page, message);
  }

  /** What a page has not taken yet is not added to: it gets the newest state once it has. */
  #send(page: ServerResponse, message: string): void {
    const state = this.#pages.get(page);
    if (!state || page.destroyed) return;
    if (page.writableNeedDrain) state.behind = true;
    else page.write(message);
  }

  #message(): string {
    return `data: ${JSON.stringify(this.#world.snapshot())}\n\n`;
  }
}

// The device's end of a simulated line, the same over a pseudo terminal and a socket: paced as a real line, with
// faults, and with a plug that can be pulled and put back at the same path.
import { type Bytes, concat } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import type { Entropy } from '../../runtime/core/entropy.ts';
import { Signal } from '../../runtime/core/event.ts';
import { FaultList } from './faults.ts';
import { distort, type LineFault, type Piece } from './line-faults.ts';

/** The bare line under a device end. */
export interface Wire {
  readonly kind: 'pty' | 'socket' | 'memory';
  /** What a host opens; the same for as long as the wire exists. */
  readonly path: string;
  /** Bytes that no host took. */
  readonly lostBytes: number;
  plug(received: (bytes: Bytes) => void): Promise<void>;
  /** `stale`: the path stays behind and leads nowhere. */
  unplug(stale: boolean): Promise<void>;
  send(bytes: Bytes): void;
  /** Stops or resumes reading what the host sends. */
  deafen(deaf: boolean): void;
}

export interface DeviceEndOptions {
  readonly wire: Wire;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** 8N1: ten bits a byte. Null sends at memory speed. */
  readonly baudRate: number | null;
}

/** What a device has not yet sent; beyond this it is lost, as in a full transmit buffer. */
export const maxQueuedBytes = 262_144;

export class DeviceEnd {
  readonly data = new Signal<Bytes>();
  readonly faults = new FaultList<LineFault>(() => this.#faultsChanged());
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #baudRate: number | null;
  readonly #emptied = new Signal<void>();
  #queue: Piece[] = [];
  #queuedBytes = 0;
  #dueMs = 0;
  #sending: TimerHandle | null = null;
  #held: Bytes[] = [];
  #holding: TimerHandle | null = null;
  #plugged = false;
  #overflowBytes = 0;

  constructor(options: DeviceEndOptions) {
    this.#wire = options.wire;
    this.#clock = options.clock;
    this.#entropy = options.entropy;
    this.#baudRate = options.baudRate;
  }

  get path(): string {
    return this.#wire.path;
  }

  get kind(): Wire['kind'] {
    return this.#wire.kind;
  }

  get plugged(): boolean {
    return this.#plugged;
  }

  /** Bytes that did not fit or that no host took. */
  get lostBytes(): number {
    return this.#overflowBytes + this.#wire.lostBytes;
  }

  /** Sends as the line allows, without waiting. An unplugged device speaks to nobody. */
  write(bytes: Bytes): void {
    if (!this.#plugged) return;
    const merging = this.faults.fire('merge');
    if (!merging) {
      this.#enqueue(bytes);
      return;
    }
    this.#held.push(bytes);
    this.#holding ??= this.#clock.timer('line hold', merging.holdMs, () => this.#releaseHeld());
  }

  /** Resolves when everything written so far has left at the line's pace, or was dropped with the plug. */
  async sent(): Promise<void> {
    while (this.#queue.length > 0) await this.#emptied.next();
  }

  async unplug(options: { readonly staleLink?: boolean } = {}): Promise<void> {
    if (!this.#plugged) return;
    this.#plugged = false;
    this.#dropQueue();
    await this.#wire.unplug(options.staleLink ?? false);
  }

  /** Also the first plugging in. @throws StileError LINE_UNAVAILABLE. */
  async replug(): Promise<void> {
    if (this.#plugged) return;
    await this.#wire.plug((bytes) => this.data.emit(bytes));
    this.#plugged = true;
    this.#faultsChanged();
  }

  close(): Promise<void> {
    return this.unplug();
  }

  #enqueue(bytes: Bytes): void {
    for (const piece of distort(bytes, this.faults, this.#entropy)) {
      if (this.#queuedBytes + piece.bytes.length > maxQueuedBytes) this.#overflowBytes += piece.bytes.length;
      else for (const part of this.#paced(piece)) this.#push(part);
    }
    this.#pump();
  }

  #push(piece: Piece): void {
    this.#queue.push(piece);
    this.#queuedBytes += piece.bytes.length;
  }

  /** Parts of about a millisecond each, as finer timers do not exist. */
  #paced(piece: Piece): readonly Piece[] {
    if (this.#baudRate === null) return [piece];
    const size = Math.max(1, Math.floor(this.#baudRate / 10_000));
    const parts: Piece[] = [];
    for (let start = 0; start < piece.bytes.length; start += size) {
      const bytes = piece.bytes.subarray(start, start + size);
      const onWireMs = (bytes.length * 10_000) / this.#baudRate;
      parts.push({ bytes, delayMs: onWireMs + (start === 0 ? piece.delayMs : 0) });
    }
    return parts;
  }

  #pump(): void {
    if (this.#sending) return;
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      const nowMs = this.#clock.monoMs();
      // A line that was idle starts now; one that is behind catches up.
      if (this.#dueMs === 0) this.#dueMs = nowMs;
      const dueMs = this.#dueMs + next.delayMs;
      if (dueMs > nowMs) {
        this.#sending = this.#clock.timer('line pace', dueMs - nowMs, () => {
          this.#sending = null;
          this.#pump();
        });
        return;
      }
      this.#dueMs = dueMs;
      this.#queue.shift();
      this.#queuedBytes -= next.bytes.length;
      this.#wire.send(next.bytes);
    }
    this.#dueMs = 0;
    this.#emptied.emit();
  }

  #releaseHeld(): void {
    const held = concat(...this.#held);
    this.#held = [];
    this.#holding = null;
    this.#enqueue(held);
  }

  #dropQueue(): void {
    this.#sending?.cancel();
    this.#sending = null;
    this.#holding?.cancel();
    this.#holding = null;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#held = [];
    this.#dueMs = 0;
    this.#emptied.emit();
  }

  #faultsChanged(): void {
    if (!this.#plugged) return;
    const hang = this.faults.find('hang');
    if (hang) hang.fire();
    this.#wire.deafen(hang !== null);
  }
}

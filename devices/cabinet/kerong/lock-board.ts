// A lock board as the cabinet sees it: which locks say locked, which inputs are active, and one motion at a time whose
// answer is the lock's own bit. The line is supervised; nothing known survives its loss.
import type { MonoMs } from '../../../runtime/core/brand.ts';
import type { Clock } from '../../../runtime/core/clock.ts';
import type { StileError } from '../../../runtime/core/errors.ts';
import type { Logger } from '../../../runtime/core/log.ts';
import type { LineSettings, OpenLine } from '../../serial/line.ts';
import { LineSupervisor } from '../../serial/supervisor.ts';
import { cu16, type LockStatus } from '../protocol/kerong-cu16.ts';
import { LockBus, lockBusTimes } from './lock-bus.ts';
import { StableBits } from './stable-bits.ts';

export interface LockBoardOptions {
  readonly id: string;
  readonly line: LineSettings;
  readonly board: number;
  readonly slots: number;
  readonly backOffMs: readonly number[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly open?: OpenLine;
  /** The board answers and its locks are known. */
  readonly reached: () => void;
  readonly failed: (fault: StileError) => void;
  /** Something was read, or is known no more. */
  readonly read: () => void;
}

/** How long a lock may take until its bit says unlocked. */
export const unlockWaitMs = 1_000;

interface Motion {
  readonly slot: number;
  /** Null until the frame was handed to the line. */
  sentAtMs: number | null;
}

export class LockBoard {
  readonly #options: LockBoardOptions;
  readonly #supervisor: LineSupervisor;
  readonly #jammed = new Set<number>();
  #bus: LockBus | null = null;
  #locked: StableBits;
  #inputs = new StableBits(cu16.locks);
  #motion: Motion | null = null;
  #answers = 0;
  #readAtMs: MonoMs;

  constructor(options: LockBoardOptions) {
    this.#options = options;
    this.#locked = new StableBits(options.slots);
    this.#readAtMs = options.clock.monoMs();
    const { id, line, backOffMs, clock, log, open } = options;
    this.#supervisor = new LineSupervisor({
      id,
      line,
      backOffMs,
      clock,
      log,
      ...(open && { open }),
      connect: (opened) => {
        this.#forget();
        const bus = new LockBus({
          id,
          line: opened,
          board: options.board,
          clock,
          status: (status) => this.#answered(status),
          unlocking: () => this.#unlocking(),
          failed: (fault) => this.#supervisor.drop(fault),
        });
        this.#bus = bus;
        return bus;
      },
      failed: (fault) => {
        this.#forget();
        options.failed(fault);
        options.read();
      },
    });
  }

  start(): void {
    this.#supervisor.start();
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
    this.#forget();
    this.#options.read();
  }

  get online(): boolean {
    return this.#bus !== null && this.#answers >= 2;
  }

  /** When the board last answered, or was lost. */
  get readAtMs(): MonoMs {
    return this.#readAtMs;
  }

  locked(slot: number): boolean | null {
    return this.#locked.at(slot - 1);
  }

  input(slot: number): boolean | null {
    return this.#inputs.at(slot - 1);
  }

  /** Still locked when the wait after the newest unlock was over. */
  jammed(slot: number): boolean {
    return this.#jammed.has(slot);
  }

  unlock(slot: number): boolean {
    if (!this.online || this.#motion) return false;
    const motion: Motion = { slot, sentAtMs: null };
    this.#motion = motion;
    if (this.#bus?.unlock(slot)) return true;
    if (this.#motion === motion) this.#motion = null;
    return false;
  }

  #unlocking(): void {
    if (!this.#motion) return;
    this.#motion.sentAtMs = this.#options.clock.monoMs();
    if (this.#jammed.delete(this.#motion.slot)) this.#options.read();
  }

  #answered(status: LockStatus): number {
    this.#locked.push(status.locked);
    this.#inputs.push(status.inputs);
    this.#readAtMs = this.#options.clock.monoMs();
    this.#answers++;
    this.#judgeMotion(status.locked);
    for (const slot of this.#jammed) if (this.locked(slot) === false) this.#jammed.delete(slot);
    if (this.#answers === 2) {
      this.#supervisor.proven();
      this.#options.reached();
    }
    if (this.#answers >= 2) this.#options.read();
    return this.#pollInMs();
  }

  /**
   * Every answer that comes after the frame went out was asked for after it. One that says open is read again before
   * the lock is called jammed: a false jam would open a second slot.
   */
  #judgeMotion(reading: number): void {
    const motion = this.#motion;
    if (motion === null || motion.sentAtMs === null) return;
    const { slot, sentAtMs } = motion;
    const moved = this.locked(slot) === false;
    const waited = this.#readAtMs - sentAtMs >= unlockWaitMs;
    const saysOpen = (reading & (1 << (slot - 1))) === 0;
    if (!moved && (!waited || saysOpen)) return;
    if (!moved) this.#jammed.add(slot);
    this.#motion = null;
  }

  #pollInMs(): number {
    if (this.#locked.unsettled || this.#inputs.unsettled) return 0;
    return this.#motion || this.#anyOpen() ? lockBusTimes.movingPollMs : lockBusTimes.idlePollMs;
  }

  #anyOpen(): boolean {
    for (let slot = 1; slot <= this.#options.slots; slot++) if (this.locked(slot) === false) return true;
    return false;
  }

  #forget(): void {
    this.#bus = null;
    this.#locked = new StableBits(this.#options.slots);
    this.#inputs = new StableBits(cu16.locks);
    this.#motion = null;
    this.#jammed.clear();
    this.#answers = 0;
    this.#readAtMs = this.#options.clock.monoMs();
  }
}

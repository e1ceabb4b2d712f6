// A guide cabinet at the far end of its lines: slots with doors and items, people who take and bring, a lock board and two
// readers that say what their sensors see. What truly happened is read here, not from what the terminal says of itself.
import { type Bytes, concat } from '../../runtime/core/bytes.ts';
import type { Clock, TimerHandle } from '../../runtime/core/clock.ts';
import { type Entropy, SeededEntropy } from '../../runtime/core/entropy.ts';
import { Signal } from '../../runtime/core/event.ts';
import type { DeviceEnd } from '../line/device-end.ts';
import { FaultList } from '../line/faults.ts';
import type { CabinetFault, SimulatedPart } from './cabinet-faults.ts';
import { LockBoardFirmware } from './lock-board.ts';
import { foreignObject, type Placement, type SimulatedItem, Slot, type SlotState } from './slot.ts';
import { SlotReaderFirmware } from './slot-reader.ts';

/** A coil was pulled. */
export interface UnlockEntry {
  /** On the axis of the `nowUs` passed in, when the frame was read. */
  readonly atUs: number;
  readonly slot: number;
  /** The bolt left its place. */
  readonly moved: boolean;
}

export interface SimulatedCabinetOptions {
  readonly slots: number;
  /** Number set on the lock board. Default 0. */
  readonly board?: number;
  /** A line that is left out does not exist in this cabinet. */
  readonly lines: { readonly locks: DeviceEnd; readonly tags?: DeviceEnd; readonly charge?: DeviceEnd };
  /** Default 2: an empty guide is full in 50 minutes. */
  readonly chargePercentPerMinute?: number;
  /** CLOCK_MONOTONIC in microseconds, so that the record compares with other processes of this boot. */
  readonly nowUs: () => number;
  readonly clock: Clock;
  /** Entries kept; the oldest go first. Default 10000. */
  readonly unlockLimit?: number;
  /** Chance of the faults. Default: a fixed seed. */
  readonly entropy?: Entropy;
}

const defaultUnlockLimit = 10_000;
/** Pause before each leftover; a few of them fit before the next request. */
const leftoverMs = 2;

export class SimulatedCabinet {
  readonly faults = new FaultList<CabinetFault>();
  /** Something in the cabinet moved. */
  readonly changed = new Signal<readonly SlotState[]>();
  readonly unlocked = new Signal<UnlockEntry>();
  readonly #options: SimulatedCabinetOptions;
  readonly #entropy: Entropy;
  readonly #slots: readonly Slot[];
  readonly #unlocks: UnlockEntry[] = [];
  readonly #stops: (() => void)[] = [];
  readonly #timers = new Set<TimerHandle>();

  constructor(options: SimulatedCabinetOptions) {
    this.#options = options;
    this.#entropy = options.entropy ?? new SeededEntropy('simulated cabinet');
    const { clock, lines, slots, board, chargePercentPerMinute } = options;
    this.#slots = Array.from(
      { length: slots },
      (_, index) =>
        new Slot({
          slot: index + 1,
          clock,
          faults: this.faults,
          chargePercentPerMinute: chargePercentPerMinute ?? 2,
          changed: () => this.changed.emit(this.slots()),
        }),
    );
    const locks = new LockBoardFirmware({
      board: board ?? 0,
      slots: this.#slots,
      faults: this.faults,
      unlocked: (slot, moved) => this.#record(slot, moved),
    });
    this.#attach('locks', lines.locks, (bytes) => {
      for (const { bytes: answer, leftovers } of locks.receive(bytes)) {
        this.#say('locks', lines.locks, answer);
        for (const [index, leftover] of leftovers.entries()) {
          this.#later((index + 1) * leftoverMs, () => lines.locks.write(leftover));
        }
      }
    });
    if (lines.tags) this.#attachReader('tags', lines.tags);
    if (lines.charge) this.#attachReader('charge', lines.charge);
  }

  /** Every coil that was pulled, oldest first. */
  get unlocks(): readonly UnlockEntry[] {
    return this.#unlocks;
  }

  slots(): readonly SlotState[] {
    return this.#slots.map((slot) => slot.state());
  }

  slot(slot: number): SlotState {
    return this.#at(slot).state();
  }

  /** Stocked by hand, doors shut. */
  load(slot: number, item: SimulatedItem, placement: Placement = 'in'): void {
    this.#at(slot).load(item, placement);
  }

  /** A person takes what is inside and pushes the door shut. Null when nothing could be taken. */
  take(slot: number): SimulatedItem | null {
    const item = this.#at(slot).take();
    if (item) this.#at(slot).pushShut();
    return item;
  }

  /** A person takes what is inside and walks off with the door open. */
  takeAndLeaveOpen(slot: number): SimulatedItem | null {
    return this.#at(slot).take();
  }

  /** A person puts an item in and pushes the door shut; false when it could not be put in. */
  putBack(slot: number, item: SimulatedItem, placement: Placement = 'in'): boolean {
    const put = this.#at(slot).put(item, placement);
    if (put) this.#at(slot).pushShut();
    return put;
  }

  /** A person puts an item in and walks off with the door open; false when it could not be put in. */
  putAndLeaveOpen(slot: number, item: SimulatedItem, placement: Placement = 'in'): boolean {
    return this.#at(slot).put(item, placement);
  }

  rob(slot: number): void {
    this.#at(slot).rob();
  }

  putForeign(slot: number): boolean {
    return this.putBack(slot, foreignObject);
  }

  /** Two guides in one slot: the reader sees both tags. */
  putTwo(slot: number, one: SimulatedItem, other: SimulatedItem): boolean {
    return this.putBack(slot, { ...one, tags: [...one.tags, ...other.tags] });
  }

  /** A person takes out what stands there, turns it the right way round and pushes it home; false behind a shut door. */
  turnRound(slot: number): boolean {
    const item = this.#at(slot).take();
    return item !== null && this.putBack(slot, item);
  }

  /** True when the door caught. */
  pushShut(slot: number): boolean {
    return this.#at(slot).pushShut();
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    for (const timer of this.#timers) timer.cancel();
    const { locks, tags, charge } = this.#options.lines;
    await Promise.all([locks.close(), tags?.close(), charge?.close()]);
  }

  #at(slot: number): Slot {
    const found = this.#slots[slot - 1];
    if (!found) throw new RangeError(`this cabinet has slots 1 to ${this.#slots.length}, not ${slot}`);
    return found;
  }

  #record(slot: number, moved: boolean): void {
    const entry: UnlockEntry = { atUs: this.#options.nowUs(), slot, moved };
    this.#unlocks.push(entry);
    if (this.#unlocks.length > (this.#options.unlockLimit ?? defaultUnlockLimit)) this.#unlocks.shift();
    this.unlocked.emit(entry);
  }

  #attachReader(part: 'tags' | 'charge', line: DeviceEnd): void {
    const reader = new SlotReaderFirmware(part, this.#slots, this.faults);
    this.#attach(part, line, (bytes) => {
      for (const answer of reader.receive(bytes)) this.#say(part, line, answer);
    });
  }

  #attach(part: SimulatedPart, line: DeviceEnd, receive: (bytes: Bytes) => void): void {
    const stop = line.data.on((bytes) => {
      if (!this.faults.fire('gone', { part })) receive(bytes);
    });
    this.#stops.push(stop);
  }

  #say(part: SimulatedPart, line: DeviceEnd, answer: Bytes): void {
    const noise = this.#entropy.bytes(this.faults.fire('noise', { part })?.bytes ?? 0);
    const bytes = concat(noise, answer);
    const slow = this.faults.fire('slow', { part });
    if (slow) this.#later(slow.ms, () => line.write(bytes));
    else line.write(bytes);
  }

  #later(ms: number, work: () => void): void {
    const timer = this.#options.clock.timer('cabinet answers', ms, () => {
      this.#timers.delete(timer);
      work();
    });
    this.#timers.add(timer);
  }
}
